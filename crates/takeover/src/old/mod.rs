//! The tables of the system in use today, only read. Columns that an installation does not have count as NULL, and each value is
//! converted by the server where it can be: no row stops the others.

mod orders;
mod schema;

use std::collections::HashMap;

use jiff::civil::DateTime;
use marktwerk_sqlserver::{Address, Class, Connection, Pool, SqlError, reading};
use rust_decimal::Decimal;

use crate::error::TakeOverError;
use crate::report::Rows;
use schema::{Kind, Schema};

/// Rows read at once.
const PAGE: i64 = 5_000;

/// The old database.
pub(crate) struct Old {
    pool: Pool,
    schema: Schema,
}

/// An order as the old system keeps it. Texts are without blanks around them; empty ones are absent.
#[derive(Debug, Clone)]
pub(crate) struct OldOrder {
    pub(crate) id: i64,
    /// `bestell_id` as it is stored.
    pub(crate) stored_number: Option<String>,
    /// `bestellstatus`.
    pub(crate) told: Option<String>,
    /// `status`.
    pub(crate) status: Option<String>,
    pub(crate) bought_at: Option<DateTime>,
    pub(crate) created_at: Option<DateTime>,
    pub(crate) is_exported: bool,
    pub(crate) is_reported: bool,
    pub(crate) tracking: Option<String>,
    pub(crate) carrier: Option<String>,
    pub(crate) lines: Vec<OldLine>,
}

/// A line of it.
#[derive(Debug, Clone)]
pub(crate) struct OldLine {
    pub(crate) order: i64,
    /// `bestellartikel_id`, the marketplace's own number of the line.
    pub(crate) number: Option<String>,
    pub(crate) sku: Option<String>,
    pub(crate) name: Option<String>,
    /// `None` where it is no whole number.
    pub(crate) quantity: Option<i64>,
    /// Of one unit.
    pub(crate) gross: Option<Decimal>,
    /// Percent.
    pub(crate) vat: Option<Decimal>,
}

impl OldOrder {
    /// The order number that everybody else writes.
    pub(crate) fn number(&self) -> Option<&str> {
        self.stored_number.as_deref().map(str::trim).filter(|number| !number.is_empty())
    }

    /// The number as it is stored, where that is another one.
    pub(crate) fn other_number(&self) -> Option<&str> {
        // Blanks at the end do not count in SQL Server's comparisons.
        let stored = self.stored_number.as_deref()?.trim_end();
        (Some(stored) != self.number() && !stored.is_empty()).then_some(stored)
    }
}

impl Old {
    pub(crate) async fn open(address: Address) -> Result<Self, TakeOverError> {
        let pool = Pool::new(address);
        let schema: Result<Schema, SqlError> =
            reading!(pool, "take over: look at the old tables", |connection| Schema::read(connection));
        let schema = schema?;
        for column in ["id", "bestell_id"] {
            if !schema.has("temu_orders", column) {
                let reason = format!(
                    "dbo.temu_orders.{column} is missing, or the login has no right to read it; name the right database with --from, or grant SELECT on the old tables; where the tables stand in another schema than dbo, make views of \
                     them there"
                );
                return Err(TakeOverError::NotTheOld { place: pool.address().to_string(), reason });
            }
        }
        Ok(Self { pool, schema })
    }

    /// The orders after this id, with their lines.
    pub(crate) async fn page(&self, after: i64, limit: usize) -> Result<Vec<OldOrder>, TakeOverError> {
        let schema = &self.schema;
        let page: Result<Vec<OldOrder>, SqlError> =
            reading!(self.pool, "take over: read old orders", |connection| orders::page(
                connection, schema, after, limit
            ));
        Ok(page?)
    }

