//! The attention list: what needs a person.

use axum::Json;
use axum::extract::{Path, State};
use marktwerk_domain::attention::Attention;
use marktwerk_store::judging;
use serde::Serialize;
use utoipa::ToSchema;

use super::number;
use super::problem::Problem;
use crate::error::ApiResult;
use crate::state::AppState;

/// One thing that needs a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttentionItem {
    id: i64,
    account: String,
    /// Why: set_aside, unclear, unknown_carrier, …
    kind: &'static str,
    /// An order number or an article number.
    subject: String,
    /// What happened and what to do.
    message: String,
    since: String,
}

/// What is open, oldest first.
#[utoipa::path(get, path = "/api/v1/attention", tag = "v1", operation_id = "list_attention",
    responses((status = 200, body = [AttentionItem])))]
pub(super) async fn list(State(state): State<AppState>) -> ApiResult<Json<Vec<AttentionItem>>> {
    let items = state.store().attentions().await?;
    Ok(Json(items.into_iter().map(|one| item(&state, one)).collect()))
}

/// Takes one off the list because a person has dealt with it. It comes back if its cause persists.
#[utoipa::path(post, path = "/api/v1/attention/{id}/close", tag = "v1", operation_id = "close_attention",
    params(("id" = i64, Path, description = "its number")),
    responses((status = 200, body = AttentionItem), (status = 404, body = Problem)))]
pub(super) async fn close(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> ApiResult<Json<AttentionItem>> {
    let id = number(&id, "item on the attention list")?;
    let closed = judging::close(&**state.store(), id, state.engine.clock().now()).await?;
    Ok(Json(item(&state, closed)))
}

fn item(state: &AppState, attention: Attention) -> AttentionItem {
    AttentionItem {
        id: attention.id,
        account: attention.account,
        kind: attention.kind.as_str(),
        subject: attention.subject,
        message: attention.message,
        since: state.time(attention.since),
    }
}
