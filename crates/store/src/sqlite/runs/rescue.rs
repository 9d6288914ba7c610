//! Rescue: runs whose process died are recorded as lost and tried again where an attempt is left.

use jiff::Timestamp;
use marktwerk_domain::health::Trouble;
use marktwerk_domain::job::JobId;
use marktwerk_domain::log::Level;
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_domain::run::{Run, RunState};
use rusqlite::{Connection, params};

use super::ending::{self, Ending};
use super::{cancel, hold, row};
use crate::StoreResult;
use crate::lost_runs;
use crate::own_lines;
use crate::runs::Rescued;
use crate::sqlite::history::{self, EndedAttempt};
use crate::sqlite::lines;
use crate::sqlite::rows::{self, Json, Micros};
use crate::sqlite::writing::Writing;

/// Running runs whose lease ended or, with `void_others`, belongs to another node.
pub(super) fn lost(
    connection: &Connection,
    node: &str,
    void_others: bool,
    now: Timestamp,
) -> StoreResult<Vec<Run>> {
    let sql = format!(
        "SELECT {} FROM runs INDEXED BY runs_state \
         WHERE state = 'running' AND (lease_until < ?1 OR (?2 AND node <> ?3)) ORDER BY id",
        row::COLUMNS
    );
    rows::all(connection, &sql, params![Micros(now), void_others, node], row::run)
}

pub(super) fn rescue(
    writing: &mut Writing<'_>,
    node: &str,
    void_others: bool,
    now: Timestamp,
) -> StoreResult<Vec<Rescued>> {
    let lost = lost(writing.connection, node, void_others, now)?;
    lost.into_iter().map(|run| rescue_one(writing, run, now)).collect()
}

fn rescue_one(writing: &mut Writing<'_>, mut run: Run, now: Timestamp) -> StoreResult<Rescued> {
    let connection = writing.connection;
    run.attempts_used += 1;
    let reason = format!("lost: its process ended during attempt {}", run.attempt);
    let attempt =
        "UPDATE attempts SET ended_at = ?3, outcome = 'lost', error = ?4 WHERE run_id = ?1 AND number = ?2";
    rows::execute(connection, attempt, params![run.id.0, run.attempt, Micros(now), reason])?;
    let used = "UPDATE runs SET attempts_used = ?2 WHERE id = ?1";
    rows::execute(connection, used, params![run.id.0, run.attempts_used])?;
    writing.effects.jobs = true;

    let to_end = cancel::reason_to_end(writing, run.id, run.cancel_requested, &run.job_id)?;
    let state = if let Some(to_end) = to_end {
        cancel::end_cancelled(writing, &run, &to_end, now)?;
        RunState::Cancelled
    } else if let Some(ready_at) = lost_runs::next_try(&policy(connection, &run.job_id)?, &run, now) {
        retry(writing, &run, &reason, now, ready_at)?;
        RunState::Retrying
    } else {
        let line = own_lines::lost(&run, now, &reason);
        ending::end(writing, &run, &Ending { state: RunState::Lost, error: &reason, at: now, line })?;
        RunState::Lost
    };
    let seconds = run.attempt_started_at.map(|started| own_lines::seconds_between(started, now));
    let ended = EndedAttempt {
        job_id: &run.job_id,
        run: run.id,
        state,
        started_at: run.attempt_started_at,
        seconds,
        ended_at: now,
        error: Some(&reason),
        trouble: Some(Trouble::Outage),
        marker: None,
    };
    history::remember(writing, &ended)?;
    Ok(Rescued { run: run.id, job_id: run.job_id, state })
}

/// Puts the run back into the queue for its next attempt.
fn retry(
    writing: &mut Writing<'_>,
    run: &Run,
    reason: &str,
    now: Timestamp,
    ready_at: Timestamp,
) -> StoreResult<()> {
    let mut line = own_lines::about(run, Level::Warning, now, &format!("{reason}; it is tried again"));
    line.error_text = Some(reason.to_owned());
    rows::execute(
        writing.connection,
        "UPDATE runs SET state = 'retrying', ready_at = ?2, error = ?3, last_line = ?4, node = NULL, lease_until = NULL \
         WHERE id = ?1",
        params![run.id.0, Micros(ready_at), reason, line.line],
    )?;
    hold::look(writing.connection, run.id)?;
    lines::insert(writing, std::slice::from_ref(&line))
}

/// What the job does after a failed attempt.
fn policy(connection: &Connection, job: &JobId) -> StoreResult<RetryPolicy> {
    let sql = "SELECT retry FROM jobs WHERE id = ?1";
    let policy = rows::one(connection, sql, [job.as_str()], |row| row.get::<_, Json<RetryPolicy>>(0))?;
    Ok(policy.map(|policy| policy.0).unwrap_or_default())
}