    /// The order numbers in `temu_xml_export`, and whether a row says that it was processed.
    pub(crate) async fn exports(&self) -> Result<HashMap<String, bool>, TakeOverError> {
        let mut exports = HashMap::new();
        if !self.schema.has("temu_xml_export", "id") || !self.schema.has("temu_xml_export", "bestell_id") {
            return Ok(exports);
        }
        let table = "temu_xml_export";
        let sql = format!(
            "SELECT TOP (@P2) t.[id], {}, {}, {} FROM dbo.temu_xml_export t WHERE t.[id] > @P1 ORDER BY t.[id]",
            self.schema.column(table, "bestell_id", Kind::Text),
            self.schema.column(table, "status", Kind::Text),
            self.schema.column(table, "verarbeitet", Kind::Integer),
        );
        let mut after = i64::MIN;
        loop {
            let page: Result<_, SqlError> =
                reading!(self.pool, "take over: read old exports", |connection| connection.query_in(
                    "take over: read old exports",
                    &sql,
                    &[&after, &PAGE],
                    Class::Batch
                ));
            let page = page?;
            let Some(last) = page.last() else { return Ok(exports) };
            after = last.integer(0)?;
            for row in &page {
                let Some(number) = schema::text(row, 1)? else { continue };
                let is_processed = schema::text(row, 2)?.is_some_and(|word| word == "processed")
                    || row.optional_integer(3)? == Some(1);
                *exports.entry(number).or_insert(false) |= is_processed;
            }
        }
    }

    /// How many rows each table has; those that are not there have none.
    pub(crate) async fn rows(&self) -> Result<Rows, TakeOverError> {
        let (pool, schema) = (&self.pool, &self.schema);
        let rows: Result<Rows, SqlError> =
            reading!(pool, "take over: count old rows", |connection| count(connection, schema));
        Ok(rows?)
    }

    /// Minutes since a row of `temu_orders` changed last, by the server's clock.
    pub(crate) async fn quiet_for(&self) -> Result<Option<i64>, TakeOverError> {
        let changed_at = self.schema.column("temu_orders", "updated_at", Kind::DateTime);
        let sql = format!("SELECT DATEDIFF(minute, MAX({changed_at}), SYSDATETIME()) FROM dbo.temu_orders t");
        let name = "take over: look for the last change";
        let row: Result<_, SqlError> =
            reading!(self.pool, name, |connection| connection.query_in(name, &sql, &[], Class::Long));
        Ok(row?.first().map(|row| row.optional_integer(0)).transpose()?.flatten())
    }

    /// Whether it has the log. Its lines are not counted: there may be millions of them.
    pub(crate) fn has_log(&self) -> bool {
        self.schema.has_table("scheduler_logs")
    }

    pub(crate) fn place(&self) -> String {
        self.pool.address().to_string()
    }
}

async fn count(connection: &mut Connection, schema: &Schema) -> Result<Rows, SqlError> {
    let amount = |table: &str| match schema.has_table(table) {
        true => format!("(SELECT COUNT_BIG(*) FROM dbo.{table})"),
        false => "CAST(0 AS bigint)".to_owned(),
    };
    let has_keys = schema.has("temu_order_items", "order_id");
    let orphans = match has_keys {
        true => {
            "(SELECT COUNT_BIG(*) FROM dbo.temu_order_items i \
                WHERE NOT EXISTS (SELECT 1 FROM dbo.temu_orders o WHERE o.[id] = i.[order_id]))"
        }
        false => "CAST(0 AS bigint)",
    };
    let tables = ["temu_orders", "temu_order_items", "temu_xml_export", "temu_products", "temu_inventory"];
    let sql = format!("SELECT {}, {orphans}", tables.map(amount).join(", "));
    let rows = connection.query_in("take over: count old rows", &sql, &[], Class::Long).await?;
    let Some(row) = rows.first() else { return Ok(Rows::default()) };
    let number = |column| row.integer(column).map(|count| count.max(0).unsigned_abs());
    Ok(Rows {
        orders: number(0)?,
        lines: number(1)?,
        exports: number(2)?,
        products: number(3)?,
        inventory: number(4)?,
        lines_without_order: number(5)?,
    })
}
