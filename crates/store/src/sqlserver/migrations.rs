//! Brings a database up to date: the numbered texts, each applied once in a transaction of its own, with its checksum remembered. What
//! a newer program wrote is refused before anything is changed. The texts are cut into batches where a line says GO.

use marktwerk_sqlserver::{Connection, Pool, reading, transaction};

use super::columns::{self, Columns};
use crate::migrating::{self, Migration};
use crate::{StoreError, StoreResult};

/// In order; the first has number 1, and each does what the one of the same number does elsewhere. An applied text is never changed again.
const MIGRATIONS: [Migration; 12] = [
    Migration { name: "scheduler", text: include_str!("../../migrations/sqlserver/0001_scheduler.sql") },
    Migration { name: "business", text: include_str!("../../migrations/sqlserver/0002_business.sql") },
    Migration { name: "promises", text: include_str!("../../migrations/sqlserver/0003_promises.sql") },
    Migration { name: "causes", text: include_str!("../../migrations/sqlserver/0004_causes.sql") },
    Migration { name: "hand_overs", text: include_str!("../../migrations/sqlserver/0005_hand_overs.sql") },
    Migration { name: "judgement", text: include_str!("../../migrations/sqlserver/0006_judgement.sql") },
    Migration { name: "decisions", text: include_str!("../../migrations/sqlserver/0007_decisions.sql") },
    Migration { name: "audit", text: include_str!("../../migrations/sqlserver/0008_audit.sql") },
    Migration { name: "stock", text: include_str!("../../migrations/sqlserver/0009_stock.sql") },
    Migration { name: "entries", text: include_str!("../../migrations/sqlserver/0010_entries.sql") },
    Migration { name: "held", text: include_str!("../../migrations/sqlserver/0011_held.sql") },
    Migration { name: "unread", text: include_str!("../../migrations/sqlserver/0012_unread.sql") },
];

/// The newest schema version that this program knows.
pub(crate) const KNOWN_VERSION: i64 = MIGRATIONS.len() as i64;
/// Two processes that start at the same time migrate one after the other.
const LOCK: &str = "marktwerk migrations";
const BOOKKEEPING: &str = "\
    IF SCHEMA_ID('marktwerk') IS NULL EXEC('CREATE SCHEMA marktwerk'); \
    IF OBJECT_ID('marktwerk.schema_migrations', 'U') IS NULL \
    CREATE TABLE marktwerk.schema_migrations (number bigint NOT NULL PRIMARY KEY, name nvarchar(100) NOT NULL, \
    checksum varchar(64) NOT NULL, applied_at datetime2 NOT NULL DEFAULT SYSUTCDATETIME())";

/// The schema version of a database, 0 for an empty one. Refuses what this program must not touch; reads only.
pub(crate) async fn examine(connection: &mut Connection, place: &str) -> StoreResult<i64> {
    migrating::version(&MIGRATIONS, applied(connection).await?, place)
}

/// Applies what is missing.
pub(crate) async fn migrate(pool: &Pool) -> StoreResult<()> {
    let place = pool.address().to_string();
    let version: StoreResult<i64> =
        reading!(pool, "read the schema's version", |connection| examine(connection, &place));
    if version? == KNOWN_VERSION {
        return Ok(());
    }
    for (number, migration) in (1_i64..).zip(&MIGRATIONS) {
        let applied: StoreResult<bool> = transaction!(pool, "apply a migration", |connection| async {
            connection.lock(LOCK).await?;
            // Another process may have done it while this one waited.
            if examine(connection, &place).await? >= number {
                return Ok(false);
            }
            apply(connection, number, migration).await.map(|()| true)
        });
        if applied? {
            tracing::info!(place, number, name = migration.name, "schema migration applied");
        }
    }
    Ok(())
}

async fn apply(connection: &mut Connection, number: i64, migration: &Migration) -> StoreResult<()> {
    connection.batch("make room for migrations", BOOKKEEPING).await?;
    for batch in migration.text.split("\nGO\n") {
        connection.batch("apply a migration", batch).await?;
    }
    let sql = "INSERT INTO marktwerk.schema_migrations (number, name, checksum) VALUES (@P1, @P2, @P3)";
    connection.execute("note a migration", sql, &[&number, &migration.name, &migration.checksum()]).await?;
    Ok(())
}

/// Numbers and checksums of the applied migrations, ascending.
async fn applied(connection: &mut Connection) -> Result<Vec<(i64, String)>, StoreError> {
    let exists = "SELECT CASE WHEN OBJECT_ID('marktwerk.schema_migrations', 'U') IS NULL THEN 0 ELSE 1 END";
    let exists = connection.one("look for migrations", exists, &[]).await?;
    if columns::only(exists, "look for migrations")? == 0 {
        return Ok(Vec::new());
    }
    let sql = "SELECT number, checksum FROM marktwerk.schema_migrations ORDER BY number";
    let rows = connection.query("read migrations", sql, &[]).await?;
    columns::map(&rows, |columns: &mut Columns<'_>| Ok((columns.integer()?, columns.text()?)))
}
