//! Doing something again because a person asks for it: reading orders at the marketplace, and sending one. Nothing doubles: a run
//! does it, which looks on both sides first.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use marktwerk_domain::job::{Job, Parameters};
use marktwerk_domain::judgement::{Act, Choice, Decision};
use marktwerk_domain::language::Language;
use marktwerk_store::judging;
use marktwerk_store::orders::OrderFilter;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::order;
use crate::error::{ApiError, ApiResult};
use crate::fields::QueryFields;
use crate::safety::Caller;
use crate::state::AppState;
use crate::v1::body::Object;
use crate::v1::decisions;
use crate::v1::problem::Problem;

/// Orders that one request can name.
const AT_ONCE: usize = 200;

/// What was started, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Started {
    /// Nothing was done: it is what would be.
    dry_run: bool,
    account: String,
    /// The job that does it.
    job: String,
    /// Its run.
    run: Option<i64>,
    /// What it does.
    what: String,
    /// The orders that it is about, if they are named.
    orders: Vec<String>,
    /// Those among them that are not known here yet.
    unknown: Vec<String>,
}

/// What to read again: orders by number, or all that changed in a period.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body for the documentation; it is read field by field")]
pub(crate) struct FetchBody {
    /// Numbers at the marketplace: a list, or separated by commas.
    orders: Option<Vec<String>>,
    /// Instead: changed at or after this time.
    from: Option<String>,
    /// Changed before this time; now if not given.
    until: Option<String>,
    /// Needed if several accounts could be meant.
    account: Option<String>,
    /// Only say what would be read.
    dry_run: Option<bool>,
}

