//! A file that an earlier version of this program wrote, with rows, is taken over by this one.
#![expect(clippy::unwrap_used, reason = "set-up that fails ends its test")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::health::JobHealth;
use marktwerk_domain::job::{JobId, RunTarget};
use marktwerk_domain::policy::Policies;
use marktwerk_domain::run::{RunId, RunState, Trigger};
use marktwerk_domain::schedule::Schedule;
use marktwerk_store::SharedStore;
use marktwerk_store::runs::{Claim, RANKS};
use marktwerk_store::sqlite::SqliteStore;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};

/// The texts of version 2.
const TEXTS: [(&str, &str); 2] = [
    ("scheduler", include_str!("../migrations/sqlite/0001_scheduler.sql")),
    ("business", include_str!("../migrations/sqlite/0002_business.sql")),
];

/// Rows of version 2: a job that succeeded, one that failed, and their runs in all kinds of states. Times are microseconds
/// since 1970.
const ROWS: &str = r#"
    INSERT INTO jobs (id, job_type, written_type, account, schedule, enabled, description, parameters, priority, retry,
        version, anchor, next_due, created_at, archived, last_run, last_duration, last_error, last_succeeded, failures_in_a_row)
    VALUES
        ('order_workflow', 'order_workflow', 'sync_orders', 'temu', '{"kind":"every","seconds":300}', 1, 'Bestellungen',
            '{"days_back":7}', 1, '{"attempts":3,"first_delay_seconds":30,"factor":2.0,"longest_delay_seconds":900}',
            4, 0, 300000000, 0, 0, 200000000, 12.5, NULL, 1, 0),
        ('inventory_workflow', 'inventory_workflow', 'inventory_workflow', '', '{"kind":"every","seconds":60}', 1, '',
            '{}', 2, '{"attempts":3,"first_delay_seconds":30,"factor":2.0,"longest_delay_seconds":900}',
            1, 0, 60000000, 0, 0, 100000000, 1.0, 'no answer', 0, 2);
    INSERT INTO runs (id, job_id, job_type, account, lane, cause, planned_at, created_at, ready_at, state, priority, parameters,
        attempts_used, attempt, epoch, started_at, attempt_started_at, ended_at, error, merged, last_line, node, lease_until)
    VALUES
        (1, 'order_workflow', 'order_workflow', 'temu', 'temu', 'schedule', 0, 0, 0, 'succeeded', 1, '{}', 1, 1, 1, 1, 1, 2, NULL, 0, 2, NULL, NULL),
        (2, 'order_workflow', 'order_workflow', 'temu', 'temu', 'schedule', 5, 5, 5, 'skipped', 1, '{}', 0, 0, 0, NULL, NULL, 6, 'run 1 is still running', 4, 1, NULL, NULL),
        (3, 'order_workflow', 'order_workflow', 'temu', 'temu', 'schedule', 10, 10, 10, 'running', 1, '{}', 0, 1, 1, 10, 10, NULL, NULL, 0, 1, 'gone', 20),
        (4, 'inventory_workflow', 'inventory_workflow', 'temu', 'temu', 'manual', 11, 11, 11, 'waiting', 2, '{"mode":"full"}', 0, 0, 0, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL),
        (5, 'other', 'other', '', NULL, 'again', 12, 12, 12, 'retrying', 0, '{}', 1, 1, 1, 12, 12, NULL, 'no answer', 0, 1, NULL, NULL);
    INSERT INTO attempts VALUES (1, 1, 1, 'gone', 1, 2, 'succeeded', NULL), (3, 1, 1, 'gone', 10, NULL, 'running', NULL);
    INSERT INTO facts VALUES ('cursor', '7');
"#;

