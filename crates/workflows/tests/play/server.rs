//! A store without a row on the SQL Server that `MARKTWERK_TEST_MSSQL` names, for plays that the product stores there.

use std::sync::Arc;

use jiff::tz::TimeZone;
use marktwerk_sqlserver::testing::{self, TestDatabase};
use marktwerk_sqlserver::{Pool, Row, SqlError, reading};
use marktwerk_store::SharedStore;
use marktwerk_store::sqlserver::{LeaseClock, SqlServerStore};

use crate::still::{Still, hold};

/// What was made for a store.
const TABLES: &str = "\
    SELECT TABLE_SCHEMA + N'.' + TABLE_NAME FROM INFORMATION_SCHEMA.TABLES \
    WHERE TABLE_SCHEMA = 'marktwerk' OR (TABLE_SCHEMA = 'dbo' AND TABLE_NAME = 'scheduler_logs')";

/// An empty store in a database that the play has for itself.
pub(crate) async fn empty_store() -> SharedStore {
    hold(open()).await
}

async fn open() -> SharedStore {
    let database = testing::database("marktwerk_play").await.expect("MARKTWERK_TEST_MSSQL names a server");
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    // The first one makes the tables.
    drop(SqlServerStore::open(database.address.clone(), zone.clone()).await.unwrap());
    empty(&database).await;
    let store = SqlServerStore::open(database.address.clone(), zone).await.unwrap();
    let store: SharedStore = Arc::new(store.with_leases_by(LeaseClock::Callers));
    Arc::new(Still { store, kept: Arc::new(database) })
}

async fn empty(database: &TestDatabase) {
    let pool = Pool::new(database.address.clone());
    let rows: Result<Vec<Row>, SqlError> =
        reading!(pool, "look for tables", |connection| connection.query("look for tables", TABLES, &[]));
    let tables = rows.unwrap();
    let names = tables.iter().map(|row| row.text(0).unwrap());
    let filled = names.filter(|table| !table.ends_with(".schema_migrations"));
    let sql = filled.map(|table| format!("TRUNCATE TABLE {table}")).collect::<Vec<_>>().join("; ");
    let done: Result<(), SqlError> =
        reading!(pool, "empty the tables", |connection| connection.batch("empty the tables", &sql));
    done.unwrap();
}
