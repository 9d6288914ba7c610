//! Planned times that do not become runs: one row with a count for a streak of equal ones.

use jiff::Timestamp;
use marktwerk_domain::log::{ClosingStatus, Level};
use marktwerk_domain::run::RunState;
use rusqlite::params;

use super::ending::{self, Ending};
use super::{queue, read};
use crate::StoreResult;
use crate::own_lines;
use crate::runs::Skip;
use crate::sqlite::rows::{self, Micros};
use crate::sqlite::writing::Writing;

/// A job's newest run.
pub(in crate::sqlite) const NEWEST: &str =
    "SELECT id, state, error FROM runs INDEXED BY runs_job WHERE job_id = ?1 ORDER BY id DESC LIMIT 1";

/// Records the skip: in the job's newest run, where that was skipped for the same reason.
pub(super) fn record(writing: &mut Writing<'_>, skip: &Skip, now: Timestamp) -> StoreResult<()> {
    let Skip { run, reason } = skip;
    let newest = rows::one(writing.connection, NEWEST, [run.job_id.as_str()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
    })?;
    if let Some((id, state, Some(error))) = newest
        && state == RunState::Skipped.as_str()
        && error == *reason
    {
        let count = "UPDATE runs SET merged = merged + 1 + ?2, ended_at = ?3 WHERE id = ?1";
        rows::execute(writing.connection, count, params![id, run.merged, Micros(now)])?;
        writing.effects.jobs = true;
        return Ok(());
    }
    let id = queue::insert_as(writing, run, RunState::Skipped, now)?;
    let run = read::existing(writing.connection, id)?;
    let mut line = own_lines::about(&run, Level::Info, now, &format!("skipped, {reason}"));
    line.status = Some(ClosingStatus::Cancelled);
    ending::end(writing, &run, &Ending { state: RunState::Skipped, error: reason, at: now, line })
}
