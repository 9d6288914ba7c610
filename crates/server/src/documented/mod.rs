//! The interface as it has been documented all along, on `/api`: the same words, the same shapes.

mod adding;
mod commands;
mod csv;
mod export;
mod health;
mod job_item;
mod jobs;
mod log_source;
mod logs;
mod start;
mod temu;

pub(crate) use job_item::{JobItem, job_item, job_items};
pub(crate) use logs::LogEntry;
pub(crate) use temu::{TemuStatistics, statistics};

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// The documented routes.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(jobs::list))
        .routes(routes!(adding::add))
        .routes(routes!(jobs::show))
        .routes(routes!(commands::run_now))
        .routes(routes!(commands::schedule))
        .routes(routes!(commands::toggle))
        .routes(routes!(logs::list))
        .routes(routes!(logs::stats))
        .routes(routes!(export::export))
        .routes(routes!(logs::cleanup))
        .routes(routes!(health::show))
        .routes(routes!(temu::stats))
        .routes(routes!(temu::sync_orders))
        .routes(routes!(temu::sync_inventory))
}
