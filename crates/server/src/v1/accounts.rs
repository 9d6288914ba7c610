//! Accounts and the ERP: what is configured, and whether it answers.

use axum::Json;
use axum::extract::{Path, State};
use marktwerk_domain::failure::Failure;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// An account, without its secrets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountItem {
    name: String,
    marketplace: String,
    endpoint: String,
    /// Whether the endpoint is on this machine: a simulation, or a test.
    is_loopback: bool,
}

/// What a test told. One that went badly is an answer too, not an error of this call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestResult {
    pub(crate) ok: bool,
    /// For people.
    pub(crate) message: String,
    /// When the credentials expire, where the marketplace tells.
    pub(crate) expires_at: Option<String>,
    /// With a failure: transient, rate_limited, refused, unreadable, unauthorised, timed_out or defect.
    pub(crate) class: Option<&'static str>,
}

/// The accounts that are configured.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "v1", operation_id = "list_accounts",
    responses((status = 200, body = [AccountItem])))]
pub(super) async fn list(State(state): State<AppState>) -> Json<Vec<AccountItem>> {
    let accounts = state.engine.registry().diagnose().map(|diagnose| diagnose.accounts()).unwrap_or_default();
    let items = accounts.into_iter().map(|account| AccountItem {
        name: account.name,
        marketplace: account.marketplace,
        endpoint: account.endpoint,
        is_loopback: account.is_loopback,
    });
    Json(items.collect())
}

/// Asks the marketplace whether the account's credentials are good.
#[utoipa::path(post, path = "/api/v1/accounts/{name}/test", tag = "v1", operation_id = "test_account",
    params(("name" = String, Path, description = "the account's name")),
    responses((status = 200, body = TestResult), (status = 404, body = Problem)))]
pub(super) async fn test(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> ApiResult<Json<TestResult>> {
    Ok(Json(test_account(&state, &name).await?))
}

/// Asks the ERP how it is.
#[utoipa::path(post, path = "/api/v1/erp/test", tag = "v1", operation_id = "test_erp",
    responses((status = 200, body = TestResult), (status = 404, body = Problem)))]
pub(super) async fn test_erp(State(state): State<AppState>) -> ApiResult<Json<TestResult>> {
    let nobody = || ApiError::NotFound("no ERP is configured".to_owned());
    let diagnose = state.engine.registry().diagnose().ok_or_else(nobody)?;
    Ok(Json(match diagnose.test_erp().await {
        Ok(findings) => TestResult { ok: true, message: findings.join("\n"), expires_at: None, class: None },
        Err(failure) => failed(failure),
    }))
}

/// The test of an account, for whoever asks.
pub(crate) async fn test_account(state: &AppState, name: &str) -> ApiResult<TestResult> {
    let diagnose = state.engine.registry().diagnose();
    let known = diagnose.filter(|diagnose| diagnose.accounts().iter().any(|account| account.name == name));
    let diagnose = known.ok_or_else(|| ApiError::NotFound(format!("no account `{name}` is configured")))?;
    Ok(match diagnose.test_account(name).await {
        Ok(health) => TestResult {
            ok: true,
            message: health.message,
            expires_at: health.expires_at.map(|time| state.time(time)),
            class: None,
        },
        Err(failure) => failed(failure),
    })
}

fn failed(failure: Failure) -> TestResult {
    TestResult { ok: false, message: failure.message, expires_at: None, class: Some(failure.class.as_str()) }
}
