//! A run as its row holds it.

use marktwerk_domain::job::{JobId, Priority};
use marktwerk_domain::run::{Attempt, Epoch, Run, RunId};

use crate::StoreResult;
use crate::sqlserver::columns::Columns;

/// The columns of [`run`], in its order.
pub(super) const COLUMNS: &str = "id, job_id, job_type, account, cause, caused_by, planned_at, created_at, ready_at, state, \
     priority, parameters, from_step, marker, attempts_used, attempt, epoch, started_at, attempt_started_at, ended_at, warnings, \
     error, steps, merged, cancel_requested, last_line";

pub(super) fn run(columns: &mut Columns<'_>) -> StoreResult<Run> {
    Ok(Run {
        id: RunId(columns.integer()?),
        job_id: JobId(columns.text()?),
        job_type: columns.text()?,
        account: columns.text()?,
        trigger: columns.word()?,
        caused_by: columns.optional_integer()?.map(RunId),
        planned_at: columns.time()?,
        created_at: columns.time()?,
        ready_at: columns.time()?,
        state: columns.word()?,
        priority: Priority::from_rank(columns.integer()?),
        parameters: columns.json()?,
        from_step: columns.optional_text()?,
        marker: columns.optional_text()?,
        attempts_used: columns.integer()?,
        attempt: columns.integer()?,
        epoch: Epoch(columns.integer()?),
        started_at: columns.optional_time()?,
        attempt_started_at: columns.optional_time()?,
        ended_at: columns.optional_time()?,
        warnings: columns.integer()?,
        error: columns.optional_text()?,
        steps: columns.json()?,
        merged: columns.integer()?,
        cancel_requested: columns.truth()?,
        last_line: columns.integer()?,
    })
}

/// The columns of [`attempt`], in its order.
pub(super) const ATTEMPT_COLUMNS: &str = "number, epoch, node, started_at, ended_at, outcome, error";

pub(super) fn attempt(columns: &mut Columns<'_>) -> StoreResult<Attempt> {
    Ok(Attempt {
        number: columns.integer()?,
        epoch: Epoch(columns.integer()?),
        node: columns.text()?,
        started_at: columns.time()?,
        ended_at: columns.optional_time()?,
        outcome: columns.text()?,
        error: columns.optional_text()?,
    })
}
