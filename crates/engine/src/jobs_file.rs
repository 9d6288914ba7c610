//! `workers_config.json`: the jobs as people read and edit them. How it is written and read, on paper and on the disk; who wins where
//! it says something else than the database is the book's to decide ([`crate::book`]).

mod decoding;
pub(crate) mod disk;
mod format;
mod takeover;

use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use marktwerk_domain::job::{JobId, JobSpec};
use serde_json::Value;

use crate::error::EngineError;
use crate::planner::Planner;
use crate::registry::Registry;
use crate::strict_json::{self, Misread};

pub(crate) use format::{entry_text, joined};

pub use format::JobsDocument;

/// A JSON document as people save it: UTF-8 or UTF-16, with or without a byte order mark.
///
/// # Errors
/// With the place of the syntax error, or of a key that occurs twice in one object.
pub fn read_json(bytes: &[u8]) -> Result<Value, Misread> {
    strict_json::read(&text_of(bytes)?)
}

/// The text of a file as people save it: UTF-8 or UTF-16, with or without a byte order mark.
///
/// # Errors
/// With the place of what is neither.
pub fn text_of(bytes: &[u8]) -> Result<String, Misread> {
    decoding::text_of(bytes)
}

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
        /// Counted from 1; a character is one column.
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

/// What stands in a jobs file.
#[derive(Debug, Clone)]
pub struct Examined {
    /// The jobs.
    pub jobs: Vec<(JobId, JobSpec)>,
    /// Names that are almost fields of a job, each with its place.
    pub slips: Vec<String>,
}

/// The jobs that a start would take from the file at `path`, `None` where there is no file: for a look, nothing is written. Blocks, but
/// not for ever.
///
/// # Errors
/// With the place of whatever would end the start.
pub fn examine(
    path: &Path,
    registry: Arc<Registry>,
    zone: TimeZone,
) -> Result<Option<Examined>, EngineError> {
    let Some(text) = disk::read_within_limit(path)? else { return Ok(None) };
    let document = JobsDocument::parse(&text, path)?;
    let planner = Planner { registry, zone, pace: None };
    let jobs = planner.wanted(path, &text, &document)?;
    for ((_, spec), (_, offset)) in jobs.iter().zip(&document.entries) {
        if let Err(EngineError::Invalid { field, reason }) = planner.check_account(spec) {
            return Err(JobsDocument::fault(&text, path, *offset, &field, &reason).into());
        }
    }
    Ok(Some(Examined { slips: document.slips(&text, path), jobs }))
}

/// Writes the jobs file of a first start, where there is none. Blocks, but not for ever.
///
/// # Errors
/// Where it cannot be written, or is there already.
pub fn create(path: &Path, text: &str) -> Result<(), JobsFileError> {
    disk::create(path, text)
}

/// The text of a document, however an editor encodes it: UTF-8 or UTF-16, with or without a byte order mark.
///
/// # Errors
/// With the place of what is neither.
pub fn decoded(bytes: &[u8]) -> Result<String, Misread> {
    decoding::text_of(bytes)
}

/// The text of what stands in a file.
pub(crate) fn text(path: &Path, bytes: &[u8]) -> Result<String, JobsFileError> {
    disk::text(path, bytes)
}

/// What is remembered of a file that was written.
pub(crate) fn hash(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn inaccessible(path: &Path, verb: &'static str, reason: std::io::Error) -> JobsFileError {
    JobsFileError::Inaccessible { path: path.display().to_string(), verb, reason }
}
