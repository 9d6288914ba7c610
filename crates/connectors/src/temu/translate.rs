//! From the raw document of an order (list entry, address, amounts) to the domain's order. Pure.
//!
//! An order that cannot be translated without guessing is not translated: the reason says what to do.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::money::{Money, VatRate};
use marktwerk_domain::order::{MarketplaceStatus, Order, OrderLine, PricedUnits};
use serde::Deserialize;
use serde_json::Value;

use super::address::{ShippingInfo, address};
use super::prices::{Amounts, Quantity, prices};
use super::{regions, wire};
use crate::orders::{ReportLines, Untranslatable};

/// `orderStatus` of a line.
const TO_BE_SHIPPED: i64 = 2;
const CANCELLED: i64 = 3;
const SHIPPED: [i64; 2] = [4, 5];
/// `fulfillmentType` of a line that TEMU sends from a cooperative warehouse.
const SENT_THERE: &str = "fulfillByCooperativeWarehouse";
/// No multi-pack holds more; bounds what a nonsense factor takes from stock.
const LARGEST_FACTOR: i64 = 100_000;

/// What `order_details` puts together.
#[derive(Deserialize)]
struct Document {
    order: Entry,
    shipping: ShippingInfo,
    amount: Amounts,
    /// Article numbers by `skuId`, for shops whose order lines carry none (LOCAL shops).
    #[serde(default, deserialize_with = "wire::lenient")]
    articles: Option<HashMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    parent_order_map: Parent,
    #[serde(default, deserialize_with = "wire::list")]
    order_list: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parent {
    #[serde(default, deserialize_with = "wire::text")]
    parent_order_sn: Option<String>,
    #[serde(default, deserialize_with = "wire::number")]
    region_id: Option<i64>,
    #[serde(default, deserialize_with = "wire::number")]
    parent_order_time: Option<i64>,
    #[serde(default, deserialize_with = "wire::number")]
    expect_ship_latest_time: Option<i64>,
    #[serde(default, deserialize_with = "wire::number")]
    latest_delivery_time: Option<i64>,
    #[serde(default, deserialize_with = "wire::text")]
    order_payment_type: Option<String>,
    #[serde(default, deserialize_with = "wire::list")]
    fulfillment_warning: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(default, deserialize_with = "wire::text")]
    order_sn: Option<String>,
    #[serde(default, deserialize_with = "wire::number")]
    quantity: Option<i64>,
    #[serde(default, deserialize_with = "wire::number")]
    original_order_quantity: Option<i64>,
    #[serde(default, deserialize_with = "wire::number")]
    canceled_quantity_before_shipment: Option<i64>,
    #[serde(default, deserialize_with = "wire::number")]
    order_status: Option<i64>,
    #[serde(default, deserialize_with = "wire::text")]
    sku_id: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    goods_name: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    spec: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    fulfillment_type: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    inventory_deduction_warehouse_id: Option<String>,
    #[serde(default, deserialize_with = "wire::list")]
    product_list: Vec<Product>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    #[serde(default, deserialize_with = "wire::text")]
    ext_code: Option<String>,
    /// Perhaps pieces per unit sold: TEMU's documents do not prove it. Kept as it came, so that a strange one spoils
    /// neither the other lines nor what the order takes from stock.
    #[serde(default)]
    sold_factor: Value,
}

