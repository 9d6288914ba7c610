//! The writing side: look up and insert under one lock, in one transaction.
//!
//! The lock is one for the whole database, not one for each number: fifty round trips would take longer than a hand-over does, and
//! a single lock cannot deadlock. Look-ups take it, too, and so wait for an insert that is under way.

use std::collections::BTreeSet;

use jiff::Timestamp;
use marktwerk_sqlserver::{Class, Column, Connection, Kind, Value};

use super::dialect;
use super::fault::Fault;
use super::model::Model;
use super::receipts;
use crate::jtl::database::{ImportRow, List};
use crate::jtl::presence::{self, Presences};
use crate::jtl::sql;
use crate::{ErpError, HandedOver, Presence};

/// Every Marktwerk that hands over to this database takes it.
const LOCK: &str = "marktwerk hand-over";

/// The identity value, NULL before the first row. Not `IDENT_CURRENT`, which answers 1 both before and after it, and on Babelfish
/// always 1 to whoever has only rights on the table: a value that seems unmoved would have orders inserted twice.
/// Babelfish shows the catalogue's row only to whoever owns the table.
const IDENTITY: &str = "\
    SELECT t.id, c.object_id, CAST(c.last_value AS bigint) \
    FROM (SELECT OBJECT_ID('dbo.tXMLBestellImport', 'U') AS id) t LEFT JOIN sys.identity_columns c ON c.object_id = t.id";

/// Of each waiting document only the part from its first to its last order number, tags included: with one order in a row
/// that is a few dozen characters. Cast, for CHARINDEX refuses the types of old databases (ntext). Compared bit by bit, which is faster by far than by a language's rules.
/// `'</cExterneBestellNr>'` is 20 characters long.
const WAITING: &str = "\
    SELECT CASE WHEN d.[last] <= d.[first] THEN NULL \
    WHEN CHARINDEX(N'<cExterneBestellNr>', d.document, d.[last]) > 0 THEN SUBSTRING(d.document, d.[first], 2147483647) \
    ELSE SUBSTRING(d.document, d.[first], d.[last] + 20 - d.[first]) END \
    FROM (SELECT CAST(w.cText AS nvarchar(max)) COLLATE Latin1_General_BIN2 AS document, \
    CHARINDEX(N'<cExterneBestellNr>', CAST(w.cText AS nvarchar(max)) COLLATE Latin1_General_BIN2) AS [first], \
    CHARINDEX(N'</cExterneBestellNr>', CAST(w.cText AS nvarchar(max)) COLLATE Latin1_General_BIN2) AS [last] \
    FROM [dbo].[tXMLBestellImport] w) d \
    WHERE d.[first] > 0 AND d.[last] > d.[first]";

/// Identity values are given in the order of the SELECT; the table variable is for databases with a trigger on the table.
const INSERT: &str = "\
    DECLARE @keys TABLE (kXMLBestellImport int NOT NULL); \
    INSERT INTO [dbo].[tXMLBestellImport] (cText, nPlattform, nRechnung) \
    OUTPUT inserted.kXMLBestellImport INTO @keys (kXMLBestellImport) \
    SELECT r.document, r.platform, r.invoice FROM #rows r ORDER BY r.place; \
    SELECT k.kXMLBestellImport FROM @keys k ORDER BY k.kXMLBestellImport";

/// See [`crate::jtl::database::Database::identity`].
pub(super) async fn identity(
    connection: &mut Connection,
    action: &'static str,
) -> Result<Option<i64>, Fault> {
    let row = connection.one("read the identity value", IDENTITY, &[]).await?;
    let Some(row) = row.filter(|row| !matches!(row.optional_integer(0), Ok(None))) else {
        let reason = "dbo.tXMLBestellImport is missing, or the login may not see it";
        return Err(ErpError::Schema { action, reason: reason.to_owned() }.into());
    };
    match row.optional_integer(1)? {
        None => Ok(None),
        Some(_) => Ok(Some(row.optional_integer(2)?.unwrap_or_default())),
    }
}

