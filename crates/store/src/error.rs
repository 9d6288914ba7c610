//! How the store fails, in the variants that a caller treats differently.

use marktwerk_domain::failure::{Failure, FailureClass};

/// What the cure of a full disk is called in [`StoreError::Unavailable`].
pub(crate) const MAKE_ROOM: &str = "make room on its disk";

/// A failed call to the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database cannot be reached or is busy; the same call may succeed later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Somebody else changed the thing since the caller read it.
    #[error("{what} was changed by somebody else: version {expected} was expected, {found} is stored")]
    VersionConflict {
        /// What was to be changed.
        what: String,
        /// The version that the caller had seen.
        expected: i64,
        /// The version that is stored.
        found: i64,
    },
    /// A thing of this name exists already.
    #[error("{0} exists already")]
    Exists(String),
    /// There is no such thing.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The database was written by a newer version of this program.
    #[error(
        "{place} has schema version {found}, and this program knows versions up to {known}: start the newer program, or restore \
         a backup from before its upgrade; nothing was changed"
    )]
    NewerSchema {
        /// Which database.
        place: String,
        /// Its version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A migration that has been applied reads differently now.
    #[error(
        "{place}: migration {number} was applied with another text (checksum {found}, now {known}); nothing was changed"
    )]
    ChangedMigration {
        /// Which database.
        place: String,
        /// The migration's number.
        number: i64,
        /// Checksum stored with the database.
        found: String,
        /// Checksum of the text in this program.
        known: String,
    },
    /// Another process works on the same data folder or database.
    #[error("{place} is in use by another process ({holder}): stop it first, or give this one {instead}")]
    InUse {
        /// The folder or file.
        place: String,
        /// The holder: program, process number, since when.
        holder: String,
        /// What this process could work on in its place.
        instead: &'static str,
    },
    /// The folder or file cannot be written or made.
    #[error("{place} cannot be used: {reason}")]
    Unusable {
        /// Which folder or file.
        place: String,
        /// Why, and what to do.
        reason: String,
    },
    /// What is stored cannot be read as what it should be.
    #[error("{0}")]
    Unreadable(String),
    /// The database refused the statement: a mistake in this program.
    #[error("the database refused a statement: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether nothing can be stored because a disk is full.
    pub fn is_of_a_full_disk(&self) -> bool {
        matches!(self, Self::Unavailable(reason) if reason.contains(MAKE_ROOM))
    }

    /// The failure of a run that needed the store.
    pub fn failure(&self) -> Failure {
        let class = match self {
            Self::Unavailable(_) => FailureClass::Transient,
            _ => FailureClass::Defect,
        };
        Failure::new(class, self.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        error.failure()
    }
}
