//! Orders at TEMU: pages of the list, and the parts that the list does not tell.
//!
//! Calls: `bg.order.list.v2.get`, `bg.order.shippinginfo.v2.get`, `bg.order.amount.query`. What a document
//! means as an order is in `translate`.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::judgement::{Hold, Notice};
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_domain::shipment::Content;
use marktwerk_domain::stock::lost::fingerprint;
use serde::Deserialize;
use serde_json::{Value, json};

use super::articles::Articles;
use super::client::{Client, Repeat};
use super::{translate, wire};
use crate::error::ConnectorError;
use crate::orders::{MalformedEntry, OrderEntry, OrderUnits, OrderWindow, Standing};
use crate::paging::{OrderBatch, OrderPage, OrderPages};

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

/// The pages of the list, newest change first (TEMU sorts descending).
pub(super) struct Pages<'a>(pub(super) &'a Client);

#[async_trait]
impl OrderPages for Pages<'_> {
    async fn page(&self, window: &OrderWindow, number: u32) -> Result<OrderPage, ConnectorError> {
        list(self.0, window, number, PAGE_SIZE).await
    }

    fn list_end(&self) -> Timestamp {
        self.0.clock().now()
    }
}

/// How many orders stand in the window, and which of them changed last to what. A change that becomes visible late is
/// in the number, two changes within the same second as well; an order that changes again is the newest one.
pub(super) async fn fingerprint_of_list(
    client: &Client,
    window: &OrderWindow,
) -> Result<String, ConnectorError> {
    let page = list(client, window, 1, 1).await?;
    let newest = match (page.batch.entries.first(), page.batch.malformed.first()) {
        (Some(entry), _) => format!("{} {} {}", entry.changed_at, entry.number, entry.status.as_str()),
        (None, Some(entry)) => format!("unreadable {}", entry.number.as_deref().unwrap_or_default()),
        (None, None) => "none".to_owned(),
    };
    Ok(format!("{} orders, newest {newest}", page.total))
}

