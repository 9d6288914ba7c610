//! `bg.logistics.shipment.v2.confirm` and `bg.logistics.shipment.v2.get`: the rules by which parcels are
//! accepted. The state of the order is looked at first, then completeness, then each parcel.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, SUCCESS};
use super::logistics::{BARRED_CARRIER, DHL, WAREHOUSES, carrier_name};
use super::order::{CANCELED, MarketLine, MarketOrder, PENDING, SHIPPED, UN_SHIPPING};
use super::request::{Request, whole_number};
use super::store::{self, Parcel};

/// One element of `sendRequestList`.
struct Send {
    carrier: Option<i64>,
    tracking: String,
    warehouse: String,
    /// (parentOrderSn, orderSn, pieces).
    lines: Vec<(String, String, i64)>,
    accepted: Vec<String>,
    /// Tracking numbers of `subSendRequests`.
    more: Vec<String>,
}

fn not_valid() -> Refusal {
    Refusal::new(120_012_007, "The parentOrder or Order is invalid.")
}

fn not_matching(message: &str) -> Refusal {
    Refusal::new(120_012_016, format!("The parentOrder or Order is invalid: {message}"))
}

/// Accepts all parcels of the call or none. `refused` are the orders that a test told to refuse.
pub(crate) fn confirm(
    connection: &Connection,
    request: &Request,
    now: i64,
    refused: &BTreeMap<String, i64>,
) -> Answer {
    let sends = sends(request)?;
    let numbers: BTreeSet<&str> =
        sends.iter().flat_map(|send| send.lines.iter().map(|(parent, ..)| parent.as_str())).collect();
    let outcome = accept(connection, request, &sends, now, refused);
    let code = outcome.as_ref().map_or_else(|refusal| refusal.code, |()| SUCCESS);
    for sn in numbers {
        store::add_attempt(connection, sn, code, now)?;
    }
    outcome.map(|()| json!({"assistantAgreementText": "", "warningMessage": []}))
}

fn sends(request: &Request) -> Result<Vec<Send>, Refusal> {
    let bad = |what: &str| Refusal::bad_parameters(format!("{what} is missing or empty"));
    let list = request.list("sendRequestList")?.filter(|list| !list.is_empty());
    let text = |value: &Value, name: &str| match value.get(name) {
        Some(Value::String(text)) => text.trim().to_owned(),
        _ => String::new(),
    };
    let mut sends = Vec::new();
    for value in list.ok_or_else(|| bad("sendRequestList"))? {
        let infos =
            value.get("orderSendInfoList").and_then(Value::as_array).filter(|infos| !infos.is_empty());
        let mut lines = Vec::new();
        for info in infos.ok_or_else(|| bad("orderSendInfoList"))? {
            let quantity = info.get("quantity").and_then(whole_number).ok_or_else(|| bad("quantity"))?;
            lines.push((text(info, "parentOrderSn"), text(info, "orderSn"), quantity));
        }
        let accepted = value.get("confirmAcceptance").and_then(Value::as_array);
        sends.push(Send {
            carrier: value.get("carrierId").and_then(whole_number),
            tracking: text(&value, "trackingNumber"),
            warehouse: text(&value, "selfShippingWarehouseId"),
            lines,
            more: value
                .get("subSendRequests")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(|more| text(more, "trackingNumber"))
                .collect(),
            accepted: accepted.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        });
    }
    Ok(sends)
}

fn accept(
    connection: &Connection,
    request: &Request,
    sends: &[Send],
    now: i64,
    refused: &BTreeMap<String, i64>,
) -> Result<(), Refusal> {
    let send_type = request.integer("sendType")?.unwrap_or(-1);
    if !(0..=2).contains(&send_type) {
        return Err(Refusal::bad_parameters("sendType is 0, 1 or 2"));
    }
    if send_type != 1 && sends.len() != 1 {
        return Err(Refusal::bad_parameters("sendType 0 and 2 take exactly one sendRequest"));
    }
    let numbers: BTreeSet<&String> =
        sends.iter().flat_map(|send| send.lines.iter().map(|(parent, ..)| parent)).collect();
    if send_type != 2 && numbers.len() != 1 {
        return Err(not_matching("one parentOrder per call, unless sendType is 2"));
    }
    let mut orders = Vec::new();
    for sn in numbers {
        let order = store::order(connection, sn)?.ok_or_else(not_valid)?;
        check_state(&order, sends, refused)?;
        check_completeness(&order, sends)?;
        orders.push(order);
    }
    if orders.iter().any(|order| orders.first().is_some_and(|first| first.address != order.address)) {
        return Err(Refusal::new(120_012_015, "the delivery addresses for PO orders are different."));
    }
    let region = orders.first().map_or(0, |order| order.region_id);
    check_parcels(connection, region, sends)?;
    for order in orders {
        ship(connection, order, sends, now)?;
    }
    Ok(())
}

