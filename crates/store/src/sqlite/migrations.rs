//! Brings a database up to date: numbered texts, each applied once in a transaction of its own, with
//! its checksum remembered. What a newer program wrote is refused before anything is changed.

use std::sync::{Mutex, PoisonError};

use rusqlite::backup::Backup;
use rusqlite::{Connection, TransactionBehavior, params};

use super::{connection, rows};
use crate::StoreResult;
use crate::migrating::{self, Migration};

/// In order; the first has number 1. An applied text is never changed again.
const MIGRATIONS: [Migration; 12] = [
    Migration { name: "scheduler", text: include_str!("../../migrations/sqlite/0001_scheduler.sql") },
    Migration { name: "business", text: include_str!("../../migrations/sqlite/0002_business.sql") },
    Migration { name: "promises", text: include_str!("../../migrations/sqlite/0003_promises.sql") },
    Migration { name: "causes", text: include_str!("../../migrations/sqlite/0004_causes.sql") },
    Migration { name: "hand_overs", text: include_str!("../../migrations/sqlite/0005_hand_overs.sql") },
    Migration { name: "judgement", text: include_str!("../../migrations/sqlite/0006_judgement.sql") },
    Migration { name: "decisions", text: include_str!("../../migrations/sqlite/0007_decisions.sql") },
    Migration { name: "audit", text: include_str!("../../migrations/sqlite/0008_audit.sql") },
    Migration { name: "stock", text: include_str!("../../migrations/sqlite/0009_stock.sql") },
    Migration { name: "entries", text: include_str!("../../migrations/sqlite/0010_entries.sql") },
    Migration { name: "held", text: include_str!("../../migrations/sqlite/0011_held.sql") },
    Migration { name: "unread", text: include_str!("../../migrations/sqlite/0012_unread.sql") },
];

/// In a backup's step.
const ALL_PAGES: i32 = -1;

/// The newest schema version that this program knows.
pub(crate) const KNOWN_VERSION: i64 = MIGRATIONS.len() as i64;

/// The schema version of a database, 0 for an empty one. Refuses what this program must not touch; reads only.
pub(crate) fn examine(connection: &Connection, place: &str) -> StoreResult<i64> {
    migrating::version(&MIGRATIONS, applied(connection)?, place)
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
            params![number, migration.name, migration.checksum()],
        )?;
        transaction.commit()?;
        tracing::info!(place, number, name = migration.name, "schema migration applied");
    }
    Ok(())
}

/// A database in memory that is up to date: a copy of one that was migrated, because a copy takes a tenth of the time and a simulation
/// opens thousands.
pub(crate) fn migrated_in_memory(place: &str) -> StoreResult<Connection> {
    static MIGRATED: Mutex<Option<Connection>> = Mutex::new(None);
    let mut migrated = MIGRATED.lock().unwrap_or_else(PoisonError::into_inner);
    let source = match &*migrated {
        Some(source) => source,
        None => {
            let mut source = connection::open_memory()?;
            migrate(&mut source, place)?;
            migrated.insert(source)
        }
    };
    let mut copy = connection::open_memory()?;
    Backup::new(source, &mut copy)?.step(ALL_PAGES)?;
    Ok(copy)
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
