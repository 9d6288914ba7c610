//! What stock figures rest on, on SQLite. The contents of open orders are read from the indexes of what is open, and cost nothing in
//! the many orders that are over.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::order::OrderState;
use rusqlite::{Connection, params};

use super::rows::{self, Columns, Micros};
use super::store::SqliteStore;
use super::writing::Writing;
use crate::StoreResult;
use crate::stock::{AccountHoldings, OpenContents, OpenLine, StockStore, UnreadEntry};

/// Orders that take stock, and those that stopped after a mark: one statement, so that one that moves meanwhile is in it once.
pub(in crate::sqlite) const OPEN_CONTENTS: &str = "\
    SELECT o.account, o.number, c.sku, c.quantity FROM orders o INDEXED BY orders_taking_stock \
        CROSS JOIN order_contents c ON c.order_id = o.id WHERE o.takes_stock = 1 \
    UNION ALL \
    SELECT o.account, o.number, c.sku, c.quantity FROM orders o INDEXED BY orders_freed \
        CROSS JOIN order_contents c ON c.order_id = o.id WHERE o.freed > 0 AND o.freed > ?1 AND o.takes_stock = 0";

/// The newest mark.
pub(in crate::sqlite) const MARK: &str =
    "SELECT COALESCE(MAX(freed), 0) FROM orders INDEXED BY orders_freed WHERE freed > 0";

#[async_trait]
impl StockStore for SqliteStore {
    async fn open_contents(&self, since: Option<i64>) -> StoreResult<OpenContents> {
        self.read(move |connection| {
            let mark = rows::one(connection, MARK, [], |row| row.get(0))?.unwrap_or(0);
            let since = since.unwrap_or(i64::MAX);
            let mut lines = rows::all(connection, OPEN_CONTENTS, [since], line)?;
            lines.sort();
            Ok(OpenContents { mark, lines })
        })
        .await
    }

    async fn open_lines_of(&self, skus: &[String], states: &[OrderState]) -> StoreResult<Vec<OpenLine>> {
        let words = |words: Vec<&str>| {
            serde_json::to_string(&words).map_err(|error| crate::StoreError::Database(error.to_string()))
        };
        let skus = words(skus.iter().map(String::as_str).collect())?;
        let states = words(states.iter().map(|state| state.as_str()).collect())?;
        let sql = "SELECT o.account, o.number, c.sku, c.quantity FROM orders o \
             CROSS JOIN order_contents c ON c.order_id = o.id \
             WHERE o.is_open = 1 AND o.state IN (SELECT value FROM json_each(?2)) \
             AND c.sku IN (SELECT value FROM json_each(?1)) ORDER BY o.account, o.number, c.position";
        self.read(move |connection| rows::all(connection, sql, [skus, states], line)).await
    }

    async fn unread_entries(&self, account: &str) -> StoreResult<Vec<UnreadEntry>> {
        let account = account.to_owned();
        let sql = "SELECT number, reason, since, left_out_at FROM unread_entries WHERE account = ?1 ORDER BY number";
        self.read(move |connection| {
            rows::all(connection, sql, [account], |row| {
                let mut columns = Columns::of(row);
                Ok(UnreadEntry {
                    number: columns.value()?,
                    reason: columns.value()?,
                    since: columns.time()?,
                    left_out_at: columns.optional_time()?,
                })
            })
        })
        .await
    }

    async fn change_unread_entries(
        &self,
        account: &str,
        added: &[UnreadEntry],
        read: &[String],
    ) -> StoreResult<()> {
        if added.is_empty() && read.is_empty() {
            return Ok(());
        }
        let (account, added, read) = (account.to_owned(), added.to_vec(), read.to_vec());
        self.write(move |writing| {
            let sql = "INSERT OR IGNORE INTO unread_entries (account, number, reason, since, left_out_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5)";
            for UnreadEntry { number, reason, since, left_out_at } in &added {
                let left_out_at = left_out_at.map(Micros);
                let params = params![account, number, reason, Micros(*since), left_out_at];
                writing.effects.inventory |= rows::execute(writing.connection, sql, params)? > 0;
            }
            let sql = "DELETE FROM unread_entries WHERE account = ?1 AND number = ?2";
            for number in &read {
                writing.effects.inventory |= rows::execute(writing.connection, sql, [&account, number])? > 0;
            }
            Ok(())
        })
        .await
    }

    async fn leave_out_unread_entries(&self, account: &str, now: Timestamp) -> StoreResult<u64> {
        let account = account.to_owned();
        self.write(move |writing| {
            let sql = "UPDATE unread_entries SET left_out_at = ?2 WHERE account = ?1 AND left_out_at IS NULL";
            let changed = rows::execute(writing.connection, sql, params![account, Micros(now)])?;
            writing.effects.inventory |= changed > 0;
            Ok(changed as u64)
        })
        .await
    }

