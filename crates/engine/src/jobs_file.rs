//! `workers_config.json`: the jobs as people read and edit them. The database and the file are kept equal; where they are
//! not, the remembered hash of the file tells which one is newer.

mod adopt;
mod format;
mod takeover;
mod transfer;
mod watch;

use std::path::{Path, PathBuf};

pub use format::JobsDocument;
pub use takeover::examine;
pub use transfer::Import;
pub(crate) use watch::watch;

/// The fact that remembers what was written last. Processes that share a store have a file each, and a fact for each.
const HASH: &str = "jobs_file.hash";

/// A jobs file that cannot be used. It is never overwritten then.
#[derive(Debug, thiserror::Error)]
pub enum JobsFileError {
    /// It cannot be read as a jobs file.
    #[error("{path}:{line}:{column}: {}{reason}", named(.field))]
    Malformed {
        /// Which file.
        path: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// Of which field it is, where it is of one.
        field: Option<String>,
        /// What is wrong and what was expected.
        reason: String,
    },
    /// It cannot be read or written at all.
    #[error("{path} cannot be {verb}: {reason}")]
    Inaccessible {
        /// Which file.
        path: String,
        /// `read` or `written`.
        verb: &'static str,
        /// Why.
        reason: std::io::Error,
    },
}

fn named(field: &Option<String>) -> String {
    field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default()
}

/// The file at its place.
#[derive(Debug, Clone)]
pub(crate) struct JobsFile {
    path: PathBuf,
    hash_fact: String,
}

impl JobsFile {
    /// `process` is the name of this process, where others share the store.
    pub(crate) fn new(path: PathBuf, process: Option<&str>) -> Self {
        let hash_fact = process.map_or_else(|| HASH.to_owned(), |process| format!("{HASH}.{process}"));
        Self { path, hash_fact }
    }

    /// The fact that remembers what was written last.
    pub(crate) fn hash_fact(&self) -> &str {
        &self.hash_fact
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The text, or `None` where there is no file.
    pub(crate) fn read(&self) -> Result<Option<String>, JobsFileError> {
        read(&self.path)
    }

    /// Replaces the file at once or not at all: temporary file, fsync, rename, fsync of the folder.
    pub(crate) fn write(&self, text: &str) -> Result<(), JobsFileError> {
        self.replace(text).map_err(|reason| inaccessible(&self.path, "written", reason))
    }

    fn replace(&self, text: &str) -> std::io::Result<()> {
        use std::io::Write;
        let folder =
            self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let temporary = self.path.with_extension("json.new");
        let mut file = std::fs::File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, &self.path)?;
        std::fs::File::open(folder)?.sync_all()
    }
}

fn read(path: &Path) -> Result<Option<String>, JobsFileError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(reason) => Err(inaccessible(path, "read", reason)),
    }
}

fn inaccessible(path: &Path, verb: &'static str, reason: std::io::Error) -> JobsFileError {
    JobsFileError::Inaccessible { path: path.display().to_string(), verb, reason }
}
