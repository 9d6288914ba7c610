//! The plain screen: one page, rendered here, kept up to date by a small script over the documented interface, and usable
//! without the script by plain forms; and plain pages of runs.

mod actions;
mod assets;
mod attention;
mod home;
mod jobs_table;
mod order;
mod orders;
mod panels;
mod parameter_form;
mod run;
mod run_actions;
mod runs;
mod shell;
mod words;

pub(crate) use shell::login_page;
pub(crate) use words::Words;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

/// The routes of the screen.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(home::all))
        .route("/temu", get(home::temu))
        .route("/runs", get(runs::list))
        .route("/runs/{id}", get(run::show))
        .route("/screen/runs/{id}/cancel", post(run_actions::cancel))
        .route("/screen/runs/{id}/retry", post(run_actions::retry))
        .route("/assets/app.css", get(assets::style))
        .route("/assets/app.js", get(assets::script))
        .route("/screen/jobs/{id}/run", post(actions::run))
        .route("/screen/jobs/{id}/pause", post(actions::pause))
        .route("/screen/jobs/{id}/resume", post(actions::resume))
        .route("/screen/jobs/{id}/interval", post(actions::interval))
        .route("/orders", get(orders::list))
        .route("/orders/{number}", get(order::show))
        .route("/screen/attention", get(attention::fragment))
        .route("/screen/attention/{id}/decide", post(attention::decide))
        .route("/screen/orders/{account}/{number}/decide", post(attention::decide_order))
        .route("/screen/accounts/{name}/test", post(actions::test))
}
