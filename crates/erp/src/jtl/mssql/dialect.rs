//! JTL's names and the list in T-SQL: a list of any length is loaded once, in bulk, into `#list`, so that no statement has
//! a parameter; the older order model answers under the newer one's names.

use marktwerk_sqlserver::{Class, Connection, Row as Answer};

use super::fault::Fault;
use super::model::{Model, OrderModel};
use crate::jtl::database::List;
use crate::jtl::row::{Row, Value};

/// `#list` holds texts of up to this many UTF-16 units; JTL's numbers and names are shorter.
pub(super) const LONGEST: u16 = 450;

/// `dbo.tBestellung` under the newer names. 'B' is an order; the table also holds offers and corrections.
const ORDERS_BEFORE: &str = "(SELECT o.kBestellung AS kAuftrag, o.cBestellNr AS cAuftragsNr, \
    o.cInetBestellNr AS cExterneAuftragsnummer, o.nStorno, o.nKomplettAusgeliefert, \
    CASE WHEN o.cType = 'B' THEN 1 ELSE 0 END AS nType{version} FROM [dbo].[tBestellung] o)";
/// `dbo.tbestellpos` under the newer names.
const POSITIONS_BEFORE: &str = "(SELECT o.kBestellPos AS kAuftragPosition, o.tBestellung_kBestellung AS kAuftrag, o.cArtNr, \
    o.nAnzahl AS fAnzahl, o.nType{version} FROM [dbo].[tbestellpos] o)";

/// The statement as SQL Server reads it.
pub(super) fn written(statement: &str, model: &Model, list: List<'_>) -> String {
    let mut parts = statement.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        match (name, model.orders, list) {
            // JTL's keys are `int`: compared with `bigint` their indexes would be of no use.
            ("list", _, List::Integers(_)) => {
                text.push_str("(SELECT CAST(value AS int) AS value FROM #list)")
            }
            ("list", _, List::Texts(_)) => text.push_str("#list"),
            ("carrier_codes", _, _) if model.has_carrier_codes => {
                text.push_str("m.cAmazonCarrierCode, m.cEbayCarrierCode")
            }
            ("carrier_codes", _, _) => text.push_str("N'', N''"),
            ("packed_at", _, _) => text.push_str(if model.has_packing_times { "v.dErstellt" } else { "N''" }),
            // The database's own collation compares.
            ("number", _, _) => text.push_str("r.cArtNr"),
            ("same", _, _) => text.push_str("r.cArtNr = n.value"),
            ("Verkauf.tAuftrag", OrderModel::Older, _) => {
                text.push_str(&before(ORDERS_BEFORE, model.has_versions(name)))
            }
            ("Verkauf.tAuftragPosition", OrderModel::Older, _) => {
                text.push_str(&before(POSITIONS_BEFORE, model.has_versions(name)));
            }
            _ => text.push_str(&format!("[{}]", name.replace('.', "].["))),
        }
        text.push_str(rest);
    }
    text
}

/// Without row versions no statement asks for them (see [`crate::jtl::database::Database::has_versions`]).
fn before(table: &str, has_versions: bool) -> String {
    table.replace("{version}", if has_versions { ", o.bRowversion" } else { "" })
}

/// Loads the list. What cannot be in JTL is left out: a key that is no `int`, a text that is too long, an empty one (which would be
/// equal to that of every order without an external number).
pub(super) async fn load(connection: &mut Connection, list: List<'_>) -> Result<(), Fault> {
    let name = "load a list";
    match list {
        List::Integers(integers) => {
            let keys: Vec<i64> = integers.iter().copied().filter(|key| i32::try_from(*key).is_ok()).collect();
            connection.load_integers(name, &keys).await?;
        }
        List::Texts(texts) => {
            let may_be_there = |text: &&String| {
                !text.trim().is_empty() && text.encode_utf16().count() <= usize::from(LONGEST)
            };
            let texts: Vec<String> = texts.iter().filter(may_be_there).cloned().collect();
            connection.load_texts(name, &texts).await?;
        }
    }
    Ok(())
}

/// Runs a statement and reads all its rows.
pub(super) async fn rows(
    connection: &mut Connection,
    name: &'static str,
    statement: &str,
) -> Result<Vec<Row>, Fault> {
    let answers = connection.query_in(name, statement, &[], Class::Batch).await?;
    answers
        .iter()
        .map(|answer| {
            Ok(Row((0..answer.len()).map(|column| value(answer, column)).collect::<Result<_, Fault>>()?))
        })
        .collect()
}

/// A value of whichever type the column has in this version of JTL.
fn value(row: &Answer, column: usize) -> Result<Value, Fault> {
    if let Ok(integer) = row.optional_integer(column) {
        return Ok(integer.map_or(Value::Null, Value::Integer));
    }
    if let Ok(text) = row.optional_text(column) {
        return Ok(text.map_or(Value::Null, Value::Text));
    }
    if let Ok(time) = row.optional_date_time(column) {
        return Ok(time.map_or(Value::Null, |time| Value::Text(time.to_string())));
    }
    if let Ok(decimal) = row.optional_decimal(column) {
        return Ok(decimal.map_or(Value::Null, Value::Decimal));
    }
    let float = row.optional_float(column)?;
    let read = float.map(|float| float.to_string().parse().map(Value::Decimal));
    Ok(read
        .transpose()
        .map_err(|_| row.unreadable(column, "a number of at most 28 digits"))?
        .unwrap_or(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(orders: OrderModel) -> Model {
        Model {
            orders,
            has_carrier_codes: true,
            has_packing_times: true,
            unversioned: Vec::new(),
            facts: String::new(),
        }
    }

    #[test]
    fn names_are_quoted_and_the_list_has_the_type_of_what_it_is_compared_with() {
        let statement = "SELECT 1 FROM {list} n JOIN {Verkauf.tAuftrag} a JOIN {dbo.tVersand} v";
        assert_eq!(
            written(statement, &model(OrderModel::Newer), List::Texts(&[])),
            "SELECT 1 FROM #list n JOIN [Verkauf].[tAuftrag] a JOIN [dbo].[tVersand] v"
        );
        let older = written(statement, &model(OrderModel::Older), List::Integers(&[]));
        assert!(
            older.contains("CAST(value AS int)") && older.contains("[dbo].[tBestellung] o) a"),
            "{older}"
        );
        assert!(!older.contains("tAuftrag]") && !older.contains('{'), "{older}");
    }
}
