//! Brings a database up to date: numbered texts, each applied once in a transaction of its own, with
//! its checksum remembered. What a newer program wrote is refused before anything is changed.

use rusqlite::{Connection, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::rows;
use crate::{StoreError, StoreResult};

/// A numbered change of the schema.
struct Migration {
    name: &'static str,
    text: &'static str,
}

/// In order; the first has number 1. An applied text is never changed again.
const MIGRATIONS: [Migration; 4] = [
    Migration { name: "scheduler", text: include_str!("../../migrations/sqlite/0001_scheduler.sql") },
    Migration { name: "business", text: include_str!("../../migrations/sqlite/0002_business.sql") },
    Migration { name: "promises", text: include_str!("../../migrations/sqlite/0003_promises.sql") },
    Migration { name: "causes", text: include_str!("../../migrations/sqlite/0004_causes.sql") },
];

/// The newest schema version that this program knows.
pub(crate) const KNOWN_VERSION: i64 = MIGRATIONS.len() as i64;

/// The schema version of a database, 0 for an empty one. Refuses what this program must not touch; reads only.
pub(crate) fn examine(connection: &Connection, place: &str) -> StoreResult<i64> {
    let applied = applied(connection)?;
    let version = applied.last().map_or(0, |(number, _)| *number);
    if version > KNOWN_VERSION {
        return Err(StoreError::NewerSchema {
            place: place.to_owned(),
            found: version,
            known: KNOWN_VERSION,
        });
    }
    for (number, found) in applied {
        let known = usize::try_from(number - 1).ok().and_then(|index| MIGRATIONS.get(index)).map(checksum);
        let known = known.unwrap_or_else(|| "none".to_owned());
        if known != found {
            return Err(StoreError::ChangedMigration { place: place.to_owned(), number, found, known });
        }
    }
    Ok(version)
}

/// Applies what is missing.
pub(crate) fn migrate(connection: &mut Connection, place: &str) -> StoreResult<()> {
    let version = examine(connection, place)?;
    for (number, migration) in (1_i64..).zip(&MIGRATIONS) {
        if number <= version {
            continue;
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(
            "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, \
             checksum TEXT NOT NULL, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT",
        )?;
        transaction.execute_batch(migration.text)?;
        transaction.execute(
            "INSERT INTO schema_migrations (number, name, checksum) VALUES (?1, ?2, ?3)",
            params![number, migration.name, checksum(migration)],
        )?;
        transaction.commit()?;
        tracing::info!(place, number, name = migration.name, "schema migration applied");
    }
    Ok(())
}

/// Numbers and checksums of the applied migrations, ascending.
fn applied(connection: &Connection) -> StoreResult<Vec<(i64, String)>> {
    let exists = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'";
    if rows::one(connection, exists, [], |_| Ok(()))?.is_none() {
        return Ok(Vec::new());
    }
    let sql = "SELECT number, checksum FROM schema_migrations ORDER BY number";
    rows::all(connection, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn checksum(migration: &Migration) -> String {
    Sha256::digest(migration.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
