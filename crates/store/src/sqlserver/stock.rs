//! What stock figures rest on, on SQL Server.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::order::OrderState;
use marktwerk_sqlserver::{Class, Column, Connection, Kind, ToSql, Value, reading, transaction};

use super::SqlServerStore;
use super::columns::{self, Columns, micros, optional_micros};
use super::keys::{self, WITH_KEYS};
use super::writing::{BUSINESS, Writing, write_in};
use crate::StoreResult;
use crate::stock::{AccountHoldings, OpenContents, OpenLine, StockStore, UnreadEntry};

const OPEN_CONTENTS: &str = "\
    SELECT o.account, o.number, c.sku, c.quantity FROM marktwerk.orders o \
        JOIN marktwerk.order_contents c ON c.order_id = o.id WHERE o.takes_stock = 1 \
    UNION ALL \
    SELECT o.account, o.number, c.sku, c.quantity FROM marktwerk.orders o \
        JOIN marktwerk.order_contents c ON c.order_id = o.id WHERE o.freed > @P1 AND o.takes_stock = 0";

#[async_trait]
impl StockStore for SqlServerStore {
    async fn open_contents(&self, since: Option<i64>) -> StoreResult<OpenContents> {
        // Without row versions a reader may pass an order before it changes and wait for the next one until it has: nobody writes
        // meanwhile, as where open units are summed.
        transaction!(self.pool, "open contents", |connection| async {
            connection.lock(BUSINESS).await?;
            open_contents(connection, since).await
        })
    }

    async fn open_lines_of(&self, skus: &[String], states: &[OrderState]) -> StoreResult<Vec<OpenLine>> {
        let skus = keys::json(skus.iter().map(String::as_str))?;
        let states = keys::json(states.iter().map(|state| state.as_str()))?;
        let sql = format!(
            "SELECT o.account, o.number, c.sku, c.quantity FROM marktwerk.orders o \
             JOIN marktwerk.order_contents c ON c.order_id = o.id WHERE o.is_open = 1 \
             AND o.state IN (SELECT s.value COLLATE Latin1_General_BIN2 FROM OPENJSON(@P2) {WITH_KEYS} s) \
             AND c.sku IN (SELECT j.value COLLATE Latin1_General_BIN2 FROM OPENJSON(@P1) {WITH_KEYS} j) \
             ORDER BY o.account, o.number, c.position"
        );
        let parameters: [&dyn ToSql; 2] = [&skus, &states];
        let rows: StoreResult<_> = reading!(self.pool, "open lines", |connection| async {
            Ok(connection.query_in("read lines of open orders", &sql, &parameters, Class::Batch).await?)
        });
        columns::map(&rows?, line)
    }

    async fn unread_entries(&self, account: &str) -> StoreResult<Vec<UnreadEntry>> {
        let sql = "SELECT number, reason, since, left_out_at FROM marktwerk.unread_entries WHERE account = @P1 ORDER BY number";
        let rows: StoreResult<_> = reading!(self.pool, "unread entries", |connection| async {
            Ok(connection.query("read entries without articles", sql, &[&account]).await?)
        });
        columns::map(&rows?, |columns| {
            Ok(UnreadEntry {
                number: columns.text()?,
                reason: columns.text()?,
                since: columns.time()?,
                left_out_at: columns.optional_time()?,
            })
        })
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
        write_in!(self, "change entries without articles", BUSINESS, |writing| change(
            writing, account, added, read
        ))
    }

    async fn leave_out_unread_entries(&self, account: &str, now: Timestamp) -> StoreResult<u64> {
        write_in!(self, "leave entries out", BUSINESS, |writing| async {
            let sql = "UPDATE marktwerk.unread_entries SET left_out_at = @P2 WHERE account = @P1 AND left_out_at IS NULL";
            let now = micros(now);
            let changed = writing.connection.execute("leave entries out", sql, &[&account, &now]).await?;
            writing.effects.inventory |= changed > 0;
            Ok::<_, crate::StoreError>(changed)
        })
    }

