//! Orders, as far as they are nobody's private matter: numbers, states, times, totals, articles; and what a person does with one.

mod again;
mod details;
mod list;

pub(crate) use details::{Details, OrderDetails, details};
pub(crate) use list::{OrderItem, item, search};

use marktwerk_store::orders::{OrderFilter, OrderRecord};
use utoipa_axum::routes;

use crate::error::{ApiError, ApiResult};
use crate::routing::Routes;
use crate::safety::Role;
use crate::state::AppState;

/// The routes of orders.
pub(super) fn routes() -> Routes {
    Routes::new()
        .routes(Role::Viewer, routes!(list::list))
        .routes(Role::Operator, routes!(again::fetch))
        .routes(Role::Viewer, routes!(details::show))
        .routes(Role::Operator, routes!(details::decide))
        .routes(Role::Operator, routes!(again::send))
}

/// The order with this number. Two accounts may have one with the same number: then the account has to be named.
pub(crate) async fn order(state: &AppState, number: &str, account: Option<&str>) -> ApiResult<OrderRecord> {
    let filter = OrderFilter {
        number: Some(number.to_owned()),
        account: account.map(str::to_owned),
        limit: 100,
        ..OrderFilter::default()
    };
    let found = state.store().orders_in(&filter).await?;
    let none = || match account {
        None => ApiError::NotFound(format!("there is no order `{number}`")),
        Some(account) => ApiError::NotFound(format!("the account {account} has no order `{number}`")),
    };
    match found.as_slice() {
        [] => Err(none()),
        [one] => state.store().order(&one.account, number).await?.ok_or_else(none),
        several => {
            let accounts: Vec<&str> = several.iter().map(|order| order.account.as_str()).collect();
            Err(ApiError::Conflict(format!(
                "several accounts have an order `{number}`: name one with `account` ({})",
                accounts.join(", ")
            )))
        }
    }
}
