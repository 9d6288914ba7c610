//! Orders at TEMU: pages of the list, and the parts that the list does not tell.
//!
//! Calls: `bg.order.list.v2.get`, `bg.order.shippinginfo.v2.get`, `bg.order.amount.query`. What a document
//! means as an order is in `translate`.

use jiff::Timestamp;
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_domain::shipment::Content;
use serde::Deserialize;
use serde_json::{Value, json};

use super::articles::Articles;
use super::client::{Client, Repeat};
use super::translate::Taken;
use super::{translate, wire};
use crate::error::ConnectorError;
use crate::orders::{MalformedEntry, OrderEntry, OrderPage, OrderWindow};

const LIST: &str = "bg.order.list.v2.get";
pub(super) const ADDRESS: &str = "bg.order.shippinginfo.v2.get";
pub(super) const AMOUNTS: &str = "bg.order.amount.query";
/// The most numbers that TEMU takes in one call.
const NUMBERS_AT_ONCE: usize = 20;
/// The most that TEMU gives on a page.
const PAGE_SIZE: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default, deserialize_with = "wire::number")]
    total_item_num: Option<i64>,
    #[serde(default, deserialize_with = "wire::list")]
    page_items: Vec<Value>,
}

/// One page, newest change first (TEMU sorts descending).
pub(super) async fn page(
    client: &Client,
    window: &OrderWindow,
    page: u32,
) -> Result<OrderPage, ConnectorError> {
    list(client, window, page, PAGE_SIZE).await
}

/// How many orders stand in the window, and which of them changed last to what. A change that becomes visible late is
/// in the number, two changes within the same second as well; an order that changes again is the newest one.
pub(super) async fn newest_change(client: &Client, window: &OrderWindow) -> Result<String, ConnectorError> {
    let page = list(client, window, 1, 1).await?;
    let newest = match (page.entries.first(), page.malformed.first()) {
        (Some(entry), _) => format!("{} {} {}", entry.changed_at, entry.number, entry.status.as_str()),
        (None, Some(entry)) => format!("unreadable {}", entry.number.as_deref().unwrap_or_default()),
        (None, None) => "none".to_owned(),
    };
    Ok(format!("{} orders, newest {newest}", page.total))
}

/// The orders with these numbers.
pub(super) async fn by_number(client: &Client, numbers: &[String]) -> Result<OrderPage, ConnectorError> {
    let mut found = OrderPage { total: 0, page_size: PAGE_SIZE, entries: Vec::new(), malformed: Vec::new() };
    for some in numbers.chunks(NUMBERS_AT_ONCE) {
        let parameters = json!({ "pageNumber": 1, "pageSize": PAGE_SIZE, "parentOrderSnList": some });
        let page = read(client, parameters, PAGE_SIZE).await?;
        found.total += page.total;
        found.entries.extend(page.entries);
        found.malformed.extend(page.malformed);
    }
    Ok(found)
}

async fn list(
    client: &Client,
    window: &OrderWindow,
    page: u32,
    page_size: u32,
) -> Result<OrderPage, ConnectorError> {
    let parameters = json!({
        "pageNumber": page,
        "pageSize": page_size,
        "parentOrderStatus": window.status.unwrap_or(0),
        "updateAtStart": window.changed_from.as_second(),
        "updateAtEnd": window.changed_until.as_second(),
        "sortby": "updateTime",
    });
    read(client, parameters, page_size).await
}

async fn read(client: &Client, parameters: Value, page_size: u32) -> Result<OrderPage, ConnectorError> {
    let answer: Page = client.call(LIST, parameters, Repeat::Read).await?;
    let total = answer.total_item_num.and_then(|total| u64::try_from(total).ok());
    let total =
        total.ok_or_else(|| client.unreadable(LIST, "the page does not tell how many orders there are"))?;
    let mut read = OrderPage { total, page_size, entries: Vec::new(), malformed: Vec::new() };
    for raw in answer.page_items {
        match head(&raw) {
            Ok(head) => read.entries.push(head.entry(raw)),
            Err((number, reason)) => read.malformed.push(MalformedEntry { number, reason, raw }),
        }
    }
    Ok(read)
}

/// Address and amounts at the same time, and article numbers where the lines have none. One part that fails
/// fails the order: an order without address or at 0.00 must never come about.
pub(super) async fn details(
    client: &Client,
    articles: &Articles,
    entry: &OrderEntry,
) -> Result<Value, ConnectorError> {
    let number = json!({ "parentOrderSn": entry.number });
    let bare = translate::lines_without_article(&entry.raw);
    let (shipping, amount, articles) = futures::try_join!(
        client.call::<Value>(ADDRESS, number.clone(), Repeat::Read),
        client.call::<Value>(AMOUNTS, number, Repeat::Read),
        articles.numbers(client, &bare),
    )?;
    for (call, part) in [(ADDRESS, &shipping), (AMOUNTS, &amount)] {
        if !part.is_object() {
            return Err(client.unreadable(call, "success without a result"));
        }
    }
    Ok(json!({ "order": entry.raw, "shipping": shipping, "amount": amount, "articles": articles }))
}

