//! The list of orders: by state, and by what a person knows of one.

use axum::Json;
use axum::extract::State;
use marktwerk_domain::language::Reader;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::words::meant;
use marktwerk_store::orders::{OrderFilter, OrderRecord};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiResult;
use crate::fields::{Fields, QueryFields};
use crate::state::AppState;
use crate::v1::decisions;
use crate::v1::problem::Problem;

/// Where an order stands. No buyer's data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderItem {
    pub(crate) account: String,
    pub(crate) number: String,
    /// fetched, set_aside, imported, exporting, handed_over, unclear, in_jtl, shipped, reported or cancelled.
    pub(crate) state: &'static str,
    /// What the marketplace says of it.
    pub(crate) marketplace_status: &'static str,
    /// Why it was set aside, is unclear, waits or was refused.
    pub(crate) reason: Option<String>,
    pub(crate) ordered_at: String,
    pub(crate) changed_at: String,
    pub(crate) handed_over_at: Option<String>,
    /// The ERP's own number.
    pub(crate) erp_number: Option<String>,
    /// Minor units (cents) of the currency; null before the order is translated.
    pub(crate) total: Option<i64>,
    pub(crate) currency: Option<String>,
}

/// Orders by number.
#[utoipa::path(get, path = "/api/v1/orders", tag = "v1", operation_id = "list_orders",
    params(("state" = Option<String>, Query, description = "only in these states, separated by commas"),
        ("account" = Option<String>, Query, description = "only of this account"),
        ("number" = Option<String>, Query, description = "only with this number at the marketplace"),
        ("erp_number" = Option<String>, Query, description = "only with this number in JTL"),
        ("sku" = Option<String>, Query, description = "only with this article number, whatever its case"),
        ("tracking" = Option<String>, Query, description = "only with a parcel that has this tracking number"),
        ("after" = Option<String>, Query, description = "only numbers after this one: the next page"),
        ("after_account" = Option<String>, Query, description = "with `after`: also the same number of accounts after this one"),
        ("limit" = Option<i64>, Query, description = "100 if not given", minimum = 1, maximum = 1000),
        ("lang" = Option<String>, Query, description = "de or en; en if not given")),
    responses((status = 200, body = [OrderItem]), (status = 422, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Vec<OrderItem>>> {
    let filter = search(&mut fields);
    let reader = state.reader(decisions::language(&mut fields));
    fields.finish()?;
    let orders = state.store().orders_in(&filter).await?;
    Ok(Json(orders.into_iter().map(|order| item(&state, order, &reader)).collect()))
}

/// What a query asks for.
pub(crate) fn search(fields: &mut Fields) -> OrderFilter {
    // A field of a form that was left empty asks for nothing.
    let mut text =
        |name: &str| fields.text(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let [account, number, erp_number, sku, tracking, after, after_account] =
        ["account", "number", "erp_number", "sku", "tracking", "after", "after_account"].map(&mut text);
    OrderFilter {
        account,
        number,
        erp_number,
        sku,
        tracking,
        after,
        after_account,
        states: fields.word("state", states).unwrap_or_default(),
        limit: fields.integer("limit", 1..=1_000).map_or(100, |limit| limit as usize),
    }
}

fn states(text: &str) -> Result<Vec<OrderState>, String> {
    text.split(',').map(|word| meant(word, &OrderState::ALL, OrderState::as_str)).collect()
}

pub(crate) fn item(state: &AppState, record: OrderRecord, reader: &Reader) -> OrderItem {
    let judgement = record.judgement(&state.limits, state.engine.clock().now());
    let total = record.order.as_ref().map(|order| order.total);
    OrderItem {
        account: record.account,
        number: record.number,
        state: record.state.as_str(),
        marketplace_status: record.status.as_str(),
        reason: judgement.reason(reader),
        ordered_at: state.time(record.ordered_at),
        changed_at: state.time(record.changed_at),
        handed_over_at: record.handed_over_at.map(|time| state.time(time)),
        erp_number: record.erp_number,
        total: total.map(|total| total.minor),
        currency: total.map(|total| total.currency.code().to_owned()),
    }
}
