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

pub(crate) use export::MOST_EXPORTS;
pub(crate) use job_item::{JobItem, item, job_item, job_items, running};
pub(crate) use logs::LogEntry;
pub(crate) use temu::{InventoryCounts, OrderCounts, TemuStatistics, statistics};

use utoipa_axum::routes;

use crate::routing::Routes;
use crate::safety::{EVERYBODY, Role};

/// The documented routes.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(Role::Viewer, routes!(jobs::list))
        .routes(Role::Admin, routes!(adding::add))
        .routes(Role::Viewer, routes!(jobs::show))
        .routes(Role::Operator, routes!(commands::run_now))
        .routes(Role::Operator, routes!(commands::schedule))
        .routes(Role::Operator, routes!(commands::toggle))
        .routes(Role::Viewer, routes!(logs::list))
        .routes(Role::Viewer, routes!(logs::stats))
        .routes(Role::Viewer, routes!(export::export))
        .routes(Role::Admin, routes!(logs::cleanup))
        .routes(EVERYBODY, routes!(health::show))
        .routes(Role::Viewer, routes!(temu::stats))
        .routes(Role::Operator, routes!(temu::sync_orders))
        .routes(Role::Operator, routes!(temu::sync_inventory))
}