fn ship(connection: &Connection, mut order: MarketOrder, sends: &[Send], now: i64) -> rusqlite::Result<()> {
    store_parcels(connection, &order, sends, now)?;
    order.status = SHIPPED;
    order.shipped_at = Some(now);
    order.pending_address_change = false;
    order.pending_cancellation = false;
    for line in order.lines.iter_mut().filter(|line| line.quantity() > 0) {
        line.status = SHIPPED;
    }
    order.touch(now);
    store::save_order(connection, &order)
}

/// A person ships it in the marketplace's own pages, where nothing of the above is asked.
pub(crate) fn accept_by_hand(
    connection: &Connection,
    order: MarketOrder,
    tracking: &str,
    now: i64,
) -> rusqlite::Result<()> {
    let line = |line: &MarketLine| (order.parent_order_sn.clone(), line.order_sn.clone(), line.quantity());
    let send = Send {
        carrier: Some(DHL),
        tracking: tracking.to_owned(),
        warehouse: WAREHOUSES[0].0.to_owned(),
        lines: order.shippable().map(line).collect(),
        accepted: Vec::new(),
        more: Vec::new(),
    };
    ship(connection, order, &[send], now)
}

fn check_state(order: &MarketOrder, sends: &[Send], refused: &BTreeMap<String, i64>) -> Result<(), Refusal> {
    if let Some(code) = refused.get(&order.parent_order_sn) {
        return Err(Refusal::new(*code, "refused by the marketplace"));
    }
    match order.status {
        UN_SHIPPING => {}
        PENDING | CANCELED => return Err(not_valid()),
        _ => {
            let message =
                "The order has been shipped. This submission is not effective for the shipped order.";
            return Err(Refusal::new(120_012_004, message));
        }
    }
    let denies = |what: &str| sends.iter().all(|send| send.accepted.iter().any(|accepted| accepted == what));
    let pending = [
        (order.pending_address_change, "DENY_ADDRESS_CHANGE", 120_012_023, "Address change pending."),
        (order.pending_cancellation, "DENY_CANCELLATION", 120_012_030, "Order cancel pending."),
        (order.pending_risk_alert, "DENY_PARENT_RISK_WARNING", 120_012_031, "Pending risk control alert."),
    ];
    for (is_pending, denial, code, message) in pending {
        if is_pending && !denies(denial) {
            return Err(Refusal::new(code, format!("{message} Please process before shipping.")));
        }
    }
    Ok(())
}

/// All shippable lines once, with all their pieces: a line cannot be split over parcels.
fn check_completeness(order: &MarketOrder, sends: &[Send]) -> Result<(), Refusal> {
    let mut named = BTreeSet::new();
    let lines = sends.iter().flat_map(|send| send.lines.iter());
    for (_, order_sn, quantity) in lines.filter(|(parent, ..)| *parent == order.parent_order_sn) {
        let line = order.lines.iter().find(|line| line.order_sn == *order_sn);
        let line = line.ok_or_else(|| not_matching("no such Order in the parentOrder"))?;
        if !named.insert(order_sn) {
            return Err(Refusal::new(120_012_041, format!("A duplicate sub-order number: {order_sn}.")));
        }
        if *quantity != line.quantity() || *quantity == 0 {
            return Err(not_matching("the quantity is not the Order's whole quantity"));
        }
    }
    if named.len() != order.shippable().count() {
        return Err(not_matching("all Orders to be shipped must be in one call"));
    }
    Ok(())
}

