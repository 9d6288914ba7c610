//! Receipts: the transaction that inserts into JTL's table also notes, in our own database on the same server, what it inserted. Both
//! are there or neither is, so that after a lost answer or a killed server nobody has to guess.
//!
//! The import table's identity value alone cannot tell: a server that was killed skips up to a thousand values of it.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_sqlserver::{Address, Class, Connection, SqlError};

use super::fault::Fault;

/// Where hand-overs leave their receipts: a table with the columns `number` (text, the key) and `intended_at` (microseconds UTC).
#[derive(Debug, Clone)]
pub struct ReceiptTable {
    /// The database that it is in.
    pub address: Address,
    /// Its schema and name.
    pub name: &'static str,
}

impl ReceiptTable {
    /// Its name on the server of `jtl`; `None` where that is another server.
    pub(in crate::jtl) fn beside(&self, jtl: &Address) -> Option<String> {
        let Self { address, name } = self;
        let database = address.database.replace(']', "]]");
        address.is_same_server(jtl).then(|| format!("[{database}].{name}"))
    }
}

/// Whether receipts can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Keeping {
    Possible,
    /// The table is not there (yet), or in another server's database.
    NoTable,
    /// The login lacks a right; the server's words.
    Refused(String),
}

/// Tries to read and to write no row.
pub(super) async fn keeping(connection: &mut Connection, table: &str) -> Result<Keeping, SqlError> {
    let tries = [
        format!("SELECT r.number, r.intended_at FROM {table} r WHERE 1 = 0"),
        format!("INSERT INTO {table} (number, intended_at) SELECT N'', 0 WHERE 1 = 0"),
        format!("DELETE FROM {table} WHERE 1 = 0"),
    ];
    for sql in &tries {
        match connection.batch("try to keep receipts", sql).await {
            Ok(()) => {}
            Err(SqlError::Schema { .. }) => return Ok(Keeping::NoTable),
            Err(SqlError::Permission { reason, .. } | SqlError::Refused { reason, .. }) => {
                return Ok(Keeping::Refused(reason));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Keeping::Possible)
}

/// Notes the rows of `#rows` that want a receipt.
pub(super) async fn write(transaction: &mut Connection, table: &str) -> Result<(), Fault> {
    let sql = format!(
        "DELETE r FROM {table} r JOIN #rows n ON n.number COLLATE Latin1_General_BIN2 = r.number; \
         INSERT INTO {table} (number, intended_at) SELECT n.number COLLATE Latin1_General_BIN2, n.intended_at FROM #rows n \
         WHERE n.intended_at IS NOT NULL"
    );
    transaction.execute_in("keep receipts", &sql, &[], Class::Batch).await?;
    Ok(())
}

/// The receipts of these numbers.
pub(super) async fn read(
    connection: &mut Connection,
    table: &str,
    numbers: &[String],
) -> Result<HashMap<String, Timestamp>, Fault> {
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    connection.load_texts("load a list", numbers).await?;
    let sql = format!(
        "SELECT r.number, r.intended_at FROM {table} r JOIN #list n ON n.value COLLATE Latin1_General_BIN2 = r.number"
    );
    let rows = connection.query_in("read receipts", &sql, &[], Class::Batch).await?;
    let mut receipts = HashMap::with_capacity(rows.len());
    for row in &rows {
        let intended_at = Timestamp::from_microsecond(row.integer(1)?)
            .map_err(|_| row.unreadable(1, "microseconds of a time that can be"))?;
        receipts.insert(row.text(0)?, intended_at);
    }
    Ok(receipts)
}
