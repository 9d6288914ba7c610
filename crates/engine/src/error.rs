//! What a caller of the engine has to tell apart.

use marktwerk_store::StoreError;

/// A command to the engine that was not carried out. Nothing was changed, except in one case: where a change is committed and the
/// jobs file cannot be written, the change holds and the file follows with the next one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no such job.
    #[error("there is no job `{0}`")]
    UnknownJob(String),
    /// There is no such run.
    #[error("there is no run {0}")]
    UnknownRun(i64),
    /// The run is not over yet.
    #[error("run {run} is {state}: wait for its end or cancel it")]
    NotEnded {
        /// Which run.
        run: i64,
        /// Where it stands.
        state: &'static str,
    },
    /// The run is over.
    #[error("run {run} is over ({state}): there is nothing to cancel")]
    Ended {
        /// Which run.
        run: i64,
        /// How it ended.
        state: &'static str,
    },
    /// A value that cannot be accepted.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which field.
        field: String,
        /// Why, and what would be accepted.
        reason: String,
    },
    /// The jobs file was edited by hand and cannot be taken over; a change would write over it. Nothing was changed.
    #[error(
        "the jobs file was edited by hand and cannot be taken over, so nothing was changed; mend it first: {0}"
    )]
    JobsFileEdited(crate::jobs_file::JobsFileError),
    /// The jobs file cannot be read as one.
    #[error("{0}")]
    JobsFile(#[from] crate::jobs_file::JobsFileError),
    /// A document of jobs cannot be taken over. Nothing was changed.
    #[error("{0}")]
    Document(crate::jobs_file::JobsFileError),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine is shutting down.
    #[error("the program is shutting down; nothing new is accepted")]
    ShuttingDown,
}

impl EngineError {
    /// A value that cannot be accepted.
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }
}
