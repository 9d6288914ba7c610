//! One call from body to answer: gateway checks, rate limit, then the call type. Counting and the settings of
//! tests are applied here; faults are not, they are a matter of the wire.

use rusqlite::Connection;

use super::answer::{Answer, Refusal};
use super::market::Market;
use super::request::Request;
use super::{address, amounts, cancellations, goods, life, logistics, order_list, shipment, store};

/// The call types that this marketplace knows.
pub(crate) const OPERATIONS: [&str; 17] = [
    "bg.open.accesstoken.info.get",
    "bg.order.list.v2.get",
    "bg.order.detail.v2.get",
    "bg.order.shippinginfo.v2.get",
    "bg.order.decryptshippinginfo.get",
    "bg.order.amount.query",
    "bg.local.goods.sku.list.query",
    "temu.local.goods.sku.stock.query",
    "bg.local.goods.stock.edit",
    "bg.logistics.companies.get",
    "bg.logistics.warehouse.list.get",
    "bg.logistics.shipment.v2.confirm",
    "bg.logistics.shipment.v2.get",
    "bg.aftersales.cancel.list.get",
    "bg.aftersales.cancel.agree",
    "temu.order.cancel.outofstock.result.get",
    "temu.order.cancel.outofstock.apply",
];

/// Checks and answers a call whose body could be read.
pub(crate) fn answer(market: &Market, request: &Request, operation: Result<&str, Refusal>) -> Answer {
    let now = market.time.now_seconds();
    let operation = operation?;
    request.check(now)?;
    limit_rate(market, now)?;
    // A refusal commits too: it counts attempts, and the call types check before they change anything.
    market.with(|connection| Ok::<_, Refusal>(perform(market, connection, request, operation, now)))?
}

fn limit_rate(market: &Market, now: i64) -> Result<(), Refusal> {
    let Some(limit) = market.world.calls_per_second else { return Ok(()) };
    let mut mood = market.mood();
    if mood.rate.0 != now {
        mood.rate = (now, 0);
    }
    mood.rate.1 += 1;
    if mood.rate.1 > limit { Err(rate_limited()) } else { Ok(()) }
}

/// 4000004.
pub(crate) fn rate_limited() -> Refusal {
    Refusal::new(4_000_004, "RATE_LIMIT_EXCEED_EXCEPTION")
}

fn perform(market: &Market, connection: &Connection, request: &Request, operation: &str, now: i64) -> Answer {
    match operation {
        "bg.open.accesstoken.info.get" => logistics::token_info(&OPERATIONS, now),
        "bg.order.list.v2.get" => list_orders(market, connection, request, now),
        "bg.order.detail.v2.get" => order_list::detail(connection, request),
        "bg.order.shippinginfo.v2.get" | "bg.order.decryptshippinginfo.get" => {
            address::shipping_info(connection, request)
        }
        "bg.order.amount.query" => amounts::amounts(connection, request),
        "bg.local.goods.sku.list.query" => goods::sku_list(connection, request),
        "temu.local.goods.sku.stock.query" => goods::stock_query(connection, request),
        "bg.local.goods.stock.edit" => {
            let refused = market.mood().refused_stock.clone();
            goods::stock_edit(connection, request, &refused)
        }
        "bg.logistics.companies.get" => logistics::companies(request),
        "bg.logistics.warehouse.list.get" => logistics::warehouses(),
        "bg.logistics.shipment.v2.confirm" => confirm_shipment(market, connection, request, now),
        "bg.logistics.shipment.v2.get" => shipment::read(connection, request),
        "bg.aftersales.cancel.list.get" => cancellations::wishes(connection, request),
        "bg.aftersales.cancel.agree" => cancellations::agree(connection, request, now),
        "temu.order.cancel.outofstock.result.get" => cancellations::applied(connection, request),
        "temu.order.cancel.outofstock.apply" => cancellations::apply(connection, request, now),
        _ => Err(Refusal::new(3_000_003, "type not exists")),
    }
}

fn list_orders(market: &Market, connection: &Connection, request: &Request, now: i64) -> Answer {
    let (answer, page) = order_list::list(connection, request)?;
    if market.mood().touch_after_each_page
        && let Some(mut order) = page.into_iter().next()
    {
        // Beyond the asked window, so that the order leaves it whatever the clock says.
        let end = request.integer("updateAtEnd")?.unwrap_or(now);
        order.touch(now.max(end + 1));
        store::save_order(connection, &order)?;
    }
    Ok(answer)
}

fn confirm_shipment(market: &Market, connection: &Connection, request: &Request, now: i64) -> Answer {
    let refused = market.mood().refused_shipments.clone();
    let answer = shipment::confirm(connection, request, now, &refused)?;
    for send in request.list("sendRequestList")?.into_iter().flatten() {
        let sn = send.pointer("/orderSendInfoList/0/parentOrderSn").and_then(serde_json::Value::as_str);
        if let Some(sn) = sn {
            life::plan_delivery(market, connection, sn)?;
        }
    }
    Ok(answer)
}