/// What an order takes from stock. Lines without an article number get it from the listings, as in the details:
/// a pending order is not fetched in detail, yet its units are sold.
pub(super) async fn contents(
    client: &Client,
    articles: &Articles,
    entry: &OrderEntry,
) -> Result<Vec<Content>, ConnectorError> {
    let taken = translate::taken(&entry.raw);
    let bare: Vec<String> =
        taken.iter().filter(|line| line.article.is_none()).filter_map(|line| line.sku_id.clone()).collect();
    let numbers = articles.numbers(client, &bare).await?;
    let content = |line: Taken| {
        let listed = line.sku_id.and_then(|sku_id| numbers.get(&sku_id).cloned());
        let sku = line.article.or(listed).filter(|sku| !sku.is_empty())?;
        Some(Content { sku, quantity: line.quantity })
    };
    Ok(taken.into_iter().filter_map(content).collect())
}

/// What is read of an entry of the list.
struct Head {
    number: String,
    changed_at: Timestamp,
    ordered_at: Timestamp,
    status: MarketplaceStatus,
    has_address_change: bool,
    has_cancellation_request: bool,
}

impl Head {
    fn entry(self, raw: Value) -> OrderEntry {
        OrderEntry {
            number: self.number,
            changed_at: self.changed_at,
            ordered_at: self.ordered_at,
            status: self.status,
            has_address_change: self.has_address_change,
            has_cancellation_request: self.has_cancellation_request,
            raw,
        }
    }
}

/// Number, time and status; else the number, where that much can be read, and the reason.
fn head(raw: &Value) -> Result<Head, (Option<String>, String)> {
    let parent = &raw["parentOrderMap"];
    let Some(number) = parent["parentOrderSn"].as_str().map(str::trim).filter(|number| !number.is_empty())
    else {
        return Err((None, "it has no parentOrderSn".to_owned()));
    };
    let number = number.to_owned();
    let fail = |reason: String| (Some(number.clone()), reason);
    let changed_at = time(&parent["updateTime"]);
    let changed_at = changed_at.ok_or_else(|| fail("its updateTime is missing or no time".to_owned()))?;
    let code = wire::whole_number(&parent["parentOrderStatus"]);
    let code = code.ok_or_else(|| fail("its parentOrderStatus is missing or no number".to_owned()))?;
    let status = status(code).ok_or_else(|| fail(format!("its parentOrderStatus {code} is not known")))?;
    if !raw["orderList"].is_array() {
        return Err(fail("it has no orderList".to_owned()));
    }
    let is_changed = has_word(&parent["fulfillmentWarning"], "CONFIRMED_CHANGED_ADDRESS");
    Ok(Head {
        has_address_change: is_changed || has_label(parent, "pending_buyer_address_change"),
        has_cancellation_request: has_label(parent, "pending_buyer_cancellation"),
        number,
        changed_at,
        // Without the time of the order its last change is the safest one: a later time never hides a sale from stock.
        ordered_at: time(&parent["parentOrderTime"]).unwrap_or(changed_at),
        status,
    })
}

/// Epoch seconds.
fn time(value: &Value) -> Option<Timestamp> {
    wire::whole_number(value).and_then(|seconds| Timestamp::from_second(seconds).ok())
}

/// `parentOrderStatus`; 5 is received by the buyer, 41 and 51 are partly.
fn status(code: i64) -> Option<MarketplaceStatus> {
    match code {
        1 => Some(MarketplaceStatus::Pending),
        2 => Some(MarketplaceStatus::Ready),
        3 => Some(MarketplaceStatus::Cancelled),
        4 | 5 => Some(MarketplaceStatus::Shipped),
        41 | 51 => Some(MarketplaceStatus::PartlyShipped),
        _ => None,
    }
}

/// A label stands in the list also where it does not hold: its value tells.
fn has_label(parent: &Value, name: &str) -> bool {
    let labels = parent["parentOrderLabel"].as_array();
    labels
        .into_iter()
        .flatten()
        .any(|label| label["name"] == name && wire::whole_number(&label["value"]) == Some(1))
}

fn has_word(list: &Value, word: &str) -> bool {
    list.as_array().into_iter().flatten().any(|entry| entry == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_number_time_status_and_wishes() {
        let raw = json!({"orderList": [], "parentOrderMap": {
            "parentOrderSn": "PO-1", "updateTime": "1780000000", "parentOrderStatus": 41,
            "parentOrderLabel": [{"name": "pending_buyer_cancellation", "value": 0},
                                 {"name": "pending_buyer_address_change", "value": 1}],
            "fulfillmentWarning": null,
        }});
        let head = head(&raw).unwrap();
        assert_eq!(head.number, "PO-1");
        assert_eq!(head.changed_at.as_second(), 1_780_000_000);
        assert_eq!(head.status, MarketplaceStatus::PartlyShipped);
        assert!(head.has_address_change && !head.has_cancellation_request);
    }

    #[test]
    fn what_cannot_be_read_says_why_and_whose_it_is() {
        for (parent, number, word) in [
            (json!({}), None, "parentOrderSn"),
            (json!({"parentOrderSn": "PO-1"}), Some("PO-1"), "updateTime"),
            (json!({"parentOrderSn": "PO-1", "updateTime": 1, "parentOrderStatus": 7}), Some("PO-1"), "7"),
            (
                json!({"parentOrderSn": "PO-1", "updateTime": 1, "parentOrderStatus": 2}),
                Some("PO-1"),
                "orderList",
            ),
        ] {
            let (told, reason) = head(&json!({ "parentOrderMap": parent })).err().unwrap();
            assert_eq!(told.as_deref(), number);
            assert!(reason.contains(word), "{reason}");
        }
        assert!(head(&json!("nonsense")).is_err());
    }
}
