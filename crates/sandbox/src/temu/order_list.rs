//! `bg.order.list.v2.get` and `bg.order.detail.v2.get`: which orders, and how they are written.

use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::logistics::WAREHOUSES;
use super::order::{MarketLine, MarketOrder};
use super::request::Request;
use super::store;

/// Pairs of parameters that make a closed interval, and what they say about a row.
const INTERVALS: [(&str, &str, &str); 4] = [
    ("createAfter", "createBefore", "created BETWEEN ? AND ?"),
    ("updateAtStart", "updateAtEnd", "updated BETWEEN ? AND ?"),
    ("parentConfirmTimeStart", "parentConfirmTimeEnd", "confirmed BETWEEN ? AND ?"),
    ("expectShipLatestTimeStart", "expectShipLatestTimeEnd", "created + 172800 BETWEEN ? AND ?"),
];
const STATUSES: [i64; 8] = [0, 1, 2, 3, 4, 5, 41, 51];
/// An order is to be shipped within two days and delivered within seven.
const SHIP_WITHIN: i64 = 172_800;
const DELIVER_WITHIN: i64 = 604_800;

/// The page and, for the sake of moving windows, its orders.
pub(crate) fn list(connection: &Connection, request: &Request) -> Result<(Value, Vec<MarketOrder>), Refusal> {
    let number = request.integer("pageNumber")?.unwrap_or(1);
    let size = request.integer("pageSize")?.unwrap_or(10);
    if number < 1 || !(1..=100).contains(&size) {
        return Err(Refusal::bad_parameters("pageNumber starts at 1, pageSize is 1 to 100"));
    }
    let by_update = match request.text("sortby")?.as_deref() {
        None | Some("createTime") => false,
        Some("updateTime") => true,
        Some(_) => return Err(Refusal::bad_parameters("sortby is createTime or updateTime")),
    };
    let conditions = conditions(request)?;
    let (total, page) = store::order_page(connection, &conditions, by_update, (number - 1) * size, size)?;
    let items: Vec<Value> = page.iter().map(list_item).collect();
    Ok((json!({"totalItemNum": total, "pageItems": items}), page))
}

fn conditions(request: &Request) -> Result<Vec<(&'static str, Vec<Cell>)>, Refusal> {
    // An order may exist before the list shows it.
    let mut conditions: Vec<(&'static str, Vec<Cell>)> =
        vec![("sn NOT IN (SELECT sn FROM hidden)", Vec::new())];
    for (start, end, condition) in INTERVALS {
        if let Some((low, high)) = interval(request, start, end)? {
            conditions.push((condition, vec![Cell::from(low), Cell::from(high)]));
        }
    }
    if let Some(status) = request.integer("parentOrderStatus")? {
        if !STATUSES.contains(&status) {
            return Err(Refusal::bad_parameters("parentOrderStatus is not a status"));
        }
        if status != 0 {
            conditions.push(("status = ?", vec![Cell::from(status)]));
        }
    }
    if let Some(region) = request.integer("regionId")? {
        conditions.push(("region = ?", vec![Cell::from(region)]));
    }
    if let Some(numbers) = request.list("parentOrderSnList")?.filter(|numbers| !numbers.is_empty()) {
        if numbers.len() > 20 {
            return Err(Refusal::bad_parameters("parentOrderSnList takes at most 20 numbers"));
        }
        let numbers = Value::Array(numbers).to_string();
        conditions.push(("sn IN (SELECT value FROM json_each(?))", vec![Cell::from(numbers)]));
    }
    if let Some(sku) = request.integer("skuId")? {
        let of_line = "EXISTS (SELECT 1 FROM json_each(document, '$.lines') WHERE value ->> 'sku_id' = ?)";
        conditions.push((of_line, vec![Cell::from(sku)]));
    }
    Ok(conditions)
}

/// Both ends or none, in seconds.
fn interval(request: &Request, start: &str, end: &str) -> Result<Option<(i64, i64)>, Refusal> {
    let (low, high) = (request.integer(start)?, request.integer(end)?);
    for (name, time) in [(start, low), (end, high)] {
        if time.is_some_and(|time| !(0..100_000_000_000).contains(&time)) {
            let message = format!("The format of {name} is inaccurate and requires a second level timestamp");
            return Err(Refusal::new(140_020_014, message));
        }
    }
    match (low, high) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Refusal::new(140_020_013, format!("{start} not passed in"))),
        (Some(_), None) => Err(Refusal::new(140_020_013, format!("{end} not passed in"))),
        (Some(low), Some(high)) if low > high => {
            Err(Refusal::new(140_020_012, format!("{end} needs to be greater than the {start}")))
        }
        (Some(low), Some(high)) => Ok(Some((low, high))),
    }
}

