//! Runs: what happened, and what waits.

mod bulk;
mod commands;
mod filter;
mod item;
mod reading;

pub(crate) use commands::queued;
pub(crate) use item::{RunDetails, RunItem, RunLink, item};
pub(crate) use reading::details;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The routes of runs.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(reading::list))
        .routes(routes!(bulk::bulk))
        .routes(routes!(reading::show))
        .routes(routes!(commands::cancel))
        .routes(routes!(commands::retry))
}