/// Translates a raw document.
pub(super) fn translate(raw: &Value) -> Result<Order, Untranslatable> {
    let Document { order, shipping, amount, articles } = Document::deserialize(raw).map_err(|error| {
        let error = wire::without_values(&error);
        Untranslatable::because([
            format!("the order cannot be read: {error}"),
            format!("die Bestellung ist nicht lesbar: {error}"),
        ])
    })?;
    let parent = order.parent_order_map;
    let nameless = ["the order has no number", "die Bestellung hat keine Nummer"];
    let number = parent.parent_order_sn.ok_or_else(|| Untranslatable::because(nameless))?;
    let ordered_at = parent.parent_order_time.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let timeless = ["the order has no time of purchase", "die Bestellung hat keine Kaufzeit"];
    let ordered_at = ordered_at.ok_or_else(|| Untranslatable::because(timeless))?;
    if parent.fulfillment_warning.iter().any(|warning| warning == "RESTRICT_SELF_SHIPPING") {
        return Err(Untranslatable::because([
            "TEMU does not let the shop send this order with tracking numbers of its own: send it from Seller Center",
            "TEMU lässt diese Bestellung nicht mit eigenen Sendungsnummern versenden: bitte aus dem Seller Center versenden",
        ]));
    }
    let quantities = order.order_list.iter().map(Line::quantity).collect::<Result<Vec<_>, _>>()?;
    let ours = |(line, quantity): &(&Line, &Quantity)| !line.is_fulfilled_there() && quantity.remaining > 0;
    if !order.order_list.iter().zip(&quantities).any(|pair| ours(&pair)) {
        if order.order_list.iter().any(Line::is_fulfilled_there) {
            return Err(Untranslatable::because([
                "what is left of the order is sent by TEMU's cooperative warehouse, not by the shop",
                "was von der Bestellung übrig ist, verschickt ein Partnerlager von TEMU und nicht der Shop",
            ]));
        }
        return Err(Untranslatable::because([
            "all lines of the order are cancelled: nothing is left to ship",
            "alle Positionen der Bestellung sind storniert: nichts ist mehr zu versenden",
        ]));
    }
    for (line, quantity) in order.order_list.iter().zip(&quantities).filter(ours) {
        line.refuse_multi_pack(&quantity.line)?;
    }
    let mut prices = prices(&amount, &quantities)?;
    let articles = articles.unwrap_or_default();
    let mut lines = Vec::new();
    let mut sent_there = 0;
    for (line, quantity) in order.order_list.iter().zip(quantities) {
        // Without a price nothing is left of the line: it was cancelled.
        let Some(priced) = prices.lines.remove(&quantity.line) else { continue };
        if line.is_fulfilled_there() {
            sent_there += priced.units.iter().map(|units| units.quantity * units.unit_gross).sum::<i64>();
            continue;
        }
        let sku = line.article(&quantity.line, &articles)?;
        let name = line.name();
        lines.push(OrderLine {
            number: quantity.line,
            sku,
            name,
            vat_rate: priced.vat_rate,
            units: priced.units,
            warehouse: line.inventory_deduction_warehouse_id.clone(),
        });
    }
    let time = |seconds: Option<i64>| {
        seconds.filter(|seconds| *seconds > 0).and_then(|s| Timestamp::from_second(s).ok())
    };
    Ok(Order {
        number,
        ordered_at,
        ship_until: time(parent.expect_ship_latest_time),
        deliver_until: time(parent.latest_delivery_time),
        hints: parent.region_id.map(regions::hints),
        total: Money::new(prices.total.minor - sent_there, prices.total.currency),
        pays_on_delivery: parent.order_payment_type.as_deref() == Some("COD"),
        lines,
        shipping: prices.shipping,
        delivery: address(shipping, parent.region_id)?,
    })
}

/// Numbers, articles and quantities of the lines that are left to ship, whatever else of the document cannot be used.
pub(super) fn report_lines(raw: &Value) -> Option<ReportLines> {
    let entry = Entry::deserialize(&raw["order"]).ok()?;
    let articles = HashMap::deserialize(&raw["articles"]).unwrap_or_default();
    let mut lines = Vec::with_capacity(entry.order_list.len());
    for line in &entry.order_list {
        let Quantity { line: number, remaining, .. } = line.quantity().ok()?;
        if remaining > 0 && !line.is_fulfilled_there() {
            let sku = line.article(&number, &articles).ok()?;
            let units = vec![PricedUnits { quantity: remaining, unit_gross: 0 }];
            let warehouse = line.inventory_deduction_warehouse_id.clone();
            lines.push(OrderLine { number, sku, name: line.name(), vat_rate: VatRate(0), units, warehouse });
        }
    }
    (!lines.is_empty())
        .then_some(ReportLines { lines, hints: entry.parent_order_map.region_id.map(regions::hints) })
}