fn check_parcels(connection: &Connection, region: i64, sends: &[Send]) -> Result<(), Refusal> {
    let mut numbers = BTreeSet::new();
    for send in sends {
        if send.warehouse.is_empty() {
            return Err(Refusal::new(120_015_527, "Missing required parameter selfShippingWarehouseId"));
        }
        if WAREHOUSES.iter().all(|(id, ..)| *id != send.warehouse) {
            return Err(Refusal::new(120_011_085, "selfShippingWarehouseId is invalid, please have a check"));
        }
        if send.carrier == Some(BARRED_CARRIER) {
            let message = "Your store has been restricted from confirming shipment by FedEx tracking number.";
            return Err(Refusal::new(120_011_092, message));
        }
        if send.carrier.and_then(|carrier| carrier_name(region, carrier)).is_none() {
            let message = "Incorrect trackingNumber/carrierId. Please check and retry.";
            return Err(Refusal::new(120_014_022, message));
        }
        for tracking in std::iter::once(&send.tracking).chain(&send.more) {
            check_tracking(connection, tracking)?;
            if !numbers.insert(tracking) {
                return Err(Refusal::new(120_014_003, "Duplicate tracking number"));
            }
        }
    }
    Ok(())
}

/// No carrier's number is without a digit, or longer than forty letters and digits.
fn check_tracking(connection: &Connection, tracking: &str) -> Result<(), Refusal> {
    if tracking.is_empty() {
        return Err(Refusal::new(120_014_001, "Tracking number is blank."));
    }
    if !tracking.chars().all(|character| character.is_ascii_alphanumeric()) {
        let message = "Please delete specific symbol such as -, %, # etc.";
        return Err(Refusal::new(120_014_020, message));
    }
    if store::tracking_is_used(connection, tracking)? {
        return Err(Refusal::new(120_014_004, "Tracking number has been used"));
    }
    let has_digit = tracking.chars().any(|character| character.is_ascii_digit());
    if tracking.len() > 40 || !has_digit {
        return Err(Refusal::new(120_014_023, format!("Tracking number is invalid: {tracking}.")));
    }
    Ok(())
}

fn store_parcels(
    connection: &Connection,
    order: &MarketOrder,
    sends: &[Send],
    now: i64,
) -> rusqlite::Result<()> {
    for (index, send) in sends.iter().enumerate() {
        let of_order = send.lines.iter().filter(|(parent, ..)| *parent == order.parent_order_sn);
        let parcel = Parcel {
            package_sn: format!("PK-{:09}-{}", order.number, index + 1),
            parent_order_sn: order.parent_order_sn.clone(),
            tracking: send.tracking.clone(),
            carrier: send.carrier.unwrap_or_default(),
            warehouse: send.warehouse.clone(),
            accepted_at: now,
            contents: of_order.map(|(_, order_sn, quantity)| (order_sn.clone(), *quantity)).collect(),
        };
        store::add_parcel(connection, &parcel)?;
        for (number, tracking) in send.more.iter().enumerate() {
            let package_sn = format!("{}-{}", parcel.package_sn, number + 1);
            let parcel = Parcel { package_sn, tracking: tracking.clone(), ..parcel.clone() };
            store::add_parcel(connection, &parcel)?;
        }
    }
    Ok(())
}

/// `bg.logistics.shipment.v2.get`: what was accepted for one line.
pub(crate) fn read(connection: &Connection, request: &Request) -> Answer {
    let parent = request.text("parentOrderSn")?.unwrap_or_default();
    let order_sn = request.text("orderSn")?.unwrap_or_default();
    let order = store::order(connection, &parent)?.ok_or_else(not_valid)?;
    let line = order.lines.iter().find(|line| line.order_sn == order_sn).ok_or_else(not_valid)?;
    let mut rows = Vec::new();
    for parcel in store::parcels(connection, Some(&parent))? {
        let Some((_, quantity)) = parcel.contents.iter().find(|(inside, _)| *inside == order_sn) else {
            continue;
        };
        rows.push(json!({
            "carrierId": parcel.carrier,
            "carrierName": carrier_name(order.region_id, parcel.carrier).unwrap_or_default(),
            "trackingNumber": parcel.tracking,
            "packageSn": parcel.package_sn,
            "packageDeliveryType": 1,
            "trackingWarningLabel": 0,
            "skuId": line.sku_id,
            "quantity": quantity,
            "cooperativeWarehouseDTO": null,
            "subPackageShipmentInfoList": [],
        }));
    }
    Ok(json!({"shipmentInfoDTO": rows}))
}
