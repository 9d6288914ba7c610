//! One order: where it stands, what it waits for, what can be decided, and its whole way.

use axum::Json;
use axum::extract::{Path, State};
use marktwerk_domain::history::{Author, OrderEvent};
use marktwerk_domain::language::Language;
use marktwerk_store::judging;
use marktwerk_store::orders::OrderRecord;
use serde::Serialize;
use utoipa::ToSchema;

use super::{OrderItem, item, order};
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::safety::Caller;
use crate::state::AppState;
use crate::v1::attention::DecisionBody;
use crate::v1::body::Object;
use crate::v1::decisions::{self, DecidedOrder, DecisionItem};
use crate::v1::problem::Problem;

/// An order with everything that is nobody's private matter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderDetails {
    #[serde(flatten)]
    pub(crate) order: OrderItem,
    /// Its row in the table of ORDERS.md.
    pub(crate) situation: String,
    /// What that means.
    pub(crate) meaning: &'static str,
    /// What is done next.
    pub(crate) next_act: &'static str,
    /// The next act is not done before this time.
    pub(crate) not_before: Option<String>,
    /// When time alone may change something.
    pub(crate) changes_at: Option<String>,
    /// Whether its units are subtracted from JTL's stock figures.
    pub(crate) takes_stock: bool,
    /// Whether both sides are still asked about it.
    pub(crate) is_watched: bool,
    /// Until when it must leave, if the marketplace says so.
    pub(crate) ship_until: Option<String>,
    /// What people should know who send it, by what the marketplace says.
    pub(crate) notices: Vec<String>,
    /// What was decided and is not used up yet.
    pub(crate) decided: Option<StandingDecision>,
    /// Until when its entry of the attention list is not shown, because a person wants to be reminded.
    pub(crate) put_off: Option<PutOff>,
    /// What can be decided now.
    pub(crate) decisions: Vec<DecisionItem>,
    /// What was ordered.
    pub(crate) lines: Vec<Line>,
    /// What has left, as JTL shows it.
    pub(crate) parcels: Vec<ParcelItem>,
    /// What happened, oldest first.
    pub(crate) history: Vec<HistoryItem>,
}

/// A wish to be reminded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PutOff {
    /// The entry is shown again then, or as soon as something changes.
    pub(crate) until: String,
    /// Whose wish it is.
    pub(crate) by: String,
}

/// A decision that holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StandingDecision {
    pub(crate) decision: &'static str,
    pub(crate) label: &'static str,
    pub(crate) by: String,
    pub(crate) at: String,
    /// It no longer fits what happened since.
    pub(crate) has_lapsed: bool,
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Line {
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) quantity: i64,
}

/// A parcel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParcelItem {
    /// Its tracking number; several, separated by commas; empty where it has none.
    pub(crate) tracking: String,
    /// What JTL has in the field of the tracking number if that is not a tracking number.
    pub(crate) words: Option<String>,
    pub(crate) carrier: String,
    pub(crate) shipped_at: Option<String>,
}

/// Something that happened to an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryItem {
    pub(crate) at: String,
    /// A run, a person's name, or time.
    pub(crate) by: String,
    /// The run, if one did it.
    pub(crate) run: Option<i64>,
    pub(crate) what: String,
}

/// Which order is meant, beside its number.
pub(crate) struct Details {
    pub(crate) language: Language,
}

