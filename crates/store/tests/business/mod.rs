//! An empty store on the SQL Server of the tests, for the business half.

use jiff::tz::TimeZone;
use marktwerk_sqlserver::testing::{self, TestDatabase};
use marktwerk_sqlserver::{Pool, SqlError, reading};
use marktwerk_store::sqlserver::SqlServerStore;

const TABLES: &str = "SELECT TABLE_SCHEMA + '.' + TABLE_NAME FROM INFORMATION_SCHEMA.TABLES \
    WHERE TABLE_SCHEMA = 'marktwerk' OR TABLE_NAME = 'scheduler_logs'";

/// A store without a row, its tables made anew; `None` where there is no server, which is told.
pub(crate) async fn empty() -> Option<(TestDatabase, SqlServerStore)> {
    let database = testing::database("marktwerk_business").await?;
    let pool = Pool::new(database.address.clone());
    let dropped: Result<(), SqlError> = reading!(pool, "forget tables", |connection| async {
        for table in connection.query("tables", TABLES, &[]).await? {
            connection.batch("forget a table", &format!("DROP TABLE {}", table.text(0)?)).await?;
        }
        Ok(())
    });
    dropped.unwrap();
    let store = SqlServerStore::open(database.address.clone(), TimeZone::UTC).await.unwrap();
    Some((database, store))
}
