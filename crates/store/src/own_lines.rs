//! The lines that the store writes by itself, on every database alike.

use jiff::Timestamp;
use marktwerk_domain::log::{ClosingStatus, Level, LogLine};
use marktwerk_domain::run::Run;
use serde_json::Value;

/// Why runs of a job that was removed end.
pub(crate) const ARCHIVED: &str = "the job was archived";

/// A line that the store writes about a run, as the next of its lines.
pub(crate) fn about(run: &Run, level: Level, at: Timestamp, what: &str) -> LogLine {
    LogLine {
        execution: run.execution_id(),
        job_type: run.job_type.clone(),
        level,
        message: format!("{}: {what}", run.job_id),
        at,
        duration_seconds: None,
        status: None,
        error_text: None,
        run: run.id,
        attempt: run.attempt,
        step: None,
        line: run.last_line + 1,
        fields: Value::Null,
    }
}

/// The closing line of a run whose process died, and that is not tried again.
pub(crate) fn lost(run: &Run, at: Timestamp, reason: &str) -> LogLine {
    LogLine {
        status: Some(ClosingStatus::Failed),
        duration_seconds: seconds_since_start(run, at),
        error_text: Some(reason.to_owned()),
        ..about(run, Level::Error, at, reason)
    }
}

/// Seconds since the run's first attempt began; `None` if none did.
pub(crate) fn seconds_since_start(run: &Run, now: Timestamp) -> Option<f64> {
    run.started_at.map(|started| seconds_between(started, now))
}

/// Seconds from `start` to `end`, never below zero.
pub(crate) fn seconds_between(start: Timestamp, end: Timestamp) -> f64 {
    end.duration_since(start).as_secs_f64().max(0.0)
}