impl Line {
    fn quantity(&self) -> Result<Quantity, Untranslatable> {
        let Some(line) = self.order_sn.clone() else {
            return Err(Untranslatable::because([
                "a line of the order has no number",
                "eine Position der Bestellung hat keine Nummer",
            ]));
        };
        let cancelled = self.canceled_quantity_before_shipment.unwrap_or(0);
        let remaining = self.quantity.or(self.original_order_quantity.map(|ordered| ordered - cancelled));
        let Some(remaining) = remaining else {
            return Err(Untranslatable::because([
                format!("line {line} has no quantity"),
                format!("Position {line} hat keine Menge"),
            ]));
        };
        let ordered = self.original_order_quantity.unwrap_or(remaining + cancelled);
        let remaining = if self.order_status == Some(CANCELLED) { 0 } else { remaining };
        Ok(Quantity { line, remaining, ordered })
    }

    /// TEMU sends it from a cooperative warehouse.
    fn is_fulfilled_there(&self) -> bool {
        self.fulfillment_type.as_deref() == Some(SENT_THERE)
    }

    /// One unit sold may be several pieces, and whether TEMU's quantities and prices mean units or pieces is not
    /// known: a wrong guess ships too little or too much.
    fn refuse_multi_pack(&self, line: &str) -> Result<(), Untranslatable> {
        let mut factors = self.product_list.iter().map(Product::factor);
        let Some(factor) = factors.find(|factor| *factor != Some(1)) else { return Ok(()) };
        Err(Untranslatable::because(match factor {
            Some(factor) => [
                format!(
                    "line {line} is a multi-pack (soldFactor {factor}); Marktwerk does not know yet how many pieces \
                     that is"
                ),
                format!(
                    "Position {line} ist ein Mehrfachpack (soldFactor {factor}); wie viele Stück das sind, weiß Marktwerk \
                     noch nicht"
                ),
            ],
            None => [
                format!(
                    "line {line} has a soldFactor that is not a whole number; Marktwerk does not know how many pieces \
                     that is"
                ),
                format!(
                    "der soldFactor von Position {line} ist keine ganze Zahl; wie viele Stück das sind, weiß Marktwerk \
                     nicht"
                ),
            ],
        }))
    }

    /// The most pieces that a unit of the line may be.
    fn pieces_at_most(&self) -> i64 {
        let factors = self.product_list.iter().filter_map(Product::factor);
        factors.max().unwrap_or(1).clamp(1, LARGEST_FACTOR)
    }

    /// The merchant's article number: SEMI shops have it on the line, LOCAL shops in their listings.
    fn article(&self, line: &str, articles: &HashMap<String, String>) -> Result<String, Untranslatable> {
        let mut codes: Vec<&str> =
            self.product_list.iter().filter_map(|product| product.ext_code.as_deref()).collect();
        codes.dedup();
        match codes.as_slice() {
            [code] => Ok((*code).to_owned()),
            [_, _, ..] => {
                let codes = codes.join(", ");
                Err(Untranslatable::because([
                    format!("line {line} consists of several articles ({codes})"),
                    format!("Position {line} besteht aus mehreren Artikeln ({codes})"),
                ]))
            }
            [] => {
                let listed = self.sku_id.as_ref().and_then(|sku_id| articles.get(sku_id));
                listed.filter(|sku| !sku.is_empty()).cloned().ok_or_else(|| {
                    let name = self.goods_name.as_deref().unwrap_or("–");
                    Untranslatable::because([
                        format!("line {line} ({name}) has no article number; set it in Seller Center"),
                        format!("Position {line} ({name}) hat keine Artikelnummer; bitte im Seller Center eintragen"),
                    ])
                })
            }
        }
    }

    fn name(&self) -> String {
        let name = self.goods_name.clone().unwrap_or_default();
        match &self.spec {
            Some(spec) => format!("{name} ({spec})"),
            None => name,
        }
    }
}

