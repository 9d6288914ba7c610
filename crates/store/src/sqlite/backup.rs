//! Copies of the database. A copy never replaces a file, and half of one does not stay.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::held::with_suffix;
use super::looking;
use crate::files;
use crate::{StoreError, StoreResult};

/// In a step: the whole view at once; in the write-ahead log's mode this keeps no writer waiting.
const ALL_PAGES: i32 = -1;

/// Copies one unchanging view.
pub(crate) fn of_view(connection: &Connection, target: &Path) -> StoreResult<()> {
    begin(target)?;
    end(target, copy(connection, target))
}

/// Copies a file, also beside the program that works on it.
pub(crate) fn of_file(path: &Path, target: &Path) -> StoreResult<()> {
    // A free name of SQLite's own would be taken for the database's log at its next start.
    let own = ["-wal", "-shm", "-journal", ".lock"].map(|suffix| with_suffix(path, suffix));
    if own.iter().any(|own| is_same_place(own, target)) {
        return Err(unusable(
            target,
            "this name belongs to the database itself: name another file".to_owned(),
        ));
    }
    begin(target)?;
    end(target, looking::look(path, |connection| copy(connection, target)))
}

fn is_same_place(one: &Path, other: &Path) -> bool {
    let folder = |path: &Path| {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        fs::canonicalize(parent.unwrap_or(Path::new("."))).ok()
    };
    one.file_name() == other.file_name() && folder(one) == folder(other)
}

/// Takes the name first and only if it is new, so that no backup ever replaces another file.
fn begin(target: &Path) -> StoreResult<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    files::create_private(&mut options).open(target).map(drop).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => StoreError::Exists(target.display().to_string()),
        _ => failed(target, &error),
    })
}

fn copy(connection: &Connection, target: &Path) -> StoreResult<()> {
    let copied = || -> rusqlite::Result<StepResult> {
        let mut copy = Connection::open(target)?;
        let step = Backup::new(connection, &mut copy)?.step(ALL_PAGES)?;
        copy.close().map_err(|(_, error)| error)?;
        Ok(step)
    };
    match copied() {
        Ok(StepResult::Done) => Ok(()),
        Ok(_) => Err(unusable(target, "the copy could not be ended: try again".to_owned())),
        Err(error) => Err(match StoreError::from(error) {
            StoreError::Unavailable(reason) => unusable(target, reason),
            error => unusable(target, error.to_string()),
        }),
    }
}

fn end(target: &Path, copied: StoreResult<()>) -> StoreResult<()> {
    let copied = copied.and_then(|()| flush(target).map_err(|error| failed(target, &error)));
    if copied.is_err() {
        // Half a copy must not be taken for a backup; the first error says more than one of removing it.
        let _ = fs::remove_file(target);
        let _ = fs::remove_file(with_suffix(target, "-journal"));
    }
    copied
}

/// The content and the name in its folder are on disk.
fn flush(target: &Path) -> std::io::Result<()> {
    File::open(target)?.sync_all()?;
    match target.parent() {
        // Folders cannot be opened as files everywhere.
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}

fn failed(target: &Path, error: &std::io::Error) -> StoreError {
    unusable(target, format!("{error}: name a new file in a folder that this user may write to"))
}

fn unusable(target: &Path, reason: String) -> StoreError {
    StoreError::Unusable { place: target.display().to_string(), reason }
}
