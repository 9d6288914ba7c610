//! The database is one on a SQL Server, where there is one at hand.

#[path = "../server/mod.rs"]
mod server;

use std::sync::Arc;

use jiff::tz::TimeZone;
use marktwerk_sqlserver::testing::TestDatabase;
use marktwerk_sqlserver::{Column, Connection, Kind, Pool, SqlError, Value, reading};
use marktwerk_store::SharedStore;
use marktwerk_store::sqlserver::SqlServerStore;

use super::{OldOrder, TIMES, at, checksum, old_orders};

/// The texts of version 5.
const TEXTS: [(&str, &str); 5] = [
    ("scheduler", include_str!("../../migrations/sqlserver/0001_scheduler.sql")),
    ("business", include_str!("../../migrations/sqlserver/0002_business.sql")),
    ("promises", include_str!("../../migrations/sqlserver/0003_promises.sql")),
    ("causes", include_str!("../../migrations/sqlserver/0004_causes.sql")),
    ("hand_overs", include_str!("../../migrations/sqlserver/0005_hand_overs.sql")),
];
const LEDGER: &str = "IF SCHEMA_ID('marktwerk') IS NULL EXEC('CREATE SCHEMA marktwerk'); \
    CREATE TABLE marktwerk.schema_migrations (number bigint NOT NULL PRIMARY KEY, name nvarchar(100) NOT NULL, \
    checksum varchar(64) NOT NULL, applied_at datetime2 NOT NULL DEFAULT SYSUTCDATETIME())";
const COLUMNS: [Column; 10] = [
    Column::new("number", Kind::Text(200)),
    Column::new("state", Kind::Text(30)),
    Column::new("status", Kind::Text(30)),
    Column::new("is_unread", Kind::Integer),
    Column::new("reason", Kind::LongText),
    Column::new("mark", Kind::Text(30)),
    Column::new("intent", Kind::LongText),
    Column::new("handed_over_at", Kind::Integer),
    Column::new("translation", Kind::LongText),
    Column::new("parcels", Kind::LongText),
];
const ORDERS: &str = "INSERT INTO marktwerk.orders (account, number, state, status, changed_at, ordered_at, is_complete, is_unread, \
        reason, mark, intent, fetched_at, handed_over_at, translation, parcels) \
        SELECT 'shop', number, state, status, @P1, @P1, 1, is_unread, reason, mark, intent, @P1, handed_over_at, translation, parcels \
        FROM #orders; \
    INSERT INTO marktwerk.order_accounts (account) VALUES ('shop'); \
    INSERT INTO marktwerk.order_contents (order_id, position, sku, quantity) SELECT id, 0, number, 1 FROM marktwerk.orders";
const ENTRIES: &str = "INSERT INTO marktwerk.attentions (account, kind, subject, message, since) \
        SELECT 'shop', kind, subject, 'old', 1 FROM #entries; \
    INSERT INTO marktwerk.attentions (account, kind, subject, message, since, closed_at) \
        VALUES ('shop', 'cancelled_after_hand_over', 'cancelled, closed', 'old', 1, 1767000000000000); \
    INSERT INTO marktwerk.attentions (account, kind, subject, message, since) VALUES ('shop', 'stock_refused', 'A', 'old', 1)";

async fn fill(connection: &mut Connection, orders: &[OldOrder]) -> Result<(), SqlError> {
    let rows = orders.iter().map(|order| {
        let OldOrder { number, state, status, mark, reason, intent, translation, parcels, .. } = order;
        vec![
            Value::from(number.as_str()),
            Value::from(*state),
            Value::from(*status),
            Value::from(i64::from(order.is_unread)),
            Value::Text(*reason),
            Value::Text(*mark),
            Value::Text(*intent),
            Value::Integer(order.handed_over_at),
            Value::Text(*translation),
            Value::from(*parcels),
        ]
    });
    connection.load("load old orders", "#orders", &COLUMNS, rows.collect()).await?;
    connection.execute("old orders", ORDERS, &[&at(-600).as_microsecond()]).await?;
    let columns = [Column::new("kind", Kind::Text(60)), Column::new("subject", Kind::Text(200))];
    let entries = orders.iter().flat_map(|order| {
        order.kinds.iter().map(|kind| vec![Value::from(*kind), Value::from(order.number.as_str())])
    });
    connection.load("load old entries", "#entries", &columns, entries.collect()).await?;
    connection.execute("old entries", ENTRIES, &[]).await?;
    Ok(())
}

/// A database of version 5, opened by this one.
async fn upgraded(times: usize) -> Option<(TestDatabase, SharedStore)> {
    let database = server::without_tables("marktwerk_upgrade").await?;
    server::batch(&database, LEDGER).await;
    for (number, (name, text)) in (1..).zip(TEXTS) {
        for batch in text.split("\nGO\n") {
            server::batch(&database, batch).await;
        }
        let applied = format!(
            "INSERT INTO marktwerk.schema_migrations (number, name, checksum) VALUES ({number}, '{name}', '{}')",
            checksum(text)
        );
        server::batch(&database, &applied).await;
    }
    let orders = old_orders(times);
    let pool = Pool::new(database.address.clone());
    let filled: Result<(), SqlError> =
        reading!(pool, "fill an old database", |connection| fill(connection, &orders));
    filled.unwrap();
    let store = SqlServerStore::open(database.address.clone(), TimeZone::UTC).await.unwrap();
    Some((database, Arc::new(store)))
}

#[tokio::test]
async fn an_upgrade_changes_neither_states_nor_units_nor_entries() {
    let Some((_database, store)) = upgraded(1).await else { return };
    super::changes_neither_states_nor_units_nor_entries(store).await;
}

#[tokio::test]
async fn ten_thousand_orders_are_upgraded_without_an_entry_too_many() {
    let Some((_database, store)) = upgraded(TIMES).await else { return };
    super::ten_thousand_orders_get_no_entry_too_many(store).await;
}
