//! A look at a file that leaves it, and what is beside it, as it was: while a program works on it, and while nobody does.

use std::path::Path;

use rusqlite::Connection;

use super::connection;
use super::held::with_suffix;
use super::readers::snapshot;
use crate::{StoreError, StoreResult};

/// Carries out `work` on one unchanging view of the file. It may be done twice; the last one counts.
pub(crate) fn look<T>(path: &Path, work: impl Fn(&Connection) -> StoreResult<T>) -> StoreResult<T> {
    let place = path.display().to_string();
    let real = std::fs::canonicalize(path).map_err(|error| StoreError::Unusable {
        place: place.clone(),
        reason: format!("{error}: name the database with [store] url or --data-dir"),
    })?;
    if !real.is_file() {
        let reason = "it is not a regular file: name the database with [store] url or --data-dir".to_owned();
        return Err(StoreError::Unusable { place, reason });
    }
    // A program has its log beside the file as long as it is open. Without one, SQLite would make one to read, and leave it.
    let has_log = || with_suffix(&real, "-wal").exists() || with_suffix(&real, "-journal").exists();
    if !has_log() {
        let looked =
            connection::open_to_look(&real, &place, true).and_then(|connection| snapshot(&connection, &work));
        if !has_log() {
            return looked;
        }
    }
    snapshot(&connection::open_to_look(&real, &place, false)?, work)
}