/// `bg.order.detail.v2.get`.
pub(crate) fn detail(connection: &Connection, request: &Request) -> Answer {
    let sn = request.text("parentOrderSn")?.unwrap_or_default();
    let order = store::order(connection, &sn)?.ok_or_else(|| Refusal::new(140_020_002, "Order not found"))?;
    if let Some(raw) = order.raw.as_ref().and_then(|raw| raw.detail.clone()) {
        return Ok(raw);
    }
    let packages = store::parcels(connection, Some(&sn))?;
    let mut item = made_item(&order);
    if let Some(map) = item.get_mut("parentOrderMap").and_then(Value::as_object_mut) {
        // The detail names the regions but, by its description, no updateTime.
        map.remove("updateTime");
        map.insert("regionName1".to_owned(), json!(order.address.country));
        map.insert("regionName2".to_owned(), json!(order.address.state));
        map.insert("regionName3".to_owned(), json!(order.address.city));
    }
    for line in item.get_mut("orderList").and_then(Value::as_array_mut).into_iter().flatten() {
        let of_line = |parcel: &&store::Parcel| {
            parcel.contents.iter().any(|(order_sn, _)| line.get("orderSn") == Some(&json!(order_sn)))
        };
        let numbers: Vec<Value> = packages
            .iter()
            .filter(of_line)
            .map(|parcel| json!({"packageSn": parcel.package_sn, "packageDeliveryType": 1, "callSuccess": true}))
            .collect();
        if let Some(line) = line.as_object_mut() {
            line.insert("packageSnInfo".to_owned(), Value::Array(numbers));
        }
    }
    Ok(item)
}

fn list_item(order: &MarketOrder) -> Value {
    order.raw.as_ref().and_then(|raw| raw.list_item.clone()).unwrap_or_else(|| made_item(order))
}

fn made_item(order: &MarketOrder) -> Value {
    let label = |name: &str, is_set: bool| json!({"name": name, "value": i32::from(is_set)});
    let changed = order.address_changed.then_some("CONFIRMED_CHANGED_ADDRESS");
    let warnings: Vec<&str> =
        changed.into_iter().chain(order.odd.warnings.iter().map(String::as_str)).collect();
    let has = |name: &str| order.odd.labels.iter().any(|label| label == name);
    json!({
        "parentOrderMap": {
            "parentOrderSn": order.parent_order_sn,
            "parentOrderStatus": order.status,
            "parentOrderTime": order.created_at,
            "parentConfirmTime": order.confirmed_at,
            "parentOrderPendingFinishTime": order.confirmed_at,
            "expectShipLatestTime": order.created_at + SHIP_WITHIN,
            "latestDeliveryTime": order.created_at + DELIVER_WITHIN,
            "parentShippingTime": order.shipped_at,
            "updateTime": order.updated_at,
            "siteId": 100 + order.region_id,
            "regionId": order.region_id,
            "parentOrderLabel": [
                label("soon_to_be_overdue", has("soon_to_be_overdue")),
                label("past_due", has("past_due")),
                label("pending_buyer_cancellation", order.pending_cancellation),
                label("pending_buyer_address_change", order.pending_address_change),
                label("pending_risk_control_alert", order.pending_risk_alert),
                label("signature_required_on_delivery", has("signature_required_on_delivery")),
            ],
            "fulfillmentWarning": warnings,
            // By its description, true means that the buyer paid no shipping: the name misleads.
            "hasShippingFee": order.shipping_gross_cents == 0,
            "orderPaymentType": payment(order),
            "shippingMethod": 1,
            "batchOrderNumberList": [],
        },
        "orderList": order.lines.iter().map(|line| made_line(order, line)).collect::<Vec<_>>(),
    })
}

fn payment(order: &MarketOrder) -> &'static str {
    if order.odd.is_cash_on_delivery { "COD" } else { "PPD" }
}

fn made_line(order: &MarketOrder, line: &MarketLine) -> Value {
    json!({
        "orderSn": line.order_sn,
        "quantity": line.quantity(),
        "originalOrderQuantity": line.original_quantity,
        "canceledQuantityBeforeShipment": line.cancelled_quantity,
        "goodsId": line.goods_id,
        "skuId": line.sku_id,
        "spec": "Standard",
        "originalSpecName": "Standard",
        "goodsName": line.name,
        "originalGoodsName": line.name,
        "thumbUrl": format!("https://img.sandbox.invalid/{}.jpg", line.goods_id),
        "orderStatus": line.status,
        "productList": [{
            "productId": line.goods_id + 7,
            "productSkuId": line.sku_id + 7,
            "soldFactor": 1,
            "extCode": line.sku,
        }],
        "orderLabel": [],
        "fulfillmentType": if line.is_fulfilled_there { "fulfillByCooperativeWarehouse" } else { "fulfillBySeller" },
        "fulfillmentWarning": [],
        "packageAbnormalTypeList": [],
        "orderPaymentType": payment(order),
        "isCancelledDuringPending": order.cancelled_during_pending,
        "orderCreateTime": order.created_at,
        "orderShippingTime": order.shipped_at,
        "inventoryDeductionWarehouseId": if line.warehouse.is_empty() { WAREHOUSES[0].0 } else { &line.warehouse },
        "inventoryDeductionWarehouseName": "Hauptlager",
    })
}
