//! Writing a page of orders: one statement for what is new, one for what is told again, and one each for the documents and for what
//! the orders take from stock.

use jiff::Timestamp;
use marktwerk_domain::shipment::Content;
use marktwerk_sqlserver::{Class, Column, Connection, Kind, ToSql, Value};
use serde::Serialize;

use super::fetched::Kept;
use crate::StoreResult;
use crate::orders::FetchedOrder;
use crate::sqlserver::columns::{self, micros};
use crate::sqlserver::keys::key;

/// An account's first order makes it known, for whoever reads pages over all accounts.
const ADD: &str = "INSERT INTO marktwerk.orders \
         (account, number, state, status, changed_at, ordered_at, is_complete, is_unread, fetched_at, was_over, takes_stock, \
         is_open, fingerprint) SELECT @P1, j.number, 'fetched', j.status, j.changed_at, j.ordered_at, j.is_complete, 1, @P3, j.was_over, \
         j.takes_stock, 1, j.fingerprint FROM OPENJSON(@P2) WITH (id bigint, number nvarchar(450), status varchar(30), changed_at bigint, \
         ordered_at bigint, is_complete bit, was_over bit, takes_stock bit, fingerprint varchar(40)) j; \
     INSERT INTO marktwerk.order_accounts (account) SELECT @P1 \
         WHERE NOT EXISTS (SELECT 1 FROM marktwerk.order_accounts WHERE account = @P1)";

/// Rows that are deleted here are written again with the new ones.
const RENEW: &str = "UPDATE o SET status = j.status, changed_at = j.changed_at, ordered_at = j.ordered_at, \
         is_complete = j.is_complete, is_unread = 1, fetched_at = @P2, \
         state = CASE WHEN j.begins_again = 1 THEN 'fetched' ELSE o.state END, \
         reason = CASE WHEN j.begins_again = 1 THEN NULL ELSE o.reason END, is_open = 1, revision = o.revision + 1, \
         fingerprint = j.fingerprint, \
         takes_stock = CASE WHEN j.begins_again = 1 AND j.takes_stock = 1 THEN 1 ELSE o.takes_stock END \
         FROM marktwerk.orders o JOIN OPENJSON(@P1) WITH (id bigint, status varchar(30), changed_at bigint, \
         ordered_at bigint, is_complete bit, begins_again bit, takes_stock bit, fingerprint varchar(40)) j ON o.id = j.id; \
     DELETE FROM marktwerk.order_raws WHERE order_id IN (SELECT j.id FROM OPENJSON(@P1) WITH (id bigint) j); \
     DELETE FROM marktwerk.order_contents WHERE order_id IN \
         (SELECT j.id FROM OPENJSON(@P1) WITH (id bigint, has_new_contents bit) j WHERE j.has_new_contents = 1)";

const RAWS: &str = "INSERT INTO marktwerk.order_raws (order_id, raw) SELECT o.id, r.raw FROM #raws r \
     JOIN marktwerk.orders o ON o.account = @P1 AND o.number = r.number COLLATE Latin1_General_BIN2";

const CONTENTS: &str = "INSERT INTO marktwerk.order_contents (order_id, position, sku, quantity) \
     SELECT o.id, j.position, j.sku, j.quantity FROM OPENJSON(@P2) \
     WITH (number nvarchar(450), position bigint, sku nvarchar(4000), quantity bigint) j \
     JOIN marktwerk.orders o ON o.account = @P1 AND o.number = j.number COLLATE Latin1_General_BIN2";

#[derive(Serialize)]
struct Row<'a> {
    id: Option<i64>,
    number: &'a str,
    status: &'static str,
    changed_at: i64,
    ordered_at: i64,
    is_complete: bool,
    begins_again: bool,
    has_new_contents: bool,
    was_over: bool,
    takes_stock: bool,
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct Part<'a> {
    number: &'a str,
    position: usize,
    sku: &'a str,
    quantity: i64,
}

/// Writes orders as the page leaves them, with the newest that was told of each.
pub(super) async fn write(
    connection: &mut Connection,
    account: &str,
    orders: &[(&FetchedOrder, &Kept<'_>)],
    now: Timestamp,
) -> StoreResult<()> {
    let now = micros(now);
    let (new, known): (Vec<Row<'_>>, Vec<Row<'_>>) =
        orders.iter().map(|(order, kept)| row(order, kept)).partition(|row| row.id.is_none());
    if !new.is_empty() {
        let rows = columns::json(&new)?;
        let parameters: [&dyn ToSql; 3] = [&account, &rows, &now];
        connection.execute_in("add orders", ADD, &parameters, Class::Batch).await?;
    }
    if !known.is_empty() {
        let rows = columns::json(&known)?;
        connection.execute_in("renew orders", RENEW, &[&rows, &now], Class::Batch).await?;
    }
    write_raws(connection, account, orders).await?;
    let mut parts = Vec::new();
    for (order, kept) in orders.iter().filter(|(_, kept)| kept.has_new_contents) {
        let number = key(&order.number);
        for (position, Content { sku, quantity }) in kept.contents.iter().enumerate() {
            parts.push(Part { number, position, sku, quantity: *quantity });
        }
    }
    if !parts.is_empty() {
        let parts = columns::json(&parts)?;
        let parameters: [&dyn ToSql; 2] = [&account, &parts];
        connection.execute_in("keep what orders hold", CONTENTS, &parameters, Class::Batch).await?;
    }
    Ok(())
}

/// Documents may be long: they are loaded, and not sent as JSON within JSON.
async fn write_raws(
    connection: &mut Connection,
    account: &str,
    orders: &[(&FetchedOrder, &Kept<'_>)],
) -> StoreResult<()> {
    let raws: StoreResult<Vec<String>> = orders.iter().map(|(order, _)| columns::json(&order.raw)).collect();
    let raws = raws?;
    let mut rows = Vec::with_capacity(orders.len());
    for ((order, _), raw) in orders.iter().zip(&raws) {
        rows.push(vec![Value::from(key(&order.number)), Value::from(raw.as_str())]);
    }
    let columns = [Column::new("number", Kind::Text(450)), Column::new("raw", Kind::LongText)];
    connection.load("load documents", "#raws", &columns, rows).await?;
    connection.execute_in("keep documents", RAWS, &[&account], Class::Batch).await?;
    Ok(())
}

fn row<'a>(order: &'a FetchedOrder, kept: &Kept<'_>) -> Row<'a> {
    Row {
        id: kept.id,
        number: key(&order.number),
        status: order.status.as_str(),
        changed_at: micros(order.changed_at),
        ordered_at: micros(order.ordered_at),
        is_complete: order.is_complete,
        begins_again: kept.begins_again,
        has_new_contents: kept.has_new_contents,
        was_over: kept.was_over,
        takes_stock: kept.takes_stock,
        fingerprint: &order.fingerprint,
    }
}
