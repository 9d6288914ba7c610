//! Reading orders. Each query names its index: that reading the few open orders costs nothing in the
//! many closed ones is a promise, and a statement that could not keep it must not even compile.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use rusqlite::{Connection, params};

use super::row::{self, COLUMNS, DOCUMENT, HISTORY, RAW, WITHOUT_TEXTS};
use crate::StoreResult;
use crate::orders::{KnownChange, OrderFilter, OrderRecord};
use crate::sqlite::rows::{self, Json, Micros, Word};

/// The keys of a page within one state and account.
pub(in crate::sqlite) const PAGE: &str = "SELECT number, id FROM orders INDEXED BY orders_state \
     WHERE state = ?1 AND account = ?2 AND number > ?3 ORDER BY number LIMIT ?4";

/// The whole of this index is the orders that take stock.
pub(in crate::sqlite) const OPEN_UNITS: &str = "SELECT c.sku, SUM(c.quantity) FROM orders o INDEXED BY orders_taking_stock \
         CROSS JOIN order_contents c ON c.order_id = o.id WHERE o.takes_stock = 1 GROUP BY c.sku";

pub(super) fn known_changes(
    connection: &Connection,
    account: &str,
    numbers: &[String],
) -> StoreResult<HashMap<String, KnownChange>> {
    let sql = "SELECT changed_at, status, is_complete, is_unread, fingerprint FROM orders WHERE account = ?1 AND number = ?2";
    let mut known = HashMap::new();
    for number in numbers {
        let found = rows::one(connection, sql, [account, number], |row| {
            Ok(KnownChange {
                changed_at: row.get::<_, Micros>(0)?.0,
                status: row.get::<_, Word<MarketplaceStatus>>(1)?.0,
                is_complete: row.get(2)?,
                is_unread: row.get(3)?,
                fingerprint: row.get(4)?,
            })
        })?;
        if let Some(found) = found {
            known.insert(number.clone(), found);
        }
    }
    Ok(known)
}

pub(super) fn whole(
    connection: &Connection,
    account: &str,
    number: &str,
) -> StoreResult<Option<OrderRecord>> {
    let sql = format!(
        "SELECT {COLUMNS}, {RAW}, {DOCUMENT}, {HISTORY} FROM orders o WHERE o.account = ?1 AND o.number = ?2"
    );
    rows::one(connection, &sql, [account, number], row::record)
}

pub(super) fn unread(
    connection: &Connection,
    account: &str,
    after: &str,
    limit: usize,
) -> StoreResult<Vec<OrderRecord>> {
    rows::all(connection, &unread_statement(), params![account, after, at_most(limit)], row::record)
}

pub(in crate::sqlite) fn unread_statement() -> String {
    format!(
        "SELECT {COLUMNS}, {RAW}, {DOCUMENT}, '' FROM orders o INDEXED BY orders_unread \
         WHERE o.is_unread = 1 AND o.account = ?1 AND o.number > ?2 ORDER BY o.number LIMIT ?3"
    )
}

/// One page, by number: the keys of each (state, account) come in the order of the index; only the rows of the page are read.
pub(super) fn orders_in(connection: &Connection, filter: &OrderFilter) -> StoreResult<Vec<OrderRecord>> {
    if filter.is_search() {
        return search(connection, filter);
    }
    let OrderFilter { account, states, after, limit, .. } = filter;
    let states = if states.is_empty() { &OrderState::ALL } else { states.as_slice() };
    let accounts = match account {
        Some(account) => vec![account.clone()],
        None => known_accounts(connection)?,
    };
    let after = after.as_deref().unwrap_or_default();
    let mut page: Vec<(String, i64)> = Vec::new();
    for account in &accounts {
        for state in states {
            let params = params![state.as_str(), account, after, at_most(*limit)];
            page.extend(rows::all(connection, PAGE, params, |row| Ok((row.get(0)?, row.get(1)?)))?);
        }
    }
    page.sort();
    page.dedup();
    page.truncate(*limit);
    let sql = format!(
        "SELECT {COLUMNS}, NULL, CASE WHEN o.state = 'exporting' THEN {DOCUMENT} END, '' FROM orders o WHERE o.id = ?1"
    );
    let mut orders = Vec::with_capacity(page.len());
    for (_, id) in page {
        orders.extend(rows::one(connection, &sql, [id], row::record)?);
    }
    Ok(orders)
}