/// See [`crate::jtl::database::Database::look_up`].
pub(super) async fn look_up(
    transaction: &mut Connection,
    model: &Model,
    numbers: &[String],
) -> Result<Vec<Presence>, Fault> {
    transaction.lock(LOCK).await?;
    let presences = presences(transaction, model, numbers).await?;
    Ok(numbers.iter().map(|number| presences.of(number)).collect())
}

/// See [`crate::jtl::database::Database::insert_absent`].
pub(super) async fn insert_absent(
    transaction: &mut Connection,
    model: &Model,
    rows: &[ImportRow],
    receipt_table: Option<&str>,
) -> Result<Vec<HandedOver>, Fault> {
    transaction.lock(LOCK).await?;
    let numbers = presence::numbers(rows);
    let mut presences = presences(transaction, model, &numbers).await?;
    let mut absent = Vec::new();
    let mut handed_over = Vec::with_capacity(rows.len());
    for row in rows {
        let presence = presences.of_row(row);
        if presence.is_there() {
            handed_over.push(HandedOver::AlreadyThere(presence));
            continue;
        }
        handed_over.push(HandedOver::Inserted(0));
        absent.push(row);
        // The same number again in this batch finds this row.
        presences.count_waiting(&row.document);
    }
    let mut keys = insert(transaction, &absent, receipt_table).await?.into_iter();
    for answer in &mut handed_over {
        if let HandedOver::Inserted(key) = answer {
            *key = keys.next().ok_or_else(|| ErpError::Defect {
                action: "hand orders over",
                reason: "SQL Server inserted fewer rows than it was given".to_owned(),
            })?;
        }
    }
    Ok(handed_over)
}

/// Inserts the rows; answers with their keys, in the same order.
async fn insert(
    transaction: &mut Connection,
    rows: &[&ImportRow],
    receipt_table: Option<&str>,
) -> Result<Vec<i64>, Fault> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let columns = [
        Column::new("place", Kind::Integer),
        Column::new("document", Kind::LongText),
        Column::new("platform", Kind::Integer),
        Column::new("invoice", Kind::Integer),
        Column::new("number", Kind::Text(dialect::LONGEST)),
        Column::new("intended_at", Kind::Integer),
    ];
    let values = (0_i64..).zip(rows).map(|(place, row)| {
        vec![
            Value::from(place),
            Value::from(row.document.as_str()),
            Value::from(row.platform),
            Value::from(row.invoice),
            Value::from(row.number.as_str()),
            Value::Integer(row.receipt.map(Timestamp::as_microsecond)),
        ]
    });
    transaction.load("load documents", "#rows", &columns, values.collect()).await?;
    let keys = transaction.query_in("insert into the import table", INSERT, &[], Class::Batch).await?;
    if rows.iter().any(|row| row.receipt.is_some()) {
        let table = receipt_table.ok_or_else(|| ErpError::Defect {
            action: "hand orders over",
            reason: "a receipt was asked for where none can be kept".to_owned(),
        })?;
        receipts::write(transaction, table).await?;
    }
    Ok(keys.iter().map(|key| key.integer(0)).collect::<Result<_, _>>()?)
}

/// The waiting rows first: what JTL-Worker takes between the two statements is an order when the second one looks.
async fn presences(
    transaction: &mut Connection,
    model: &Model,
    numbers: &[String],
) -> Result<Presences, Fault> {
    let unique: BTreeSet<&String> = numbers.iter().collect();
    let unique: Vec<String> = unique.into_iter().cloned().collect();
    let list = List::Texts(&unique);
    let mut presences = Presences::default();
    for row in transaction.query_in("read the waiting rows", WAITING, &[], Class::Batch).await? {
        presences.count_waiting(&row.optional_text(0)?.unwrap_or_default());
    }
    dialect::load(transaction, list).await?;
    let counts = dialect::written(sql::ORDER_COUNTS, model, list);
    presences.count_orders(&dialect::rows(transaction, "count orders by number", &counts).await?)?;
    Ok(presences)
}
