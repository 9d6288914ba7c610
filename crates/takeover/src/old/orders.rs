//! A page of old orders with their lines: two statements, whatever its length.

use marktwerk_sqlserver::{Class, Connection, SqlError};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::schema::{Kind, Schema, text};
use super::{OldLine, OldOrder};

const ORDERS: &str = "temu_orders";
const LINES: &str = "temu_order_items";

pub(super) async fn page(
    connection: &mut Connection,
    schema: &Schema,
    after: i64,
    limit: usize,
) -> Result<Vec<OldOrder>, SqlError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = connection
        .query_in("take over: read old orders", &orders_statement(schema), &[&after, &limit], Class::Batch)
        .await?;
    let mut orders = Vec::with_capacity(rows.len());
    for row in &rows {
        orders.push(OldOrder {
            id: row.integer(0)?,
            stored_number: row.optional_text(1)?,
            told: text(row, 2)?,
            status: text(row, 3)?,
            bought_at: row.optional_date_time(4)?,
            created_at: row.optional_date_time(5)?,
            is_exported: row.optional_integer(6)? == Some(1),
            is_reported: row.optional_integer(7)? == Some(1),
            tracking: text(row, 8)?,
            carrier: text(row, 9)?,
            lines: Vec::new(),
        });
    }
    let (Some(first), Some(last)) = (orders.first(), orders.last()) else { return Ok(orders) };
    let mut lines = lines(connection, schema, first.id, last.id).await?.into_iter().peekable();
    for order in &mut orders {
        // Both come by the order's id; lines of an order that is not there belong to nobody.
        while lines.next_if(|line| line.order < order.id).is_some() {}
        while let Some(line) = lines.next_if(|line| line.order == order.id) {
            order.lines.push(line);
        }
    }
    Ok(orders)
}

fn orders_statement(schema: &Schema) -> String {
    let column = |name, kind| schema.column(ORDERS, name, kind);
    let columns = [
        column("bestell_id", Kind::Text),
        column("bestellstatus", Kind::Text),
        column("status", Kind::Text),
        column("kaufdatum", Kind::DateTime),
        column("created_at", Kind::DateTime),
        column("xml_erstellt", Kind::Integer),
        column("temu_gemeldet", Kind::Integer),
        column("trackingnummer", Kind::Text),
        column("versanddienstleister", Kind::Text),
    ];
    format!(
        "SELECT TOP (@P2) t.[id], {} FROM dbo.temu_orders t WHERE t.[id] > @P1 ORDER BY t.[id]",
        columns.join(", ")
    )
}

async fn lines(
    connection: &mut Connection,
    schema: &Schema,
    first: i64,
    last: i64,
) -> Result<Vec<OldLine>, SqlError> {
    if !schema.has(LINES, "order_id") || !schema.has(LINES, "id") {
        return Ok(Vec::new());
    }
    let column = |name, kind| schema.column(LINES, name, kind);
    let columns = [
        column("bestellartikel_id", Kind::Text),
        column("sku", Kind::Text),
        column("produktname", Kind::Text),
        column("menge", Kind::Decimal),
        column("brutto_einzelpreis", Kind::Decimal),
        column("mwst_satz", Kind::Decimal),
    ];
    let sql = format!(
        "SELECT t.[order_id], {} FROM dbo.temu_order_items t WHERE t.[order_id] BETWEEN @P1 AND @P2 \
         ORDER BY t.[order_id], t.[id]",
        columns.join(", ")
    );
    let rows = connection.query_in("take over: read old lines", &sql, &[&first, &last], Class::Batch).await?;
    let line = |row: &marktwerk_sqlserver::Row| {
        Ok(OldLine {
            order: row.integer(0)?,
            number: text(row, 1)?,
            sku: text(row, 2)?,
            name: text(row, 3)?,
            quantity: row.optional_decimal(4)?.and_then(whole),
            gross: row.optional_decimal(5)?,
            vat: row.optional_decimal(6)?,
        })
    };
    rows.iter().map(line).collect()
}

/// `menge` has two decimals in some installations.
fn whole(number: Decimal) -> Option<i64> {
    if number.is_integer() { number.to_i64() } else { None }
}