/// One page of those that a person looks for.
fn search(connection: &Connection, filter: &OrderFilter) -> StoreResult<Vec<OrderRecord>> {
    let sql = format!(
        "SELECT {COLUMNS}, {WITHOUT_TEXTS} FROM orders o \
         WHERE (?1 IS NULL OR o.account = ?1) AND (?2 IS NULL OR o.number = ?2) \
         AND (?3 IS NULL OR o.erp_number = ?3) AND (?4 IS NULL OR instr(o.parcels, ?4) > 0) \
         AND (?5 IS NULL OR EXISTS (SELECT 1 FROM order_contents c WHERE c.order_id = o.id AND c.sku = ?5 COLLATE NOCASE)) \
         AND (?6 = '[]' OR o.state IN (SELECT value FROM json_each(?6))) \
         AND (?7 IS NULL OR o.number > ?7 OR (o.number = ?7 AND o.account > ?8)) \
         ORDER BY o.number, o.account LIMIT ?9"
    );
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let params = params![
        filter.account,
        filter.number,
        filter.erp_number,
        filter.tracking_pattern(),
        filter.sku,
        Json(&states),
        filter.after,
        filter.after_account,
        at_most(filter.limit),
    ];
    rows::all(connection, &sql, params, row::record)
}

pub(super) fn open(
    connection: &Connection,
    account: &str,
    after: &str,
    limit: usize,
) -> StoreResult<Vec<OrderRecord>> {
    rows::all(connection, &open_statement(), params![account, after, at_most(limit)], row::record)
}

pub(in crate::sqlite) fn open_statement() -> String {
    format!(
        "SELECT {COLUMNS}, {WITHOUT_TEXTS} FROM orders o INDEXED BY orders_open \
         WHERE o.is_open = 1 AND o.account = ?1 AND o.number > ?2 ORDER BY o.number LIMIT ?3"
    )
}

pub(super) fn with_numbers(
    connection: &Connection,
    account: &str,
    numbers: &[String],
) -> StoreResult<Vec<OrderRecord>> {
    let sql = format!(
        "SELECT {COLUMNS}, {WITHOUT_TEXTS} FROM orders o WHERE o.account = ?1 AND o.number IN (SELECT value FROM json_each(?2))"
    );
    rows::all(connection, &sql, params![account, Json(&numbers)], row::record)
}

pub(super) fn to_judge(
    connection: &Connection,
    now: Timestamp,
    limit: usize,
) -> StoreResult<Vec<OrderRecord>> {
    rows::all(connection, &to_judge_statement(), params![Micros(now), at_most(limit)], row::record)
}

pub(in crate::sqlite) fn to_judge_statement() -> String {
    format!(
        "SELECT {COLUMNS}, {WITHOUT_TEXTS} FROM orders o INDEXED BY orders_to_judge \
         WHERE o.next_judged_at <= ?1 ORDER BY o.next_judged_at LIMIT ?2"
    )
}

/// Accounts that ever had an order.
fn known_accounts(connection: &Connection) -> StoreResult<Vec<String>> {
    rows::all(connection, "SELECT DISTINCT account FROM order_counts", [], |row| row.get(0))
}

/// Units by article in orders that the ERP does not know of.
pub(super) fn open_units(connection: &Connection) -> StoreResult<HashMap<String, i64>> {
    let units = rows::all(connection, OPEN_UNITS, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(units.into_iter().collect())
}

fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
