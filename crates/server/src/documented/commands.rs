//! Job commands: run now, set the interval, enable or disable. Their arguments come in the query; the fields of a body are
//! named as ignored where one starts a job.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::schedule::LONGEST_INTERVAL_MINUTES;
use serde::Serialize;
use serde_json::Map;
use utoipa::ToSchema;

use super::start::{ignored_of, parameters, start};
use crate::error::{ApiError, ApiResult};
use crate::fields::QueryFields;
use crate::openapi::{Detail, FieldDetail, StartQuery};
use crate::safety::Caller;
use crate::state::AppState;

/// A run that was queued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Triggered {
    #[schema(example = "triggered")]
    status: &'static str,
    job_id: String,
    /// The parameters given, with typed values.
    #[schema(value_type = Object)]
    params: Parameters,
    /// Names of given parameters that the workflow does not have.
    ignored: Vec<String>,
    /// The run's number: ask `/api/v1/runs/{run}` how it goes.
    run: i64,
    /// Whether that run waited already, started by hand with the same parameters; then no other was queued.
    joined: bool,
}

/// An interval that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Scheduled {
    #[schema(example = "updated")]
    status: &'static str,
    job_id: String,
    interval_minutes: i64,
    /// It is stored and in force, but the jobs file does not have it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

/// A job that was paused or resumed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Toggled {
    #[schema(example = "toggled")]
    status: &'static str,
    job_id: String,
    enabled: bool,
    /// It is stored and in force, but the jobs file does not have it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

/// Starts a job now, paused or not. The parameters are for this run only.
#[utoipa::path(post, path = "/api/jobs/{id}/run-now", tag = "jobs", operation_id = "run_job_now",
    params(("id" = String, Path, description = "the job's id"), StartQuery),
    responses((status = 200, body = Triggered), (status = 404, body = Detail), (status = 409, body = Detail),
        (status = 422, body = FieldDetail)))]
pub(super) async fn run_now(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    QueryFields(fields): QueryFields,
    body: Bytes,
) -> ApiResult<Json<Triggered>> {
    let job = state.engine.existing(&JobId(id)).await?;
    let mut started = start(&state, &caller, &job, parameters(fields)?).await?;
    started.ignored.extend(ignored_of(&body));
    Ok(Json(Triggered {
        status: "triggered",
        job_id: job.id.0,
        params: started.given,
        ignored: started.ignored,
        run: started.run.id.0,
        joined: started.joined,
    }))
}

/// Changes the interval of a job; it counts from now.
#[utoipa::path(post, path = "/api/jobs/{id}/schedule", tag = "jobs", operation_id = "schedule_job",
    params(("id" = String, Path, description = "the job's id"),
        ("interval_minutes" = u32, Query, description = "1 to 525600", minimum = 1, maximum = 525_600)),
    responses((status = 200, body = Scheduled), (status = 404, body = Detail), (status = 422, body = FieldDetail)))]
pub(super) async fn schedule(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Scheduled>> {
    let id = state.engine.existing(&JobId(id)).await?.id;
    let minutes = fields.integer("interval_minutes", 1..=i64::from(LONGEST_INTERVAL_MINUTES));
    let minutes = fields.required("interval_minutes", minutes);
    fields.finish()?;
    // Whatever schedule the job had, it is this interval from now on.
    let patch = Map::from_iter([("interval_minutes".to_owned(), minutes.into())]);
    let changed = state.commands(&caller).change_job(&id, &patch, None).await;
    let job = changed.map_err(|error| ApiError::from(error).at("query"))?;
    let warning = state.warning();
    Ok(Json(Scheduled { status: "updated", job_id: job.id.0, interval_minutes: minutes, warning }))
}

/// Pauses or resumes a job.
#[utoipa::path(post, path = "/api/jobs/{id}/toggle", tag = "jobs", operation_id = "toggle_job",
    params(("id" = String, Path, description = "the job's id"),
        ("enabled" = bool, Query, description = "whether it runs by its schedule")),
    responses((status = 200, body = Toggled), (status = 404, body = Detail), (status = 422, body = FieldDetail)))]
pub(super) async fn toggle(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Toggled>> {
    let id = state.engine.existing(&JobId(id)).await?.id;
    let enabled = fields.boolean("enabled");
    let enabled = fields.required("enabled", enabled);
    fields.finish()?;
    let patch = Map::from_iter([("enabled".to_owned(), enabled.into())]);
    let job = state.commands(&caller).change_job(&id, &patch, None).await?;
    let (enabled, warning) = (job.spec.enabled, state.warning());
    Ok(Json(Toggled { status: "toggled", job_id: job.id.0, enabled, warning }))
}
