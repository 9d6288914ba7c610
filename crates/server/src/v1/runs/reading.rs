//! Runs: listed, and looked at.

use axum::Json;
use axum::extract::{Path, State};
use marktwerk_domain::run::RunId;
use marktwerk_engine::EngineError;
use marktwerk_store::runs::RunFilter;

use super::filter;
use super::item::{RunDetails, RunItem, attempt, item, link};
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::state::AppState;
use crate::v1::problem::Problem;
use crate::v1::run_id;

/// Caused runs shown with a run.
const MOST_CAUSED: usize = 100;

/// Runs, newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "v1", operation_id = "list_runs",
    params(("job" = Option<String>, Query, description = "only of this job"),
        ("state" = Option<String>, Query, description = "only in these states, separated by commas"),
        ("trigger" = Option<String>, Query, description = "only with these triggers, separated by commas"),
        ("from" = Option<String>, Query, description = "only runs planned at this time or later (RFC 3339)"),
        ("to" = Option<String>, Query, description = "only runs planned before this time (RFC 3339)"),
        ("caused_by" = Option<i64>, Query, description = "only runs that this one has caused"),
        ("before" = Option<i64>, Query, description = "only runs with a smaller number: the next page"),
        ("limit" = Option<i64>, Query, description = "50 if not given", minimum = 1, maximum = 500)),
    responses((status = 200, body = [RunItem]), (status = 422, body = Problem)))]
pub(in crate::v1) async fn list(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Vec<RunItem>>> {
    let filter = RunFilter {
        before: fields.integer("before", 1..=i64::MAX).map(RunId),
        limit: fields.integer("limit", 1..=500).map_or(50, |limit| limit as usize),
        ..filter::read(&mut fields)
    };
    fields.finish()?;
    let runs = state.store().runs(&filter).await?;
    Ok(Json(runs.into_iter().map(|run| item(&state.source, run)).collect()))
}

/// One run with its attempts, and who caused what.
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "v1", operation_id = "show_run",
    params(("id" = i64, Path, description = "the run's number")),
    responses((status = 200, body = RunDetails), (status = 404, body = Problem)))]
pub(in crate::v1) async fn show(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> ApiResult<Json<RunDetails>> {
    Ok(Json(details(&state, run_id(&id)?).await?))
}

/// A run with all that is known of it.
pub(crate) async fn details(state: &AppState, id: RunId) -> ApiResult<RunDetails> {
    let store = state.store();
    let run = store.run(id).await?.ok_or(EngineError::UnknownRun(id.0))?;
    let attempts = store.attempts(id).await?.into_iter().map(|one| attempt(&state.source, one)).collect();
    let cause = match run.caused_by {
        Some(cause) => store.run(cause).await?.map(|cause| link(&cause, &run)),
        None => None,
    };
    let filter = RunFilter { caused_by: Some(id), limit: MOST_CAUSED, ..RunFilter::default() };
    let caused = store.runs(&filter).await?.iter().map(|later| link(later, later)).collect();
    Ok(RunDetails { run: item(&state.source, run), attempts, cause, caused })
}
