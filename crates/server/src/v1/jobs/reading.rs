//! Jobs: listed, looked at, and when they would run.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Zoned;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_engine::jobs::JobDraft;
use serde::Serialize;
use utoipa::ToSchema;

use super::document::NewJob;
use super::filter::JobFilter;
use super::item::{self, JobResource};
use super::tagged;
use crate::documented::running;
use crate::error::ApiResult;
use crate::fields::{Fields, QueryFields};
use crate::state::AppState;
use crate::times;
use crate::v1::body::Object;
use crate::v1::problem::Problem;

/// The next planned times of a job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// The zone of the times.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
    /// RFC 3339, each with its own offset.
    #[schema(example = json!(["2026-10-25T02:30:00.000+02:00"]))]
    times: Vec<String>,
}

/// Jobs by id.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "v1", operation_id = "list_jobs_v1",
    params(("ids" = Option<String>, Query, description = "only these, separated by commas"),
        ("job_type" = Option<String>, Query, description = "only of these types, separated by commas"),
        ("account" = Option<String>, Query, description = "only of these accounts, separated by commas"),
        ("enabled" = Option<bool>, Query, description = "only those that run by themselves, or only those that are paused"),
        ("status" = Option<String>, Query, description = "only in these states: IDLE, RUNNING, SUCCESS, FAILED"),
        ("health" = Option<String>, Query, description = "only with these marks: ok, degraded, paused"),
        ("after" = Option<String>, Query, description = "only ids after this one: the next page"),
        ("limit" = Option<i64>, Query, description = "100 if not given", minimum = 1, maximum = 1000)),
    responses((status = 200, body = [JobResource]), (status = 422, body = Problem)))]
pub(in crate::v1) async fn list(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Vec<JobResource>>> {
    let filter = JobFilter::read(&state, &mut fields);
    let after = fields.text("after");
    let limit = fields.integer("limit", 1..=1_000).map_or(100, |limit| limit as usize);
    fields.finish()?;
    let (jobs, running) = (state.engine.jobs().await?, running(&state.source).await?);
    let is_asked_for = |job: &&Job| {
        after.as_deref().is_none_or(|after| job.id.as_str() > after) && filter.passes(job, &running)
    };
    let page = jobs.iter().filter(is_asked_for).take(limit);
    Ok(Json(page.map(|job| item::item(&state.source, job, running.contains(&job.id))).collect()))
}

/// One job.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "v1", operation_id = "show_job_v1",
    params(("id" = String, Path, description = "the job's id")),
    responses((status = 200, body = JobResource, headers(("ETag" = String, description = "the version"))),
        (status = 404, body = Problem)))]
pub(in crate::v1) async fn show(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    let job = state.engine.existing(&JobId(id)).await?;
    tagged(&state, &job).await
}

/// The next planned times of a job, as if it were enabled.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/preview", tag = "v1", operation_id = "preview_job",
    params(("id" = String, Path, description = "the job's id"),
        ("count" = Option<i64>, Query, description = "10 if not given", minimum = 1, maximum = 100)),
    responses((status = 200, body = Preview), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(in crate::v1) async fn preview(
    State(state): State<AppState>,
    Path(id): Path<String>,
    QueryFields(fields): QueryFields,
) -> ApiResult<Json<Preview>> {
    let count = count(fields)?;
    let job = state.engine.existing(&JobId(id)).await?;
    let times = state.engine.preview(&job.id, count).await?;
    Ok(Json(told(&state, &times, job.spec.policies.time_zone)))
}

/// The next planned times of a job that is not saved; what could not be saved is refused as it would be then.
#[utoipa::path(post, path = "/api/v1/jobs/preview", tag = "v1", operation_id = "preview_draft", request_body = NewJob,
    params(("count" = Option<i64>, Query, description = "10 if not given", minimum = 1, maximum = 100)),
    responses((status = 200, body = Preview), (status = 400, body = Problem), (status = 422, body = Problem)))]
pub(in crate::v1) async fn preview_draft(
    State(state): State<AppState>,
    QueryFields(fields): QueryFields,
    Object(draft): Object,
) -> ApiResult<Json<Preview>> {
    let count = count(fields)?;
    let draft = JobDraft::read(draft.into())?;
    let times = state.engine.preview_draft(&draft, count)?;
    Ok(Json(told(&state, &times, draft.time_zone)))
}

fn count(mut fields: Fields) -> ApiResult<usize> {
    let count = fields.integer("count", 1..=100).map_or(10, |count| count as usize);
    fields.finish()?;
    Ok(count)
}

fn told(state: &AppState, planned: &[Zoned], zone: Option<String>) -> Preview {
    let own = planned.first().and_then(|time| time.time_zone().iana_name().map(str::to_owned));
    let time_zone = own.or(zone).unwrap_or_else(|| state.source.zone_name());
    let times = planned.iter().map(|time| times::text(time.timestamp(), time.time_zone())).collect();
    Preview { time_zone, times }
}
