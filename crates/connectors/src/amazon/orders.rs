//! Orders at Amazon: the search by time of change, and single orders.
//!
//! Operations: `searchOrders` and `getOrder` of version 2026-01-01. An entry is complete by itself: nothing is fetched beside it.

use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::judgement::{Hold, Notice};
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_domain::shipment::Content;
use marktwerk_domain::stock::lost::fingerprint;
use serde::Deserialize;
use serde_json::Value;

use super::client::{Client, Operation};
use super::wire;
use crate::error::ConnectorError;
use crate::json::without_values;
use crate::limiter::Rate;
use crate::orders::{MalformedEntry, OrderEntry, OrderUnits, OrderWindow, Standing};
use crate::paging::{OrderBatch, TokenPage, TokenPages};

const ORDERS: &str = "/orders/2026-01-01/orders";
const SEARCH: Operation = Operation {
    name: "searchOrders",
    // 0.0056 in a second.
    rate: Rate::one_in(Duration::from_millis(178_572), NonZeroU32::new(20).expect("20 is not 0")),
    is_about_order: false,
};
const SINGLE: Operation = Operation {
    name: "getOrder",
    // 0.5 in a second.
    rate: Rate::one_in(Duration::from_secs(2), NonZeroU32::new(30).expect("30 is not 0")),
    is_about_order: true,
};
/// All that an order says. Lists are written with commas.
const DATA: &str = "BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT";
/// The most that Amazon gives on a page.
const PAGE_SIZE: &str = "100";
/// Amazon takes no end that is less than two minutes before its own clock's time. An end that is near is left to it, for our clock may be
/// ahead of its; what it has taken stands in the answer.
const NEAR: SignedDuration = SignedDuration::from_mins(20);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    orders: Vec<Value>,
    #[serde(default)]
    pagination: Option<Pagination>,
    #[serde(default)]
    last_updated_before: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct Single {
    order: Value,
}

/// The pages of one search.
pub(super) struct Pages<'a> {
    client: &'a Client,
    /// The window's end, unless Amazon sets it: all pages of a list have to be asked for with the same one.
    until: Option<Timestamp>,
}

impl<'a> Pages<'a> {
    pub(super) fn new(client: &'a Client, window: &OrderWindow) -> Self {
        let is_near = window.changed_until + NEAR >= client.clock().now();
        Self { client, until: (!is_near).then_some(window.changed_until) }
    }
}

#[async_trait]
impl TokenPages for Pages<'_> {
    async fn page(&self, window: &OrderWindow, token: Option<&str>) -> Result<TokenPage, ConnectorError> {
        let client = self.client;
        let marketplaces = client.marketplace_ids().join(",");
        let from = window.changed_from.to_string();
        let until = self.until.map(|until| until.to_string());
        let mut query = vec![
            ("marketplaceIds", marketplaces.as_str()),
            ("lastUpdatedAfter", &from),
            ("includedData", DATA),
            ("maxResultsPerPage", PAGE_SIZE),
        ];
        query.extend(until.as_deref().map(|until| ("lastUpdatedBefore", until)));
        query.extend(window.status.as_deref().map(|status| ("fulfillmentStatuses", status)));
        query.extend(token.map(|token| ("paginationToken", token)));
        let page: Page = client.get(&SEARCH, ORDERS, &query).await?;
        let until = page.last_updated_before.as_deref().map(time).transpose();
        let until = until.map_err(|()| client.unreadable(&SEARCH, "its lastUpdatedBefore is not a time"))?;
        // An end that Amazon has set and does not tell lies this far back at the most.
        let until = until.or_else(|| self.until.is_none().then_some(window.changed_until - NEAR));
        let next = page.pagination.and_then(|pagination| pagination.next_token);
        Ok(TokenPage { batch: batch(page.orders), next: next.filter(|next| !next.is_empty()), until })
    }

    /// A token lives for a day, and Amazon has no code of its own for one that has ended.
    fn has_ended(&self, error: &ConnectorError) -> bool {
        matches!(error, ConnectorError::Refused { .. })
    }

    fn unreadable(&self, message: &str) -> ConnectorError {
        self.client.unreadable(&SEARCH, message)
    }
}

/// The orders with these numbers; those that Amazon does not know are absent, and one that it refuses spoils no other.
pub(super) async fn by_number(client: &Client, numbers: &[String]) -> Result<OrderBatch, ConnectorError> {
    let mut orders = Vec::with_capacity(numbers.len());
    let mut refused = Vec::new();
    for number in numbers {
        let path = format!("{ORDERS}/{}", segment(number));
        match client.find::<Single>(&SINGLE, &path, &[("includedData", DATA)]).await {
            Ok(found) => orders.extend(found.map(|Single { order }| order)),
            Err(error) if error.concerns_one_order() => refused.push(MalformedEntry {
                number: Some(number.clone()),
                reason: error.to_string(),
                raw: Value::Null,
            }),
            Err(error) => return Err(error),
        }
    }
    let mut batch = batch(orders);
    batch.malformed.extend(refused);
    Ok(batch)
}

