//! What is SQL Server's own: the documented queries, the table of the system in use today, records sent twice, and statements
//! that do not grow with rows.
#![expect(clippy::unwrap_used, reason = "a failed promise ends its test")]

mod server;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::job::{JobId, Parameters, Priority};
use marktwerk_domain::log::{ClosingStatus, Level, LogLine};
use marktwerk_domain::run::{Run, RunState, Trigger};
use marktwerk_sqlserver::{Row, SqlError, reading};
use marktwerk_store::journal::{AttemptEnd, Entry, JournalStore, Record};
use marktwerk_store::logs::{LogFilter, LogSource, LogStore};
use marktwerk_store::runs::{Claim, NewRun, RANKS, RunStore};
use marktwerk_store::sqlserver::{LeaseClock, SqlServerStore};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_420_800 + seconds).unwrap()
}

fn new_run(job: &str) -> NewRun {
    NewRun {
        job_id: JobId(job.to_owned()),
        job_type: "order_workflow".to_owned(),
        account: "temu".to_owned(),
        lane: None,
        trigger: Trigger::Manual,
        caused_by: None,
        planned_at: at(0),
        ready_at: at(0),
        priority: Priority::Medium,
        parameters: Parameters::new(),
        from_step: None,
        marker: None,
        merged: 0,
    }
}

/// Runs of as many jobs, claimed in one call.
async fn running(store: &SqlServerStore, jobs: usize) -> Vec<Run> {
    for number in 0..jobs {
        store.enqueue(&new_run(&format!("job-{number}")), at(0)).await.unwrap();
    }
    store.claim(&claim()).await.unwrap()
}

fn claim() -> Claim {
    Claim {
        node: "node-a".to_owned(),
        now: at(1),
        lease_until: at(61),
        limit: 100,
        limits: Arc::default(),
        rises_every: Duration::from_secs(600),
        turns: [0; RANKS],
    }
}

fn line(run: &Run, number: i64, message: &str) -> LogLine {
    LogLine {
        execution: run.execution_id(),
        job_type: run.job_type.clone(),
        level: Level::Info,
        message: message.to_owned(),
        at: at(number),
        duration_seconds: None,
        status: None,
        error_text: None,
        run: run.id,
        attempt: run.attempt,
        step: None,
        line: number,
        fields: serde_json::Value::Null,
    }
}

fn record(run: &Run, entry: Entry) -> Record {
    Record { run: run.id, epoch: run.epoch, entry }
}

fn success(run: &Run, number: i64) -> Record {
    let closing = LogLine {
        duration_seconds: Some(1.5),
        status: Some(ClosingStatus::Success),
        ..line(run, number, "done")
    };
    record(
        run,
        Entry::End(Box::new(AttemptEnd {
            state: RunState::Succeeded,
            outcome: "succeeded",
            error: None,
            ended_at: at(number),
            ready_at: None,
            uses_attempt: true,
            warnings: 0,
            line: closing,
            steps: Vec::new(),
            follow_up: None,
            trouble: None,
            marker: None,
        })),
    )
}

async fn messages(store: &SqlServerStore) -> Vec<String> {
    let filter = LogFilter { after: Some(0), limit: 1_000, ..LogFilter::default() };
    store.logs(&filter).await.unwrap().into_iter().map(|row| row.message).collect()
}

async fn rows(store: &SqlServerStore, sql: &str) -> Vec<Row> {
    let rows: Result<Vec<Row>, SqlError> =
        reading!(store.pool(), "a documented query", |connection| connection.query(
            "a documented query",
            sql,
            &[]
        ));
    rows.unwrap()
}