fn file_of_version_2(file: &Path) {
    let connection = Connection::open(file).unwrap();
    let ledger = "CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, \
         applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT";
    connection.execute_batch(ledger).unwrap();
    for (number, (name, text)) in (1..).zip(TEXTS) {
        connection.execute_batch(text).unwrap();
        let checksum: String =
            Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let applied = "INSERT INTO schema_migrations (number, name, checksum) VALUES (?1, ?2, ?3)";
        connection.execute(applied, params![number, name, checksum]).unwrap();
    }
    connection.execute_batch(ROWS).unwrap();
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

async fn run_in(store: &SharedStore, id: i64, state: RunState) -> marktwerk_domain::run::Run {
    let run = store.run(RunId(id)).await.unwrap().unwrap();
    assert_eq!((run.state, run.from_step.as_deref(), run.marker.as_deref()), (state, None, None));
    run
}

#[tokio::test]
async fn a_file_of_version_2_is_taken_over_with_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("marktwerk.db");
    file_of_version_2(&file);
    let before = std::fs::read(&file).unwrap();
    assert_eq!(SqliteStore::version(&file).unwrap(), 2);
    assert_eq!(std::fs::read(&file).unwrap(), before, "a look changes nothing");
    let store: SharedStore = Arc::new(SqliteStore::open(&file, TimeZone::UTC).unwrap());
    assert_eq!(store.check().await.unwrap(), Vec::<marktwerk_domain::finding::Finding>::new());

    let [inventory, orders] = store.jobs(true).await.unwrap().try_into().unwrap();
    assert_eq!((orders.id.as_str(), orders.version, orders.next_due), ("order_workflow", 4, Some(at(300))));
    assert_eq!(
        (&orders.spec.schedule, orders.spec.written_type.as_str()),
        (&Schedule::every_seconds(300), "sync_orders")
    );
    assert_eq!((orders.history.last_run, orders.history.last_success_at), (Some(at(200)), Some(at(200))));
    assert_eq!((inventory.history.last_success_at, inventory.history.failures_in_a_row), (None, 2));
    for job in [&inventory, &orders] {
        assert_eq!((&job.spec.policies, &job.target), (&Policies::default(), &RunTarget::default()));
        assert_eq!((job.health, job.history.last_marker.as_deref()), (JobHealth::default(), None));
    }

    run_in(&store, 1, RunState::Succeeded).await;
    assert_eq!(run_in(&store, 2, RunState::Skipped).await.merged, 4);
    run_in(&store, 3, RunState::Running).await;
    assert_eq!(run_in(&store, 4, RunState::Waiting).await.parameters["mode"], "full");
    assert_eq!(run_in(&store, 5, RunState::Retrying).await.trigger, Trigger::Again);
    assert_eq!(store.queue_lengths().await.unwrap().map(|length| length.runs), [1, 0, 1]);
    assert_eq!(store.fact("cursor").await.unwrap().as_deref(), Some("7"));
}

#[tokio::test]
async fn work_goes_on_where_version_2_left_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("marktwerk.db");
    file_of_version_2(&file);
    drop(SqliteStore::open(&file, TimeZone::UTC).unwrap());
    let store: SharedStore = Arc::new(SqliteStore::open(&file, TimeZone::UTC).unwrap());
    let rescued = store.rescue("new", true, at(1)).await.unwrap();
    assert_eq!(rescued.iter().map(|rescued| rescued.run).collect::<Vec<_>>(), [RunId(3)]);
    let claim = Claim {
        node: "new".to_owned(),
        now: at(2),
        lease_until: at(62),
        limit: 10,
        limits: Arc::default(),
        rises_every: Duration::from_secs(600),
        turns: [0; RANKS],
    };
    let claimed = store.claim(&claim).await.unwrap();
    // The high one, then the low one: the medium one, whose lane it shares, was lost and waits for its next attempt.
    assert_eq!(claimed.iter().map(|run| run.id).collect::<Vec<_>>(), [RunId(5), RunId(4)]);
    assert!(
        store.plan_next(&JobId("order_workflow".to_owned()), 1, at(600)).await.is_ok_and(|planned| !planned)
    );
    assert!(store.latest_alerts(10).await.unwrap().is_empty());
}