/// A text as one part of a path.
fn segment(text: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn batch(orders: Vec<Value>) -> OrderBatch {
    let mut batch = OrderBatch::default();
    for raw in orders {
        match entry(&raw) {
            Ok(entry) => batch.entries.push(OrderEntry { raw, ..entry }),
            Err((number, reason)) => batch.malformed.push(MalformedEntry { number, reason, raw }),
        }
    }
    batch
}

/// What is read of an order, without its document; else its number, where that much can be read, and the reason.
fn entry(raw: &Value) -> Result<OrderEntry, (Option<String>, String)> {
    let number = raw["orderId"].as_str().map(str::trim).filter(|number| !number.is_empty());
    let number = number.ok_or_else(|| (None, "it has no orderId".to_owned()))?.to_owned();
    let fail = |reason: String| (Some(number.clone()), reason);
    let order = wire::Order::deserialize(raw)
        .map_err(|error| fail(format!("it cannot be read: {}", without_values(&error))))?;
    let changed_at =
        time(&order.last_updated_time).map_err(|()| fail("its lastUpdatedTime is not a time".to_owned()))?;
    let ordered_at =
        time(&order.created_time).map_err(|()| fail("its createdTime is not a time".to_owned()))?;
    let word = order.fulfillment.as_ref().map(|fulfillment| fulfillment.fulfillment_status.as_str());
    let word = word.ok_or_else(|| fail("it has no fulfillmentStatus".to_owned()))?;
    let status = status(word).ok_or_else(|| fail(format!("its fulfillmentStatus {word} is not known")))?;
    let fingerprint = fingerprint_of(&order);
    Ok(OrderEntry { number, changed_at, ordered_at, status, fingerprint, raw: Value::Null })
}

/// Whole seconds, rounded down: windows count them.
fn time(text: &str) -> Result<Timestamp, ()> {
    let time: Timestamp = text.parse().map_err(|_| ())?;
    Timestamp::from_second(time.as_second()).map_err(|_| ())
}

/// `fulfillmentStatus`. What Amazon cannot fulfil was not sent and will not be.
fn status(word: &str) -> Option<MarketplaceStatus> {
    match word {
        "PENDING_AVAILABILITY" | "PENDING" => Some(MarketplaceStatus::Pending),
        "UNSHIPPED" => Some(MarketplaceStatus::Ready),
        "PARTIALLY_SHIPPED" => Some(MarketplaceStatus::PartlyShipped),
        "SHIPPED" => Some(MarketplaceStatus::Shipped),
        "CANCELLED" | "UNFULFILLABLE" => Some(MarketplaceStatus::Cancelled),
        _ => None,
    }
}

/// What an order says beside its time of change. Addresses do not count: Amazon takes parts of them away once an order is sent.
fn fingerprint_of(order: &wire::Order) -> String {
    let mut said = Vec::new();
    if let Some(fulfillment) = &order.fulfillment {
        let until = fulfillment.ship_by_window.as_ref().and_then(|window| window.latest_date_time.clone());
        said.push(format!("{} until {}", fulfillment.fulfillment_status, until.unwrap_or_default()));
    }
    for item in &order.order_items {
        let cancellation = item.cancellation.as_ref();
        let is_wished = cancellation.is_some_and(|all| all.cancellation_request.is_some());
        let (id, ordered, sold) = (&item.order_item_id, item.quantity_ordered, item.sold());
        said.push(format!("{id} {ordered} {sold} {is_wished}"));
    }
    fingerprint(said.iter().map(String::as_str))
}

/// What an order takes from stock: nothing where Amazon sends it from its own warehouse.
pub(super) fn contents(raw: &Value) -> OrderUnits {
    let mut units = OrderUnits::default();
    let Ok(order) = wire::Order::deserialize(raw) else { return units };
    if order.is_sent_by_amazon() {
        return units;
    }
    for item in &order.order_items {
        let Some(sku) = item.product.seller_sku.as_deref().map(str::trim).filter(|sku| !sku.is_empty())
        else {
            continue;
        };
        let taken = item.sold();
        let cancelled = item.quantity_ordered.max(0) - taken;
        for (into, quantity) in [(&mut units.taken, taken), (&mut units.cancelled, cancelled)] {
            if quantity > 0 {
                into.push(Content { sku: sku.to_owned(), quantity });
            }
        }
    }
    units
}

/// A buyer's wish to cancel any of it, what people should know who send it, and whether Amazon does.
pub(super) fn standing(raw: &Value) -> Standing {
    let Ok(order) = wire::Order::deserialize(raw) else { return Standing::default() };
    let is_wished = |item: &wire::Item| {
        let cancellation = item.cancellation.as_ref();
        cancellation
            .is_some_and(|all| all.cancellation_request.is_some() && all.cancellation_execution.is_none())
    };
    let holds = order.order_items.iter().any(is_wished).then_some(Hold::Cancellation);
    let wants_signature = |item: &wire::Item| {
        let constraints = item.constraints();
        constraints.is_some_and(|all| all.signature_confirmation.as_deref() == Some(wire::MANDATORY))
    };
    let mut notices = Vec::new();
    if order.order_items.iter().any(wants_signature) {
        notices.push(Notice::SignatureRequired);
    }
    if order.is_paid_on_delivery() {
        notices.push(Notice::CashOnDelivery);
    }
    Standing { holds: holds.into_iter().collect(), notices, is_fulfilled: order.is_sent_by_amazon() }
}

/// An entry of a document that can be read.
#[cfg(test)]
pub(super) fn tests_entry(raw: &Value) -> OrderEntry {
    let entry = entry(raw).map_err(|(_, reason)| reason).unwrap();
    OrderEntry { raw: raw.clone(), ..entry }
}
