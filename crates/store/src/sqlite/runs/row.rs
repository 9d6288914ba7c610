//! A run as its row holds it.

use marktwerk_domain::job::{JobId, Priority};
use marktwerk_domain::run::{Attempt, Epoch, Run, RunId};
use rusqlite::Row;

use crate::sqlite::rows::Columns;

/// The columns of [`run`], in its order.
pub(super) const COLUMNS: &str = "id, job_id, job_type, account, cause, caused_by, planned_at, created_at, ready_at, state, \
     priority, parameters, from_step, marker, attempts_used, attempt, epoch, started_at, attempt_started_at, ended_at, warnings, error, steps, \
     merged, cancel_requested, last_line";

pub(super) fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let mut columns = Columns::of(row);
    Ok(Run {
        id: RunId(columns.value()?),
        job_id: JobId(columns.value()?),
        job_type: columns.value()?,
        account: columns.value()?,
        trigger: columns.word()?,
        caused_by: columns.value::<Option<i64>>()?.map(RunId),
        planned_at: columns.time()?,
        created_at: columns.time()?,
        ready_at: columns.time()?,
        state: columns.word()?,
        priority: Priority::from_rank(columns.value()?),
        parameters: columns.json()?,
        from_step: columns.value()?,
        marker: columns.value()?,
        attempts_used: columns.value()?,
        attempt: columns.value()?,
        epoch: Epoch(columns.value()?),
        started_at: columns.optional_time()?,
        attempt_started_at: columns.optional_time()?,
        ended_at: columns.optional_time()?,
        warnings: columns.value()?,
        error: columns.value()?,
        steps: columns.json()?,
        merged: columns.value()?,
        cancel_requested: columns.value()?,
        last_line: columns.value()?,
    })
}

/// The columns of [`attempt`], in its order.
pub(super) const ATTEMPT_COLUMNS: &str = "number, epoch, node, started_at, ended_at, outcome, error";

pub(super) fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let mut columns = Columns::of(row);
    Ok(Attempt {
        number: columns.value()?,
        epoch: Epoch(columns.value()?),
        node: columns.value()?,
        started_at: columns.time()?,
        ended_at: columns.optional_time()?,
        outcome: columns.value()?,
        error: columns.value()?,
    })
}
