//! Jobs: what runs, and when. One form of a job for answers, bodies and the jobs file.

mod bulk;
mod document;
mod editing;
mod filter;
mod item;
mod reading;
mod transfer;
mod types;

pub(crate) use item::health_mark;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use marktwerk_domain::job::Job;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::state::AppState;

/// The routes of jobs.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(reading::list, editing::create))
        .routes(routes!(transfer::export))
        .routes(routes!(transfer::import))
        .routes(routes!(bulk::bulk))
        .routes(routes!(reading::preview_draft))
        .routes(routes!(reading::show, editing::change, editing::remove))
        .routes(routes!(editing::pause))
        .routes(routes!(editing::resume))
        .routes(routes!(editing::run))
        .routes(routes!(reading::preview))
        .routes(routes!(types::list))
}

/// A job with its version as ETag.
async fn tagged(state: &AppState, job: &Job) -> ApiResult<Response> {
    let tag = format!("\"{}\"", job.version);
    let resource = item::resource(&state.source, job).await?;
    Ok(([(header::ETAG, tag)], Json(resource)).into_response())
}
