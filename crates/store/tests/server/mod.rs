//! An empty store on the SQL Server of the tests.
#![allow(dead_code, reason = "not each test file needs all of it")]

use jiff::tz::TimeZone;
use marktwerk_sqlserver::testing::{self, TestDatabase};
use marktwerk_sqlserver::{Pool, Row, SqlError, reading};
use marktwerk_store::StoreError;
use marktwerk_store::sqlserver::{LeaseClock, SqlServerStore};

/// What was made for the store.
const TABLES: &str = "\
    SELECT TABLE_SCHEMA + N'.' + TABLE_NAME FROM INFORMATION_SCHEMA.TABLES \
    WHERE TABLE_SCHEMA = 'marktwerk' OR (TABLE_SCHEMA = 'dbo' AND TABLE_NAME = 'scheduler_logs')";

pub(crate) fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// A store without a row; `None` where there is no server, which is told.
pub(crate) async fn empty() -> Option<(TestDatabase, SqlServerStore)> {
    let database = testing::database("marktwerk_store").await?;
    // Identities begin at 1 again.
    let tables = tables(&database).await;
    let filled = tables.iter().filter(|table| !table.ends_with(".schema_migrations"));
    let empty: Vec<String> = filled.map(|table| format!("TRUNCATE TABLE {table}")).collect();
    batch(&database, &empty.join("; ")).await;
    let store = match SqlServerStore::open(database.address.clone(), zone()).await {
        Err(
            StoreError::ChangedMigration { .. } | StoreError::NewerSchema { .. } | StoreError::Database(_),
        ) => {
            // An unfinished version of this program has left it.
            drop_all(&database).await;
            SqlServerStore::open(database.address.clone(), zone()).await
        }
        opened => opened,
    };
    // The suite moves the time.
    Some((database, store.unwrap().with_leases_by(LeaseClock::Callers)))
}

/// A database without a table of the store.
pub(crate) async fn without_tables(purpose: &str) -> Option<TestDatabase> {
    let database = testing::database(purpose).await?;
    drop_all(&database).await;
    Some(database)
}

async fn drop_all(database: &TestDatabase) {
    let drop: Vec<String> =
        tables(database).await.iter().map(|table| format!("DROP TABLE {table}")).collect();
    batch(database, &drop.join("; ")).await;
}

async fn tables(database: &TestDatabase) -> Vec<String> {
    let pool = Pool::new(database.address.clone());
    let rows: Result<Vec<Row>, SqlError> =
        reading!(pool, "look for tables", |connection| connection.query("look for tables", TABLES, &[]));
    rows.unwrap().iter().map(|row| row.text(0).unwrap()).collect()
}

/// Statements as another program sends them.
pub(crate) async fn batch(database: &TestDatabase, sql: &str) {
    if sql.is_empty() {
        return;
    }
    let pool = Pool::new(database.address.clone());
    let done: Result<(), SqlError> =
        reading!(pool, "statements of a test", |connection| connection.batch("statements of a test", sql));
    done.unwrap();
}
