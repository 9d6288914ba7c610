//! Rescue: runs whose process died are recorded as lost and tried again where an attempt is left.

use jiff::Timestamp;
use marktwerk_domain::health::Trouble;
use marktwerk_domain::job::JobId;
use marktwerk_domain::log::Level;
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_domain::run::{Run, RunState};
use marktwerk_sqlserver::Connection;

use super::ending::{self, Ending};
use super::{cancel, hold, row};
use crate::StoreResult;
use crate::lost_runs;
use crate::own_lines;
use crate::runs::Rescued;
use crate::sqlserver::columns::{self, Columns, micros};
use crate::sqlserver::history::{self, EndedAttempt};
use crate::sqlserver::lease_clock::LeaseClock;
use crate::sqlserver::lines;
use crate::sqlserver::writing::Writing;

/// Running runs whose lease ended or, with `void_others`, belongs to another node.
pub(super) async fn lost(
    connection: &mut Connection,
    leases: LeaseClock,
    node: &str,
    void_others: bool,
    now: Timestamp,
) -> StoreResult<Vec<Run>> {
    let sql = format!(
        "SELECT {} FROM marktwerk.runs \
         WHERE state = 'running' AND (lease_until < {} OR (@P2 = 1 AND node <> @P3)) ORDER BY id",
        row::COLUMNS,
        leases.now("@P1")
    );
    let (now, void_others) = (micros(now), i64::from(void_others));
    let rows = connection.query("look for lost runs", &sql, &[&now, &void_others, &node]).await?;
    columns::map(&rows, row::run)
}

pub(super) async fn rescue(
    writing: &mut Writing<'_>,
    node: &str,
    void_others: bool,
    now: Timestamp,
) -> StoreResult<Vec<Rescued>> {
    let mut rescued = Vec::new();
    for run in lost(writing.connection, writing.leases, node, void_others, now).await? {
        rescued.push(rescue_one(writing, run, now).await?);
    }
    Ok(rescued)
}

async fn rescue_one(writing: &mut Writing<'_>, mut run: Run, now: Timestamp) -> StoreResult<Rescued> {
    run.attempts_used += 1;
    let reason = format!("lost: its process ended during attempt {}", run.attempt);
    let close = "\
        UPDATE marktwerk.attempts SET ended_at = @P3, outcome = 'lost', error = @P4 WHERE run_id = @P1 AND number = @P2; \
        UPDATE marktwerk.runs SET attempts_used = @P5 WHERE id = @P1";
    let (number, used) = (i64::from(run.attempt), i64::from(run.attempts_used));
    writing
        .connection
        .execute("close a lost attempt", close, &[&run.id.0, &number, &micros(now), &reason, &used])
        .await?;
    writing.effects.jobs = true;

    let to_end = cancel::reason_to_end(writing, run.id, run.cancel_requested, &run.job_id).await?;
    let state = if let Some(to_end) = to_end {
        cancel::end_cancelled(writing, &run, &to_end, now).await?;
        RunState::Cancelled
    } else if let Some(ready_at) = lost_runs::next_try(&policy(writing, &run.job_id).await?, &run, now) {
        retry(writing, &run, &reason, now, ready_at).await?;
        RunState::Retrying
    } else {
        let line = own_lines::lost(&run, now, &reason);
        ending::end(writing, &run, &Ending { state: RunState::Lost, error: &reason, at: now, line }).await?;
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
    history::remember(writing, &[ended]).await?;
    Ok(Rescued { run: run.id, job_id: run.job_id, state })
}

/// Puts the run back into the queue for its next attempt.
async fn retry(
    writing: &mut Writing<'_>,
    run: &Run,
    reason: &str,
    now: Timestamp,
    ready_at: Timestamp,
) -> StoreResult<()> {
    let mut line = own_lines::about(run, Level::Warning, now, &format!("{reason}; it is tried again"));
    line.error_text = Some(reason.to_owned());
    let sql = "UPDATE marktwerk.runs SET state = 'retrying', ready_at = @P2, error = @P3, last_line = @P4, node = NULL, \
         lease_until = NULL WHERE id = @P1";
    let ready_at = micros(ready_at);
    writing
        .connection
        .execute("try a lost run again", sql, &[&run.id.0, &ready_at, &reason, &line.line])
        .await?;
    hold::look(writing, &[run.id]).await?;
    lines::insert(writing, &line).await
}

/// What the job does after a failed attempt.
async fn policy(writing: &mut Writing<'_>, job: &JobId) -> StoreResult<RetryPolicy> {
    let sql = "SELECT retry FROM marktwerk.jobs WHERE id = @P1";
    let found = writing.connection.one("read a job's retry policy", sql, &[&job.as_str()]).await?;
    let policy = found.map(|found| Columns::of(&found).json::<RetryPolicy>()).transpose()?;
    Ok(policy.unwrap_or_default())
}
