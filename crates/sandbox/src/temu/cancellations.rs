//! Cancellations: a buyer's wish that the seller accepts, and the seller's own, which is granted at once.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::order::{CANCELED, MarketOrder, UN_SHIPPING};
use super::request::Request;
use super::{life, store};

/// `afterSalesStatusGroup` of wishes that nobody decided on.
const PENDING: i64 = 8;

fn wish_sn(order: &MarketOrder) -> String {
    format!("AS-{:09}", order.number)
}

/// `bg.aftersales.cancel.list.get`.
pub(super) fn wishes(connection: &Connection, request: &Request) -> Answer {
    let mut data = Vec::new();
    let is_asked = request.integer("afterSalesStatusGroup")? == Some(PENDING);
    for sn in request.list("parentOrderSnList")?.into_iter().flatten() {
        let order = sn.as_str().map(|sn| store::order(connection, sn)).transpose()?.flatten();
        for order in order.into_iter().filter(|order| order.pending_cancellation && is_asked) {
            let sn = wish_sn(&order);
            let line = json!({"afterSalesSn": format!("{sn}-1"), "parentOrderSn": order.parent_order_sn});
            data.push(json!({
                "parentAfterSalesSn": sn, "parentAfterSalesStatus": 1, "afterSalesInfoList": [line],
            }));
        }
    }
    Ok(json!({"total": data.len(), "pageNumber": 1, "data": data}))
}

/// `bg.aftersales.cancel.agree`.
pub(super) fn agree(connection: &Connection, request: &Request, now: i64) -> Answer {
    let mut order = order(connection, request, 130_010_001)?;
    if request.text("parentAfterSalesSn")? != Some(wish_sn(&order)) || !order.pending_cancellation {
        return Err(Refusal::new(130_010_005, "operate forbid"));
    }
    if order.status != UN_SHIPPING {
        return Err(Refusal::new(130_010_002, "The order has been fully shipped."));
    }
    life::cancel(connection, &mut order, now).map_err(|error| Refusal::new(4_000_000, error.to_string()))?;
    Ok(json!({}))
}

/// `temu.order.cancel.outofstock.result.get`.
pub(super) fn applied(connection: &Connection, request: &Request) -> Answer {
    let order = order(connection, request, 140_040_002)?;
    if order.status != CANCELED {
        return Err(Refusal::new(140_040_004, "never apply lack stock"));
    }
    let status = |sn: Value| json!({"orderSn": sn, "applyStatus": 2});
    let lines = request.list("orderSnList")?.into_iter().flatten().map(status);
    Ok(json!({"applyResultInfoList": lines.collect::<Vec<_>>()}))
}

/// `temu.order.cancel.outofstock.apply`.
pub(super) fn apply(connection: &Connection, request: &Request, now: i64) -> Answer {
    let mut order = order(connection, request, 140_040_002)?;
    if order.status != UN_SHIPPING {
        let failed =
            json!([{"parentOrderSn": order.parent_order_sn, "reasonList": ["ORDER_STATUS_NOT_ALLOWED"]}]);
        return Ok(json!({"applyResult": false, "failReasonList": failed}));
    }
    life::cancel(connection, &mut order, now).map_err(|error| Refusal::new(4_000_000, error.to_string()))?;
    Ok(json!({"applyResult": true, "failReasonList": []}))
}

fn order(connection: &Connection, request: &Request, unknown: i64) -> Result<MarketOrder, Refusal> {
    let sn = request.text("parentOrderSn")?.unwrap_or_default();
    store::order(connection, &sn)?.ok_or_else(|| Refusal::new(unknown, "no such order"))
}
