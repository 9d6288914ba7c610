//! Jobs: added, changed as somebody saw them, paused, resumed, removed, started.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use marktwerk_domain::job::JobId;
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::{EngineError, Started};
use marktwerk_store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::changed;
use super::document::{JobPatch, NewJob};
use super::item::{JobResource, resource};
use crate::error::{ApiError, ApiResult, FieldFault};
use crate::safety::Caller;
use crate::state::AppState;
use crate::v1::body::Object;
use crate::v1::problem::Problem;
use crate::v1::runs::{RunItem, item, place};

/// Parameters of one run.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read by hand so that faults name their field")]
pub(crate) struct StartJob {
    /// For this run only; the job's own hold where they say nothing.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Map<String, Value>>,
}

/// A run that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StartedRun {
    #[serde(flatten)]
    run: RunItem,
    /// Whether it waited already, started by hand with the same parameters; then no other was queued.
    joined: bool,
}

/// Adds a job under its own id, or the next free one of its type.
#[utoipa::path(post, path = "/api/v1/jobs", tag = "v1", operation_id = "create_job", request_body = NewJob,
    responses((status = 201, body = JobResource, headers(("Location" = String), ("ETag" = String))),
        (status = 400, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::v1) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Object(draft): Object,
) -> ApiResult<Response> {
    let draft = JobDraft::read(draft.into())?;
    let id = draft.id.clone().unwrap_or_default();
    let job = state.commands(&caller).add_job(draft).await.map_err(|error| match error {
        EngineError::Store(StoreError::Exists(_)) => {
            let reason = format!("`{id}` is the id of another job already");
            ApiError::Taken(FieldFault::new("body", "id", "value_error", reason))
        }
        other => other.into(),
    })?;
    let place = format!("/api/v1/jobs/{}", job.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], changed(&state, &job).await?).into_response())
}

/// Changes the fields that the body names (a JSON merge patch: `null` takes one back to its default), unless somebody else changed
/// the job meanwhile. `version` in the body says the same as If-Match; `state` is not read.
#[utoipa::path(patch, path = "/api/v1/jobs/{id}", tag = "v1", operation_id = "change_job",
    request_body(content = JobPatch, content_type = "application/merge-patch+json"),
    params(("id" = String, Path, description = "the job's id"),
        ("If-Match" = Option<String>, Header, description = "the version that the caller has seen")),
    responses((status = 200, body = JobResource, headers(("ETag" = String))), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(in crate::v1) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Object,
) -> ApiResult<Response> {
    let id = JobId(id);
    let mut fields = body.fields();
    let seen = if_match(&headers)?.or(fields.integer("version", 0..=i64::MAX));
    let mut patch = fields.rest()?;
    patch.remove("state");
    patch.remove("warning");
    // Whoever sends a job back as it was read changes neither.
    let job = state.engine.existing(&id).await?;
    for (field, own) in [("id", job.id.as_str()), ("job_type", &job.spec.written_type)] {
        if patch.get(field).and_then(Value::as_str) == Some(own) {
            patch.remove(field);
        }
    }
    edit(&state, &caller, &id, &patch, seen).await
}

/// Takes a job out of the schedule and the jobs file; its history stays. Refused while others follow on it.
#[utoipa::path(delete, path = "/api/v1/jobs/{id}", tag = "v1", operation_id = "remove_job",
    params(("id" = String, Path, description = "the job's id"),
        ("If-Match" = Option<String>, Header, description = "the version that the caller has seen")),
    responses((status = 204, description = "it is gone",
            headers(("Warning" = String, description = "the jobs file does not say so yet"))), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::v1) async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let id = JobId(id);
    match state.commands(&caller).remove_job(&id, if_match(&headers)?).await {
        Ok(()) => Ok((StatusCode::NO_CONTENT, in_header(state.warning())).into_response()),
        Err(error) => Err(with_current(&state, &id, error).await),
    }
}

/// Stops running a job by itself.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/pause", tag = "v1", operation_id = "pause_job",
    params(("id" = String, Path, description = "the job's id"),
        ("If-Match" = Option<String>, Header, description = "the version that the caller has seen")),
    responses((status = 200, body = JobResource), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub(in crate::v1) async fn pause(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    edit(&state, &caller, &JobId(id), &enabled(false), if_match(&headers)?).await
}

/// Runs a job by itself again; missed times stay missed.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/resume", tag = "v1", operation_id = "resume_job",
    params(("id" = String, Path, description = "the job's id"),
        ("If-Match" = Option<String>, Header, description = "the version that the caller has seen")),
    responses((status = 200, body = JobResource), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub(in crate::v1) async fn resume(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    edit(&state, &caller, &JobId(id), &enabled(true), if_match(&headers)?).await
}

/// Starts a job now, paused or not.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/run", tag = "v1", operation_id = "run_job", request_body = Option<StartJob>,
    params(("id" = String, Path, description = "the job's id")),
    responses((status = 202, body = StartedRun, headers(("Location" = String))), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(in crate::v1) async fn run(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Object,
) -> ApiResult<Response> {
    let mut fields = body.fields();
    let parameters = fields.object("parameters").unwrap_or_default();
    fields.finish()?;
    let Started { run, joined } = state.commands(&caller).run_now_or_join(&JobId(id), parameters).await?;
    let place = place(&run);
    let started = StartedRun { run: item(&state.source, run), joined };
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(started)).into_response())
}

/// The patch that pauses or resumes.
pub(super) fn enabled(enabled: bool) -> Map<String, Value> {
    Map::from_iter([("enabled".to_owned(), enabled.into())])
}

async fn edit(
    state: &AppState,
    caller: &Caller,
    id: &JobId,
    patch: &Map<String, Value>,
    seen: Option<i64>,
) -> ApiResult<Response> {
    match state.commands(caller).change_job(id, patch, seen).await {
        Ok(job) => changed(state, &job).await,
        Err(error) => Err(with_current(state, id, error).await),
    }
}

/// A warning beside an answer that has no body.
fn in_header(warning: Option<String>) -> HeaderMap {
    let plain = |letter| if matches!(letter, ' '..='~') && !"\"\\".contains(letter) { letter } else { '?' };
    let text = warning.map(|warning| warning.chars().map(plain).collect::<String>());
    let value = text.and_then(|text| HeaderValue::from_str(&format!("199 - \"{text}\"")).ok());
    HeaderMap::from_iter(value.map(|value| (header::WARNING, value)))
}

/// Where somebody else was faster, the error shows what he made of the job.
async fn with_current(state: &AppState, id: &JobId, error: EngineError) -> ApiError {
    match ApiError::from(error) {
        ApiError::Outdated { message, version, .. } => {
            let job = state.engine.existing(id).await.ok();
            let shown = match &job {
                Some(job) => resource(&state.source, job).await.ok(),
                None => None,
            };
            let current = shown.and_then(|shown| serde_json::to_value(Json(shown).0).ok()).map(Box::new);
            ApiError::Outdated { message, version, current }
        }
        other => other,
    }
}

fn if_match(headers: &HeaderMap) -> ApiResult<Option<i64>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.trim_start_matches("W/").trim_matches('"').parse().ok();
    let reason = "must be the version seen, such as \"3\"";
    number.map(Some).ok_or_else(|| ApiError::field("header", "If-Match", "int_parsing", reason))
}