    async fn account_holdings(&self) -> StoreResult<Vec<AccountHoldings>> {
        self.read(holdings).await
    }

    async fn move_account(&self, from: &str, to: &str) -> StoreResult<u64> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.write(move |writing| move_account(writing, &from, &to)).await
    }

    async fn release_account(&self, account: &str, now: Timestamp) -> StoreResult<u64> {
        let account = account.to_owned();
        self.write(move |writing| release(writing, &account, now)).await
    }
}

fn line(row: &rusqlite::Row<'_>) -> rusqlite::Result<OpenLine> {
    let mut columns = Columns::of(row);
    Ok(OpenLine {
        account: columns.value()?,
        number: columns.value()?,
        sku: columns.value()?,
        quantity: columns.value()?,
    })
}

fn holdings(connection: &Connection) -> StoreResult<Vec<AccountHoldings>> {
    let sql = "SELECT account, SUM(orders), SUM(units), SUM(listings) FROM ( \
             SELECT account, COUNT(*) AS orders, 0 AS units, 0 AS listings FROM orders INDEXED BY orders_open \
                 WHERE is_open = 1 GROUP BY account \
             UNION ALL SELECT o.account, 0, SUM(c.quantity), 0 FROM orders o INDEXED BY orders_taking_stock \
                 CROSS JOIN order_contents c ON c.order_id = o.id WHERE o.takes_stock = 1 GROUP BY o.account \
             UNION ALL SELECT account, 0, 0, COUNT(*) FROM listings GROUP BY account) GROUP BY account ORDER BY account";
    rows::all(connection, sql, [], |row| {
        let mut columns = Columns::of(row);
        Ok(AccountHoldings {
            account: columns.value()?,
            open_orders: columns.value::<i64>()?.unsigned_abs(),
            units: columns.value()?,
            listings: columns.value::<i64>()?.unsigned_abs(),
        })
    })
}

/// Makes orders of an account take nothing any more; `only` is a condition on them.
fn close_orders(writing: &mut Writing<'_>, account: &str, only: &str, other: &str) -> StoreResult<usize> {
    let sql = format!(
        "UPDATE orders SET is_open = 0, takes_stock = 0, next_judged_at = NULL, revision = revision + 1, \
         freed = CASE WHEN takes_stock = 1 THEN (SELECT COALESCE(MAX(freed), 0) + 1 FROM orders WHERE freed > 0) ELSE freed END \
         WHERE account = ?1 AND (is_open = 1 OR takes_stock = 1) AND {only}"
    );
    rows::execute(writing.connection, &sql, [account, other])
}

fn move_account(writing: &mut Writing<'_>, from: &str, to: &str) -> StoreResult<u64> {
    let is_there = "number IN (SELECT number FROM orders WHERE account = ?2)";
    close_orders(writing, from, is_there, to)?;
    let sql = "UPDATE orders SET account = ?2, revision = revision + 1 WHERE account = ?1 \
         AND number NOT IN (SELECT number FROM orders WHERE account = ?2)";
    let moved = rows::execute(writing.connection, sql, [from, to])?;
    for sql in [
        "INSERT OR IGNORE INTO unread_entries SELECT ?2, number, reason, since, left_out_at FROM unread_entries WHERE account = ?1",
        "DELETE FROM unread_entries WHERE account = ?1 AND ?2 <> ''",
        "UPDATE OR IGNORE listings SET account = ?2 WHERE account = ?1",
        "DELETE FROM listings WHERE account = ?1 AND ?2 <> ''",
        "UPDATE OR IGNORE attentions SET account = ?2 WHERE account = ?1",
    ] {
        rows::execute(writing.connection, sql, [from, to])?;
    }
    note_all(writing);
    Ok(moved as u64)
}

fn release(writing: &mut Writing<'_>, account: &str, now: Timestamp) -> StoreResult<u64> {
    let closed = close_orders(writing, account, "?2 = ''", "")?;
    for sql in ["DELETE FROM unread_entries WHERE account = ?1", "DELETE FROM listings WHERE account = ?1"] {
        rows::execute(writing.connection, sql, [account])?;
    }
    let sql = "UPDATE attentions SET closed_at = ?2 WHERE account = ?1 AND closed_at IS NULL";
    rows::execute(writing.connection, sql, params![account, Micros(now)])?;
    note_all(writing);
    Ok(closed as u64)
}

fn note_all(writing: &mut Writing<'_>) {
    writing.effects.orders = true;
    writing.effects.inventory = true;
    writing.effects.attention = true;
}
