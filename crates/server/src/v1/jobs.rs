//! Jobs: changed as somebody saw them, and removed.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use marktwerk_domain::job::JobId;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::problem::Problem;
use crate::documented::{JobItem, job_item};
use crate::error::{ApiError, ApiResult};
use crate::fields::BodyFields;
use crate::state::AppState;

/// A change of a job; what is not given stays (it is read field by field).
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; `change` reads it by hand so that faults name their field")]
pub(crate) struct ChangeJob {
    #[schema(minimum = 1, maximum = 525_600)]
    interval_minutes: Option<u32>,
    enabled: Option<bool>,
    description: Option<String>,
    /// Given to each run; replaces all that were set.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Map<String, Value>>,
    /// `high`, `medium` or `low`.
    priority: Option<String>,
    /// The version that the caller has seen; `If-Match` says the same.
    version: Option<i64>,
}

/// Changes a job, unless somebody else did so meanwhile.
#[utoipa::path(patch, path = "/api/v1/jobs/{id}", tag = "v1", operation_id = "change_job", request_body = ChangeJob,
    params(("id" = String, Path, description = "the job's id"),
        ("If-Match" = Option<String>, Header, description = "the version that the caller has seen")),
    responses((status = 200, body = JobItem), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn change(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    BodyFields(mut fields): BodyFields,
) -> ApiResult<Response> {
    let seen = fields.integer("version", 0..=i64::MAX);
    let job = state.engine.change_job(&JobId(id), &fields.rest()?, if_match(&headers)?.or(seen)).await?;
    let tag = format!("\"{}\"", job.version);
    Ok(([(header::ETAG, tag)], Json(job_item(&state.source, job).await?)).into_response())
}

/// Takes a job out of the schedule and the jobs file; its history stays.
#[utoipa::path(delete, path = "/api/v1/jobs/{id}", tag = "v1", operation_id = "remove_job",
    params(("id" = String, Path, description = "the job's id")),
    responses((status = 204, description = "it is gone"), (status = 404, body = Problem)))]
pub(super) async fn remove(State(state): State<AppState>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    state.engine.remove_job(&JobId(id), None).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn if_match(headers: &HeaderMap) -> ApiResult<Option<i64>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.trim_start_matches("W/").trim_matches('"').parse().ok();
    let refused = || {
        ApiError::field(
            "header",
            "If-Match",
            "int_parsing",
            "If-Match must be the version seen, such as \"3\"",
        )
    };
    number.map(Some).ok_or_else(refused)
}
