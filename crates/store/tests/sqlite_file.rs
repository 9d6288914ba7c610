//! The file itself: what is refused without a write, what survives, backups, and the documented SQL.
#![expect(clippy::unwrap_used, reason = "set-up that fails ends its test")]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::finding::Finding;
use marktwerk_store::StoreError;
use marktwerk_store::logs::{LogFilter, LogSource, LogStore};
use marktwerk_store::meta::MetaStore;
use marktwerk_store::sqlite::SqliteStore;
use rusqlite::Connection;
use tempfile::TempDir;

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("marktwerk.db");
    (folder, file)
}

fn open(file: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(file, berlin())
}

/// A migrated file, changed by `sql`, and its content.
fn tampered(file: &Path, sql: &str) -> Vec<u8> {
    drop(open(file).unwrap());
    let connection = Connection::open(file).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.pragma_update(None, "journal_mode", "delete").unwrap();
    drop(connection);
    fs::read(file).unwrap()
}

#[test]
fn a_newer_schema_is_refused_without_a_write() {
    let (_folder, file) = folder();
    let newer = "INSERT INTO schema_migrations (number, name, checksum) VALUES (99, 'future', 'x')";
    let before = tampered(&file, newer);
    let refused = open(&file).err();
    assert!(matches!(refused, Some(StoreError::NewerSchema { found: 99, .. })), "{refused:?}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_changed_migration_is_refused_without_a_write() {
    let (_folder, file) = folder();
    let before = tampered(&file, "UPDATE schema_migrations SET checksum = 'other' WHERE number = 1");
    let refused = open(&file).err();
    assert!(matches!(refused, Some(StoreError::ChangedMigration { number: 1, .. })), "{refused:?}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_place_that_cannot_be_used_is_named_with_the_cure() {
    let (folder, file) = folder();
    fs::write(&file, "no database, but a text that is long enough for the header of one: ".repeat(20))
        .unwrap();
    for place in [file.clone(), folder.path().to_owned(), folder.path().join("missing/marktwerk.db")] {
        let refused = open(&place).err();
        let Some(StoreError::Unusable { place: named, reason }) = refused else {
            panic!("{place:?}: {refused:?}")
        };
        assert_eq!(named, place.display().to_string());
        assert!(reason.contains("folder") || reason.contains("backup"), "{reason}");
    }
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    let (_folder, file) = folder();
    open(&file).unwrap().set_fact("cursor", "7").await.unwrap();
    let again = open(&file).unwrap();
    assert_eq!(again.fact("cursor").await.unwrap().as_deref(), Some("7"));
    let connection = Connection::open(&file).unwrap();
    let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(journal, "wal");
}

#[tokio::test]
async fn a_backup_is_a_store_and_never_replaces_a_file() {
    let (folder, file) = folder();
    let store = open(&file).unwrap();
    store.set_fact("cursor", "7").await.unwrap();
    let target = folder.path().join("backup.db");
    store.backup(&target).await.unwrap();
    let refused = store.backup(&target).await;
    assert!(matches!(refused, Err(StoreError::Exists(_))), "{refused:?}");
    let refused = store.backup(&folder.path().join("missing/backup.db")).await;
    assert!(matches!(refused, Err(StoreError::Unusable { .. })), "{refused:?}");
    let copy = open(&target).unwrap();
    assert_eq!(copy.fact("cursor").await.unwrap().as_deref(), Some("7"));
    assert_eq!(copy.check().await.unwrap(), []);
}

#[tokio::test]
async fn a_check_finds_rows_that_belong_to_nothing() {
    let (_folder, file) = folder();
    let store = open(&file).unwrap();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("PRAGMA foreign_keys = OFF; INSERT INTO order_raws VALUES (99, '{}')").unwrap();
    let findings = store.check().await.unwrap();
    assert!(matches!(&findings[0], Finding::Wrong(told) if told.contains("order_raws")), "{findings:?}");
    assert!(findings.iter().all(|finding| matches!(finding, Finding::Wrong(_))), "{findings:?}");
}

fn texts(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{finding:?}\n")).collect()
}

#[test]
fn much_unused_space_is_a_hint_and_no_damage() {
    let (_folder, file) = folder();
    drop(open(&file).unwrap());
    let connection = Connection::open(&file).unwrap();
    connection.pragma_update(None, "synchronous", "off").unwrap();
    let fill = "CREATE TABLE filling (content BLOB); \
        WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < 110) \
        INSERT INTO filling SELECT zeroblob(1000000) FROM counted; DROP TABLE filling";
    connection.execute_batch(fill).unwrap();
    drop(connection);
    let findings = SqliteStore::examine(&file, true).unwrap();
    assert!(
        matches!(&findings[..], [Finding::Odd(hint)] if hint.contains("are unused") && !hint.contains("restore")),
        "{findings:?}"
    );
}

#[test]
fn a_damaged_index_costs_no_backup_and_a_lost_table_does() {
    let (_folder, file) = folder();
    drop(open(&file).unwrap());
    let connection = Connection::open(&file).unwrap();
    let forget = "CREATE TEMP TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'scheduler_logs_timestamp'; \
        PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'scheduler_logs_timestamp'; \
        PRAGMA writable_schema = RESET; \
        INSERT INTO scheduler_logs (job_id, job_type, level, message, timestamp) \
            VALUES ('x', 'x', 'INFO', 'x', '2026-02-03 09:05:01'); \
        PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM kept; PRAGMA writable_schema = RESET";
    connection.execute_batch(forget).unwrap();
    drop(connection);
    let told = texts(&SqliteStore::examine(&file, true).unwrap());
    assert!(told.starts_with("Wrong(") && told.contains("REINDEX") && !told.contains("restore"), "{told}");

    let (_folder, file) = folder();
    drop(open(&file).unwrap());
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = OFF; DROP TABLE order_raws").unwrap();
    drop(connection);
    let told = texts(&SqliteStore::examine(&file, true).unwrap());
    assert!(
        told.contains("table order_raws is missing") && told.contains("restore the newest backup"),
        "{told}"
    );
}

/// The names and content of all files of a folder.
fn all_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn looking_at_an_older_or_newer_file_leaves_it_and_its_folder_as_they_were() {
    for (change, hint) in [
        ("DELETE FROM schema_migrations WHERE number > 2", "the next start brings it to"),
        (
            "INSERT INTO schema_migrations (number, name, checksum) VALUES (99, 'future', 'x')",
            "start the newer program",
        ),
    ] {
        let (folder, file) = folder();
        tampered(&file, change);
        // As a program leaves it.
        Connection::open(&file).unwrap().pragma_update(None, "journal_mode", "wal").unwrap();
        let before = all_of(folder.path());
        let findings = SqliteStore::examine(&file, true).unwrap();
        assert!(matches!(&findings[..], [Finding::Odd(told)] if told.contains(hint)), "{findings:?}");
        let elsewhere = tempfile::tempdir().unwrap();
        SqliteStore::back_up(&file, &elsewhere.path().join("copy.db")).unwrap();
        assert_eq!(SqliteStore::examine(&elsewhere.path().join("copy.db"), true).unwrap().len(), 1);
        let _ = SqliteStore::version(&file);
        assert!(all_of(folder.path()) == before, "something was written");
    }
}

#[tokio::test]
async fn a_copy_beside_the_writer_has_what_was_just_committed() {
    let (folder, file) = folder();
    let store = open(&file).unwrap();
    store.set_fact("cursor", "7").await.unwrap();
    let target = folder.path().join("copy.db");
    SqliteStore::back_up(&file, &target).unwrap();
    assert_eq!(open(&target).unwrap().fact("cursor").await.unwrap().as_deref(), Some("7"));
    for own in ["marktwerk.db", "marktwerk.db-wal", "marktwerk.db-shm", "marktwerk.db-journal"] {
        let refused = SqliteStore::back_up(&file, &folder.path().join(own));
        assert!(refused.is_err(), "{own}");
    }
    let refused = SqliteStore::back_up(&file, folder.path());
    assert!(matches!(refused, Err(StoreError::Exists(_))), "{refused:?}");
    assert_eq!(store.check().await.unwrap(), []);
}

#[tokio::test]
async fn a_file_opened_to_read_is_read_beside_the_writer_and_not_written() {
    let (_folder, file) = folder();
    let store = open(&file).unwrap();
    store.set_fact("cursor", "7").await.unwrap();
    let looking = SqliteStore::open_to_read(&file, berlin()).unwrap();
    assert_eq!(looking.fact("cursor").await.unwrap().as_deref(), Some("7"));
    assert!(looking.set_fact("cursor", "8").await.is_err());
    store.set_fact("cursor", "9").await.unwrap();
    assert_eq!(looking.fact("cursor").await.unwrap().as_deref(), Some("9"));
}

#[tokio::test]
async fn a_process_that_opens_its_file_again_by_another_name_shares_it() {
    let (folder, file) = folder();
    let store = open(&file).unwrap();
    let (symbolic, hard) = (folder.path().join("symbolic"), folder.path().join("hard"));
    std::os::unix::fs::symlink(&file, &symbolic).unwrap();
    fs::hard_link(&file, &hard).unwrap();
    for name in [&file, &symbolic, &hard] {
        let again = open(name).unwrap();
        again.set_fact("name", &name.display().to_string()).await.unwrap();
        assert_eq!(store.fact("name").await.unwrap(), Some(name.display().to_string()));
    }
    assert!(!folder.path().join("hard-wal").exists(), "one file has one log");
    let lock = fs::File::open(folder.path().join("marktwerk.db.lock")).unwrap();
    assert!(lock.try_lock().is_err(), "it is still held");
    drop(store);
    open(&hard).unwrap();
}

#[test]
fn what_is_stored_is_its_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (folder, file) = folder();
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).unwrap();
    let _store = open(&file).unwrap();
    SqliteStore::back_up(&file, &folder.path().join("copy.db")).unwrap();
    for name in ["marktwerk.db", "marktwerk.db-wal", "marktwerk.db-shm", "marktwerk.db.lock", "copy.db"] {
        assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_a_removed_log_held_is_saved() {
    let (folder, file) = folder();
    let store = open(&file).unwrap();
    store.set_fact("cursor", "7").await.unwrap();
    assert_eq!(store.watched_beside().len(), 2);
    assert!(store.watched_beside().iter().all(|watched| watched.loss().is_none()));
    fs::remove_file(folder.path().join("marktwerk.db-wal")).unwrap();
    assert_eq!(store.watched_beside().len(), 1);
    store.save_log().unwrap();
    // Whoever is told that it is stored would find it nowhere.
    let refused = store.set_fact("cursor", "8").await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Unavailable(reason) if reason.contains("its log is gone")),
        "{refused}"
    );
    // As a process that ends at once leaves it.
    let copy = folder.path().join("as it is on disk.db");
    fs::copy(&file, &copy).unwrap();
    assert_eq!(open(&copy).unwrap().fact("cursor").await.unwrap().as_deref(), Some("7"));
}

