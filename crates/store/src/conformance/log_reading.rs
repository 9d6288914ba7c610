//! Reading lines: fields, order, sources, pages.

use marktwerk_domain::log::{ClosingStatus, Level, LogLine, LogRow};
use marktwerk_domain::run::Run;
use serde_json::json;

use super::samples::{at, line, line_record, record, running};
use crate::SharedStore;
use crate::journal::Entry;
use crate::logs::{LogFilter, LogSource};

fn everything() -> LogFilter {
    LogFilter { limit: 100, ..LogFilter::default() }
}

async fn messages(store: &SharedStore, filter: LogFilter) -> Vec<String> {
    let rows = store.logs(&filter).await.unwrap();
    rows.into_iter().map(|row| row.message).collect()
}

async fn from(store: &SharedStore, source: LogSource) -> Vec<String> {
    let filter = LogFilter { source: Some(source), after: Some(0), ..everything() };
    messages(store, filter).await
}

/// One line each of runs whose names are easily taken for each other.
async fn similar_names(store: &SharedStore) -> Vec<Run> {
    let mut runs = Vec::new();
    for name in ["order_workflow", "order_workflow-2", "orderXworkflow", "order_workflow_7"] {
        let run = running(store, name).await;
        store.commit(&[line_record(&run, 1, name)]).await.unwrap();
        runs.push(run);
    }
    runs
}

/// Every field, the time with the zone's offset.
pub async fn lines_read_as_they_were_written(store: SharedStore) {
    let run = running(&store, "a").await;
    let written = LogLine {
        level: Level::Warning,
        duration_seconds: Some(1.25),
        status: Some(ClosingStatus::Failed),
        error_text: Some("keine Antwort".to_owned()),
        step: Some("fetch".to_owned()),
        fields: json!({"pages": 3}),
        ..line(&run, 1, "Größe – 'ok'")
    };
    store.commit(&[record(&run, Entry::Line(written))]).await.unwrap();
    let rows = store.logs(&everything()).await.unwrap();
    let expected = LogRow {
        log_id: store.highest_log_id().await.unwrap(),
        job_id: run.execution_id(),
        job_type: "order_workflow".to_owned(),
        level: "WARNING".to_owned(),
        message: "Größe – 'ok'".to_owned(),
        timestamp: "2026-11-23T09:00:01.000000+01:00".to_owned(),
        duration_seconds: Some(1.25),
        status: Some("FAILED".to_owned()),
        error_text: Some("keine Antwort".to_owned()),
        run: Some(run.id.0),
        attempt: Some(1),
        step: Some("fetch".to_owned()),
        line: Some(1),
        fields: Some(json!({"pages": 3})),
    };
    assert_eq!(rows, [expected]);
}

/// By time, and where that is equal by number.
pub async fn newest_lines_come_first(store: SharedStore) {
    let run = running(&store, "a").await;
    let same = |number, message: &str| LogLine { at: at(5), ..line(&run, number, message) };
    let lines = [line(&run, 9, "late"), same(1, "first"), same(2, "second"), line(&run, 3, "early")];
    let records = lines.map(|line| record(&run, Entry::Line(line)));
    store.commit(&records).await.unwrap();
    // Those that were stored last, whatever their times say.
    assert_eq!(messages(&store, everything()).await, ["early", "second", "first", "late"]);
}

/// As they were stored; the offset has no meaning here.
pub async fn lines_after_a_number_come_ascending(store: SharedStore) {
    let run = running(&store, "a").await;
    store.commit(&[line_record(&run, 5, "one"), line_record(&run, 1, "two")]).await.unwrap();
    let seen = store.highest_log_id().await.unwrap();
    store.commit(&[line_record(&run, 4, "three"), line_record(&run, 3, "four")]).await.unwrap();
    let after = LogFilter { after: Some(seen), offset: 1, ..everything() };
    assert_eq!(messages(&store, after).await, ["three", "four"]);
    let first = LogFilter { after: Some(0), limit: 1, ..everything() };
    assert_eq!(messages(&store, first).await, ["one"]);
}

/// Newest first, whatever is stored meanwhile.
pub async fn lines_before_a_number_are_the_next_page(store: SharedStore) {
    let run = running(&store, "a").await;
    store
        .commit(&[line_record(&run, 1, "one"), line_record(&run, 2, "two"), line_record(&run, 3, "three")])
        .await
        .unwrap();
    let page = LogFilter { limit: 2, ..everything() };
    let rows = store.logs(&page).await.unwrap();
    store.commit(&[line_record(&run, 4, "four")]).await.unwrap();
    let next = LogFilter { before: rows.last().map(|row| row.log_id), ..page };
    assert_eq!(messages(&store, next).await, ["one"]);
}

