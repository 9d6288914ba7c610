//! Alerts: what people were told or are to be told, and a test of the ways to tell them.

use axum::Json;
use axum::extract::State;
use marktwerk_domain::alert::Alert;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::state::AppState;

/// What people are told when a job changes its state, or something stops the shop.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertItem {
    id: i64,
    at: String,
    /// paused, degraded or recovered; null where something else begins that needs a person.
    change: Option<&'static str>,
    /// Empty if it is not a job's.
    job_id: String,
    /// The run that changed it.
    run: Option<i64>,
    title: String,
    /// What happened, what it means and what to do.
    message: String,
}

/// What became of a test alert.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelTest {
    /// webhook or email.
    channel: &'static str,
    ok: bool,
    /// Why it did not go out.
    error: Option<String>,
}

/// The latest alerts, newest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "v1", operation_id = "list_alerts",
    params(("limit" = Option<i64>, Query, description = "50 if not given", minimum = 1, maximum = 500)),
    responses((status = 200, body = [AlertItem]), (status = 422, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Vec<AlertItem>>> {
    let limit = fields.integer("limit", 1..=500).map_or(50, |limit| limit as usize);
    fields.finish()?;
    let alerts = state.engine.latest_alerts(limit).await?;
    Ok(Json(alerts.into_iter().map(|alert| item(&state, alert)).collect()))
}

/// Sends a test alert over every channel that is configured, and tells what became of it. An empty list: none is.
#[utoipa::path(post, path = "/api/v1/alerts/test", tag = "v1", operation_id = "test_alerts",
    responses((status = 200, body = [ChannelTest])))]
pub(super) async fn test(State(state): State<AppState>) -> Json<Vec<ChannelTest>> {
    let answers = state.engine.test_alerts().await.into_iter();
    let told = answers.map(|(channel, answer)| ChannelTest {
        channel,
        ok: answer.is_ok(),
        error: answer.err().map(|failure| failure.message),
    });
    Json(told.collect())
}

fn item(state: &AppState, alert: Alert) -> AlertItem {
    AlertItem {
        id: alert.id.0,
        at: state.time(alert.at),
        change: alert.change.map(|change| change.as_str()),
        job_id: alert.job_id.0,
        run: alert.run.map(|run| run.0),
        title: alert.title,
        message: alert.message,
    }
}
