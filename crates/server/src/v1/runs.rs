//! Runs: listed, looked at, cancelled, repeated.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::run::{Attempt, Run, RunId, RunState};
use marktwerk_domain::step::{StepReport, StepState};
use marktwerk_engine::EngineError;
use marktwerk_store::runs::RunFilter;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use super::run_id;
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::state::AppState;

const STATES: [RunState; 8] = [
    RunState::Waiting,
    RunState::Running,
    RunState::Retrying,
    RunState::Succeeded,
    RunState::Failed,
    RunState::Cancelled,
    RunState::Skipped,
    RunState::Lost,
];

/// One execution of a job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunItem {
    id: i64,
    /// Its name in `scheduler_logs.job_id`.
    execution_id: String,
    job_id: String,
    job_type: String,
    account: String,
    /// waiting, running, retrying, succeeded, failed, cancelled, skipped or lost.
    state: &'static str,
    /// schedule, manual, start_up, again or more_to_do.
    trigger: &'static str,
    /// The run that it repeats or continues.
    caused_by: Option<i64>,
    planned_at: String,
    created_at: String,
    /// While it waits: not before.
    ready_at: String,
    started_at: Option<String>,
    ended_at: Option<String>,
    #[schema(value_type = Object)]
    parameters: Parameters,
    /// The number of the latest attempt; 0 before the first.
    attempt: u32,
    warnings: u32,
    /// Why it failed, was skipped or cancelled.
    error: Option<String>,
    /// The steps of the latest attempt.
    steps: Vec<StepItem>,
    /// Late planned times merged into it, or equal skips that it counts.
    merged: u32,
    cancel_requested: bool,
}

/// A part of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepItem {
    name: String,
    /// running, done or failed.
    #[schema(value_type = String)]
    state: StepState,
    counts: BTreeMap<String, i64>,
    warnings: u32,
    started_at: String,
    ended_at: Option<String>,
    error: Option<String>,
}

/// One try of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptItem {
    number: u32,
    /// The process that worked on it.
    node: String,
    started_at: String,
    ended_at: Option<String>,
    outcome: String,
    error: Option<String>,
}

/// A run with its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunWithAttempts {
    #[serde(flatten)]
    run: RunItem,
    attempts: Vec<AttemptItem>,
}

/// Runs, newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "v1", operation_id = "list_runs",
    params(("job" = Option<String>, Query, description = "only of this job"),
        ("state" = Option<String>, Query, description = "only in these states, separated by commas"),
        ("before" = Option<i64>, Query, description = "only runs with a smaller number: the next page"),
        ("limit" = Option<i64>, Query, description = "50 if not given", minimum = 1, maximum = 500)),
    responses((status = 200, body = [RunItem]), (status = 422, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Vec<RunItem>>> {
    let filter = RunFilter {
        job: fields.text("job").map(JobId),
        states: fields.word("state", states).unwrap_or_default(),
        before: fields.integer("before", 1..=i64::MAX).map(RunId),
        limit: fields.integer("limit", 1..=500).map_or(50, |limit| limit as usize),
    };
    fields.finish()?;
    let runs = state.store().runs(&filter).await?;
    Ok(Json(runs.into_iter().map(|run| item(&state, run)).collect()))
}

/// One run with its attempts.
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "v1", operation_id = "show_run",
    params(("id" = i64, Path, description = "the run's number")),
    responses((status = 200, body = RunWithAttempts), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> ApiResult<Json<RunWithAttempts>> {
    let id = run_id(&id)?;
    let run = state.store().run(id).await?.ok_or(EngineError::UnknownRun(id.0))?;
    let attempts = state.store().attempts(id).await?.into_iter().map(|one| attempt(&state, one)).collect();
    Ok(Json(RunWithAttempts { run: item(&state, run), attempts }))
}

/// Asks a run to end: at once where it waits, as soon as it can where it runs.
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel", tag = "v1", operation_id = "cancel_run",
    params(("id" = i64, Path, description = "the run's number")),
    responses((status = 202, body = RunItem), (status = 404, body = Problem)))]
pub(super) async fn cancel(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> ApiResult<(StatusCode, Json<RunItem>)> {
    let run = state.engine.cancel(run_id(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(item(&state, run))))
}

/// Repeats an ended run with its parameters, as a new run.
#[utoipa::path(post, path = "/api/v1/runs/{id}/retry", tag = "v1", operation_id = "retry_run",
    params(("id" = i64, Path, description = "the run's number")),
    responses((status = 202, body = RunItem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn retry(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> ApiResult<(StatusCode, Json<RunItem>)> {
    let run = state.engine.run_again(run_id(&id)?, None).await?;
    Ok((StatusCode::ACCEPTED, Json(item(&state, run))))
}

fn states(text: &str) -> Result<Vec<RunState>, String> {
    let state = |word: &str| {
        STATES.into_iter().find(|state| state.as_str() == word).ok_or_else(|| {
            let known: Vec<&str> = STATES.iter().map(|state| state.as_str()).collect();
            format!("must be of {}, not `{word}`", known.join(", "))
        })
    };
    text.split(',').map(|word| state(word.trim())).collect()
}

fn item(state: &AppState, run: Run) -> RunItem {
    let time = |time| state.time(time);
    RunItem {
        id: run.id.0,
        execution_id: run.execution_id(),
        job_id: run.job_id.0,
        job_type: run.job_type,
        account: run.account,
        state: run.state.as_str(),
        trigger: run.trigger.as_str(),
        caused_by: run.caused_by.map(|id| id.0),
        planned_at: time(run.planned_at),
        created_at: time(run.created_at),
        ready_at: time(run.ready_at),
        started_at: run.started_at.map(time),
        ended_at: run.ended_at.map(time),
        parameters: run.parameters,
        attempt: run.attempt,
        warnings: run.warnings,
        error: run.error,
        steps: run.steps.into_iter().map(|one| step(state, one)).collect(),
        merged: run.merged,
        cancel_requested: run.cancel_requested,
    }
}

fn step(state: &AppState, step: StepReport) -> StepItem {
    StepItem {
        name: step.name,
        state: step.state,
        counts: step.counts,
        warnings: step.warnings,
        started_at: state.time(step.started_at),
        ended_at: step.ended_at.map(|time| state.time(time)),
        error: step.error,
    }
}

fn attempt(state: &AppState, attempt: Attempt) -> AttemptItem {
    AttemptItem {
        number: attempt.number,
        node: attempt.node,
        started_at: state.time(attempt.started_at),
        ended_at: attempt.ended_at.map(|time| state.time(time)),
        outcome: attempt.outcome,
        error: attempt.error,
    }
}
