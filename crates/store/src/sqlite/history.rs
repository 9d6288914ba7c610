//! What a job remembers of its runs, written with the end of an attempt: how the last one went, and its health, which may
//! blow its fuse. Cancelled, skipped and put-back runs leave it alone.

use jiff::Timestamp;
use marktwerk_domain::health::{HealthChange, JobHealth, Trouble};
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunId, RunState};
use rusqlite::params;

use super::alerts;
use super::rows::{self, Json, Micros, micros};
use super::runs::hold;
use super::writing::Writing;
use crate::StoreResult;

/// The attempt that ended.
pub(crate) struct EndedAttempt<'a> {
    pub(crate) job_id: &'a JobId,
    pub(crate) run: RunId,
    /// What the run became.
    pub(crate) state: RunState,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) seconds: Option<f64>,
    pub(crate) ended_at: Timestamp,
    pub(crate) error: Option<&'a str>,
    /// Of a failed run.
    pub(crate) trouble: Option<Trouble>,
    /// Of a success that left nothing over.
    pub(crate) marker: Option<&'a str>,
}

/// Keeps the end of an attempt in its job's history. A job that waits for its next attempt shows as failed with the error, but
/// the failures in a row and the health count runs that are over.
pub(crate) fn remember(writing: &mut Writing<'_>, ended: &EndedAttempt<'_>) -> StoreResult<()> {
    // The new count of consecutive failures is the old one times the first figure, plus the second.
    let (has_succeeded, times, more) = match ended.state {
        RunState::Succeeded => (true, 0, 0),
        RunState::Failed | RunState::Lost => (false, 1, 1),
        RunState::Retrying => (false, 1, 0),
        RunState::Waiting | RunState::Running | RunState::Cancelled | RunState::Skipped => return Ok(()),
    };
    let health = if ended.state.is_ended() { judge(writing, ended)? } else { None };
    // Without RETURNING, which costs as much again as the statement.
    let sql = "UPDATE jobs SET last_run = ?2, last_duration = ?3, last_error = ?4, last_succeeded = ?5, \
         last_success_at = COALESCE(?6, last_success_at), last_marker = COALESCE(?7, last_marker), \
         failures_in_a_row = failures_in_a_row * ?8 + ?9, health = COALESCE(?10, health) WHERE id = ?1";
    let params = params![
        ended.job_id.as_str(),
        micros(ended.started_at),
        ended.seconds,
        ended.error.filter(|_| !has_succeeded),
        has_succeeded,
        has_succeeded.then_some(Micros(ended.ended_at)),
        ended.marker.filter(|_| has_succeeded),
        times,
        more,
        health.map(Json),
    ];
    rows::execute(writing.connection, sql, params)?;
    Ok(())
}

/// What the end of a run means for its job's health: blows the fuse, and stores what people are to be told. Answers with the
/// health where it is another than before.
fn judge(writing: &mut Writing<'_>, ended: &EndedAttempt<'_>) -> StoreResult<Option<JobHealth>> {
    let sql = "SELECT health FROM jobs WHERE id = ?1";
    let read = rows::one(writing.connection, sql, [ended.job_id.as_str()], |row| row.get(0))?;
    let Some(Json::<JobHealth>(health)) = read else { return Ok(None) };
    let (mut next, mut change) = match ended.state {
        RunState::Succeeded => health.after_success(),
        _ => health.after_failure(ended.trouble),
    };
    if change == Some(HealthChange::Paused) && !pause(writing, ended.job_id)? {
        // It stands still already, and a person who tries it by hand need not be told what he sees.
        (next.alarm, change) = (health.alarm, None);
    }
    if let Some(change) = change {
        alerts::insert(writing, change, ended.job_id, ended.run, ended.error, ended.ended_at)?;
    }
    Ok((next != health).then_some(next))
}

/// Pauses a job that is not paused, as an edit would; whether it did.
fn pause(writing: &mut Writing<'_>, job: &JobId) -> StoreResult<bool> {
    let sql = "UPDATE jobs SET enabled = 0, next_due = NULL, version = version + 1 \
         WHERE id = ?1 AND enabled = 1 AND archived = 0";
    let is_paused = rows::execute(writing.connection, sql, [job.as_str()])? > 0;
    writing.effects.specs |= is_paused;
    if is_paused {
        hold::follow(writing, job)?;
    }
    Ok(is_paused)
}
