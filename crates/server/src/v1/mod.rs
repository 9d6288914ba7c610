//! `/api/v1`: what the documented interface has no words for. Errors are `application/problem+json`.

mod accounts;
mod alerts;
mod attention;
mod audit;
mod body;
mod decisions;
mod health;
mod jobs;
mod many;
mod orders;
mod problem;
mod runs;
mod stats;
mod stock;
mod stock_decisions;
mod stock_item;

pub(crate) use accounts::test_account;
pub(crate) use attention::{AttentionItem, items as attention_items};
pub(crate) use decisions::{DecisionItem, answer as decision_answer, in_hours, language, occasion};
pub(crate) use jobs::health_mark;
pub(crate) use orders::{
    Details, OrderDetails, OrderItem, details as order_details, item as order_item, order, search,
};
pub(crate) use problem::problems;
pub(crate) use runs::{
    RunDetails, RunItem, RunLink, STATES as RUN_STATES, TRIGGERS as RUN_TRIGGERS, details, item as run_item,
};
pub(crate) use stats::{AccountStatistics, of_accounts as account_statistics};
pub(crate) use stock::{
    StockQuery, article as stock_article, publish as publish_stock, query as stock_query,
};
pub(crate) use stock_decisions::{decide as decide_on_stock, entry as stock_entry};
pub(crate) use stock_item::{ArticleItem, StockItem, item as stock_item};

use marktwerk_domain::run::RunId;
use utoipa_axum::routes;

use crate::error::{ApiError, ApiResult};
use crate::routing::Routes;
use crate::safety::Role;

/// The routes of this version.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .merge(jobs::routes())
        .merge(runs::routes())
        .routes(Role::Viewer, routes!(alerts::list))
        .routes(Role::Operator, routes!(alerts::test))
        .routes(Role::Viewer, routes!(health::show))
        .routes(Role::Viewer, routes!(accounts::list))
        .routes(Role::Viewer, routes!(stats::list))
        .routes(Role::Operator, routes!(accounts::test))
        .routes(Role::Operator, routes!(accounts::test_erp))
        .routes(Role::Viewer, routes!(attention::list))
        .routes(Role::Viewer, routes!(attention::show))
        .routes(Role::Operator, routes!(attention::decide))
        .routes(Role::Viewer, routes!(audit::list))
        .merge(orders::routes())
        .routes(Role::Viewer, routes!(stock::list))
        .routes(Role::Viewer, routes!(stock::show))
        .routes(Role::Operator, routes!(stock::push))
}

/// The number in a path; what is no number names nothing.
fn number(text: &str, what: &str) -> ApiResult<i64> {
    text.parse().map_err(|_| ApiError::NotFound(format!("there is no {what} `{text}`")))
}

fn run_id(text: &str) -> ApiResult<RunId> {
    number(text, "run").map(RunId)
}
