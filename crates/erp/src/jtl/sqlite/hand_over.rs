//! The writing side: look up and insert under one lock, in one transaction.
//!
//! The lock on account and order number is `BEGIN IMMEDIATE` here, which lets one writer at a time into the whole
//! file; SQL Server will take `sp_getapplock` on account and number.

use marktwerk_domain::mutant::{self, Mutant};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::dialect;
use super::fault::Fault;
use crate::jtl::database::{ImportRow, List};
use crate::jtl::presence::{self, Presences};
use crate::jtl::sql;
use crate::{HandedOver, Presence};

/// The identity value of the import table. The table itself is named too, so that its absence is an error.
const IDENTITY: &str = "\
    SELECT COALESCE(MAX(s.seq), 0) \
    FROM (SELECT COUNT(kXMLBestellImport) FROM tXMLBestellImport) \
    LEFT JOIN sqlite_sequence s ON s.name = 'tXMLBestellImport'";

/// Of each waiting document only the part from its first to its last order number, tags included: with one order
/// in a row that is a few dozen characters. `'</cExterneBestellNr>'` is 20 characters long.
const WAITING: &str = "\
    SELECT CASE WHEN INSTR(SUBSTR(cText, stop + 20), '<cExterneBestellNr>') > 0 \
           THEN SUBSTR(cText, start) ELSE SUBSTR(cText, start, stop + 20 - start) END \
    FROM (SELECT cText, INSTR(cText, '<cExterneBestellNr>') AS start, INSTR(cText, '</cExterneBestellNr>') AS stop \
          FROM tXMLBestellImport) \
    WHERE start > 0 AND stop > start";

const INSERT: &str = "INSERT INTO tXMLBestellImport (cText, nPlattform, nRechnung) VALUES (?1, ?2, ?3)";

/// See [`crate::jtl::database::Database::identity`].
pub(super) fn identity(connection: &mut Connection) -> Result<i64, Fault> {
    Ok(connection.query_row(IDENTITY, [], |row| row.get(0))?)
}

/// See [`crate::jtl::database::Database::look_up`].
pub(super) fn look_up(connection: &mut Connection, numbers: &[String]) -> Result<Vec<Presence>, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let presences = presences(&transaction, numbers)?;
    transaction.finish()?;
    Ok(numbers.iter().map(|number| presences.of(number)).collect())
}

/// See [`crate::jtl::database::Database::insert_absent`].
pub(super) fn insert_absent(
    connection: &mut Connection,
    rows: &[ImportRow],
) -> Result<Vec<HandedOver>, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let numbers = presence::numbers(rows);
    let mut presences = presences(&transaction, &numbers)?;
    let mut handed_over = Vec::with_capacity(rows.len());
    for row in rows {
        let presence = presences.of_row(row);
        if presence.is_there() && !mutant::is(Mutant::InsertsBlindly) {
            handed_over.push(HandedOver::AlreadyThere(presence));
            continue;
        }
        transaction.prepare_cached(INSERT)?.execute(params![row.document, row.platform, row.invoice])?;
        handed_over.push(HandedOver::Inserted(transaction.last_insert_rowid()));
        // The same number again in this batch finds this row.
        presences.count_waiting(&row.document);
    }
    transaction.commit()?;
    Ok(handed_over)
}

fn presences(transaction: &Transaction<'_>, numbers: &[String]) -> Result<Presences, Fault> {
    let mut presences = Presences::default();
    let unique: std::collections::BTreeSet<&String> = numbers.iter().collect();
    let unique: Vec<String> = unique.into_iter().cloned().collect();
    let list = dialect::json(List::Texts(&unique))?;
    presences.count_orders(&dialect::rows(transaction, sql::ORDER_COUNTS, &list)?)?;
    let mut statement = transaction.prepare_cached(WAITING)?;
    let mut waiting = statement.query([])?;
    while let Some(row) = waiting.next()? {
        presences.count_waiting(row.get_ref(0)?.as_str().unwrap_or_default());
    }
    Ok(presences)
}
