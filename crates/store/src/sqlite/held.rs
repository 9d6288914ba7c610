//! A database file belongs to one process, whatever the path and data folder by which it comes: the lock is in the file, and beside it
//! for systems without such locks. It is gone with its process however that ended.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::files::{self, Identity, LockFile, Mark, Taken, Watched};
use crate::{StoreError, StoreResult};

/// The cure where another process has the file.
const INSTEAD: &str = "another [store] url";

/// What this process holds. A second handle on one of these files must never be opened and closed: closing any of them gives up
/// SQLite's own locks on the file.
static HELD: Mutex<Vec<Identity>> = Mutex::new(Vec::new());
static GIVEN_BACK: Condvar = Condvar::new();
/// Whoever opens a file again in the same process waits for the last job on it.
const LAST_JOB: Duration = Duration::from_secs(2);

/// A database file that is this process's until the value is dropped. To be dropped after each connection to the file.
#[derive(Debug)]
pub(crate) struct HeldDatabase {
    /// Where it is, whatever link or relative path led there.
    path: PathBuf,
    watched: Vec<Watched>,
    /// The fields' order is that of giving back.
    _file: File,
    _lock: LockFile,
    _held: Held,
}

impl HeldDatabase {
    /// Makes the file where it does not exist and takes it. `purpose` is what another process is told.
    pub(crate) fn take(path: &Path, purpose: &str) -> StoreResult<Self> {
        let unusable = |reason: String| StoreError::Unusable { place: path.display().to_string(), reason };
        let failed = |error: std::io::Error| unusable(cure(&error));
        let in_use =
            |holder| StoreError::InUse { place: path.display().to_string(), holder, instead: INSTEAD };
        loop {
            // Asked before it is opened: opening anything but a file may block, and one that is held must not be opened at all.
            let mut held = match fs::metadata(path) {
                Ok(there) if there.is_dir() => {
                    return Err(unusable("it is a folder: name a file in it with [store] url".to_owned()));
                }
                Ok(there) if !there.is_file() => {
                    return Err(unusable(
                        "it is no regular file: name another one with [store] url".to_owned(),
                    ));
                }
                Ok(there) => {
                    Some(Held::take(Identity::of(&there)).ok_or_else(|| in_use("this process".to_owned()))?)
                }
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(failed(error)),
            };
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let file = files::create_private(&mut options).open(path).map_err(failed)?;
            let identity = Identity::of(&file.metadata().map_err(failed)?);
            if held.as_ref().is_some_and(|held| held.0 != identity) {
                continue;
            }
            let held = match held.take() {
                Some(held) => held,
                None => Held::take(identity).ok_or_else(|| in_use("this process".to_owned()))?,
            };
            let real = fs::canonicalize(path).map_err(failed)?;
            let beside = with_suffix(&real, ".lock");
            if let Mark::Another { process, since } = files::mark(&file).map_err(failed)? {
                let told = files::holder(&beside);
                let since = since.map(|since| since.strftime(", since %Y-%m-%d %H:%M:%S UTC").to_string());
                return Err(in_use(match told.starts_with(&format!("process {process}:")) {
                    true => told,
                    false => format!("process {process}{}", since.unwrap_or_default()),
                }));
            }
            let lock = LockFile::take(&beside, purpose).map_err(|taken| match taken {
                Taken::By(holder) => in_use(holder),
                Taken::Unusable(error) => failed(error),
            })?;
            files::note_since(&file, lock.since());
            let watched = vec![
                Watched::as_known(path, identity),
                Watched::as_known(&real, identity),
                lock.watched().clone(),
            ];
            // It may have been replaced, or removed by hand, before it was marked.
            if watched.iter().all(|file| file.loss().is_none()) {
                return Ok(Self { path: real, watched, _file: file, _lock: lock, _held: held });
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes rights from others that an older program or another tool left them. Only once it is known to be our database.
    pub(crate) fn make_private(&self) {
        files::tighten(&self.path);
        BESIDE.iter().map(|suffix| with_suffix(&self.path, suffix)).for_each(|file| files::tighten(&file));
    }

    /// The file by the name that was asked for and by its own, and the lock beside it.
    pub(crate) fn watched(&self) -> &[Watched] {
        &self.watched
    }
}

/// What SQLite keeps beside a database while it is used: neither may be removed.
pub(crate) const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// A file of the name, with something behind it.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn cure(error: &std::io::Error) -> String {
    let cure = match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => "create its folder",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on its disk",
        ErrorKind::ReadOnlyFilesystem => "its disk is mounted for reading only",
        _ => "give this user the right to write to it and in its folder",
    };
    format!("{error}: {cure}, or name another file with [store] url or --data-dir")
}

/// An entry in the list of what this process holds.
#[derive(Debug)]
struct Held(Identity);

impl Held {
    fn take(identity: Identity) -> Option<Self> {
        let is_held = |held: &mut Vec<Identity>| held.contains(&identity);
        let waited = GIVEN_BACK.wait_timeout_while(list(), LAST_JOB, is_held);
        let (mut held, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return None;
        }
        held.push(identity);
        Some(Self(identity))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        list().retain(|held| *held != self.0);
        GIVEN_BACK.notify_all();
    }
}

/// The list is whole whenever the lock is free.
fn list() -> MutexGuard<'static, Vec<Identity>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}
