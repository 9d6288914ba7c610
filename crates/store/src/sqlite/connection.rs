//! How a connection is opened and set up: durability first, then what makes reading quick.
//!
//! The file is not mapped into memory: with 400 MB that made the first read after much writing 9 ms
//! instead of 0.5 ms and sped nothing up, and a failing disk would end the process instead of a call.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::{StoreError, StoreResult};

/// Another process (a backup tool, a person with a SQL shell) may hold the file for a moment.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// More statements than the program has texts of, so that none is ever compiled twice.
const STATEMENTS: usize = 256;

/// Keeps compiled statements. Without the second setting SQLite compiles most statements with an ORDER BY or a bound LIMIT anew
/// at each use, to see whether the bound values make another plan better; that costs ten times as much as running them.
pub(crate) fn keep_statements(connection: &Connection) -> StoreResult<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Opens a file that exists for writing, without changing anything in it yet. `place` is its path as people named it.
pub(crate) fn open_untouched(path: &Path, place: &str) -> StoreResult<Connection> {
    let unusable = |reason: String| StoreError::Unusable { place: place.to_owned(), reason };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
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
    insist_on_database(&connection, place)?;
    Ok(connection)
}

/// Opens a file for a look: nothing in it or beside it is written. `is_at_rest` says that nobody has it open, so that there is no log
/// to be read with it and nobody to agree with.
pub(crate) fn open_to_look(path: &Path, place: &str, is_at_rest: bool) -> StoreResult<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = match path.to_str() {
        Some(text) if is_at_rest => {
            let name = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)
        }
        _ => Connection::open_with_flags(path, flags),
    };
    let connection = opened.map_err(|error| StoreError::Unusable {
        place: place.to_owned(),
        reason: format!("{error}: look as the user that the program runs as"),
    })?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    insist_on_database(&connection, place)?;
    Ok(connection)
}

/// The first read tells whether it is a database at all.
fn insist_on_database(connection: &Connection, place: &str) -> StoreResult<()> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(|error| {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::Unusable {
                place: place.to_owned(),
                reason: format!(
                    "{error}: restore a backup, or move the file away to start with an empty one"
                ),
            },
            // The rights on the log beside it, which is there while somebody writes.
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => StoreError::Unusable {
                place: place.to_owned(),
                reason: format!("{error}: give this user the right to write to it and in its folder"),
            },
            _ => error.into(),
        }
    })
}

/// A database in memory, which lives as long as its connection.
pub(crate) fn open_memory() -> StoreResult<Connection> {
    Ok(Connection::open_in_memory()?)
}

/// Sets up the writing connection. A commit is on disk when it returns (`synchronous = FULL`).
pub(crate) fn prepare_writer(connection: &Connection) -> StoreResult<()> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    // A database in memory says so.
    if !matches!(mode.as_str(), "wal" | "memory") {
        return Err(StoreError::Unavailable(format!(
            "its disk cannot hold a write-ahead log (SQLite stays with `{mode}`): put it on a local disk"
        )));
    }
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
         PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;",
    )?;
    keep_statements(connection)
}

/// Opens another connection to a file that a writer has set up. `may_write` as the first one's.
pub(crate) fn open_reader(path: &Path, may_write: bool) -> StoreResult<Connection> {
    let way = if may_write { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let flags = way | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2000;")?;
    keep_statements(&connection)?;
    Ok(connection)
}
