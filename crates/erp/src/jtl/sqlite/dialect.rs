//! JTL's names and the list parameter in SQLite's words: schemas become prefixes (`Verkauf.tAuftrag` is
//! `Verkauf_tAuftrag`, `dbo.` vanishes), a list is a JSON array through `json_each`.

use marktwerk_domain::mutant::{self, Mutant};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, params};

use super::fault::Fault;
use crate::ErpError;
use crate::jtl::database::List;
use crate::jtl::row::{Row, Value, unreadable};

/// The statement as SQLite reads it.
fn written(statement: &str, has: Optional) -> String {
    let mut parts = statement.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        match name {
            "list" => text.push_str("json_each(?1)"),
            "carrier_codes" if has.carrier_codes => {
                text.push_str("m.cAmazonCarrierCode, m.cEbayCarrierCode");
            }
            "carrier_codes" => text.push_str("'', ''"),
            "packed_at" => text.push_str(if has.packed_at { "v.dErstellt" } else { "''" }),
            // JTL's collation passes over case and blanks at the end; the sandbox has an index on this.
            "number" => text.push_str("rtrim(r.cArtNr) COLLATE NOCASE"),
            "same" if mutant::is(Mutant::ExactNumbers) => text.push_str("r.cArtNr = n.value"),
            "same" => text.push_str("rtrim(r.cArtNr) COLLATE NOCASE = rtrim(n.value)"),
            _ => text.push_str(&name.strip_prefix("dbo.").unwrap_or(name).replace('.', "_")),
        }
        text.push_str(rest);
    }
    text
}

/// The list as a JSON array.
pub(super) fn json(list: List<'_>) -> Result<String, ErpError> {
    let json = match list {
        List::Integers(integers) => serde_json::to_string(integers),
        List::Texts(texts) => serde_json::to_string(texts),
    };
    json.map_err(|error| ErpError::Defect { action: "write a list of parameters", reason: error.to_string() })
}

/// Columns that not every JTL has.
#[derive(Debug, Clone, Copy, Default)]
struct Optional {
    /// Shipping methods have codes of their carriers.
    carrier_codes: bool,
    /// Parcels have the time when they were packed.
    packed_at: bool,
}

impl Optional {
    /// What there is of what the statement asks for.
    fn of(connection: &Connection, statement: &str) -> Result<Self, Fault> {
        if !statement.contains("{carrier_codes}") && !statement.contains("{packed_at}") {
            return Ok(Self::default());
        }
        let sql = "SELECT (SELECT COUNT(*) FROM pragma_table_info('tversandart') WHERE name IN ('cAmazonCarrierCode', 'cEbayCarrierCode')),
            (SELECT COUNT(*) FROM pragma_table_info('tVersand') WHERE name = 'dErstellt')";
        let (codes, packed): (i64, i64) =
            connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self { carrier_codes: codes == 2, packed_at: packed == 1 })
    }
}

/// The statement, ready to run.
pub(super) fn prepared<'connection>(
    connection: &'connection Connection,
    statement: &str,
) -> Result<CachedStatement<'connection>, Fault> {
    Ok(connection.prepare_cached(&written(statement, Optional::of(connection, statement)?))?)
}

/// Runs a statement and reads all its rows.
pub(super) fn rows(connection: &Connection, statement: &str, list: &str) -> Result<Vec<Row>, Fault> {
    let mut prepared = prepared(connection, statement)?;
    let columns = prepared.column_count();
    // A statement may have no list.
    let mut answer =
        if prepared.parameter_count() == 0 { prepared.query([])? } else { prepared.query(params![list])? };
    let mut rows = Vec::new();
    while let Some(row) = answer.next()? {
        let values: Result<_, Fault> = (0..columns).map(|column| value(row.get_ref(column)?)).collect();
        rows.push(Row(values?));
    }
    Ok(rows)
}

fn value(value: ValueRef<'_>) -> Result<Value, Fault> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(integer) => Value::Integer(integer),
        // The shortest text that names this number is the decimal that was written: 0.1 is 0.1.
        ValueRef::Real(real) => Value::Decimal(
            real.to_string()
                .parse()
                .map_err(|_| unreadable("a quantity", "a number of at most 28 digits"))?,
        ),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(_) => return Err(unreadable("a value", "a number or a text").into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_become_prefixes_and_lists_rows() {
        assert_eq!(
            written(
                "SELECT 1 FROM {list} n JOIN {Verkauf.tAuftrag} a JOIN {dbo.tVersand} v",
                Optional::default()
            ),
            "SELECT 1 FROM json_each(?1) n JOIN Verkauf_tAuftrag a JOIN tVersand v"
        );
    }
}