    async fn account_holdings(&self) -> StoreResult<Vec<AccountHoldings>> {
        let sql = "SELECT h.account, SUM(h.orders), SUM(h.units), SUM(h.listings) FROM ( \
                 SELECT account, COUNT_BIG(*) AS orders, CAST(0 AS bigint) AS units, CAST(0 AS bigint) AS listings \
                     FROM marktwerk.orders WHERE is_open = 1 GROUP BY account \
                 UNION ALL SELECT o.account, 0, SUM(c.quantity), 0 FROM marktwerk.orders o \
                     JOIN marktwerk.order_contents c ON c.order_id = o.id WHERE o.takes_stock = 1 GROUP BY o.account \
                 UNION ALL SELECT account, 0, 0, COUNT_BIG(*) FROM marktwerk.listings GROUP BY account) h \
             GROUP BY h.account ORDER BY h.account";
        let rows: StoreResult<_> = reading!(self.pool, "holdings of accounts", |connection| async {
            Ok(connection.query_in("count what accounts hold", sql, &[], Class::Batch).await?)
        });
        columns::map(&rows?, |columns| {
            Ok(AccountHoldings {
                account: columns.text()?,
                open_orders: columns.integer()?,
                units: columns.integer()?,
                listings: columns.integer()?,
            })
        })
    }

    async fn move_account(&self, from: &str, to: &str) -> StoreResult<u64> {
        write_in!(self, "move an account", BUSINESS, |writing| move_account(writing, from, to))
    }

    async fn release_account(&self, account: &str, now: Timestamp) -> StoreResult<u64> {
        write_in!(self, "release an account", BUSINESS, |writing| release(writing, account, now))
    }
}

async fn open_contents(connection: &mut Connection, since: Option<i64>) -> StoreResult<OpenContents> {
    let mark = connection.one("read the mark", "SELECT ISNULL(MAX(freed), 0) FROM marktwerk.orders", &[]);
    let mark = columns::only(mark.await?, "read the mark")?;
    let since = since.unwrap_or(i64::MAX);
    let rows = connection.query_in("read open contents", OPEN_CONTENTS, &[&since], Class::Batch).await?;
    let mut lines = columns::map(&rows, line)?;
    lines.sort();
    Ok(OpenContents { mark, lines })
}

fn line(columns: &mut Columns<'_>) -> StoreResult<OpenLine> {
    Ok(OpenLine {
        account: columns.text()?,
        number: columns.text()?,
        sku: columns.text()?,
        quantity: columns.integer()?,
    })
}

async fn change(
    writing: &mut Writing<'_>,
    account: &str,
    added: &[UnreadEntry],
    read: &[String],
) -> StoreResult<()> {
    const COLUMNS: [Column; 4] = [
        Column::new("number", Kind::Text(450)),
        Column::new("reason", Kind::LongText),
        Column::new("since", Kind::Integer),
        Column::new("left_out_at", Kind::Integer),
    ];
    let mut changed = 0;
    if !added.is_empty() {
        let sql = "INSERT INTO marktwerk.unread_entries (account, number, reason, since, left_out_at) \
             SELECT @P1, j.number COLLATE Latin1_General_BIN2, MAX(j.reason), MIN(j.since), MIN(j.left_out_at) FROM #entries j \
             WHERE NOT EXISTS (SELECT 1 FROM marktwerk.unread_entries u \
                 WHERE u.account = @P1 AND u.number = j.number COLLATE Latin1_General_BIN2) \
             GROUP BY j.number COLLATE Latin1_General_BIN2";
        let rows = added.iter().map(|entry| {
            let UnreadEntry { number, reason, since, left_out_at } = entry;
            let times = [Some(micros(*since)), optional_micros(*left_out_at)].map(Value::Integer);
            vec![keys::key(number).into(), reason.as_str().into(), times[0], times[1]]
        });
        writing.connection.load("load entries", "#entries", &COLUMNS, rows.collect()).await?;
        changed += writing.connection.execute_in("add entries", sql, &[&account], Class::Batch).await?;
    }
    if !read.is_empty() {
        let sql = format!(
            "DELETE FROM marktwerk.unread_entries WHERE account = @P1 AND number IN \
             (SELECT j.value COLLATE Latin1_General_BIN2 FROM OPENJSON(@P2) {WITH_KEYS} j)"
        );
        let read = keys::json(read.iter().map(String::as_str))?;
        let parameters: [&dyn ToSql; 2] = [&account, &read];
        changed += writing.connection.execute_in("remove entries", &sql, &parameters, Class::Batch).await?;
    }
    writing.effects.inventory |= changed > 0;
    Ok(())
}

