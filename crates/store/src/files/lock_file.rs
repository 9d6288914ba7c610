//! A file that one process locks. The lock is the operating system's, so it is gone with its process however that ended; the text in
//! the file only tells people who holds it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;

use jiff::Timestamp;

use super::identity::{Identity, Watched};
use super::privacy;

/// A locked file, until this value is dropped.
#[derive(Debug)]
pub(crate) struct LockFile {
    watched: Watched,
    since: Timestamp,
    _file: File,
}

/// Why a lock was not taken.
pub(crate) enum Taken {
    /// Another process holds it; its own words.
    By(String),
    /// The file cannot be used.
    Unusable(std::io::Error),
}

impl LockFile {
    /// Makes the file where it does not exist, locks it, and writes into it who does: process number, `purpose`, since when, machine.
    pub(crate) fn take(path: &Path, purpose: &str) -> Result<Self, Taken> {
        loop {
            // Not truncated when opened: until the lock is ours, the text is another's.
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let file = privacy::create_private(&mut options).open(path).map_err(Taken::Unusable)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Taken::By(holder(path))),
                Err(TryLockError::Error(error)) => return Err(Taken::Unusable(error)),
            }
            let identity = Identity::of(&file.metadata().map_err(Taken::Unusable)?);
            let watched = Watched::as_known(path, identity);
            // Its last holder may have been told to go and the file removed, between opening and locking.
            if watched.loss().is_none() {
                let since = describe(&file, purpose).map_err(Taken::Unusable)?;
                return Ok(Self { watched, since, _file: file });
            }
        }
    }

    /// When it was taken, by the clock of the file system.
    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    pub(crate) fn watched(&self) -> &Watched {
        &self.watched
    }
}

fn describe(mut file: &File, purpose: &str) -> std::io::Result<Timestamp> {
    file.set_len(0)?;
    file.rewind()?;
    let process = std::process::id();
    write!(file, "process {process}: {purpose}")?;
    // The file's own time, so that no second clock is asked.
    let since = Timestamp::try_from(file.metadata()?.modified()?).map_err(std::io::Error::other)?;
    writeln!(file, ", since {}{}", since.strftime("%Y-%m-%d %H:%M:%S UTC"), on_machine())?;
    Ok(since)
}

/// Process numbers of two containers are equal easily.
#[cfg(unix)]
fn on_machine() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.map_or_else(String::new, |name| format!(", on {name}"))
}

#[cfg(not(unix))]
fn on_machine() -> String {
    String::new()
}

/// The last writer of a lock file. Some systems refuse to show the content of a locked file.
pub(crate) fn holder(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    match text.trim() {
        "" => "process unknown".to_owned(),
        text => text.to_owned(),
    }
}