/// Rows as the program in use today writes them: the documented columns only, around the end of summer time.
fn rows_of_the_old_program(file: &Path) -> Connection {
    let connection = Connection::open(file).unwrap();
    connection
        .execute_batch(
            "INSERT INTO scheduler_logs (job_id, job_type, level, message, timestamp, duration_seconds, status, error_text) \
             VALUES ('temu_orders_1770102301', 'temu_orders', 'INFO', 'fertig', '2026-02-03 09:05:01.123', 2.0, 'SUCCESS', NULL), \
                    ('temu_orders_1770102601', 'temu_orders', 'INFO', 'fertig', '2026-02-03 09:10:01', 4.0, 'SUCCESS', NULL), \
                    ('temu_inventory_1770102601', 'temu_inventory', 'ERROR', 'kaputt', '2026-02-03 09:11:00', 9.0, 'FAILED', 'x'), \
                    ('temu_orders_1770000000', 'temu_orders', 'ERROR', 'gestern', '2026-02-02 23:59:59', NULL, NULL, 'x')",
        )
        .unwrap();
    connection
}

#[test]
fn the_documented_sql_runs() {
    let (_folder, file) = folder();
    open(&file).unwrap();
    let connection = rows_of_the_old_program(&file);
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let last = "SELECT message FROM (SELECT * FROM scheduler_logs ORDER BY timestamp DESC LIMIT 10)";
    assert_eq!(texts(last), ["kaputt", "fertig", "fertig", "gestern"]);
    let today = "SELECT message FROM scheduler_logs \
         WHERE level = 'ERROR' AND date(timestamp) = date('2026-02-03')";
    assert_eq!(texts(today), ["kaputt"]);
    let durations = "SELECT job_type || ' ' || avg_duration || ' ' || max_duration FROM (SELECT job_type, \
         AVG(duration_seconds) AS avg_duration, MAX(duration_seconds) AS max_duration FROM scheduler_logs \
         WHERE status = 'SUCCESS' GROUP BY job_type)";
    assert_eq!(texts(durations), ["temu_orders 3.0 4.0"]);
    let columns = texts("SELECT name FROM pragma_table_info('scheduler_logs') ORDER BY cid");
    let documented = [
        "log_id",
        "job_id",
        "job_type",
        "level",
        "message",
        "timestamp",
        "duration_seconds",
        "status",
        "error_text",
    ];
    assert_eq!(columns[..9], documented);
    assert_eq!(columns[9..], ["run", "attempt", "step", "line", "at_utc", "fields"]);
}

#[tokio::test]
async fn rows_of_the_old_program_are_read_counted_and_deleted() {
    let (_folder, file) = folder();
    let store = open(&file).unwrap();
    rows_of_the_old_program(&file);
    let filter = LogFilter {
        source: Some(LogSource::Prefix("temu_orders".to_owned())),
        limit: 1,
        ..LogFilter::default()
    };
    let newest = store.logs(&filter).await.unwrap().remove(0);
    assert_eq!(newest.timestamp, "2026-02-02T23:59:59.000000+01:00", "the one that was stored last");
    assert_eq!((newest.run, newest.fields), (None, None));
    let midnight: Timestamp = "2026-02-02T23:00:00Z".parse().unwrap();
    let statistics = store.log_statistics(None, midnight).await.unwrap();
    assert_eq!((statistics.total_runs, statistics.failed_runs), (3, 1));
    assert_eq!(store.delete_logs(midnight).await.unwrap(), 1);
}
