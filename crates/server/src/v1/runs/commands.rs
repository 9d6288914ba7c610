//! What a run can be told: end, or come again.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use marktwerk_domain::run::Run;
use serde::Deserialize;
use utoipa::ToSchema;

use super::item::{RunItem, item};
use crate::error::ApiResult;
use crate::safety::Caller;
use crate::state::AppState;
use crate::v1::body::Object;
use crate::v1::problem::Problem;
use crate::v1::run_id;

/// How a run is repeated.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read by hand so that faults name their field")]
pub(crate) struct RetryRun {
    /// The step to begin with, one of the job type's `steps`; the first one, if not given.
    from_step: Option<String>,
}

/// Asks a run to end: at once where it waits, as soon as it can where it runs.
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel", tag = "v1", operation_id = "cancel_run",
    params(("id" = i64, Path, description = "the run's number")),
    responses((status = 202, body = RunItem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(in crate::v1) async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> ApiResult<(StatusCode, Json<RunItem>)> {
    let run = state.commands(&caller).cancel(run_id(&id)?).await?;
    Ok((StatusCode::ACCEPTED, Json(item(&state.source, run))))
}

/// Repeats an ended run with its parameters, as a new run.
#[utoipa::path(post, path = "/api/v1/runs/{id}/retry", tag = "v1", operation_id = "retry_run",
    request_body = Option<RetryRun>, params(("id" = i64, Path, description = "the run's number")),
    responses((status = 202, body = RunItem, headers(("Location" = String))), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(in crate::v1) async fn retry(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    body: Object,
) -> ApiResult<Response> {
    let id = run_id(&id)?;
    let mut fields = body.fields();
    let from_step = fields.text("from_step");
    fields.finish()?;
    Ok(queued(&state, state.commands(&caller).run_again(id, from_step).await?))
}

/// The address of a run.
pub(crate) fn place(run: &Run) -> String {
    format!("/api/v1/runs/{}", run.id)
}

/// 202 with a run that waits now.
fn queued(state: &AppState, run: Run) -> Response {
    (StatusCode::ACCEPTED, [(header::LOCATION, place(&run))], Json(item(&state.source, run))).into_response()
}
