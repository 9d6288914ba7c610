//! `GET /api/jobs` and `GET /api/jobs/{id}`.

use axum::Json;
use axum::extract::{Path, State};
use marktwerk_domain::job::JobId;

use super::{JobItem, job_item, job_items};
use crate::error::ApiResult;
use crate::openapi::Detail;
use crate::state::AppState;

/// All jobs with their state and latest lines.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", operation_id = "list_jobs",
    responses((status = 200, body = [JobItem]), (status = 503, body = Detail)))]
pub(super) async fn list(State(state): State<AppState>) -> ApiResult<Json<Vec<JobItem>>> {
    Ok(Json(job_items(&state.source).await?))
}

/// One job.
#[utoipa::path(get, path = "/api/jobs/{id}", tag = "jobs", operation_id = "show_job",
    params(("id" = String, Path, description = "the job's id")),
    responses((status = 200, body = JobItem), (status = 404, body = Detail)))]
pub(super) async fn show(State(state): State<AppState>, Path(id): Path<String>) -> ApiResult<Json<JobItem>> {
    let job = state.engine.existing(&JobId(id)).await?;
    Ok(Json(job_item(&state.source, job).await?))
}
