//! Firing: the schedule advances by compare-and-swap and the run is queued, or recorded as skipped.

use jiff::Timestamp;
use marktwerk_domain::log::{ClosingStatus, Level};
use marktwerk_domain::run::{RunId, RunState};
use rusqlite::{Connection, params};

use super::ending::{self, Ending};
use super::{queue, read};
use crate::StoreResult;
use crate::runs::{Fired, Firing};
use crate::sqlite::lines;
use crate::sqlite::rows::{self, Micros};
use crate::sqlite::writing::Writing;

pub(super) fn fire(writing: &mut Writing<'_>, firing: &Firing, now: Timestamp) -> StoreResult<Fired> {
    let job = firing.run.job_id.as_str();
    let advance =
        "UPDATE jobs SET next_due = ?3 WHERE id = ?1 AND next_due = ?2 AND enabled = 1 AND archived = 0";
    let params = params![job, Micros(firing.seen_due), Micros(firing.next_due)];
    if rows::execute(writing.connection, advance, params)? == 0 {
        return Ok(Fired::Stale);
    }
    writing.effects.jobs = true;
    // An edit moved the schedule back onto a time that had its run: there is none to add, and the schedule goes on.
    if let Some(id) = queue::planned(writing.connection, &firing.run)? {
        return Ok(Fired::Skipped(id));
    }
    match live(writing.connection, job)? {
        None => queue::insert_as(writing, &firing.run, RunState::Waiting, now).map(Fired::Queued),
        Some((live, word)) => {
            let reason = format!("run {live} is still {word}");
            skip(writing, firing, &reason, now).map(Fired::Skipped)
        }
    }
}

/// The live run that is in the way, the running one first, and its state.
fn live(connection: &Connection, job: &str) -> StoreResult<Option<(RunId, String)>> {
    let sql = "SELECT id, state FROM runs INDEXED BY runs_live \
         WHERE job_id = ?1 AND state IN ('waiting', 'running', 'retrying') ORDER BY state = 'running' DESC, id LIMIT 1";
    rows::one(connection, sql, [job], |row| Ok((RunId(row.get(0)?), row.get(1)?)))
}

/// Records the planned time as skipped: in the job's newest run, where that was skipped for the same reason.
fn skip(writing: &mut Writing<'_>, firing: &Firing, reason: &str, now: Timestamp) -> StoreResult<RunId> {
    let newest =
        "SELECT id, state, error FROM runs INDEXED BY runs_job WHERE job_id = ?1 ORDER BY id DESC LIMIT 1";
    let newest = rows::one(writing.connection, newest, [firing.run.job_id.as_str()], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?))
    })?;
    if let Some((id, state, Some(error))) = newest
        && state == RunState::Skipped.as_str()
        && error == reason
    {
        let count = "UPDATE runs SET merged = merged + 1 + ?2, ended_at = ?3 WHERE id = ?1";
        rows::execute(writing.connection, count, params![id, firing.run.merged, Micros(now)])?;
        return Ok(RunId(id));
    }
    let id = queue::insert_as(writing, &firing.run, RunState::Skipped, now)?;
    let run = read::existing(writing.connection, id)?;
    let mut line = lines::about(&run, Level::Info, now, &format!("skipped, {reason}"));
    line.status = Some(ClosingStatus::Cancelled);
    ending::end(writing, &run, &Ending { state: RunState::Skipped, error: reason, at: now, line })?;
    Ok(id)
}
