//! What a job remembers of its runs, written with the end of an attempt. Cancelled, skipped and put-back
//! runs leave it alone.

use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::RunState;
use rusqlite::{Connection, params};

use super::rows;
use crate::StoreResult;

/// The attempt that ended.
pub(crate) struct EndedAttempt<'a> {
    pub(crate) job_id: &'a JobId,
    /// What the run became.
    pub(crate) state: RunState,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) seconds: Option<f64>,
    pub(crate) error: Option<&'a str>,
}

/// Keeps the end of an attempt in its job's history. A job that waits for its next attempt shows as failed with the error, but
/// the failures in a row count runs that are over.
pub(crate) fn remember(connection: &Connection, ended: &EndedAttempt<'_>) -> StoreResult<()> {
    let EndedAttempt { job_id, state, started_at, seconds, error } = ended;
    let (has_succeeded, failures) = match state {
        RunState::Succeeded => (true, "0"),
        RunState::Failed | RunState::Lost => (false, "failures_in_a_row + 1"),
        RunState::Retrying => (false, "failures_in_a_row"),
        RunState::Waiting | RunState::Running | RunState::Cancelled | RunState::Skipped => return Ok(()),
    };
    let sql = format!(
        "UPDATE jobs SET last_run = ?2, last_duration = ?3, last_error = ?4, last_succeeded = ?5, \
         failures_in_a_row = {failures} WHERE id = ?1"
    );
    let error = if has_succeeded { None } else { *error };
    let params = params![job_id.as_str(), rows::micros(*started_at), seconds, error, has_succeeded];
    rows::execute(connection, &sql, params)?;
    Ok(())
}
