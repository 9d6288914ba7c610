//! Runs: what happened, and what waits.

mod bulk;
mod commands;
mod filter;
mod item;
mod reading;

pub(crate) use commands::place;
pub(crate) use filter::{STATES, TRIGGERS};
pub(crate) use item::{RunDetails, RunItem, RunLink, item};
pub(crate) use reading::details;

use utoipa_axum::routes;

use crate::routing::Routes;
use crate::safety::Role;

/// The routes of runs.
pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(Role::Viewer, routes!(reading::list))
        .routes(Role::Operator, routes!(bulk::bulk))
        .routes(Role::Viewer, routes!(reading::show))
        .routes(Role::Operator, routes!(commands::cancel))
        .routes(Role::Operator, routes!(commands::retry))
}
