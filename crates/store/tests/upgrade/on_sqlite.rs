//! The database is a file.

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use marktwerk_store::SharedStore;
use marktwerk_store::sqlite::SqliteStore;
use rusqlite::{Connection, params};

use super::{OldOrder, TIMES, at, checksum, old_orders};

/// The texts of version 5.
const TEXTS: [(&str, &str); 5] = [
    ("scheduler", include_str!("../../migrations/sqlite/0001_scheduler.sql")),
    ("business", include_str!("../../migrations/sqlite/0002_business.sql")),
    ("promises", include_str!("../../migrations/sqlite/0003_promises.sql")),
    ("causes", include_str!("../../migrations/sqlite/0004_causes.sql")),
    ("hand_overs", include_str!("../../migrations/sqlite/0005_hand_overs.sql")),
];

fn file_of_version_5(file: &Path, times: usize) {
    let connection = Connection::open(file).unwrap();
    let ledger = "CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, \
         applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT";
    connection.execute_batch(ledger).unwrap();
    for (number, (name, text)) in (1..).zip(TEXTS) {
        connection.execute_batch(text).unwrap();
        let applied = "INSERT INTO schema_migrations (number, name, checksum) VALUES (?1, ?2, ?3)";
        connection.execute(applied, params![number, name, checksum(text)]).unwrap();
    }
    connection.execute_batch("BEGIN").unwrap();
    for order in old_orders(times) {
        insert(&connection, &order);
    }
    let closed = "INSERT INTO attentions (account, kind, subject, message, since, closed_at) \
         VALUES ('shop', 'cancelled_after_hand_over', 'cancelled, closed', 'old', 1, 1767000000000000)";
    connection.execute(closed, []).unwrap();
    let other = "INSERT INTO attentions (account, kind, subject, message, since) VALUES ('shop', 'stock_refused', 'A', 'old', 1)";
    connection.execute(other, []).unwrap();
    connection.execute_batch("COMMIT").unwrap();
}

fn insert(connection: &Connection, order: &OldOrder) {
    let sql = "INSERT INTO orders (account, number, state, status, changed_at, ordered_at, is_complete, is_unread, reason, mark, \
         intent, fetched_at, handed_over_at, translation, parcels) \
         VALUES ('shop', ?1, ?2, ?3, ?4, ?4, 1, ?5, ?6, ?7, ?8, ?4, ?9, ?10, ?11)";
    let OldOrder { number, state, status, mark, reason, intent, translation, parcels, .. } = order;
    let (changed_at, is_unread) = (at(-600).as_microsecond(), order.is_unread);
    let values = params![
        number,
        state,
        status,
        changed_at,
        is_unread,
        reason,
        mark,
        intent,
        order.handed_over_at,
        translation,
        parcels
    ];
    connection.execute(sql, values).unwrap();
    let id = connection.last_insert_rowid();
    let content = "INSERT INTO order_contents (order_id, position, sku, quantity) VALUES (?1, 0, ?2, 1)";
    connection.execute(content, params![id, number]).unwrap();
    for kind in order.kinds {
        let entry = "INSERT INTO attentions (account, kind, subject, message, since) VALUES ('shop', ?1, ?2, 'old', 1)";
        connection.execute(entry, params![kind, number]).unwrap();
    }
}

fn upgraded(folder: &Path, times: usize) -> SharedStore {
    let file = folder.join("marktwerk.db");
    file_of_version_5(&file, times);
    Arc::new(SqliteStore::open(&file, TimeZone::UTC).unwrap())
}

#[tokio::test]
async fn an_upgrade_changes_neither_states_nor_units_nor_entries() {
    let folder = tempfile::tempdir().unwrap();
    super::changes_neither_states_nor_units_nor_entries(upgraded(folder.path(), 1)).await;
}

#[tokio::test]
async fn ten_thousand_orders_are_upgraded_without_an_entry_too_many() {
    let folder = tempfile::tempdir().unwrap();
    super::ten_thousand_orders_get_no_entry_too_many(upgraded(folder.path(), TIMES)).await;
}