/// Makes orders of an account take nothing any more.
const CLOSE: &str = "UPDATE marktwerk.orders SET is_open = 0, takes_stock = 0, next_judged_at = NULL, revision = revision + 1, \
     freed = CASE WHEN takes_stock = 1 THEN (SELECT ISNULL(MAX(f.freed), 0) + 1 FROM marktwerk.orders f) ELSE freed END \
     WHERE account = @P1 AND (is_open = 1 OR takes_stock = 1)";

async fn move_account(writing: &mut Writing<'_>, from: &str, to: &str) -> StoreResult<u64> {
    let parameters: [&dyn ToSql; 2] = [&from, &to];
    let connection = &mut *writing.connection;
    let twice =
        format!("{CLOSE} AND number IN (SELECT t.number FROM marktwerk.orders t WHERE t.account = @P2)");
    connection.execute_in("close orders that are there", &twice, &parameters, Class::Batch).await?;
    let sql = "UPDATE marktwerk.orders SET account = @P2, revision = revision + 1 WHERE account = @P1 \
         AND number NOT IN (SELECT t.number FROM marktwerk.orders t WHERE t.account = @P2)";
    let moved = connection.execute_in("move orders", sql, &parameters, Class::Batch).await?;
    // Each in a statement of its own, as they are named in an error.
    for (name, sql) in [
        (
            "note the account",
            "INSERT INTO marktwerk.order_accounts (account) SELECT @P2 \
             WHERE NOT EXISTS (SELECT 1 FROM marktwerk.order_accounts WHERE account = @P2) AND @P1 <> @P2",
        ),
        (
            "move entries without articles",
            "UPDATE marktwerk.unread_entries SET account = @P2 WHERE account = @P1 \
             AND number NOT IN (SELECT t.number FROM marktwerk.unread_entries t WHERE t.account = @P2)",
        ),
        (
            "remove entries without articles",
            "DELETE FROM marktwerk.unread_entries WHERE account = @P1 AND @P1 <> @P2",
        ),
        (
            "move listings",
            "UPDATE marktwerk.listings SET account = @P2 WHERE account = @P1 \
             AND id NOT IN (SELECT t.id FROM marktwerk.listings t WHERE t.account = @P2)",
        ),
        ("remove listings", "DELETE FROM marktwerk.listings WHERE account = @P1 AND @P1 <> @P2"),
        (
            "move attention items",
            "UPDATE a SET account = @P2 FROM marktwerk.attentions a WHERE a.account = @P1 AND (a.closed_at IS NOT NULL \
             OR NOT EXISTS (SELECT 1 FROM marktwerk.attentions t WHERE t.account = @P2 AND t.kind = a.kind \
                 AND t.subject = a.subject AND t.closed_at IS NULL))",
        ),
    ] {
        connection.execute_in(name, sql, &parameters, Class::Batch).await?;
    }
    note_all(writing);
    Ok(moved)
}

async fn release(writing: &mut Writing<'_>, account: &str, now: Timestamp) -> StoreResult<u64> {
    let connection = &mut *writing.connection;
    let closed = connection.execute_in("close orders", CLOSE, &[&account], Class::Batch).await?;
    for (name, sql) in [
        ("remove entries without articles", "DELETE FROM marktwerk.unread_entries WHERE account = @P1"),
        ("remove listings", "DELETE FROM marktwerk.listings WHERE account = @P1"),
    ] {
        connection.execute_in(name, sql, &[&account], Class::Batch).await?;
    }
    let sql = "UPDATE marktwerk.attentions SET closed_at = @P2 WHERE account = @P1 AND closed_at IS NULL";
    connection.execute("close attention items", sql, &[&account, &micros(now)]).await?;
    note_all(writing);
    Ok(closed)
}

fn note_all(writing: &mut Writing<'_>) {
    writing.effects.orders = true;
    writing.effects.inventory = true;
    writing.effects.attention = true;
}
