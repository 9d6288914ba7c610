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
use item::JobResource;
use marktwerk_domain::job::Job;
use utoipa_axum::routes;

use crate::error::ApiResult;
use crate::routing::Routes;
use crate::safety::Role;
use crate::state::AppState;

/// The routes of jobs.
pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(Role::Viewer, routes!(reading::list))
        .routes(Role::Admin, routes!(editing::create))
        .routes(Role::Viewer, routes!(transfer::export))
        .routes(Role::Admin, routes!(transfer::import))
        // The handler asks for more where jobs are to be removed.
        .routes(Role::Operator, routes!(bulk::bulk))
        .routes(Role::Viewer, routes!(reading::preview_draft))
        .routes(Role::Viewer, routes!(reading::show))
        .routes(Role::Operator, routes!(editing::change))
        .routes(Role::Admin, routes!(editing::remove))
        .routes(Role::Operator, routes!(editing::pause))
        .routes(Role::Operator, routes!(editing::resume))
        .routes(Role::Operator, routes!(editing::run))
        .routes(Role::Viewer, routes!(reading::preview))
        .routes(Role::Viewer, routes!(types::list))
}

/// A job that was changed, with its version as ETag.
async fn changed(state: &AppState, job: &Job) -> ApiResult<Response> {
    let resource = JobResource { warning: state.warning(), ..item::resource(&state.source, job).await? };
    Ok(([(header::ETAG, format!("\"{}\"", job.version))], Json(resource)).into_response())
}

/// A job with its version as ETag.
async fn tagged(state: &AppState, job: &Job) -> ApiResult<Response> {
    let tag = format!("\"{}\"", job.version);
    let resource = item::resource(&state.source, job).await?;
    Ok(([(header::ETAG, tag)], Json(resource)).into_response())
}
