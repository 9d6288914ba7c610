//! A run as answers show it.

use std::collections::BTreeMap;

use marktwerk_domain::job::{Parameters, Priority};
use marktwerk_domain::run::{Attempt, Run, RunState};
use marktwerk_domain::step::{StepReport, StepState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::live::Source;

/// One execution of a job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunItem {
    pub(crate) id: i64,
    /// Its name in `scheduler_logs.job_id`.
    pub(crate) execution_id: String,
    pub(crate) job_id: String,
    pub(crate) job_type: String,
    pub(crate) account: String,
    /// waiting, running, retrying, succeeded, failed, cancelled, skipped or lost.
    pub(crate) state: &'static str,
    /// schedule, manual, chain, start_up, again or more_to_do.
    pub(crate) trigger: &'static str,
    /// The run that it repeats, continues or follows on.
    pub(crate) caused_by: Option<i64>,
    /// The step that it begins with, where it repeats a run from there.
    pub(crate) from_step: Option<String>,
    /// The time that it stands for.
    pub(crate) planned_at: String,
    pub(crate) created_at: String,
    /// While it waits: not before.
    pub(crate) ready_at: String,
    pub(crate) started_at: Option<String>,
    pub(crate) ended_at: Option<String>,
    #[schema(value_type = String, example = "medium")]
    pub(crate) priority: Priority,
    #[schema(value_type = Object)]
    pub(crate) parameters: Parameters,
    /// The number of the latest attempt; 0 before the first.
    pub(crate) attempt: u32,
    pub(crate) warnings: u32,
    /// Why it failed or was lost; while it waits for its next attempt, why the last one did.
    pub(crate) error: Option<String>,
    /// Why it was skipped or cancelled.
    pub(crate) reason: Option<String>,
    /// The steps of the latest attempt.
    pub(crate) steps: Vec<StepItem>,
    /// Late planned times that it stands for besides its own, or equal skips that this row counts besides its own.
    pub(crate) merged: u32,
    pub(crate) cancel_requested: bool,
}

/// A part of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepItem {
    pub(crate) name: String,
    /// running, done or failed.
    #[schema(value_type = String)]
    pub(crate) state: StepState,
    pub(crate) counts: BTreeMap<String, i64>,
    pub(crate) warnings: u32,
    pub(crate) started_at: String,
    pub(crate) ended_at: Option<String>,
    pub(crate) error: Option<String>,
}

/// One try of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptItem {
    pub(crate) number: u32,
    /// The process that worked on it.
    pub(crate) node: String,
    pub(crate) started_at: String,
    pub(crate) ended_at: Option<String>,
    /// running, succeeded, failed, lost, timed_out, cancelled or put_back.
    pub(crate) outcome: String,
    pub(crate) error: Option<String>,
}

/// Another run that this one was caused by, or has caused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunLink {
    pub(crate) id: i64,
    pub(crate) job_id: String,
    /// Why the later of both exists: chain, again or more_to_do.
    pub(crate) trigger: &'static str,
    pub(crate) state: &'static str,
}

/// A run with its attempts, and who caused what.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunDetails {
    #[serde(flatten)]
    pub(crate) run: RunItem,
    pub(crate) attempts: Vec<AttemptItem>,
    /// The run that it repeats, continues or follows on; none, too, where that one's history is gone.
    pub(crate) cause: Option<RunLink>,
    /// Runs that repeat it, continue it or follow on it; the newest hundred.
    pub(crate) caused: Vec<RunLink>,
}

/// A run.
pub(crate) fn item(source: &Source, run: Run) -> RunItem {
    let time = |time| source.time(time);
    let is_reason = matches!(run.state, RunState::Skipped | RunState::Cancelled);
    let execution_id = run.execution_id();
    let (error, reason) = if is_reason { (None, run.error) } else { (run.error, None) };
    RunItem {
        id: run.id.0,
        execution_id,
        job_id: run.job_id.0,
        job_type: run.job_type,
        account: run.account,
        state: run.state.as_str(),
        trigger: run.trigger.as_str(),
        caused_by: run.caused_by.map(|id| id.0),
        from_step: run.from_step,
        planned_at: time(run.planned_at),
        created_at: time(run.created_at),
        ready_at: time(run.ready_at),
        started_at: run.started_at.map(time),
        ended_at: run.ended_at.map(time),
        priority: run.priority,
        parameters: run.parameters,
        attempt: run.attempt,
        warnings: run.warnings,
        error,
        reason,
        steps: run.steps.into_iter().map(|one| step(source, one)).collect(),
        merged: run.merged,
        cancel_requested: run.cancel_requested,
    }
}

/// The link between a run and another: `later` is the one that was caused.
pub(super) fn link(run: &Run, later: &Run) -> RunLink {
    RunLink {
        id: run.id.0,
        job_id: run.job_id.0.clone(),
        trigger: later.trigger.as_str(),
        state: run.state.as_str(),
    }
}

pub(super) fn attempt(source: &Source, attempt: Attempt) -> AttemptItem {
    AttemptItem {
        number: attempt.number,
        node: attempt.node,
        started_at: source.time(attempt.started_at),
        ended_at: attempt.ended_at.map(|time| source.time(time)),
        outcome: attempt.outcome,
        error: attempt.error,
    }
}

fn step(source: &Source, step: StepReport) -> StepItem {
    StepItem {
        name: step.name,
        state: step.state,
        counts: step.counts,
        warnings: step.warnings,
        started_at: source.time(step.started_at),
        ended_at: step.ended_at.map(|time| source.time(time)),
        error: step.error,
    }
}
