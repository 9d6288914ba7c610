//! Log lines as people and `scheduler_logs` know them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::run::RunId;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// For those who look for a fault. Dropped first under pressure, and counted.
    Debug,
    /// What happened. Dropped under pressure, and counted.
    Info,
    /// Something needs a look. Never dropped.
    Warning,
    /// Something failed. Never dropped.
    Error,
}

impl Level {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warning, Self::Error];

    /// The word in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A word that is not a level.
#[derive(Debug, Clone, thiserror::Error)]
#[error("must be one of DEBUG, INFO, WARNING, ERROR, not `{0}`")]
pub struct NotALevel(String);

impl FromStr for Level {
    type Err = NotALevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARNING" | "WARN" => Ok(Self::Warning),
            "ERROR" => Ok(Self::Error),
            _ => Err(NotALevel(text.to_owned())),
        }
    }
}

/// The status that a closing line carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ClosingStatus {
    /// The run succeeded.
    Success,
    /// The run failed or was lost.
    Failed,
    /// The run was cancelled or skipped: neither word of the documented pair fits, and statistics leave it out.
    Cancelled,
}

impl ClosingStatus {
    /// The word in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// A line before it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// `scheduler_logs.job_id`: the execution's id.
    pub execution: String,
    /// The job type of the run.
    pub job_type: String,
    /// How much it matters.
    pub level: Level,
    /// Reads alone; the fields repeat what a machine wants to know.
    pub message: String,
    /// When.
    pub at: Timestamp,
    /// On a closing line: seconds.
    pub duration_seconds: Option<f64>,
    /// On a closing line.
    pub status: Option<ClosingStatus>,
    /// On a closing line of a failed run, and where a line reports an error.
    pub error_text: Option<String>,
    /// The run that it belongs to.
    pub run: RunId,
    /// The attempt that wrote it.
    pub attempt: u32,
    /// The step that wrote it.
    pub step: Option<String>,
    /// Its number within the run, given by the run's owner; with `run` it names the line for ever.
    pub line: i64,
    /// Structured data of the message, an object or null.
    pub fields: Value,
}

/// A row of `scheduler_logs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogRow {
    /// Storage order; exact as a cursor with one writer.
    pub log_id: i64,
    /// The execution's id, `<job>_<run number>`.
    pub job_id: String,
    /// The job type of the run.
    pub job_type: String,
    /// DEBUG, INFO, WARNING, ERROR (as stored: the old system's rows may hold other words).
    pub level: String,
    /// The text.
    pub message: String,
    /// Local wall time of the configured zone with its offset, RFC 3339.
    pub timestamp: String,
    /// On a closing line: seconds.
    pub duration_seconds: Option<f64>,
    /// On a closing line: SUCCESS, FAILED, CANCELLED.
    pub status: Option<String>,
    /// Why it failed.
    pub error_text: Option<String>,
    /// The run, where one of ours wrote the row.
    pub run: Option<i64>,
    /// The attempt that wrote it.
    pub attempt: Option<i64>,
    /// The step that wrote it.
    pub step: Option<String>,
    /// Its number within the run.
    pub line: Option<i64>,
    /// Structured data of the message.
    pub fields: Option<Value>,
}