/// `order_workflow` is neither `order_workflow-2` nor `order_workflow_7`.
pub async fn a_job_is_matched_exactly(store: SharedStore) {
    similar_names(&store).await;
    for name in ["order_workflow", "order_workflow-2", "order_workflow_7"] {
        assert_eq!(from(&store, LogSource::Job(name.to_owned())).await, [name]);
    }
    assert!(from(&store, LogSource::Job("order".to_owned())).await.is_empty());
}

/// One run.
pub async fn an_execution_is_matched_exactly(store: SharedStore) {
    let runs = similar_names(&store).await;
    let id = runs[1].execution_id();
    assert_eq!(from(&store, LogSource::Execution(id)).await, ["order_workflow-2"]);
}

/// `_` and `%` stand for themselves.
pub async fn a_prefix_is_literal(store: SharedStore) {
    similar_names(&store).await;
    let underscore = from(&store, LogSource::Prefix("order_".to_owned())).await;
    assert_eq!(underscore, ["order_workflow", "order_workflow-2", "order_workflow_7"]);
    assert!(from(&store, LogSource::Prefix("order%".to_owned())).await.is_empty());
    assert_eq!(from(&store, LogSource::Prefix(String::new())).await.len(), 4);
}

/// `_` stands for itself here too: ids are full of it.
pub async fn a_pattern_knows_percent_only(store: SharedStore) {
    similar_names(&store).await;
    let pattern = from(&store, LogSource::Pattern("%er_work%".to_owned())).await;
    assert_eq!(pattern, ["order_workflow", "order_workflow-2", "order_workflow_7"]);
    assert_eq!(from(&store, LogSource::Pattern("%-2\\_%".to_owned())).await, Vec::<String>::new());
}

/// Any of them; none of none.
pub async fn sources_are_joined(store: SharedStore) {
    similar_names(&store).await;
    let job = |name: &str| LogSource::Job(name.to_owned());
    let any = LogSource::AnyOf(vec![job("orderXworkflow"), job("order_workflow-2")]);
    assert_eq!(from(&store, any).await, ["order_workflow-2", "orderXworkflow"]);
    assert!(from(&store, LogSource::AnyOf(Vec::new())).await.is_empty());
    assert_eq!(from(&store, LogSource::JobType("order_workflow".to_owned())).await.len(), 4);
    assert!(from(&store, LogSource::JobType("order".to_owned())).await.is_empty());
}

/// Levels are exact, a time is included.
pub async fn levels_and_times_narrow(store: SharedStore) {
    let run = running(&store, "a").await;
    let error = LogLine { level: Level::Error, ..line(&run, 2, "error") };
    let records = [line_record(&run, 1, "info"), record(&run, Entry::Line(error))];
    store.commit(&records).await.unwrap();
    let errors = LogFilter { levels: vec![Level::Error], ..everything() };
    assert_eq!(messages(&store, errors).await, ["error"]);
    let two = LogFilter { levels: vec![Level::Error, Level::Info], ..everything() };
    assert_eq!(messages(&store, two).await.len(), 2);
    let since = LogFilter { since: Some(at(2)), ..everything() };
    assert_eq!(messages(&store, since).await, ["error"]);
    let all = LogFilter { since: Some(at(1)), ..everything() };
    assert_eq!(messages(&store, all).await.len(), 2);
}

/// Without a gap and without a line twice.
pub async fn pages_follow_each_other(store: SharedStore) {
    let run = running(&store, "a").await;
    let records: Vec<_> = (1..=5).map(|number| line_record(&run, number, &number.to_string())).collect();
    store.commit(&records).await.unwrap();
    let page = |offset| LogFilter { limit: 2, offset, ..LogFilter::default() };
    assert_eq!(messages(&store, page(0)).await, ["5", "4"]);
    assert_eq!(messages(&store, page(2)).await, ["3", "2"]);
    assert_eq!(messages(&store, page(4)).await, ["1"]);
}

/// The first is left out, the last is not.
pub async fn lines_are_counted_between_numbers(store: SharedStore) {
    assert_eq!(store.highest_log_id().await.unwrap(), 0);
    let run = running(&store, "a").await;
    let records: Vec<_> = (1..=5).map(|number| line_record(&run, number, "line")).collect();
    store.commit(&records).await.unwrap();
    let highest = store.highest_log_id().await.unwrap();
    assert_eq!(store.count_logs(0, highest).await.unwrap(), 5);
    assert_eq!(store.count_logs(highest - 2, highest - 1).await.unwrap(), 1);
}