/// One order by its number.
#[utoipa::path(get, path = "/api/v1/orders/{number}", tag = "v1", operation_id = "show_order",
    params(("number" = String, Path, description = "its number at the marketplace"),
        ("account" = Option<String>, Query, description = "if several accounts have an order with this number"),
        ("lang" = Option<String>, Query, description = "de or en; en if not given")),
    responses((status = 200, body = OrderDetails), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Path(number): Path<String>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<OrderDetails>> {
    let language = decisions::language(&mut fields);
    let account = fields.text("account");
    fields.finish()?;
    let record = order(&state, &number, account.as_deref()).await?;
    Ok(Json(details(&state, record, &Details { language })))
}

/// Decides on an order.
#[utoipa::path(post, path = "/api/v1/orders/{number}/decide", tag = "v1", operation_id = "decide_order",
    params(("number" = String, Path, description = "its number at the marketplace"),
        ("account" = Option<String>, Query, description = "if several accounts have an order with this number"),
        ("lang" = Option<String>, Query, description = "de or en; en if not given")),
    request_body(content = DecisionBody),
    responses((status = 200, body = [DecidedOrder]), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(super) async fn decide(
    State(state): State<AppState>,
    caller: Caller,
    Path(number): Path<String>,
    QueryFields(mut query): QueryFields,
    body: Object,
) -> ApiResult<Json<Vec<DecidedOrder>>> {
    let language = decisions::language(&mut query);
    let account = query.text("account");
    query.finish()?;
    let (choice, situation) = decisions::choice(body.fields(), &caller)?;
    let record = order(&state, &number, account.as_deref()).await?;
    let occasion = decisions::occasion(&state, &caller);
    let (store, seen) = (&**state.store(), situation.as_deref());
    let outcome = judging::decide_order(store, &record.account, &number, &choice, seen, &occasion).await;
    Ok(Json(decisions::answer(outcome.map(|outcome| vec![outcome]), &state.reader(language))?))
}

/// What there is to say of an order.
pub(crate) fn details(state: &AppState, record: OrderRecord, details: &Details) -> OrderDetails {
    let Details { language } = *details;
    let judgement = record.judgement(&state.limits, state.engine.clock().now());
    let facts = record.facts();
    let time = |time| state.time(time);
    let put_off = facts.remind.filter(|_| judgement.put_off_until.is_some());
    let put_off = put_off.map(|remind| PutOff { until: time(remind.until), by: remind.by });
    let decided = facts.decided.map(|decided| StandingDecision {
        decision: decided.decision.as_str(),
        label: decided.decision.label(language),
        by: decided.by,
        at: time(decided.at),
        has_lapsed: decided.has_lapsed,
    });
    let lines = record.order.iter().flat_map(|order| &order.lines).map(|line| Line {
        sku: line.sku.clone(),
        name: line.name.clone(),
        quantity: line.quantity(),
    });
    let parcels = record.parcels.iter().map(|parcel| ParcelItem {
        tracking: parcel.all_tracking().collect::<Vec<_>>().join(", "),
        words: parcel.words.clone(),
        carrier: parcel.carrier.clone(),
        shipped_at: parcel.shipped_at.map(time),
    });
    OrderDetails {
        situation: judgement.row.word(),
        meaning: judgement.row.meaning(language),
        next_act: judgement.next_act.words(language),
        not_before: judgement.not_before.map(time),
        changes_at: judgement.changes_at.map(time),
        takes_stock: judgement.takes_stock,
        is_watched: !judgement.is_over,
        ship_until: facts.there.ship_until.map(time),
        notices: facts.there.notices.iter().map(|notice| notice.words(language)).collect(),
        decided,
        put_off,
        decisions: decisions::offered(&judgement, language),
        lines: lines.collect(),
        parcels: parcels.collect(),
        history: record.history.iter().map(|event| history(state, event, language)).collect(),
        order: item(state, record, &state.reader(language)),
    }
}

fn history(state: &AppState, event: &OrderEvent, language: Language) -> HistoryItem {
    let (by, run) = match &event.by {
        Author::Run(run) => (language.of([format!("run {run}"), format!("Lauf {run}")]), Some(*run)),
        Author::Person(name) => (name.clone(), None),
        Author::Time => (language.of(["time", "Zeitablauf"]).to_owned(), None),
        Author::TakeOver => (language.of(["take-over", "Übernahme"]).to_owned(), None),
        Author::EarlierVersion => {
            (language.of(["before this version", "vor dieser Version"]).to_owned(), None)
        }
    };
    HistoryItem { at: state.time(event.at), by, run, what: event.what.words(language) }
}
