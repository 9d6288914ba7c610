//! Real counts, account by account.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::documented::{InventoryCounts, OrderCounts};
use crate::error::ApiResult;
use crate::state::AppState;

/// What an account has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountStatistics {
    /// The merchant's name of the account.
    pub(crate) account: String,
    #[schema(example = "temu")]
    marketplace: String,
    pub(crate) orders: OrderCounts,
    pub(crate) inventory: InventoryCounts,
    /// By job type: when the last successful run for the account ended; `null` where none did yet.
    last_success: BTreeMap<String, Option<String>>,
}

/// Real counts of orders and stock, account by account.
#[utoipa::path(get, path = "/api/v1/stats", tag = "v1", operation_id = "statistics",
    responses((status = 200, body = [AccountStatistics]), (status = 503, body = Problem)))]
pub(super) async fn list(State(state): State<AppState>) -> ApiResult<Json<Vec<AccountStatistics>>> {
    Ok(Json(of_accounts(&state).await?))
}

/// The counts, for whoever shows them; in the order of the settings.
pub(crate) async fn of_accounts(state: &AppState) -> ApiResult<Vec<AccountStatistics>> {
    let accounts = state.engine.registry().diagnose().map(|diagnose| diagnose.accounts()).unwrap_or_default();
    let mut all = Vec::with_capacity(accounts.len());
    for account in accounts {
        let only = std::slice::from_ref(&account.name);
        all.push(AccountStatistics {
            orders: state.store().order_statistics(only).await?.into(),
            inventory: state.store().inventory_statistics(only).await?.into(),
            last_success: last_success(state, &account.name, &account.marketplace).await?,
            account: account.name,
            marketplace: account.marketplace,
        });
    }
    Ok(all)
}

async fn last_success(
    state: &AppState,
    account: &str,
    marketplace: &str,
) -> ApiResult<BTreeMap<String, Option<String>>> {
    let descriptions = state.engine.registry().descriptions();
    let of_marketplace = descriptions.filter(|description| description.marketplace == Some(marketplace));
    let mut times: BTreeMap<String, Option<jiff::Timestamp>> =
        of_marketplace.map(|description| (description.job_type.to_owned(), None)).collect();
    for job in state.engine.jobs().await? {
        let Some(latest) = times.get_mut(&job.spec.job_type).filter(|_| job.target.account == account) else {
            continue;
        };
        *latest = (*latest).max(job.history.last_success_at);
    }
    Ok(times.into_iter().map(|(job_type, time)| (job_type, time.map(|time| state.time(time)))).collect())
}
