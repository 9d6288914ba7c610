//! The plain screen: one page, rendered here, kept up to date by a small script over the documented interface, and usable
//! without the script by plain forms; and plain pages of runs.

mod actions;
mod assets;
mod attention;
mod health;
mod home;
mod jobs_table;
mod order;
mod orders;
mod panels;
mod parameter_form;
mod refusals;
mod run;
mod run_actions;
mod runs;
mod shell;
mod stock;
mod stock_words;
mod words;

pub(crate) use refusals::refusals;
pub(crate) use shell::login_page;
pub(crate) use words::Words;

use crate::routing::Routes;
use crate::safety::{EVERYBODY, Role};

/// The routes of the screen.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .get(Role::Viewer, "/", home::all)
        .get(Role::Viewer, "/temu", home::temu)
        .get(Role::Viewer, "/runs", runs::list)
        .get(Role::Viewer, "/runs/{id}", run::show)
        .post(Role::Operator, "/screen/runs/{id}/cancel", run_actions::cancel)
        .post(Role::Operator, "/screen/runs/{id}/retry", run_actions::retry)
        .get(EVERYBODY, "/assets/app.css", assets::style)
        .get(EVERYBODY, "/assets/app.js", assets::script)
        .post(Role::Operator, "/screen/jobs/{id}/run", actions::run)
        .post(Role::Operator, "/screen/jobs/{id}/pause", actions::pause)
        .post(Role::Operator, "/screen/jobs/{id}/resume", actions::resume)
        .post(Role::Operator, "/screen/jobs/{id}/interval", actions::interval)
        .get(Role::Viewer, "/orders", orders::list)
        .get(Role::Viewer, "/orders/{number}", order::show)
        .get(Role::Viewer, "/stock", stock::list)
        .post(Role::Operator, "/screen/stock/push", stock::push)
        .get(Role::Viewer, "/screen/attention", attention::fragment)
        .get(Role::Viewer, "/screen/health", health::fragment)
        .post(Role::Operator, "/screen/attention/{id}/decide", attention::decide)
        .post(Role::Operator, "/screen/orders/{account}/{number}/decide", attention::decide_order)
        .post(Role::Operator, "/screen/accounts/{name}/test", actions::test)
}