/// The orders with these numbers.
pub(super) async fn by_number(client: &Client, numbers: &[String]) -> Result<OrderBatch, ConnectorError> {
    let mut found = OrderBatch::default();
    for some in numbers.chunks(NUMBERS_AT_ONCE) {
        let parameters = json!({ "pageNumber": 1, "pageSize": PAGE_SIZE, "parentOrderSnList": some });
        let OrderBatch { entries, malformed } = read(client, parameters, PAGE_SIZE).await?.batch;
        found.entries.extend(entries);
        found.malformed.extend(malformed);
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
        "parentOrderStatus": status_number(client, window)?,
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
    let mut batch = OrderBatch::default();
    for raw in answer.page_items {
        match head(&raw) {
            Ok(head) => batch.entries.push(head.entry(raw)),
            Err((number, reason)) => batch.malformed.push(MalformedEntry { number, reason, raw }),
        }
    }
    Ok(OrderPage { total, page_size, batch })
}

/// `parentOrderStatus` of the window; 0: all.
fn status_number(client: &Client, window: &OrderWindow) -> Result<u32, ConnectorError> {
    let Some(status) = &window.status else { return Ok(0) };
    status.parse().map_err(|_| {
        let account = client.place(LIST).account;
        ConnectorError::Setup(format!(
            "account {account}: `{status}` is not a status of TEMU's: give its number"
        ))
    })
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
) -> Result<OrderUnits, ConnectorError> {
    let taken = translate::taken(&entry.raw);
    let bare: Vec<String> =
        taken.iter().filter(|line| line.article.is_none()).filter_map(|line| line.sku_id.clone()).collect();
    let numbers = articles.numbers(client, &bare).await?;
    let mut units = OrderUnits::default();
    for line in taken {
        let listed = line.sku_id.and_then(|sku_id| numbers.get(&sku_id).cloned());
        let Some(sku) = line.article.or(listed).filter(|sku| !sku.is_empty()) else { continue };
        for (into, quantity) in [(&mut units.taken, line.quantity), (&mut units.cancelled, line.cancelled)] {
            if quantity > 0 {
                into.push(Content { sku: sku.clone(), quantity });
            }
        }
    }
    Ok(units)
}

/// What is read of an entry of the list.
struct Head {
    number: String,
    changed_at: Timestamp,
    ordered_at: Timestamp,
    status: MarketplaceStatus,
    fingerprint: String,
}

impl Head {
    fn entry(self, raw: Value) -> OrderEntry {
        OrderEntry {
            number: self.number,
            changed_at: self.changed_at,
            ordered_at: self.ordered_at,
            status: self.status,
            fingerprint: self.fingerprint,
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
    // Of an order that is partly the cooperative warehouse's, our part counts.
    let status = match status {
        MarketplaceStatus::PartlyShipped => translate::status_of_ours(raw).unwrap_or(status),
        status => status,
    };
    if !raw["orderList"].is_array() {
        return Err(fail("it has no orderList".to_owned()));
    }
    Ok(Head {
        fingerprint: fingerprint_of(raw),
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

fn has_warning(parent: &Value, word: &str) -> bool {
    warnings(parent).any(|warning| warning == word)
}

fn warnings(parent: &Value) -> impl Iterator<Item = &str> {
    parent["fulfillmentWarning"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// What an entry says of the order beside its time of change, without what only the passing of time changes.
fn fingerprint_of(raw: &Value) -> String {
    let parent = &raw["parentOrderMap"];
    let labels =
        HOLDS.iter().filter(|(label, _)| has_label(parent, label)).map(|(label, _)| (*label).to_owned());
    let mut said: Vec<String> = labels.chain(warnings(parent).map(str::to_owned)).collect();
    for member in ["parentOrderStatus", "expectShipLatestTime", "orderPaymentType"] {
        said.push(format!("{member} {}", parent[member]));
    }
    for line in raw["orderList"].as_array().into_iter().flatten() {
        let members =
            ["orderSn", "quantity", "canceledQuantityBeforeShipment", "orderStatus", "fulfillmentType"];
        said.push(members.map(|member| line[member].to_string()).join(" "));
    }
    fingerprint(said.iter().map(String::as_str))
}

/// Labels that keep an order from being handed over.
const HOLDS: [(&str, Hold); 3] = [
    ("pending_buyer_cancellation", Hold::Cancellation),
    ("pending_buyer_address_change", Hold::Address),
    ("pending_risk_control_alert", Hold::Risk),
];

/// Labels and warnings of an entry.
pub(super) fn standing(entry: &Value) -> Standing {
    let parent = &entry["parentOrderMap"];
    let holds = HOLDS.iter().filter(|(label, _)| has_label(parent, label)).map(|(_, hold)| *hold);
    let mut notices = Vec::new();
    if has_label(parent, "signature_required_on_delivery") {
        notices.push(Notice::SignatureRequired);
    }
    if has_label(parent, "past_due") {
        notices.push(Notice::Overdue);
    }
    if has_warning(parent, RESTRICTED) {
        notices.push(Notice::OwnShippingRestricted);
    }
    if has_warning(parent, "CONFIRMED_CHANGED_ADDRESS") {
        notices.push(Notice::AddressWasChanged);
    }
    let barred = warnings(parent).filter(|warning| warning.starts_with(BARRED));
    notices.extend(barred.map(|warning| Notice::CarriersBarred(carriers_of(warning))));
    if parent["orderPaymentType"] == "COD" {
        notices.push(Notice::CashOnDelivery);
    }
    Standing { holds: holds.collect(), notices, is_fulfilled: translate::is_fulfilled(entry) }
}

/// The shop may not send it with numbers of its own.
const RESTRICTED: &str = "RESTRICT_SELF_SHIPPING";
/// Followed by the carriers in braces.
const BARRED: &str = "BLOCK_LOGISTICS_PROVIDERS_";

fn carriers_of(warning: &str) -> String {
    warning.trim_start_matches(BARRED).trim_matches(['{', '}']).to_owned()
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
        assert_eq!(standing(&raw).holds, [Hold::Address]);
    }

    /// A wish does not always move the time of change.
    #[test]
    fn what_an_entry_says_anew_shows_although_its_time_is_the_same() {
        let entry = |label: i64, cancelled: i64| {
            json!({"orderList": [{"orderSn": "1", "quantity": 3 - cancelled, "canceledQuantityBeforeShipment": cancelled}],
                "parentOrderMap": {"parentOrderSn": "PO-1", "updateTime": 1_780_000_000, "parentOrderStatus": 2,
                "parentOrderLabel": [{"name": "pending_buyer_cancellation", "value": label},
                                     {"name": "soon_to_be_overdue", "value": label}]}})
        };
        let fingerprint = |raw: Value| head(&raw).unwrap().fingerprint;
        assert_eq!(fingerprint(entry(0, 0)), fingerprint(entry(0, 0)));
        assert_ne!(fingerprint(entry(0, 0)), fingerprint(entry(1, 0)), "a wish");
        assert_ne!(fingerprint(entry(0, 0)), fingerprint(entry(0, 1)), "a cancelled piece");
    }

    #[test]
    fn labels_and_warnings_are_read() {
        let raw = json!({"orderList": [], "parentOrderMap": {
            "parentOrderLabel": [{"name": "pending_risk_control_alert", "value": 1},
                                 {"name": "signature_required_on_delivery", "value": "1"},
                                 {"name": "past_due", "value": 0}],
            "fulfillmentWarning": ["RESTRICT_SELF_SHIPPING", "BLOCK_LOGISTICS_PROVIDERS_{141252268,314439762}"],
            "orderPaymentType": "COD",
        }});
        let read = standing(&raw);
        assert_eq!(read.holds, [Hold::Risk]);
        let expected = [
            Notice::SignatureRequired,
            Notice::OwnShippingRestricted,
            Notice::CarriersBarred("141252268,314439762".to_owned()),
            Notice::CashOnDelivery,
        ];
        assert_eq!(read.notices, expected);
    }

    #[test]
    fn of_an_order_that_is_partly_the_cooperative_warehouses_our_part_counts() {
        let status = |theirs: i64, ours: &[i64]| {
            let theirs = json!({ "orderSn": "1", "orderStatus": theirs, "quantity": 1, "fulfillmentType": "fulfillByCooperativeWarehouse" });
            let ours =
                ours.iter().map(|status| json!({ "orderSn": "2", "orderStatus": status, "quantity": 1 }));
            let lines: Vec<Value> = [theirs].into_iter().chain(ours).collect();
            let parent = json!({ "parentOrderSn": "PO-1", "updateTime": 1, "parentOrderStatus": 41 });
            head(&json!({ "parentOrderMap": parent, "orderList": lines })).unwrap().status
        };
        assert_eq!(status(4, &[2]), MarketplaceStatus::Ready, "they have sent theirs");
        assert_eq!(status(2, &[4]), MarketplaceStatus::Shipped, "we have sent ours");
        assert_eq!(status(4, &[2, 4]), MarketplaceStatus::PartlyShipped);
        assert_eq!(status(4, &[2, 3]), MarketplaceStatus::Ready, "what is cancelled is not ours to send");
        assert_eq!(status(4, &[]), MarketplaceStatus::PartlyShipped);
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
