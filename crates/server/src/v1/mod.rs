//! `/api/v1`: what the documented interface has no words for. Errors are `application/problem+json`.

mod accounts;
mod alerts;
mod attention;
mod body;
mod decisions;
mod jobs;
mod many;
mod orders;
mod problem;
mod runs;

pub(crate) use accounts::test_account;
pub(crate) use attention::{AttentionItem, items as attention_items};
pub(crate) use decisions::{DecisionItem, answer as decision_answer, in_hours, occasion};
pub(crate) use jobs::health_mark;
pub(crate) use orders::{
    Details, OrderDetails, OrderItem, details as order_details, item as order_item, order, search,
};
pub(crate) use problem::problems;
pub(crate) use runs::{RunDetails, RunItem, RunLink, details, item as run_item};

use marktwerk_domain::run::RunId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// The routes of this version.
pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(jobs::routes())
        .merge(runs::routes())
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::test))
        .routes(routes!(accounts::list))
        .routes(routes!(accounts::test))
        .routes(routes!(accounts::test_erp))
        .routes(routes!(attention::list))
        .routes(routes!(attention::show))
        .routes(routes!(attention::decide))
        .merge(orders::routes())
}

/// The number in a path; what is no number names nothing.
fn number(text: &str, what: &str) -> ApiResult<i64> {
    text.parse().map_err(|_| ApiError::NotFound(format!("there is no {what} `{text}`")))
}

fn run_id(text: &str) -> ApiResult<RunId> {
    number(text, "run").map(RunId)
}
