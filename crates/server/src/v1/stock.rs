//! Stock: listings with their figures, one article with everything that decides about it, and publishing it now. What ERP and
//! marketplaces know is asked of the workflows; a push is a run like any other, by the same rules.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use marktwerk_domain::job::{Job, JobId, Parameters};
use marktwerk_domain::run::Run;
use marktwerk_store::inventory::{AccountListing, ListingFilter};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::problem::Problem;
use super::runs::{RunItem, item as run_item};
use super::stock_item::{ArticleItem, StockItem, item, place};
use crate::error::{ApiError, ApiResult};
use crate::fields::{Fields, QueryFields};
use crate::safety::Caller;
use crate::state::AppState;

/// Which listings, and where the page begins.
#[derive(Debug, Default)]
pub(crate) struct StockQuery {
    pub(crate) sku: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) after: Option<(String, String)>,
}

/// What a push came to: what would be published, and the runs that publish it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PushResult {
    /// Whether nothing was started.
    dry_run: bool,
    article: ArticleItem,
    /// One run for each account that lists it; empty with `dry_run`.
    runs: Vec<RunItem>,
}

/// Takes the query's fields.
pub(crate) fn query(fields: &mut Fields) -> StockQuery {
    let after = |text: &str| {
        place(text).ok_or_else(|| "must be the `cursor` of a listing, such as shop/17592000000003".to_owned())
    };
    StockQuery {
        sku: fields.text("sku"),
        account: fields.text("account"),
        after: fields.word("after", after),
    }
}

impl StockQuery {
    /// A page of listings.
    pub(crate) async fn page(self, state: &AppState, limit: usize) -> ApiResult<Vec<AccountListing>> {
        let Self { sku, account, after } = self;
        let filter = ListingFilter { account, sku, after, limit, ..ListingFilter::default() };
        Ok(state.store().find_listings(&filter).await?)
    }
}

/// Listings, by account and key.
#[utoipa::path(get, path = "/api/v1/stock", tag = "v1", operation_id = "list_stock",
    params(("sku" = Option<String>, Query, description = "only with this article number; neither case nor blanks at the end count"),
        ("account" = Option<String>, Query, description = "only of this account"),
        ("after" = Option<String>, Query, description = "only behind the listing with this `cursor`: the next page"),
        ("limit" = Option<i64>, Query, description = "100 if not given", minimum = 1, maximum = 1000)),
    responses((status = 200, body = [StockItem]), (status = 422, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Vec<StockItem>>> {
    let query = query(&mut fields);
    let limit = fields.integer("limit", 1..=1_000).map_or(100, |limit| limit as usize);
    fields.finish()?;
    let found = query.page(&state, limit).await?;
    Ok(Json(found.into_iter().map(|one| item(&state, one)).collect()))
}

/// One article: the ERP's figure, the orders that take from it, and each listing with what would be published and why not.
#[utoipa::path(get, path = "/api/v1/stock/{sku}", tag = "v1", operation_id = "show_stock",
    params(("sku" = String, Path, description = "its number, as the ERP or a marketplace writes it")),
    responses((status = 200, body = ArticleItem), (status = 404, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    Path(sku): Path<String>,
) -> ApiResult<Json<ArticleItem>> {
    Ok(Json(article(&state, &sku).await?))
}

/// Publishes one article now, by the same rules as any run: a run starts for each account that lists it.
#[utoipa::path(post, path = "/api/v1/stock/{sku}/push", tag = "v1", operation_id = "push_stock",
    params(("sku" = String, Path, description = "its number, as the ERP or a marketplace writes it"),
        ("account" = Option<String>, Query, description = "only for this account"),
        ("dry_run" = Option<bool>, Query, description = "only tell what would be published")),
    responses((status = 200, body = PushResult), (status = 202, body = PushResult), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(super) async fn push(
    State(state): State<AppState>,
    caller: Caller,
    Path(sku): Path<String>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Response> {
    let account = fields.text("account");
    let dry_run = fields.boolean("dry_run").unwrap_or(false);
    fields.finish()?;
    let article = article(&state, &sku).await?;
    let runs =
        if dry_run { Vec::new() } else { publish(&state, &caller, &article, account.as_deref()).await? };
    let status = if dry_run { StatusCode::OK } else { StatusCode::ACCEPTED };
    let runs = runs.into_iter().map(|run| run_item(&state.source, run)).collect();
    Ok((status, Json(PushResult { dry_run, article, runs })).into_response())
}

/// An article with everything that decides about its figure.
pub(crate) async fn article(state: &AppState, sku: &str) -> ApiResult<ArticleItem> {
    let nobody = || ApiError::NotFound("stock cannot be asked for here".to_owned());
    let desk = state.engine.registry().stock_desk().ok_or_else(nobody)?;
    let view = desk.article(sku, state.engine.clock().now()).await.map_err(|failure| {
        tracing::warn!("a question about stock was not answered: {failure}");
        ApiError::Unavailable(format!("stock cannot be looked at now: {}", failure.message))
    })?;
    let view = view.ok_or_else(|| ApiError::NotFound(format!("there is no article `{sku}`")))?;
    Ok(super::stock_item::article(state, view))
}

/// Starts the runs that publish the article.
pub(crate) async fn publish(
    state: &AppState,
    caller: &Caller,
    article: &ArticleItem,
    account: Option<&str>,
) -> ApiResult<Vec<Run>> {
    let listed = article.listings.iter().map(|listing| listing.account.as_str());
    let mut accounts: Vec<&str> =
        listed.filter(|one| account.is_none_or(|account| account == *one)).collect();
    accounts.dedup();
    if accounts.is_empty() {
        let sku = &article.sku;
        return Err(ApiError::Conflict(match account {
            Some(account) => format!("the account {account} does not list the article {sku}"),
            None => format!("no account lists the article {sku}"),
        }));
    }
    let jobs = state.engine.jobs().await?;
    let mut ids = Vec::new();
    for account in accounts {
        ids.push(publisher(state, &jobs, account)?);
    }
    let parameters = Parameters::from_iter([
        ("mode".to_owned(), Value::from("quick")),
        ("sku".to_owned(), Value::from(article.sku.clone())),
    ]);
    let mut runs = Vec::new();
    for id in ids {
        runs.push(state.commands(caller).run_now_or_join(&id, parameters.clone()).await?.run);
    }
    Ok(runs)
}

/// The job that publishes an account's stock.
fn publisher(state: &AppState, jobs: &[Job], account: &str) -> ApiResult<JobId> {
    let desk = state.engine.registry().stock_desk();
    let job_type = desk.and_then(|desk| desk.publisher(account));
    let is_its = |job: &&Job| Some(job.spec.job_type.as_str()) == job_type && job.target.account == account;
    let none = || ApiError::Conflict(format!("no job publishes the stock of the account {account}: add one"));
    jobs.iter().find(is_its).map(|job| job.id.clone()).ok_or_else(none)
}
