//! `/api/temu`: real counts, and starting TEMU's two jobs by name.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use marktwerk_domain::job::{Job, Parameters};
use marktwerk_store::inventory::InventoryStatistics;
use marktwerk_store::orders::OrderStatistics;
use serde::Serialize;
use utoipa::ToSchema;

use super::start::{ignored_of, parameters, start};
use crate::error::{ApiError, ApiResult};
use crate::fields::{Fields, QueryFields};
use crate::openapi::{Detail, FieldDetail, StartQuery};
use crate::safety::Caller;
use crate::state::AppState;

const ORDERS: &str = "order_workflow";
const INVENTORY: &str = "inventory_workflow";

/// Real counts over TEMU's accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemuStatistics {
    pub(crate) orders: OrderCounts,
    pub(crate) inventory: InventoryCounts,
    pub(crate) last_sync: LastSync,
}

/// Orders, cumulative: how many ever got so far.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderCounts {
    pub(crate) total: u64,
    pub(crate) imported: u64,
    pub(crate) xml_generated: u64,
    pub(crate) uploaded: u64,
    pub(crate) tracked: u64,
}

/// Listings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InventoryCounts {
    pub(crate) total_skus: u64,
    pub(crate) synced: u64,
    pub(crate) pending: u64,
    pub(crate) errors: u64,
}

impl From<OrderStatistics> for OrderCounts {
    fn from(counts: OrderStatistics) -> Self {
        let OrderStatistics { total, imported, xml_generated, uploaded, tracked, .. } = counts;
        Self { total, imported, xml_generated, uploaded, tracked }
    }
}

impl From<InventoryStatistics> for InventoryCounts {
    fn from(counts: InventoryStatistics) -> Self {
        let InventoryStatistics { total_skus, synced, pending, errors } = counts;
        Self { total_skus, synced, pending, errors }
    }
}

/// When the last successful run ended.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastSync {
    pub(crate) orders: Option<String>,
    pub(crate) inventory: Option<String>,
}

/// A run of a workflow that was queued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyncTriggered {
    #[schema(example = "triggered")]
    status: &'static str,
    /// The job type.
    workflow: &'static str,
    /// The parameters given, with typed values.
    #[schema(value_type = Object)]
    params: Parameters,
    /// Names of given parameters that the workflow does not have.
    ignored: Vec<String>,
    job_id: String,
    /// The run's number.
    run: i64,
    /// Whether that run waited already, started by hand with the same parameters; then no other was queued.
    joined: bool,
}

/// Real counts of orders and stock.
#[utoipa::path(get, path = "/api/temu/stats", tag = "temu", operation_id = "temu_statistics",
    responses((status = 200, body = TemuStatistics), (status = 503, body = Detail)))]
pub(super) async fn stats(State(state): State<AppState>) -> ApiResult<Json<TemuStatistics>> {
    Ok(Json(statistics(&state).await?))
}

/// Starts the first job of type `order_workflow`.
#[utoipa::path(post, path = "/api/temu/orders/sync", tag = "temu", operation_id = "sync_temu_orders", params(StartQuery),
    responses((status = 200, body = SyncTriggered), (status = 404, body = Detail), (status = 422, body = FieldDetail)))]
pub(super) async fn sync_orders(
    State(state): State<AppState>,
    caller: Caller,
    QueryFields(fields): QueryFields,
    body: Bytes,
) -> ApiResult<Json<SyncTriggered>> {
    sync(&state, &caller, ORDERS, fields, &body).await
}

/// Starts the first job of type `inventory_workflow`.
#[utoipa::path(post, path = "/api/temu/inventory/sync", tag = "temu", operation_id = "sync_temu_inventory",
    params(StartQuery),
    responses((status = 200, body = SyncTriggered), (status = 404, body = Detail), (status = 422, body = FieldDetail)))]
pub(super) async fn sync_inventory(
    State(state): State<AppState>,
    caller: Caller,
    QueryFields(fields): QueryFields,
    body: Bytes,
) -> ApiResult<Json<SyncTriggered>> {
    sync(&state, &caller, INVENTORY, fields, &body).await
}

async fn sync(
    state: &AppState,
    caller: &Caller,
    workflow: &'static str,
    fields: Fields,
    body: &Bytes,
) -> ApiResult<Json<SyncTriggered>> {
    let given = parameters(fields)?;
    let job = jobs_of(state, workflow).await?.into_iter().next().ok_or_else(|| {
        ApiError::NotFound(format!("there is no job of type {workflow}: add one with POST /api/jobs/add"))
    })?;
    let mut started = start(state, caller, &job, given).await?;
    started.ignored.extend(ignored_of(body));
    Ok(Json(SyncTriggered {
        status: "triggered",
        workflow,
        params: started.given,
        ignored: started.ignored,
        job_id: job.id.0,
        run: started.run.id.0,
        joined: started.joined,
    }))
}

/// The counts, for whoever shows them.
pub(crate) async fn statistics(state: &AppState) -> ApiResult<TemuStatistics> {
    let accounts = accounts(state);
    let orders = state.store().order_statistics(&accounts).await?;
    let inventory = state.store().inventory_statistics(&accounts).await?;
    Ok(TemuStatistics {
        orders: orders.into(),
        inventory: inventory.into(),
        last_sync: LastSync {
            orders: last_sync(state, ORDERS).await?,
            inventory: last_sync(state, INVENTORY).await?,
        },
    })
}

fn accounts(state: &AppState) -> Vec<String> {
    let descriptions = state.engine.registry().descriptions();
    let temu = descriptions.filter(|description| description.marketplace == Some("temu"));
    let mut accounts: Vec<String> =
        temu.flat_map(|description| description.accounts.iter().cloned()).collect();
    accounts.sort();
    accounts.dedup();
    accounts
}

async fn jobs_of(state: &AppState, job_type: &str) -> ApiResult<Vec<Job>> {
    let mut jobs = state.engine.jobs().await?;
    jobs.retain(|job| job.spec.job_type == job_type);
    // The plain one first: it bears the type's own name, it runs, it is the oldest.
    jobs.sort_by_key(|job| (job.id.as_str() != job_type, !job.spec.enabled, job.created_at));
    Ok(jobs)
}

async fn last_sync(state: &AppState, job_type: &str) -> ApiResult<Option<String>> {
    let jobs = jobs_of(state, job_type).await?;
    let latest = jobs.iter().filter_map(|job| job.history.last_success_at).max();
    Ok(latest.map(|time| state.time(time)))
}
