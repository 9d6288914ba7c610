//! How runs went, and clearing old lines.

use marktwerk_domain::log::{ClosingStatus, LogLine};
use marktwerk_domain::run::Run;

use super::samples::{at, line, line_record, record, running, story};
use crate::SharedStore;
use crate::journal::{Entry, Record};
use crate::logs::{LogSource, LogStatistics};

fn closing(run: &Run, number: i64, status: ClosingStatus, seconds: f64) -> Record {
    let line =
        LogLine { status: Some(status), duration_seconds: Some(seconds), ..line(run, number, "closed") };
    record(run, Entry::Line(line))
}

/// Cancelled ones are neither.
pub async fn closing_lines_are_counted(store: SharedStore) {
    let run = running(&store, "a").await;
    let records = [
        closing(&run, 1, ClosingStatus::Success, 1.0),
        closing(&run, 2, ClosingStatus::Success, 2.0),
        closing(&run, 3, ClosingStatus::Success, 3.0),
        closing(&run, 4, ClosingStatus::Failed, 6.0),
        closing(&run, 5, ClosingStatus::Cancelled, 100.0),
        line_record(&run, 6, "no closing line"),
    ];
    store.commit(&records).await.unwrap();
    let expected = LogStatistics {
        total_runs: 4,
        successful_runs: 3,
        failed_runs: 1,
        success_rate: 75.0,
        avg_duration: Some(3.0),
        max_duration: Some(6.0),
    };
    assert_eq!(store.log_statistics(None, at(0)).await.unwrap(), expected);
}

/// At or after the time, of the runs asked for.
pub async fn statistics_have_a_source_and_a_time(store: SharedStore) {
    let (a, b) = (running(&store, "a").await, running(&store, "b").await);
    let records = [
        closing(&a, 1, ClosingStatus::Success, 1.0),
        closing(&a, 2, ClosingStatus::Success, 2.0),
        closing(&b, 3, ClosingStatus::Failed, 3.0),
    ];
    store.commit(&records).await.unwrap();
    let source = LogSource::Job("a".to_owned());
    let of_a = store.log_statistics(Some(&source), at(2)).await.unwrap();
    assert_eq!((of_a.total_runs, of_a.avg_duration), (1, Some(2.0)));
    let late = store.log_statistics(None, at(3)).await.unwrap();
    assert_eq!((late.total_runs, late.failed_runs), (1, 1));
}

/// No division by zero.
pub async fn nothing_ran(store: SharedStore) {
    assert_eq!(store.log_statistics(None, at(0)).await.unwrap(), LogStatistics::default());
}

/// Numbers are not used again, so that a reader's cursor stays right.
pub async fn old_lines_are_deleted(store: SharedStore) {
    let run = running(&store, "a").await;
    let records: Vec<_> = (1..=3).map(|number| line_record(&run, number, &number.to_string())).collect();
    store.commit(&records).await.unwrap();
    let highest = store.highest_log_id().await.unwrap();
    assert_eq!(store.delete_logs(at(3)).await.unwrap(), 2);
    assert_eq!(story(&store).await.len(), 1);
    assert_eq!(store.delete_logs(at(4)).await.unwrap(), 1);
    let committed = store.commit(&[line_record(&run, 5, "next")]).await.unwrap();
    assert_eq!(committed.highest_log_id, Some(highest + 1));
}
