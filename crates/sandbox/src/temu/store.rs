//! The marketplace's memory: `temu.db`, one JSON document per order beside the columns that lists are made
//! by. Functions over an open connection; who calls them holds the lock and the transaction.

use std::path::Path;

use rusqlite::types::Value as Cell;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::order::{Listing, MarketOrder, Rejection};
use crate::error::SandboxError;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS orders(
  number INTEGER PRIMARY KEY, sn TEXT NOT NULL UNIQUE, status INTEGER NOT NULL, region INTEGER NOT NULL,
  created INTEGER NOT NULL, updated INTEGER NOT NULL, confirmed INTEGER, document TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS orders_updated ON orders(updated, number, status, region);
CREATE INDEX IF NOT EXISTS orders_created ON orders(created, number, status, region);
CREATE INDEX IF NOT EXISTS orders_status_updated ON orders(status, updated, number);
CREATE TABLE IF NOT EXISTS listings(
  sku_id INTEGER PRIMARY KEY, goods_id INTEGER NOT NULL, sku TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  unit_gross_cents INTEGER NOT NULL, vat_rate_micro INTEGER NOT NULL, stock INTEGER NOT NULL,
  on_sale INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS listings_goods ON listings(goods_id);
CREATE TABLE IF NOT EXISTS hidden(sn TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS stock_keys(request_key TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS parcels(
  package_sn TEXT PRIMARY KEY, parent_order_sn TEXT NOT NULL, tracking TEXT NOT NULL, carrier INTEGER NOT NULL,
  warehouse TEXT NOT NULL, accepted_at INTEGER NOT NULL, contents TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS parcels_order ON parcels(parent_order_sn);
CREATE INDEX IF NOT EXISTS parcels_tracking ON parcels(tracking);
CREATE TABLE IF NOT EXISTS attempts(
  parent_order_sn TEXT NOT NULL, code INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS attempts_order ON attempts(parent_order_sn);
CREATE TABLE IF NOT EXISTS due(
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, sn TEXT NOT NULL, event TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS due_at ON due(at_ms, id);
";

/// Opens the file. The marketplace's own state may be lost with the machine: speed before safety.
pub(crate) fn open(path: &Path) -> Result<Connection, SandboxError> {
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA busy_timeout=5000;")?;
    connection.execute_batch(SCHEMA)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// A parcel as stored.
#[derive(Debug, Clone)]
pub(crate) struct Parcel {
    pub(crate) package_sn: String,
    pub(crate) parent_order_sn: String,
    pub(crate) tracking: String,
    pub(crate) carrier: i64,
    pub(crate) warehouse: String,
    pub(crate) accepted_at: i64,
    /// (orderSn, pieces).
    pub(crate) contents: Vec<(String, i64)>,
}

fn json_error(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}

fn order_of(row: &Row<'_>) -> rusqlite::Result<MarketOrder> {
    serde_json::from_str(&row.get::<_, String>(0)?).map_err(json_error)
}

pub(crate) fn order(connection: &Connection, sn: &str) -> rusqlite::Result<Option<MarketOrder>> {
    connection
        .prepare_cached("SELECT document FROM orders WHERE sn = ?1")?
        .query_row([sn], order_of)
        .optional()
}

pub(crate) fn orders(connection: &Connection) -> rusqlite::Result<Vec<MarketOrder>> {
    connection
        .prepare_cached("SELECT document FROM orders ORDER BY number")?
        .query_map([], order_of)?
        .collect()
}

pub(crate) fn save_order(connection: &Connection, order: &MarketOrder) -> rusqlite::Result<()> {
    let document = serde_json::to_string(order).map_err(json_error)?;
    let sql = "INSERT INTO orders(number, sn, status, region, created, updated, confirmed, document)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
               ON CONFLICT(number) DO UPDATE SET status = excluded.status, region = excluded.region,
                 created = excluded.created, updated = excluded.updated, confirmed = excluded.confirmed,
                 document = excluded.document";
    connection.prepare_cached(sql)?.execute(params![
        order.number,
        order.parent_order_sn,
        order.status,
        order.region_id,
        order.created_at,
        order.updated_at,
        order.confirmed_at,
        document
    ])?;
    Ok(())
}

pub(crate) fn next_order_number(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT COALESCE(MAX(number), 0) + 1 FROM orders")?
        .query_row([], |row| row.get(0))
}

/// A page of orders, newest first, and how many there are in all.
pub(crate) fn order_page(
    connection: &Connection,
    conditions: &[(&str, Vec<Cell>)],
    by_update: bool,
    offset: i64,
    count: i64,
) -> rusqlite::Result<(i64, Vec<MarketOrder>)> {
    let mut clause = String::from("1 = 1");
    let mut values: Vec<Cell> = Vec::new();
    for (condition, cells) in conditions {
        clause.push_str(" AND ");
        clause.push_str(condition);
        values.extend(cells.iter().cloned());
    }
    let total = connection
        .prepare_cached(&format!("SELECT COUNT(*) FROM orders WHERE {clause}"))?
        .query_row(params_from_iter(values.iter()), |row| row.get(0))?;
    let column = if by_update { "updated" } else { "created" };
    // The page is chosen on the index alone; only its own documents are read.
    let sql = format!(
        "SELECT document FROM orders WHERE number IN (SELECT number FROM orders WHERE {clause}
         ORDER BY {column} DESC, number DESC LIMIT ? OFFSET ?) ORDER BY {column} DESC, number DESC"
    );
    values.extend([Cell::from(count), Cell::from(offset)]);
    let page = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values.iter()), order_of)?
        .collect::<rusqlite::Result<_>>()?;
    Ok((total, page))
}

fn listing_of(row: &Row<'_>) -> rusqlite::Result<Listing> {
    Ok(Listing {
        sku_id: row.get(0)?,
        goods_id: row.get(1)?,
        sku: row.get(2)?,
        name: row.get(3)?,
        unit_gross_cents: row.get(4)?,
        vat_rate_micro: row.get(5)?,
        stock: row.get(6)?,
        on_sale: row.get(7)?,
    })
}

const LISTING: &str =
    "SELECT sku_id, goods_id, sku, name, unit_gross_cents, vat_rate_micro, stock, on_sale FROM listings";

pub(crate) fn listings(connection: &Connection) -> rusqlite::Result<Vec<Listing>> {
    connection.prepare_cached(&format!("{LISTING} ORDER BY sku_id"))?.query_map([], listing_of)?.collect()
}

pub(crate) fn listing_by_sku(connection: &Connection, sku: &str) -> rusqlite::Result<Option<Listing>> {
    connection.prepare_cached(&format!("{LISTING} WHERE sku = ?1"))?.query_row([sku], listing_of).optional()
}

pub(crate) fn save_listing(connection: &Connection, listing: &Listing) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO listings VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute(params![
            listing.sku_id,
            listing.goods_id,
            listing.sku,
            listing.name,
            listing.unit_gross_cents,
            listing.vat_rate_micro,
            listing.stock,
            listing.on_sale
        ])?;
    Ok(())
}

/// Adds (or takes) pieces; the marketplace never shows less than nothing.
pub(crate) fn move_stock(connection: &Connection, sku_id: i64, pieces: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE listings SET stock = MAX(0, stock + ?2) WHERE sku_id = ?1")?
        .execute([sku_id, pieces])?;
    Ok(())
}

/// `false` when the key was used before.
pub(crate) fn use_stock_key(connection: &Connection, key: &str) -> rusqlite::Result<bool> {
    let rows = connection.prepare_cached("INSERT OR IGNORE INTO stock_keys VALUES (?1)")?.execute([key])?;
    Ok(rows == 1)
}

pub(crate) fn parcels(connection: &Connection, order: Option<&str>) -> rusqlite::Result<Vec<Parcel>> {
    let sql = "SELECT package_sn, parent_order_sn, tracking, carrier, warehouse, accepted_at, contents
               FROM parcels WHERE ?1 IS NULL OR parent_order_sn = ?1 ORDER BY rowid";
    let indexed = sql.replace("?1 IS NULL OR ", "");
    let sql = if order.is_some() { indexed.as_str() } else { sql };
    connection
        .prepare_cached(sql)?
        .query_map([order], |row| {
            Ok(Parcel {
                package_sn: row.get(0)?,
                parent_order_sn: row.get(1)?,
                tracking: row.get(2)?,
                carrier: row.get(3)?,
                warehouse: row.get(4)?,
                accepted_at: row.get(5)?,
                contents: serde_json::from_str(&row.get::<_, String>(6)?).map_err(json_error)?,
            })
        })?
        .collect()
}

pub(crate) fn add_parcel(connection: &Connection, parcel: &Parcel) -> rusqlite::Result<()> {
    let contents = serde_json::to_string(&parcel.contents).map_err(json_error)?;
    connection.prepare_cached("INSERT INTO parcels VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(
        params![
            parcel.package_sn,
            parcel.parent_order_sn,
            parcel.tracking,
            parcel.carrier,
            parcel.warehouse,
            parcel.accepted_at,
            contents
        ],
    )?;
    Ok(())
}

/// Whether a tracking number belongs to another order's parcel.
pub(crate) fn tracking_is_used(connection: &Connection, tracking: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS(SELECT 1 FROM parcels WHERE tracking = ?1)")?
        .query_row([tracking], |row| row.get(0))
}

/// Remembers how a confirmation ended; 1000000 is success.
pub(crate) fn add_attempt(connection: &Connection, sn: &str, code: i64, at: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("INSERT INTO attempts VALUES (?1, ?2, ?3)")?.execute(params![sn, code, at])?;
    Ok(())
}

pub(crate) fn attempts(connection: &Connection) -> rusqlite::Result<Vec<Rejection>> {
    connection
        .prepare_cached("SELECT parent_order_sn, code, at FROM attempts ORDER BY rowid")?
        .query_map([], |row| {
            Ok(Rejection { parent_order_sn: row.get(0)?, code: row.get(1)?, at: row.get(2)? })
        })?
        .collect()
}

pub(crate) fn add_due(connection: &Connection, at_ms: i64, sn: &str, event: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO due(at_ms, sn, event) VALUES (?1, ?2, ?3)")?
        .execute(params![at_ms, sn, event])?;
    Ok(())
}

/// Takes the events whose time has come: (when it was due, order, event).
pub(crate) fn take_due(connection: &Connection, now_ms: i64) -> rusqlite::Result<Vec<(i64, String, String)>> {
    let events: Vec<(i64, i64, String, String)> = connection
        .prepare_cached(
            "SELECT id, at_ms, sn, event FROM due WHERE at_ms <= ?1 ORDER BY at_ms, id LIMIT 500",
        )?
        .query_map([now_ms], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut remove = connection.prepare_cached("DELETE FROM due WHERE id = ?1")?;
    for (id, ..) in &events {
        remove.execute([id])?;
    }
    Ok(events.into_iter().map(|(_, at, sn, event)| (at, sn, event)).collect())
}
