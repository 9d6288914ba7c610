//! The suite on a SQL Server database; skipped, and said so, where there is none at hand.
#![expect(clippy::unwrap_used, reason = "set-up that fails ends its test")]

use jiff::tz::TimeZone;
use marktwerk_sqlserver::testing;
use marktwerk_store::sqlserver::SqlServerStore;

#[tokio::test]
async fn a_database_is_brought_up_to_date_once() {
    let Some(database) = testing::database("marktwerk_store").await else { return };
    for _ in 0..2 {
        SqlServerStore::open(database.address.clone(), TimeZone::UTC).await.unwrap();
    }
}
