//! Queueing runs.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{Run, RunId, RunState, Trigger};
use serde::Serialize;

use super::{hold, read};
use crate::runs::NewRun;
use crate::sqlserver::columns::{self, micros};
use crate::sqlserver::row_values::{self, Row};
use crate::sqlserver::writing::Writing;
use crate::{StoreError, StoreResult};

pub(super) async fn enqueue(writing: &mut Writing<'_>, run: &NewRun, now: Timestamp) -> StoreResult<Run> {
    let ids = insert(writing, &[run], now).await?;
    writing.queued = ids.first().copied();
    match writing.queued {
        Some(id) => read::existing(writing.connection, id).await,
        None => Err(StoreError::Database("a run was queued and got no number".to_owned())),
    }
}

/// Puts runs into the queue; answers with their numbers in their order. A planned time of a job can have one run only.
pub(crate) async fn insert(
    writing: &mut Writing<'_>,
    runs: &[&NewRun],
    now: Timestamp,
) -> StoreResult<Vec<RunId>> {
    let planned = planned(writing, runs).await?;
    for run in runs {
        if let Some(id) = planned.run_of(run) {
            return Err(StoreError::Exists(format!(
                "a run of job {} for {} (run {id})",
                run.job_id, run.planned_at
            )));
        }
    }
    insert_as(writing, runs, RunState::Waiting, now).await
}

/// Which planned times have their run already.
#[derive(Debug, Default)]
pub(super) struct Planned(HashMap<(String, i64), RunId>);

impl Planned {
    /// The run that stands for this planned time already.
    pub(super) fn run_of(&self, run: &NewRun) -> Option<RunId> {
        if run.trigger != Trigger::Schedule {
            return None;
        }
        self.0.get(&(run.job_id.0.clone(), micros(run.planned_at))).copied()
    }

    pub(super) fn add(&mut self, run: &NewRun, id: RunId) {
        if run.trigger == Trigger::Schedule {
            self.0.insert((run.job_id.0.clone(), micros(run.planned_at)), id);
        }
    }

    pub(super) fn add_all(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// Looks for the runs of these planned times; asks nobody where none of them is one of the schedule.
pub(super) async fn planned(writing: &mut Writing<'_>, runs: &[&NewRun]) -> StoreResult<Planned> {
    #[derive(Serialize)]
    struct Time<'a> {
        job: &'a str,
        planned_at: i64,
    }
    let times: Vec<Time<'_>> = runs
        .iter()
        .filter(|run| run.trigger == Trigger::Schedule)
        .map(|run| Time { job: run.job_id.as_str(), planned_at: micros(run.planned_at) })
        .collect();
    if times.is_empty() {
        return Ok(Planned::default());
    }
    let sql = "\
        SELECT run.job_id, run.planned_at, run.id \
        FROM OPENJSON(@P1) WITH (job nvarchar(200), planned_at bigint) AS wanted \
        JOIN marktwerk.runs AS run ON run.job_id = wanted.job COLLATE Latin1_General_BIN2 \
            AND run.planned_at = wanted.planned_at AND run.cause = 'schedule'";
    let rows = writing.connection.query("look for planned runs", sql, &[&columns::json(&times)?]).await?;
    let found = columns::map(&rows, |columns| {
        Ok(((columns.text()?, columns.integer()?), RunId(columns.integer()?)))
    })?;
    Ok(Planned(found.into_iter().collect()))
}

/// Runs that wait need wait no longer than to `ready_at`.
pub(super) async fn bring_forward(
    writing: &mut Writing<'_>,
    runs: &[RunId],
    ready_at: Timestamp,
) -> StoreResult<u64> {
    let ids: Vec<i64> = runs.iter().map(|run| run.0).collect();
    let sql = "UPDATE marktwerk.runs SET ready_at = @P2 WHERE id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@P1)) \
         AND state IN ('waiting', 'retrying') AND ready_at > @P2";
    let (ids, ready_at) = (columns::json(&ids)?, micros(ready_at));
    let changed = writing.connection.execute("bring runs forward", sql, &[&ids, &ready_at]).await?;
    writing.effects.jobs |= changed > 0;
    Ok(changed)
}

/// Under the scheduler's lock nobody else adds runs, so that those above the highest are ours, in the order of their places.
const BEGIN: &str = "\
    DECLARE @highest bigint = (SELECT ISNULL(MAX(id), 0) FROM marktwerk.runs); \
    INSERT INTO marktwerk.runs (job_id, job_type, account, lane, cause, caused_by, planned_at, created_at, ready_at, state, \
        priority, parameters, from_step, marker, merged, by_person) \
    SELECT job_id, job_type, account, lane, cause, caused_by, planned_at, @P1, ready_at, @P2, \
        priority, parameters, from_step, marker, merged, \
        CASE WHEN cause IN ('manual', 'again') THEN 1 WHEN cause = 'more_to_do' \
            THEN ISNULL((SELECT earlier.by_person FROM marktwerk.runs AS earlier WHERE earlier.id = queued.caused_by), 0) \
            ELSE 0 END \
    FROM ";
const END: &str =
    " WHERE place IS NOT NULL ORDER BY place; SELECT id FROM marktwerk.runs WHERE id > @highest ORDER BY id";

pub(super) async fn insert_as(
    writing: &mut Writing<'_>,
    runs: &[&NewRun],
    state: RunState,
    now: Timestamp,
) -> StoreResult<Vec<RunId>> {
    let parameters =
        runs.iter().map(|run| columns::json(&run.parameters)).collect::<StoreResult<Vec<_>>>()?;
    let rows: Vec<Row<'_, 14>> =
        (0..).zip(runs.iter().zip(&parameters)).map(|(place, (run, json))| row(place, run, json)).collect();
    let (blank, now, state) = (row_values::blank(&rows), micros(now), state.as_str());
    let mut ids = Vec::with_capacity(runs.len());
    for piece in row_values::pieces("queued", &[&now, &state], &rows, &blank) {
        let sql = format!("{BEGIN}{}{END}", piece.table);
        let added = writing.connection.query("queue runs", &sql, &piece.values).await?;
        ids.extend(columns::map(&added, |columns| Ok(RunId(columns.integer()?)))?);
        writing.effects.jobs = true;
    }
    // A firing and a chain make no run of a paused job.
    let may_be_held = |run: &NewRun| matches!(run.trigger, Trigger::MoreToDo | Trigger::StartUp);
    let waiting: Vec<RunId> =
        runs.iter().zip(&ids).filter(|(run, _)| may_be_held(run)).map(|(_, id)| *id).collect();
    hold::look(writing, &waiting).await?;
    Ok(ids)
}

fn row<'a>(place: i64, run: &'a NewRun, json: &'a str) -> Row<'a, 14> {
    // Destructured, so that a new field is not forgotten here.
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
        parameters: _,
        from_step,
        marker,
        merged,
    } = run;
    [
        ("place", place.into()),
        ("job_id", job_id.as_str().into()),
        ("job_type", job_type.as_str().into()),
        ("account", account.as_str().into()),
        ("lane", lane.as_deref().into()),
        ("cause", trigger.as_str().into()),
        ("caused_by", caused_by.map(|run| run.0).into()),
        ("planned_at", micros(*planned_at).into()),
        ("ready_at", micros(*ready_at).into()),
        ("priority", priority.rank().into()),
        ("parameters", json.into()),
        ("from_step", from_step.as_deref().into()),
        ("marker", marker.as_deref().into()),
        ("merged", i64::from(*merged).into()),
    ]
}
