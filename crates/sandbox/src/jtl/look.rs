//! What a test wants to know about the simulated JTL without writing SQL itself.

use rusqlite::{Connection, OptionalExtension};

use super::records::DroppedRow;
use crate::error::SandboxError;

/// Number of orders with an external number.
pub(crate) fn orders(connection: &Connection, external: &str) -> Result<u64, SandboxError> {
    let sql = "SELECT COUNT(*) FROM Verkauf_tAuftrag WHERE cExterneAuftragsnummer = ?1 AND nType = 1";
    let count: i64 = connection.prepare_cached(sql)?.query_row([external], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// `kAuftrag` of the newest order with an external number.
pub(crate) fn order(connection: &Connection, external: &str) -> Result<i64, SandboxError> {
    let sql = "SELECT MAX(kAuftrag) FROM Verkauf_tAuftrag WHERE cExterneAuftragsnummer = ?1 AND nType = 1";
    let found: Option<i64> = connection.prepare_cached(sql)?.query_row([external], |row| row.get(0))?;
    found.ok_or_else(|| SandboxError::Unknown { what: "order in JTL", name: external.to_owned() })
}

/// The same, but one that is neither cancelled nor delivered comes first: an order may be split.
pub(crate) fn order_to_ship(connection: &Connection, external: &str) -> Result<i64, SandboxError> {
    let sql = "SELECT kAuftrag FROM Verkauf_tAuftrag WHERE cExterneAuftragsnummer = ?1 AND nType = 1
               ORDER BY nStorno = 1, nKomplettAusgeliefert = 1, kAuftrag DESC LIMIT 1";
    let found: Option<i64> =
        connection.prepare_cached(sql)?.query_row([external], |row| row.get(0)).optional()?;
    found.ok_or_else(|| SandboxError::Unknown { what: "order in JTL", name: external.to_owned() })
}

pub(crate) fn is_cancelled(connection: &Connection, order: i64) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT nStorno FROM Verkauf_tAuftrag WHERE kAuftrag = ?1")?
        .query_row([order], |row| row.get(0))
}

/// Rows that wait for the worker.
pub(crate) fn waiting(connection: &Connection) -> Result<u64, SandboxError> {
    let count: i64 = connection.query_row("SELECT COUNT(*) FROM tXMLBestellImport", [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Rows that the worker threw away.
pub(crate) fn dropped(connection: &Connection) -> Result<Vec<DroppedRow>, SandboxError> {
    let sql = "SELECT kXMLBestellImport, external, reason, at FROM sandbox_dropped ORDER BY 1";
    let rows = connection
        .prepare_cached(sql)?
        .query_map([], |row| {
            Ok(DroppedRow { row: row.get(0)?, external: row.get(1)?, reason: row.get(2)?, at: row.get(3)? })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(rows)
}