impl Product {
    /// `soldFactor`; 1 if it is missing, `None` if it cannot be read.
    fn factor(&self) -> Option<i64> {
        match &self.sold_factor {
            Value::Null => Some(1),
            Value::String(text) if text.trim().is_empty() => Some(1),
            factor => wire::whole_number(factor),
        }
    }
}

/// A line that takes something from stock, or took it until it was cancelled.
pub(super) struct Taken {
    /// The line's own article number, if it has one.
    pub(super) article: Option<String>,
    pub(super) sku_id: Option<String>,
    /// Of a multi-pack the most that it may be: held back in vain costs less than sold twice.
    pub(super) quantity: i64,
    /// The same of what was cancelled.
    pub(super) cancelled: i64,
}

/// What the lines of an entry of the list take from stock, and what was cancelled of them.
pub(super) fn taken(order: &Value) -> Vec<Taken> {
    let Ok(entry) = Entry::deserialize(order) else { return Vec::new() };
    let taken = |line: Line| {
        if line.is_fulfilled_there() {
            return None;
        }
        let Quantity { remaining, ordered, .. } = line.quantity().ok()?;
        let pieces = line.pieces_at_most();
        let (quantity, cancelled) =
            (remaining.saturating_mul(pieces), (ordered - remaining).max(0).saturating_mul(pieces));
        let article = line.product_list.into_iter().find_map(|product| product.ext_code);
        (quantity > 0 || cancelled > 0).then_some(Taken { article, sku_id: line.sku_id, quantity, cancelled })
    };
    entry.order_list.into_iter().filter_map(taken).collect()
}

/// Whether TEMU sends a line of the entry. Hardly any order has one, and reading all of an entry costs more than this look.
fn sends_any(order: &Value) -> bool {
    let lines = order["orderList"].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.iter().any(|line| line["fulfillmentType"].as_str().is_some_and(|text| text.trim() == SENT_THERE))
}

/// Whether TEMU sends all of an entry that is not cancelled.
pub(super) fn is_fulfilled(order: &Value) -> bool {
    if !sends_any(order) {
        return false;
    }
    let Ok(entry) = Entry::deserialize(order) else { return false };
    let is_left = |line: &&Line| line.quantity().is_ok_and(|quantity| quantity.remaining > 0);
    let mut left = entry.order_list.iter().filter(is_left).peekable();
    left.peek().is_some() && left.all(Line::is_fulfilled_there)
}

/// How our lines stand where TEMU sends others of the same entry; `None` where it sends none, or ours stand in different ways.
pub(super) fn status_of_ours(order: &Value) -> Option<MarketplaceStatus> {
    if !sends_any(order) {
        return None;
    }
    let entry = Entry::deserialize(order).ok()?;
    let is_left = |line: &&Line| line.quantity().is_ok_and(|quantity| quantity.remaining > 0);
    let (theirs, ours): (Vec<&Line>, Vec<&Line>) =
        entry.order_list.iter().filter(is_left).partition(|line| line.is_fulfilled_there());
    if theirs.is_empty() || ours.is_empty() {
        return None;
    }
    let all_are = |known: &[i64]| {
        ours.iter().all(|line| line.order_status.is_some_and(|status| known.contains(&status)))
    };
    match () {
        () if all_are(&[TO_BE_SHIPPED]) => Some(MarketplaceStatus::Ready),
        () if all_are(&SHIPPED) => Some(MarketplaceStatus::Shipped),
        () => None,
    }
}

/// The `skuId`s of lines without an article number of their own; unreadable entries have none.
pub(super) fn lines_without_article(order: &Value) -> Vec<String> {
    let Ok(entry) = Entry::deserialize(order) else { return Vec::new() };
    let is_bare = |line: &Line| line.product_list.iter().all(|product| product.ext_code.is_none());
    entry.order_list.into_iter().filter(is_bare).filter_map(|line| line.sku_id).collect()
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
