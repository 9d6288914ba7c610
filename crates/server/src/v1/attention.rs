//! The attention list: what needs a person, what it means, and what can be decided about it. Many orders with one cause are one
//! entry.

use axum::Json;
use axum::extract::{Path, State};
use marktwerk_domain::judgement::{EntryFacts, Group, groups};
use marktwerk_domain::language::Language;
use marktwerk_store::judging;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Object;
use super::decisions::{self, DecidedOrder, DecisionItem};
use super::number;
use super::problem::Problem;
use super::stock_decisions;
use crate::error::{ApiError, ApiResult};
use crate::fields::QueryFields;
use crate::safety::Caller;
use crate::state::AppState;

/// One thing that needs a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttentionItem {
    pub(crate) id: i64,
    pub(crate) account: String,
    /// Why: set_aside, unclear, unknown_carrier, …
    pub(crate) kind: &'static str,
    /// An order number or an article number; of several orders, the oldest entry's.
    pub(crate) subject: String,
    /// The orders that the entry stands for; empty if it is not about orders.
    pub(crate) orders: Vec<String>,
    /// The situation of the order, as ORDERS.md names it: send it back with a decision, and nothing is done if it is another one by then.
    pub(crate) situation: Option<String>,
    /// What happened, what it means and what to do.
    pub(crate) message: String,
    pub(crate) since: String,
    /// What can be decided.
    pub(crate) decisions: Vec<DecisionItem>,
}

/// What is open, oldest first.
#[utoipa::path(get, path = "/api/v1/attention", tag = "v1", operation_id = "list_attention",
    params(("lang" = Option<String>, Query, description = "de or en; en if not given")),
    responses((status = 200, body = [AttentionItem]), (status = 422, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Vec<AttentionItem>>> {
    let language = decisions::language(&mut fields);
    fields.finish()?;
    Ok(Json(items(&state, language).await?))
}

/// One entry.
#[utoipa::path(get, path = "/api/v1/attention/{id}", tag = "v1", operation_id = "show_attention",
    params(("id" = i64, Path, description = "its number"),
        ("lang" = Option<String>, Query, description = "de or en; en if not given")),
    responses((status = 200, body = AttentionItem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Path(id): Path<String>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<AttentionItem>> {
    let language = decisions::language(&mut fields);
    fields.finish()?;
    let id = number(&id, "entry on the attention list")?;
    let open = groups(state.store().attentions().await?);
    let group = open.into_iter().find(|group| group.entries.iter().any(|entry| entry.id == id));
    let none = || ApiError::NotFound(format!("there is no open entry {id}: it may have ended meanwhile"));
    let item = item(&state, group.ok_or_else(none)?, language).await?;
    Ok(Json(item.ok_or_else(none)?))
}

/// Decides on an entry, for all orders that it stands for.
#[utoipa::path(post, path = "/api/v1/attention/{id}/decide", tag = "v1", operation_id = "decide_attention",
    params(("id" = i64, Path, description = "its number"),
        ("lang" = Option<String>, Query, description = "de or en; en if not given")),
    request_body(content = DecisionBody),
    responses((status = 200, body = [DecidedOrder]), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn decide(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    QueryFields(mut query): QueryFields,
    body: Object,
) -> ApiResult<Json<Vec<DecidedOrder>>> {
    let language = decisions::language(&mut query);
    query.finish()?;
    let id = number(&id, "entry on the attention list")?;
    if let Some(item) = stock_decisions::entry(&state, id).await? {
        let mut fields = body.fields();
        let (decision, to) = (fields.text("decision"), fields.text("to"));
        let decision = fields.required("decision", decision);
        fields.finish()?;
        stock_decisions::decide(&state, &caller, &item, &decision, to.as_deref()).await?;
        return Ok(Json(Vec::new()));
    }
    let (choice, situation) = decisions::choice(body.fields(), &caller)?;
    let occasion = decisions::occasion(&state, &caller);
    let outcomes =
        judging::decide_entry(&**state.store(), id, &choice, situation.as_deref(), &occasion).await;
    Ok(Json(decisions::answer(outcomes, &state.reader(language))?))
}

/// A decision.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body for the documentation; it is read field by field")]
pub(crate) struct DecisionBody {
    /// One of those that the entry offers.
    decision: String,
    /// With `choose_carrier`: its name as the marketplace has it.
    carrier: Option<String>,
    /// With `remind_me`: when, with its offset.
    until: Option<String>,
    /// With `move_to`: the account's new name.
    to: Option<String>,
    /// The situation that the person saw.
    situation: Option<String>,
}

/// All entries, in this language.
pub(crate) async fn items(state: &AppState, language: Language) -> ApiResult<Vec<AttentionItem>> {
    let mut items = Vec::new();
    for group in groups(state.store().attentions().await?) {
        items.extend(item(state, group, language).await?);
    }
    Ok(items)
}

async fn item(state: &AppState, group: Group, language: Language) -> ApiResult<Option<AttentionItem>> {
    let message = group.message(&state.reader(language));
    let Some(first) = group.first() else { return Ok(None) };
    let is_of_an_order = first.kind.is_of_an_order();
    let record = match is_of_an_order {
        true => state.store().order(&first.account, &first.subject).await?,
        false => None,
    };
    let decisions = match &record {
        Some(record) => {
            decisions::offered(&record.judgement(&state.limits, state.engine.clock().now()), language)
        }
        None if is_of_an_order => decisions::without_order(language),
        None => stock_decisions::offered(first, language),
    };
    let facts: Option<EntryFacts> = serde_json::from_value(first.facts.clone()).ok();
    let orders = group.entries.iter().filter(|entry| entry.kind.is_of_an_order());
    Ok(Some(AttentionItem {
        id: first.id,
        account: first.account.clone(),
        kind: first.kind.as_str(),
        subject: first.subject.clone(),
        orders: orders.map(|entry| entry.subject.clone()).collect(),
        situation: facts.map(|facts| facts.row.word()),
        message,
        since: state.time(first.since),
        decisions,
    }))
}