/// Reads orders again at the marketplace, with a run of the account's order job.
#[utoipa::path(post, path = "/api/v1/orders/fetch", tag = "v1", operation_id = "fetch_orders",
    request_body(content = FetchBody),
    responses((status = 200, body = Started, description = "what would be read"),
        (status = 202, body = Started, description = "the run that reads"),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn fetch(
    State(state): State<AppState>,
    caller: Caller,
    body: Object,
) -> ApiResult<(StatusCode, Json<Started>)> {
    let now = state.engine.clock().now();
    let mut fields = body.fields();
    let numbers = fields.texts("orders").unwrap_or_default();
    let numbers: Vec<String> = numbers.into_iter().filter(|number| !number.is_empty()).collect();
    let time = |text: &str| {
        let wrong =
            || format!("must be a time with its offset, such as 2026-11-30T08:00:00+01:00, not `{text}`");
        text.parse::<Timestamp>().map_err(|_| wrong())
    };
    let (from, until) = (fields.word("from", time), fields.word("until", time));
    let (account, dry_run) = (fields.text("account"), fields.boolean("dry_run").unwrap_or(false));
    if from.is_some_and(|from| from > now) {
        fields.fault("from", "value_error", "lies in the future: nothing has changed there yet");
    }
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        fields.fault("until", "value_error", "must be later than `from`");
    }
    if numbers.is_empty() == from.is_none() {
        fields.fault("orders", "value_error", "or `from` is needed, and not both");
    }
    if numbers.len() > AT_ONCE {
        fields.fault("orders", "too_long", &format!("must be at most {AT_ONCE}, not {}", numbers.len()));
    }
    fields.finish()?;
    let mut known = Vec::new();
    for number in &numbers {
        let filter = OrderFilter {
            number: Some(number.clone()),
            account: account.clone(),
            limit: 10,
            ..OrderFilter::default()
        };
        known.extend(state.store().orders_in(&filter).await?);
    }
    let mut accounts: Vec<String> = known.iter().map(|order| order.account.clone()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    if accounts.len() > 1 {
        return Err(ApiError::Conflict(format!(
            "these orders belong to several accounts: name one with `account` ({})",
            accounts.join(", ")
        )));
    }
    let job = order_job(&state, account.as_deref(), &accounts).await?;
    let unknown = numbers.iter().filter(|number| known.iter().all(|order| order.number != **number)).cloned();
    let (mut parameters, what) = (
        Parameters::new(),
        match from {
            None => format!("orders are read again at the marketplace: {}", numbers.join(", ")),
            Some(from) => format!(
                "all orders changed from {} until {} are listed, and what is new or changed is read",
                state.time(from),
                state.time(until.unwrap_or(now))
            ),
        },
    );
    match from {
        None => drop(parameters.insert("orders".to_owned(), json!(numbers.join(",")))),
        Some(from) => {
            parameters.insert("from".to_owned(), json!(from.to_string()));
            parameters.insert("until".to_owned(), json!(until.unwrap_or(now).to_string()));
        }
    }
    let mut started = Started {
        dry_run,
        account: job.target.account.clone(),
        job: job.id.as_str().to_owned(),
        run: None,
        what,
        unknown: unknown.collect(),
        orders: numbers,
    };
    if dry_run {
        return Ok((StatusCode::OK, Json(started)));
    }
    started.run = Some(state.commands(&caller).run_now_or_join(&job.id, parameters).await?.run.id.0);
    Ok((StatusCode::ACCEPTED, Json(started)))
}

/// Sends an order again: to JTL if JTL does not have it, its report if that was refused. What is sent already is not sent twice.
#[utoipa::path(post, path = "/api/v1/orders/{number}/send", tag = "v1", operation_id = "send_order",
    params(("number" = String, Path, description = "its number at the marketplace"),
        ("account" = Option<String>, Query, description = "if several accounts have an order with this number"),
        ("dry_run" = Option<bool>, Query, description = "only say what would be done")),
    responses((status = 200, body = Started, description = "what would be done"),
        (status = 202, body = Started, description = "the run that does it"),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn send(
    State(state): State<AppState>,
    caller: Caller,
    Path(number): Path<String>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<(StatusCode, Json<Started>)> {
    let account = fields.text("account");
    let dry_run = fields.boolean("dry_run").unwrap_or(false);
    fields.finish()?;
    let record = order(&state, &number, account.as_deref()).await?;
    let now = state.engine.clock().now();
    let judgement = record.judgement(&state.limits, now);
    let decision = [Decision::HandOverAgain, Decision::ReportAgain]
        .into_iter()
        .find(|decision| judgement.offers.contains(decision));
    let what = match (decision, judgement.next_act) {
        (Some(Decision::HandOverAgain), _) => {
            "JTL is searched for it; if nothing is found it is handed over again"
        }
        (Some(_), _) => "its report is tried again",
        (None, Act::HandOver | Act::SearchErp) => "it is handed over to JTL",
        (None, Act::Report | Act::ResolveReport) if judgement.not_before.is_none_or(|at| at <= now) => {
            "its shipment is reported"
        }
        (None, _) => {
            let stands = decisions::stands(&judgement, &state.reader(Language::English));
            return Err(ApiError::Conflict(format!("nothing is sent for order {number} now: {stands}")));
        }
    };
    let job = order_job(&state, Some(&record.account), &[]).await?;
    let mut started = Started {
        dry_run,
        account: record.account.clone(),
        job: job.id.as_str().to_owned(),
        run: None,
        what: what.to_owned(),
        orders: vec![number.clone()],
        unknown: Vec::new(),
    };
    if dry_run {
        return Ok((StatusCode::OK, Json(started)));
    }
    if let Some(decision) = decision {
        let choice = Choice { decision, by: caller.name.clone(), carrier: None, until: None };
        let occasion = decisions::occasion(&state, &caller);
        let outcome =
            judging::decide_order(&**state.store(), &record.account, &number, &choice, None, &occasion).await;
        decisions::answer(outcome.map(|outcome| vec![outcome]), &state.reader(Language::English))?;
    }
    started.run = Some(state.commands(&caller).run_now_or_join(&job.id, Parameters::new()).await?.run.id.0);
    Ok((StatusCode::ACCEPTED, Json(started)))
}

/// The job that works on an account's orders: its type takes their numbers.
async fn order_job(state: &AppState, account: Option<&str>, known: &[String]) -> ApiResult<Job> {
    let takes_orders = |job: &Job| {
        let description = state.engine.registry().description(&job.spec.job_type);
        description.is_some_and(|description| description.parameter_names().contains(&"orders"))
    };
    let mut jobs: Vec<Job> = state.engine.jobs().await?.into_iter().filter(takes_orders).collect();
    let wanted = account.or_else(|| known.first().map(String::as_str));
    if let Some(wanted) = wanted {
        jobs.retain(|job| job.target.account == wanted);
        return jobs.into_iter().next().ok_or_else(|| {
            ApiError::NotFound(format!("no job works on the orders of the account `{wanted}`: add one first"))
        });
    }
    let mut accounts: Vec<&str> = jobs.iter().map(|job| job.target.account.as_str()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    if accounts.len() > 1 {
        let reason = format!("is needed, because several accounts have orders: {}", accounts.join(", "));
        return Err(ApiError::field("body", "account", "missing", format!("account {reason}")));
    }
    jobs.into_iter()
        .next()
        .ok_or_else(|| ApiError::NotFound("no job works on orders: add one first".to_owned()))
}