/// As they stand in the documentation of the system in use today, on the page of its workers.
#[tokio::test]
async fn the_documented_queries_run_unchanged() {
    let Some((_database, store)) = server::empty().await else { return };
    let run = running(&store, 1).await.remove(0);
    let now = Timestamp::from_microsecond(1_795_420_800_000_000).unwrap();
    let error = LogLine { level: Level::Error, at: now, ..line(&run, 1, "failed") };
    store.commit(&[record(&run, Entry::Line(error)), success(&run, 2)]).await.unwrap();

    let latest =
        rows(&store, "-- Letzte 10 Jobs\nSELECT TOP 10 * FROM scheduler_logs\nORDER BY timestamp DESC").await;
    assert_eq!(latest.len(), 2);
    assert_eq!(latest[0].text(4).unwrap(), "done");
    rows(
        &store,
        "-- Fehler heute\nSELECT * FROM scheduler_logs\nWHERE level = 'ERROR'\n  \
         AND CAST(timestamp AS DATE) = CAST(GETDATE() AS DATE)",
    )
    .await;
    let statistics = rows(
        &store,
        "-- Job-Dauer Statistik\nSELECT\n    job_type,\n    AVG(duration_seconds) as avg_duration,\n    \
         MAX(duration_seconds) as max_duration\nFROM scheduler_logs\nWHERE status = 'SUCCESS'\nGROUP BY job_type",
    )
    .await;
    assert_eq!(statistics.len(), 1);
    assert_eq!(statistics[0].optional_float(1).unwrap(), Some(1.5));
}

/// The server's own, as GETDATE() gives it; an old program and this one agree on it.
#[tokio::test]
async fn the_wall_time_is_the_servers() {
    let Some((_database, store)) = server::empty().await else { return };
    let run = running(&store, 1).await.remove(0);
    store.commit(&[record(&run, Entry::Line(line(&run, 1, "line")))]).await.unwrap();
    let sql = "SELECT DATEDIFF(SECOND, SYSUTCDATETIME(), SYSDATETIME()), \
         DATEDIFF(SECOND, '1970-01-01', timestamp), at_utc / 1000000 FROM dbo.scheduler_logs";
    let row = rows(&store, sql).await.remove(0);
    let (offset, wall, instant) = (row.integer(0).unwrap(), row.integer(1).unwrap(), row.integer(2).unwrap());
    assert!((wall - instant - offset).abs() <= 1, "{offset} {wall} {instant}");
}

/// It keeps its rows and its way to write them; ours stand beside them.
#[tokio::test]
async fn the_old_table_is_taken_as_it_is() {
    let Some(database) = server::without_tables("marktwerk_old").await else { return };
    let old = "CREATE TABLE dbo.scheduler_logs (log_id int IDENTITY(1, 1) NOT NULL PRIMARY KEY, job_id varchar(255) NOT NULL, \
         job_type varchar(100) NOT NULL, level varchar(20) NOT NULL, message nvarchar(max) NOT NULL, \
         timestamp datetime2 NOT NULL DEFAULT GETDATE(), duration_seconds float NULL, status varchar(20) NULL, \
         error_text nvarchar(max) NULL)";
    server::batch(&database, old).await;
    let insert = "INSERT INTO dbo.scheduler_logs (job_id, job_type, level, message, timestamp, duration_seconds, status, error_text) \
         VALUES ('order_workflow_1', 'order_workflow', 'INFO', N'Bestellung für Zoë', '2026-02-03 09:05:01.123', 2.5, 'SUCCESS', NULL)";
    server::batch(&database, insert).await;
    let store = SqlServerStore::open(database.address.clone(), server::zone()).await.unwrap();
    server::batch(&database, insert).await;
    let run = running(&store, 1).await.remove(0);
    store.commit(&[success(&run, 1)]).await.unwrap();

    let rows = store.logs(&LogFilter { after: Some(0), limit: 10, ..LogFilter::default() }).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.log_id).collect::<Vec<_>>(), [1, 2, 3]);
    let old = &rows[0];
    assert_eq!((old.message.as_str(), old.run, old.line), ("Bestellung für Zoë", None, None));
    assert_eq!(old.timestamp, "2026-02-03T09:05:01.123000+01:00");
    assert_eq!(rows[2].run, Some(run.id.0));
    let long_ago = "2026-02-03T08:05:01Z".parse().unwrap();
    let statistics = store.log_statistics(None, long_ago).await.unwrap();
    assert_eq!((statistics.total_runs, statistics.max_duration), (3, Some(2.5)));
    let source = LogSource::Job("order_workflow".to_owned());
    assert_eq!(store.log_statistics(Some(&source), long_ago).await.unwrap().total_runs, 2);
    assert_eq!(store.delete_logs("2026-02-03T08:05:02Z".parse().unwrap()).await.unwrap(), 2);
}

