//! Queueing a run.

use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunId, RunState, Trigger};
use rusqlite::{Connection, params};

use super::hold;
use crate::runs::NewRun;
use crate::sqlite::rows::{self, Json, Micros};
use crate::sqlite::writing::Writing;
use crate::{StoreError, StoreResult};

/// Puts a run into the queue. A planned time of a job can have one run only.
pub(crate) fn insert(writing: &mut Writing<'_>, run: &NewRun, now: Timestamp) -> StoreResult<RunId> {
    if let Some(id) = planned(writing.connection, run)? {
        return Err(StoreError::Exists(format!(
            "a run of job {} for {} (run {id})",
            run.job_id, run.planned_at
        )));
    }
    insert_as(writing, run, RunState::Waiting, now)
}

/// The run that stands for this planned time already.
pub(super) fn planned(connection: &Connection, run: &NewRun) -> StoreResult<Option<RunId>> {
    if run.trigger != Trigger::Schedule {
        return Ok(None);
    }
    let sql = "SELECT id FROM runs INDEXED BY runs_planned \
         WHERE job_id = ?1 AND planned_at = ?2 AND cause = 'schedule'";
    let params = params![run.job_id.as_str(), Micros(run.planned_at)];
    rows::one(connection, sql, params, |row| row.get(0).map(RunId))
}

/// Runs that wait need wait no longer than to `ready_at`.
pub(super) fn bring_forward(
    writing: &mut Writing<'_>,
    runs: &[RunId],
    ready_at: Timestamp,
) -> StoreResult<u64> {
    let sql =
        "UPDATE runs SET ready_at = ?2 WHERE id = ?1 AND state IN ('waiting', 'retrying') AND ready_at > ?2";
    let mut changed = 0;
    for run in runs {
        changed += rows::execute(writing.connection, sql, params![run.0, Micros(ready_at)])?;
    }
    writing.effects.jobs |= changed > 0;
    Ok(changed as u64)
}

pub(super) fn insert_as(
    writing: &mut Writing<'_>,
    run: &NewRun,
    state: RunState,
    now: Timestamp,
) -> StoreResult<RunId> {
    let NewRun {
        job_id: JobId(job_id),
        job_type,
        account,
        lane,
        trigger,
        caused_by,
        planned_at,
        ready_at,
        priority,
        parameters,
        from_step,
        marker,
        merged,
    } = run;
    let by_person = hold::is_by_person(writing.connection, run)?;
    rows::execute(
        writing.connection,
        "INSERT INTO runs (job_id, job_type, account, lane, cause, caused_by, planned_at, created_at, ready_at, state, \
         priority, parameters, from_step, marker, merged, by_person) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        params![
            job_id,
            job_type,
            account,
            lane,
            trigger.as_str(),
            caused_by.map(|run| run.0),
            Micros(*planned_at),
            Micros(now),
            Micros(*ready_at),
            state.as_str(),
            priority.rank(),
            Json(parameters),
            from_step,
            marker,
            merged,
            by_person,
        ],
    )?;
    writing.effects.jobs = true;
    let id = RunId(writing.connection.last_insert_rowid());
    // A firing and a chain make no run of a paused job.
    if matches!(trigger, Trigger::MoreToDo | Trigger::StartUp) {
        hold::look(writing.connection, id)?;
    }
    Ok(id)
}
