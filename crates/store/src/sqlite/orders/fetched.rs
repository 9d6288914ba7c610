//! Keeping what a marketplace told of its orders.

use jiff::Timestamp;
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::shipment::Content;
use rusqlite::{Connection, params};

use super::known_stock;
use crate::StoreResult;
use crate::order_rules::{self, ListedState, News};
use crate::orders::FetchedOrder;
use crate::sqlite::rows::{self, Json, Micros, Word};
use crate::sqlite::writing::Writing;

/// What is known of an order that is told again.
struct Stored {
    id: i64,
    state: OrderState,
    told: ListedState,
}

pub(super) fn save(
    writing: &mut Writing<'_>,
    account: &str,
    order: &FetchedOrder,
    now: Timestamp,
) -> StoreResult<()> {
    match find(writing.connection, account, &order.number)? {
        None => {
            let id = insert(writing.connection, account, order, now)?;
            write_raw(writing.connection, id, order)?;
            write_contents(writing.connection, id, &order.contents)?;
            known_stock::add(writing, account, &order_rules::bought(order))?;
        }
        Some(stored) if !is_news(writing.connection, &stored, order)? => return Ok(()),
        Some(stored) => {
            renew(writing.connection, &stored, order, now)?;
            write_raw(writing.connection, stored.id, order)?;
            renew_contents(writing, account, &stored, order)?;
        }
    }
    writing.effects.orders = true;
    Ok(())
}

fn find(connection: &Connection, account: &str, number: &str) -> StoreResult<Option<Stored>> {
    let sql = "SELECT id, state, status, changed_at, is_complete, fingerprint FROM orders WHERE account = ?1 AND number = ?2";
    rows::one(connection, sql, [account, number], |row| {
        Ok(Stored {
            id: row.get(0)?,
            state: row.get::<_, Word<OrderState>>(1)?.0,
            told: ListedState {
                status: row.get::<_, Word<MarketplaceStatus>>(2)?.0,
                changed_at: row.get::<_, Micros>(3)?.0,
                is_complete: row.get(4)?,
                fingerprint: row.get(5)?,
            },
        })
    })
}

/// Whether this is to be kept; the document is read only where it decides.
fn is_news(connection: &Connection, stored: &Stored, order: &FetchedOrder) -> StoreResult<bool> {
    match order_rules::news(&stored.told, order) {
        News::Yes => Ok(true),
        News::No => Ok(false),
        News::IfOtherDocument => {
            let sql = "SELECT raw FROM order_raws WHERE order_id = ?1";
            let raw =
                rows::one(connection, sql, [stored.id], |row| row.get::<_, Json<serde_json::Value>>(0))?;
            Ok(raw.is_none_or(|raw| raw.0 != order.raw))
        }
    }
}

fn insert(connection: &Connection, account: &str, order: &FetchedOrder, now: Timestamp) -> StoreResult<i64> {
    rows::execute(
        connection,
        "INSERT INTO orders (account, number, state, status, changed_at, ordered_at, is_complete, is_unread, fetched_at, \
         was_over, takes_stock, is_open, fingerprint) VALUES (?1, ?2, 'fetched', ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9, 1, ?10)",
        params![
            account,
            order.number,
            order.status.as_str(),
            Micros(order.changed_at),
            Micros(order.ordered_at),
            order.is_complete,
            Micros(now),
            order.was_over,
            order_rules::takes_stock(order),
            order.fingerprint,
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

/// An order that the ERP cannot have is begun again, and why it stood where it stood no longer holds.
fn renew(connection: &Connection, stored: &Stored, order: &FetchedOrder, now: Timestamp) -> StoreResult<()> {
    let begins_again = !stored.state.may_be_in_erp();
    rows::execute(
        connection,
        "UPDATE orders SET status = ?2, changed_at = ?3, ordered_at = ?4, is_complete = ?5, is_unread = 1, \
         fetched_at = ?6, state = CASE WHEN ?7 THEN 'fetched' ELSE state END, \
         reason = CASE WHEN ?7 THEN NULL ELSE reason END, is_open = 1, \
         takes_stock = CASE WHEN ?7 AND ?8 THEN 1 ELSE takes_stock END, fingerprint = ?9, revision = revision + 1 WHERE id = ?1",
        params![
            stored.id,
            order.status.as_str(),
            Micros(order.changed_at),
            Micros(order.ordered_at),
            order.is_complete,
            Micros(now),
            begins_again,
            order_rules::takes_stock(order),
            order.fingerprint,
        ],
    )?;
    Ok(())
}

fn write_raw(connection: &Connection, id: i64, order: &FetchedOrder) -> StoreResult<()> {
    let sql =
        "INSERT INTO order_raws (order_id, raw) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET raw = excluded.raw";
    rows::execute(connection, sql, params![id, Json(&order.raw)])?;
    Ok(())
}

/// What the order takes from stock.
fn write_contents(connection: &Connection, id: i64, contents: &[Content]) -> StoreResult<()> {
    rows::execute(connection, "DELETE FROM order_contents WHERE order_id = ?1", [id])?;
    let sql = "INSERT INTO order_contents (order_id, position, sku, quantity) VALUES (?1, ?2, ?3, ?4)";
    for (position, Content { sku, quantity }) in (0_i64..).zip(contents) {
        rows::execute(connection, sql, params![id, position, sku, quantity])?;
    }
    Ok(())
}

/// An order told again may take something else.
fn renew_contents(
    writing: &mut Writing<'_>,
    account: &str,
    stored: &Stored,
    order: &FetchedOrder,
) -> StoreResult<()> {
    let before = contents(writing.connection, stored.id)?;
    known_stock::add(writing, account, &order_rules::told_again(&before, stored.told.status, order))?;
    if before != order.contents && !order_rules::keeps_contents(stored.state) {
        write_contents(writing.connection, stored.id, &order.contents)?;
    }
    Ok(())
}

fn contents(connection: &Connection, id: i64) -> StoreResult<Vec<Content>> {
    let sql = "SELECT sku, quantity FROM order_contents WHERE order_id = ?1 ORDER BY position";
    rows::all(connection, sql, [id], |row| Ok(Content { sku: row.get(0)?, quantity: row.get(1)? }))
}
