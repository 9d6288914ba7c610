//! The data folder belongs to one process at a time. The lock is the operating system's, so it is gone
//! with its process however that ended; the text in the file only tells people who holds it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};

use crate::{StoreError, StoreResult};

/// A data folder that this process works on, until this value is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder where it does not exist and takes it for this process. `description` (the program and what it does)
    /// is shown with the process number to another one that tries the same: [`StoreError::InUse`].
    pub fn lock(folder: &Path, description: &str) -> StoreResult<Self> {
        let unusable = |error: std::io::Error| StoreError::Unusable {
            place: folder.display().to_string(),
            reason: format!(
                "{error}: give this user the right to write there, or name another folder with --data-dir"
            ),
        };
        fs::create_dir_all(folder).map_err(unusable)?;
        let name = folder.join("marktwerk.lock");
        // Not truncated when opened: until the lock is ours, the text is another's.
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&name);
        let mut file = opened.map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse { place: folder.display().to_string(), holder: holder(&name) });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let text = format!("process {}: {description}\n", std::process::id());
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
        written.map_err(unusable)?;
        Ok(Self { path: folder.to_owned(), _lock: file })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name by which other processes on the same database know this folder. It is made by chance, once, and stays in the
    /// folder.
    pub fn name(&self) -> StoreResult<String> {
        let file = self.path.join("marktwerk.name");
        let unusable = |reason: String| StoreError::Unusable { place: file.display().to_string(), reason };
        match fs::read_to_string(&file) {
            Ok(name) if name.trim().len() == 16 => Ok(name.trim().to_owned()),
            Ok(_) => Err(unusable("this is not the name of a data folder: remove the file".to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let name = format!("{:016x}", rand::random::<u64>());
                let write = || {
                    let temporary = file.with_extension("name.new");
                    let mut written = File::create(&temporary)?;
                    written.write_all(name.as_bytes())?;
                    written.sync_all()?;
                    fs::rename(&temporary, &file)
                };
                write().map_err(|error| unusable(error.to_string()))?;
                Ok(name)
            }
            Err(error) => Err(unusable(error.to_string())),
        }
    }
}

/// The last writer of the lock file. Some systems refuse to show the content of a locked file.
fn holder(name: &Path) -> String {
    let text = fs::read_to_string(name).unwrap_or_default();
    match text.trim() {
        "" => "process unknown".to_owned(),
        text => text.to_owned(),
    }
}