/// The answer to a commit was lost, and the engine sends its records again.
#[tokio::test]
async fn records_sent_twice_are_stored_once() {
    let Some((_database, store)) = server::empty().await else { return };
    let run = running(&store, 1).await.remove(0);
    let records: Vec<Record> = (1..=3)
        .map(|number| record(&run, Entry::Line(line(&run, number, &format!("line {number}")))))
        .collect();
    store.commit(&records[..2]).await.unwrap();
    store.commit(&records).await.unwrap();
    let end = [success(&run, 4)];
    store.commit(&end).await.unwrap();
    assert_eq!(store.commit(&end).await.unwrap().fenced, [run.id]);
    assert_eq!(messages(&store).await, ["line 1", "line 2", "line 3", "done"]);
}

/// Longer than any nvarchar(4000), and with everything that JSON would escape.
#[tokio::test]
async fn texts_are_stored_as_they_are() {
    let Some((_database, store)) = server::empty().await else { return };
    let run = running(&store, 1).await.remove(0);
    let text = format!("\"quoted\" \\ back\n\tPO-1 🛒 {}", "ä".repeat(9_000));
    let sent = LogLine { error_text: Some(String::new()), ..line(&run, 1, &text) };
    store.commit(&[record(&run, Entry::Line(sent))]).await.unwrap();
    let row =
        store.logs(&LogFilter { after: Some(0), limit: 1, ..LogFilter::default() }).await.unwrap().remove(0);
    assert_eq!((row.message, row.error_text, row.step), (text, Some(String::new()), None));
}

/// Statements of a call, with one run and with as many as a piece has rows.
#[tokio::test]
async fn statements_do_not_grow_with_rows() {
    let Some((_database, store)) = server::empty().await else { return };
    let mut counts = Vec::new();
    for jobs in [1, 60] {
        for number in 0..jobs {
            store.enqueue(&new_run(&format!("job-{number}")), at(0)).await.unwrap();
        }
        let before = store.pool().statements();
        let runs = store.claim(&claim()).await.unwrap();
        let claimed = store.pool().statements();
        let lines: Vec<Record> =
            runs.iter().map(|run| record(run, Entry::Line(line(run, 1, "line")))).collect();
        store.commit(&lines).await.unwrap();
        let told = store.pool().statements();
        let ends: Vec<Record> = runs.iter().map(|run| success(run, 2)).collect();
        store.commit(&ends).await.unwrap();
        assert_eq!(runs.len(), jobs);
        counts.push((claimed - before, told - claimed, store.pool().statements() - told));
    }
    // Each with its begin, its lock and its commit.
    assert_eq!(counts, [(6, 6, 8), (6, 6, 8)]);
}

/// The machines of two processes disagree by hours: neither takes a run from the other, and a lease that did end is seen by both.
#[tokio::test]
async fn leases_end_by_the_databases_clock() {
    let Some((database, store)) = server::empty().await else { return };
    let store = store.with_leases_by(LeaseClock::Database);
    let runs = running(&store, 2).await;
    let far_ahead: Timestamp = "2099-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(store.rescue("node-b", false, far_ahead).await.unwrap(), []);
    // Both end by the database's clock, and one is renewed by a holder whose own is far behind.
    let end = "UPDATE marktwerk.runs SET lease_until = \
         DATEDIFF_BIG(MICROSECOND, CAST('19700101' AS datetime2), SYSUTCDATETIME()) - 1000000";
    server::batch(&database, end).await;
    let renewal = Entry::Heartbeat { at: at(-86_400), lease_until: at(-86_340) };
    store.commit(&[record(&runs[0], renewal)]).await.unwrap();
    let rescued = store.rescue("node-b", false, at(-86_400)).await.unwrap();
    assert_eq!(rescued.iter().map(|rescued| rescued.run).collect::<Vec<_>>(), [runs[1].id]);
}
