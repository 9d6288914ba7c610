//! Firing: the schedule advances by compare-and-swap, and the planned times become runs, or are skipped or merged where the
//! job is busy.

use jiff::Timestamp;
use marktwerk_domain::policy::Overlap;
use marktwerk_domain::run::{RunId, RunState};
use rusqlite::{Connection, params};

use super::{cancel, merge, queue, skip};
use crate::StoreResult;
use crate::live_runs::{Live, in_the_way};
use crate::mutant::{self, Mutant};
use crate::runs::{Fired, Firing, NewRun, Skip};
use crate::sqlite::rows::{self, Micros, Word, micros};
use crate::sqlite::writing::Writing;

/// A job's running and waiting runs, except those that somebody asked to end.
pub(in crate::sqlite) const LIVE: &str = "SELECT id, state, attempt FROM runs INDEXED BY runs_live \
     WHERE job_id = ?1 AND state IN ('waiting', 'running', 'retrying') AND cancel_requested = 0 ORDER BY id";

pub(super) fn fire(writing: &mut Writing<'_>, firing: &Firing, now: Timestamp) -> StoreResult<Fired> {
    let advance =
        "UPDATE jobs SET next_due = ?3 WHERE id = ?1 AND next_due = ?2 AND enabled = 1 AND archived = 0";
    let params = params![firing.job_id.as_str(), Micros(firing.seen_due), micros(firing.next_due)];
    if rows::execute(writing.connection, advance, params)? == 0 {
        return Ok(Fired::Stale);
    }
    writing.effects.jobs = true;
    for skipped in &firing.skips {
        if queue::planned(writing.connection, &skipped.run)?.is_none() {
            skip::record(writing, skipped, now)?;
        }
    }
    let (mut queued, mut cancelling) = (Vec::new(), Vec::new());
    for run in &firing.runs {
        // An edit moved the schedule back onto a time that had its run: there is none to add.
        if queue::planned(writing.connection, run)?.is_none()
            && is_let_in(writing, firing, run, &queued, &mut cancelling, now)?
        {
            queued.push(queue::insert_as(writing, run, RunState::Waiting, now)?);
        }
    }
    Ok(Fired::Done { queued, cancelling })
}

/// Whether a planned time becomes a run of its own, after `queued` of the same firing. Where it does not, it was skipped or
/// merged; where others have to make room, they were asked to.
fn is_let_in(
    writing: &mut Writing<'_>,
    firing: &Firing,
    run: &NewRun,
    queued: &[RunId],
    cancelling: &mut Vec<RunId>,
    now: Timestamp,
) -> StoreResult<bool> {
    if firing.overlap == Overlap::QueueAll || mutant::is(Mutant::Overlap) {
        return Ok(true);
    }
    let mut live = live(writing.connection, firing.job_id.as_str())?;
    if firing.overlap == Overlap::Skip {
        // Missed times that are made up for together do not exclude each other: they run one after the other.
        live.retain(|live| !queued.contains(&live.id));
    }
    let room = usize::try_from(firing.max_instances).unwrap_or(usize::MAX);
    if live.len() < room {
        return Ok(true);
    }
    if firing.overlap == Overlap::Skip {
        let reason = in_the_way(&live);
        skip::record(writing, &Skip { run: run.clone(), reason }, now)?;
        return Ok(false);
    }
    if let Some(waiting) = merge::waiting_alike(writing.connection, run)? {
        merge::merge(writing, waiting, run)?;
        return Ok(false);
    }
    if firing.overlap == Overlap::CancelRunning {
        let too_many = live.len() + 1 - room;
        for old in live.iter().filter(|live| live.has_begun()).take(too_many) {
            cancel::cancel(writing, old.id, "a later planned time takes its place", now)?;
            cancelling.extend((old.state == RunState::Running).then_some(old.id));
        }
    }
    Ok(true)
}

/// Oldest first.
fn live(connection: &Connection, job: &str) -> StoreResult<Vec<Live>> {
    rows::all(connection, LIVE, [job], |row| {
        let Word(state) = row.get(1)?;
        Ok(Live { id: RunId(row.get(0)?), state, attempt: row.get(2)? })
    })
}
