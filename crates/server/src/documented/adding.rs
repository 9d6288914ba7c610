//! `POST /api/jobs/add`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use marktwerk_domain::schedule::LONGEST_INTERVAL_MINUTES;
use marktwerk_engine::jobs::JobDraft;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{JobItem, job_item};
use crate::error::ApiResult;
use crate::fields::BodyFields;
use crate::openapi::{Detail, FieldDetail};
use crate::safety::Caller;
use crate::state::AppState;

/// A job to be added, as the interface describes it (it is read field by field).
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; `add` reads it by hand so that faults name their field")]
pub(crate) struct AddJob {
    /// `order_workflow`, `inventory_workflow`, … or an older name.
    #[schema(min_length = 1, example = "order_workflow")]
    job_type: String,
    /// Minutes from one start to the next.
    #[schema(minimum = 1, maximum = 525_600, example = 5)]
    interval_minutes: u32,
    /// For people.
    #[schema(default = "")]
    description: Option<String>,
    /// Whether it runs by its schedule.
    #[schema(default = true)]
    enabled: Option<bool>,
}

/// Adds a job under the next free id of its type.
#[utoipa::path(post, path = "/api/jobs/add", tag = "jobs", operation_id = "add_job", request_body = AddJob,
    responses((status = 201, body = JobItem), (status = 422, body = FieldDetail), (status = 413, body = Detail)))]
pub(super) async fn add(
    State(state): State<AppState>,
    caller: Caller,
    BodyFields(mut fields): BodyFields,
) -> ApiResult<(StatusCode, Json<JobItem>)> {
    let job_type = fields.text("job_type");
    let job_type = fields.required("job_type", job_type);
    let minutes = fields.integer("interval_minutes", 1..=i64::from(LONGEST_INTERVAL_MINUTES));
    let interval_minutes = fields.required("interval_minutes", minutes);
    let description = fields.text("description").unwrap_or_default();
    let enabled = fields.boolean("enabled").unwrap_or(true);
    fields.finish()?;
    let draft = JobDraft { description, enabled, ..JobDraft::every_minutes(job_type, interval_minutes) };
    let job = state.commands(&caller).add_job(draft).await?;
    let warning = state.warning();
    Ok((StatusCode::CREATED, Json(JobItem { warning, ..job_item(&state.source, job).await? })))
}
