//! The data folder belongs to one process at a time, and on a database that several processes share it has a name of its own.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::files::{self, LockFile, Mark, Taken, Watched};
use crate::{StoreError, StoreResult};

/// The cure where another process has the folder.
const INSTEAD: &str = "another --data-dir";

/// A data folder that this process works on, until this value is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    watched: Watched,
    lock: LockFile,
    /// The name and its file, which is open as long as the name is this process's.
    name: OnceLock<(String, File)>,
}

impl DataFolder {
    /// Makes the folder where it does not exist and takes it for this process. `description` (the program and what it does)
    /// is shown with the process number to another one that tries the same: [`StoreError::InUse`]. Its content is this user's alone.
    pub fn lock(folder: &Path, description: &str) -> StoreResult<Self> {
        let unusable = |error: std::io::Error| {
            let cure = match error.kind() {
                ErrorKind::AlreadyExists | ErrorKind::NotADirectory => "it is not a folder:",
                ErrorKind::ReadOnlyFilesystem => "nothing can be written on that disk:",
                _ => "give this user the right to write there, or",
            };
            StoreError::Unusable {
                place: folder.display().to_string(),
                reason: format!("{error}: {cure} name another folder with --data-dir"),
            }
        };
        files::make_private_folder(folder).map_err(unusable)?;
        let lock =
            LockFile::take(&folder.join("marktwerk.lock"), description).map_err(|taken| match taken {
                Taken::By(holder) => in_use(folder, holder),
                Taken::Unusable(error) => unusable(error),
            })?;
        files::tighten(folder);
        let watched = Watched::at(folder).map_err(unusable)?;
        Ok(Self { path: folder.to_owned(), watched, lock, name: OnceLock::new() })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What has to stay as it is while the folder is used.
    pub fn watched(&self) -> Vec<Watched> {
        vec![self.watched.clone(), self.lock.watched().clone()]
    }

    /// The name by which other processes on the same database know this folder. It is made by chance, once, and stays in the
    /// folder. It is this process's as long as this value lives, also if somebody removed the folder's lock meanwhile.
    pub fn name(&self) -> StoreResult<String> {
        if let Some((name, _)) = self.name.get() {
            return Ok(name.clone());
        }
        let path = self.path.join("marktwerk.name");
        let unusable = |reason: String| StoreError::Unusable { place: path.display().to_string(), reason };
        let failed = |error: std::io::Error| unusable(error.to_string());
        let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => make_name(&path).map_err(failed)?,
            Err(error) => return Err(failed(error)),
        };
        if let Mark::Another { process, .. } = files::mark(&file).map_err(failed)? {
            return Err(in_use(&self.path, format!("process {process}")));
        }
        let mut name = String::new();
        file.read_to_string(&mut name).map_err(failed)?;
        if name.trim().len() != 16 {
            return Err(unusable("this is not the name of a data folder: remove the file".to_owned()));
        }
        let (name, _) = self.name.get_or_init(|| (name.trim().to_owned(), file));
        Ok(name.clone())
    }
}

fn make_name(path: &Path) -> std::io::Result<File> {
    let temporary = path.with_extension("name.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let mut file = files::create_private(&mut options).open(&temporary)?;
    write!(file, "{:016x}", rand::random::<u64>())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    OpenOptions::new().read(true).write(true).open(path)
}

fn in_use(folder: &Path, holder: String) -> StoreError {
    StoreError::InUse { place: folder.display().to_string(), holder, instead: INSTEAD }
}
