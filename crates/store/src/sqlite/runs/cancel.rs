//! Cancelling: at once in the queue, as a wish while running.

use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_domain::log::{ClosingStatus, Level};
use marktwerk_domain::run::{Run, RunId, RunState};
use rusqlite::params;

use super::ending::{self, Ending};
use super::{read, row};
use crate::StoreResult;
use crate::own_lines::{self, ARCHIVED};
use crate::sqlite::rows;
use crate::sqlite::writing::Writing;

pub(super) fn cancel(writing: &mut Writing<'_>, id: RunId, reason: &str, now: Timestamp) -> StoreResult<Run> {
    let run = read::existing(writing.connection, id)?;
    match run.state {
        RunState::Waiting | RunState::Retrying => end_cancelled(writing, &run, reason, now)?,
        RunState::Running if !run.cancel_requested => {
            let wish = "UPDATE runs SET cancel_requested = 1, cancel_reason = ?2 WHERE id = ?1";
            rows::execute(writing.connection, wish, params![id.0, reason])?;
            writing.effects.jobs = true;
        }
        _ => return Ok(run),
    }
    read::existing(writing.connection, id)
}

/// Cancels what a job has in the queue.
pub(crate) fn queued_runs_of(
    writing: &mut Writing<'_>,
    job: &JobId,
    reason: &str,
    now: Timestamp,
) -> StoreResult<()> {
    let sql = format!(
        "SELECT {} FROM runs INDEXED BY runs_live WHERE job_id = ?1 AND state IN ('waiting', 'running', 'retrying') \
         AND state <> 'running' ORDER BY id",
        row::COLUMNS
    );
    let queued = rows::all(writing.connection, &sql, [job.as_str()], row::run)?;
    queued.iter().try_for_each(|run| end_cancelled(writing, run, reason, now))
}

/// Ends a run as cancelled, with its closing line.
pub(crate) fn end_cancelled(
    writing: &mut Writing<'_>,
    run: &Run,
    reason: &str,
    now: Timestamp,
) -> StoreResult<()> {
    let mut line = own_lines::about(run, Level::Info, now, &format!("cancelled, {reason}"));
    line.status = Some(ClosingStatus::Cancelled);
    line.duration_seconds = own_lines::seconds_since_start(run, now);
    ending::end(writing, run, &Ending { state: RunState::Cancelled, error: reason, at: now, line })
}

/// Why what follows on an attempt of this run must not begin, where it must not: somebody asked to cancel it, or its job is gone.
pub(crate) fn reason_to_end(
    writing: &Writing<'_>,
    id: RunId,
    cancel_requested: bool,
    job: &JobId,
) -> StoreResult<Option<String>> {
    if cancel_requested {
        return wished_reason(writing, id).map(Some);
    }
    let sql = "SELECT 1 FROM jobs WHERE id = ?1 AND archived = 1";
    let is_archived = rows::one(writing.connection, sql, [job.as_str()], |_| Ok(()))?.is_some();
    Ok(is_archived.then(|| ARCHIVED.to_owned()))
}

/// The reason that came with the wish to cancel.
fn wished_reason(writing: &Writing<'_>, id: RunId) -> StoreResult<String> {
    let sql = "SELECT cancel_reason FROM runs WHERE id = ?1";
    let reason: Option<Option<String>> = rows::one(writing.connection, sql, [id.0], |row| row.get(0))?;
    Ok(reason.flatten().unwrap_or_else(|| "as was asked for".to_owned()))
}
