//! How a connection is opened and set up: durability first, then what makes reading quick.
//!
//! The file is not mapped into memory: with 400 MB that made the first read after much writing 9 ms
//! instead of 0.5 ms and sped nothing up, and a failing disk would end the process instead of a call.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::{StoreError, StoreResult};

/// Another process (a backup tool, a person with a SQL shell) may hold the file for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More statements than the program has texts of, so that none is ever compiled twice.
const STATEMENTS: usize = 256;

/// Keeps compiled statements. Without the second setting SQLite compiles most statements with an ORDER BY or a bound LIMIT anew
/// at each use, to see whether the bound values make another plan better; that costs ten times as much as running them.
fn keep_statements(connection: &Connection) -> StoreResult<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Opens the file for writing without changing anything in it yet.
pub(crate) fn open_untouched(path: &Path) -> StoreResult<Connection> {
    let unusable = |reason: String| StoreError::Unusable { place: path.display().to_string(), reason };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| {
        unusable(format!(
            "{error}: create its folder, give this user the right to write there, or name another file"
        ))
    })?;
    // SQLite opens a file without write permission for reading and would fail at the first write, hours later.
    if connection.is_readonly("main")? {
        return Err(unusable("it is read-only: give this user the right to write to it".to_owned()));
    }
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // The first read tells whether it is a database at all.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(
        |error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => unusable(
                format!("{error}: restore a backup, or move the file away to start with an empty one"),
            ),
            _ => error.into(),
        },
    )?;
    Ok(connection)
}

/// A database in memory, which lives as long as its connection.
pub(crate) fn open_memory() -> StoreResult<Connection> {
    Ok(Connection::open_in_memory()?)
}

/// Sets up the writing connection. A commit is on disk when it returns (`synchronous = FULL`).
pub(crate) fn prepare_writer(connection: &Connection) -> StoreResult<()> {
    // A database in memory answers `memory`, which is right.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
         PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;",
    )?;
    keep_statements(connection)
}

/// Opens another connection to a file that a writer has set up.
pub(crate) fn open_reader(path: &Path) -> StoreResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2000;")?;
    keep_statements(&connection)?;
    Ok(connection)
}
