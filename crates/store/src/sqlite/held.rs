//! A database file belongs to one process, whatever the path and data folder by which it comes: the lock is in the file, and beside it
//! for systems without such locks. It is gone with its process however that ended.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use crate::files::{self, Identity, LockFile, Mark, Taken, Watched};
use crate::{StoreError, StoreResult};

/// The cure where another process has the file.
const INSTEAD: &str = "another [store] url";

/// What this process holds. A second handle on one of these files must never be opened and closed: closing any of them gives up
/// SQLite's own locks on the file. So who opens one again shares it.
static HELD: Mutex<Vec<(Identity, Weak<HeldDatabase>)>> = Mutex::new(Vec::new());
static GIVEN_BACK: Condvar = Condvar::new();

/// A database file that is this process's until the last share of the value is dropped. To be dropped after each connection to the file.
#[derive(Debug)]
pub(crate) struct HeldDatabase {
    /// Where it is, whatever link or relative path led there.
    path: PathBuf,
    identity: Identity,
    watched: Vec<Watched>,
    /// The file, and the lock beside it.
    open: Option<(File, LockFile)>,
}

impl HeldDatabase {
    /// Makes the file where it does not exist and takes it. `purpose` is what another process is told.
    pub(crate) fn take(path: &Path, purpose: &str) -> StoreResult<Arc<Self>> {
        let mut list = list();
        loop {
            let there = Self::look(path)?;
            let listed = |(identity, _): &&(Identity, Weak<Self>)| there.as_ref() == Some(identity);
            let found = list.iter().find(listed).map(|(_, held)| held.upgrade());
            match found {
                Some(Some(held)) => return Ok(held),
                // Another thread is giving it back.
                Some(None) => list = GIVEN_BACK.wait(list).unwrap_or_else(PoisonError::into_inner),
                None => {
                    if let Some(held) = Self::open(path, there, purpose)? {
                        let held = Arc::new(held);
                        list.push((held.identity, Arc::downgrade(&held)));
                        return Ok(held);
                    }
                }
            }
        }
    }

    /// Asked before it is opened: opening anything but a file may block, and one that is held must not be opened at all.
    fn look(path: &Path) -> StoreResult<Option<Identity>> {
        let unusable = |reason: &str| unusable(path, reason.to_owned());
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => {
                Err(unusable("it is a folder: name a file in it with [store] url"))
            }
            Ok(there) if !there.is_file() => {
                Err(unusable("it is not a regular file: name another one with [store] url"))
            }
            Ok(there) => Ok(Some(Identity::of(&there))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(&cure(&error))),
        }
    }

    /// `None` if it became another file meanwhile.
    fn open(path: &Path, expected: Option<Identity>, purpose: &str) -> StoreResult<Option<Self>> {
        let failed = |error: std::io::Error| unusable(path, cure(&error));
        let place = || path.display().to_string();
        let in_use = |holder| StoreError::InUse { place: place(), holder, instead: INSTEAD };
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        if expected.is_none() {
            // A link that leads nowhere yet is followed: it says where the file is to be made.
            files::create_private(options.create(true).truncate(false));
        }
        let file = match options.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && expected.is_some() => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let identity = Identity::of(&file.metadata().map_err(failed)?);
        if expected.is_some_and(|expected| expected != identity) {
            return Ok(None);
        }
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
        let is_there = watched.iter().all(|file| file.loss().is_none());
        Ok(is_there.then(|| Self { path: real, identity, watched, open: Some((file, lock)) }))
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

fn unusable(path: &Path, reason: String) -> StoreError {
    StoreError::Unusable { place: path.display().to_string(), reason }
}

impl Drop for HeldDatabase {
    fn drop(&mut self) {
        // Under the list's lock, so that nobody opens the file until this handle on it is closed.
        let mut list = list();
        drop(self.open.take());
        list.retain(|(identity, held)| *identity != self.identity || held.strong_count() > 0);
        drop(list);
        GIVEN_BACK.notify_all();
    }
}

/// The list is whole whenever the lock is free.
fn list() -> MutexGuard<'static, Vec<(Identity, Weak<HeldDatabase>)>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}
