//! What happens at the marketplace without anybody asking: orders come, are confirmed, change and end. Events
//! are rows with a time, so a restart forgets none.

use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::birth;
use super::market::Market;
use super::order::{CANCELED, MarketOrder, PENDING, RECEIPTED, SHIPPED, UN_SHIPPING};
use super::store;
use crate::chance::Chance;
use crate::control::OrderSeed;
use crate::error::SandboxError;
use crate::people;

/// Event of the next order; belongs to no order.
const BIRTH: &str = "birth";

/// Lives until stopped.
pub(crate) async fn run(market: std::sync::Arc<Market>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = market.time.sleep(market.world.market_every) => {}
        }
        if let Err(error) = market.with(|connection| step(&market, connection)) {
            tracing::error!(%error, "the simulated marketplace could not go on");
        }
    }
}

/// At the first start: the shop with its first orders. At each: whether orders come by themselves.
pub(crate) fn wake(market: &Market, connection: &Connection) -> Result<(), SandboxError> {
    let now_ms = market.time.now_ms();
    if birth::open_shop(connection, market.seed, market.world.initial_articles)? {
        for index in 0..market.world.initial_orders {
            let created_at = birth::earlier(market.seed, index, now_ms.div_euclid(1000));
            let seed =
                OrderSeed { status: Some(UN_SHIPPING), created_at: Some(created_at), ..OrderSeed::default() };
            birth::place(market, connection, &seed, now_ms)?;
        }
    }
    connection.execute("DELETE FROM due WHERE event = ?1", [BIRTH])?;
    plan_birth(market, connection, now_ms)
}

fn plan_birth(market: &Market, connection: &Connection, now_ms: i64) -> Result<(), SandboxError> {
    let Some(every) = market.world.order_every else { return Ok(()) };
    let number = store::next_order_number(connection)?;
    let mean = i64::try_from(every.as_millis()).unwrap_or(i64::MAX / 4).max(1);
    let wait = Chance::new(market.seed, "birth", number.unsigned_abs()).between(mean / 2, mean * 3 / 2);
    Ok(store::add_due(connection, now_ms + wait, "", BIRTH)?)
}

/// Everything whose time has come.
pub(crate) fn step(market: &Market, connection: &Connection) -> Result<(), SandboxError> {
    let now_ms = market.time.now_ms();
    for (_, sn, event) in store::take_due(connection, now_ms)? {
        if event == BIRTH {
            birth::place(market, connection, &OrderSeed::default(), now_ms)?;
            plan_birth(market, connection, now_ms)?;
        } else if let Some(order) = store::order(connection, &sn)? {
            happen(market, connection, order, &event)?;
        }
    }
    Ok(())
}

fn happen(
    market: &Market,
    connection: &Connection,
    mut order: MarketOrder,
    event: &str,
) -> Result<(), SandboxError> {
    let now = market.time.now_seconds();
    match (event, order.status) {
        ("confirm", PENDING) => set_status(&mut order, UN_SHIPPING, now),
        ("ask_cancellation", UN_SHIPPING) => order.pending_cancellation = true,
        ("ask_address_change", UN_SHIPPING) => order.pending_address_change = true,
        ("cancel", PENDING | UN_SHIPPING) => return cancel(connection, &mut order, now),
        ("readdress", UN_SHIPPING) => readdress(market.seed, &mut order),
        ("deliver", SHIPPED) => set_status(&mut order, RECEIPTED, now),
        // Too late: the order went another way.
        _ => return Ok(()),
    }
    order.touch(now);
    Ok(store::save_order(connection, &order)?)
}

/// Plans the delivery of an order that was just shipped.
pub(crate) fn plan_delivery(market: &Market, connection: &Connection, sn: &str) -> rusqlite::Result<()> {
    let Some(after) = market.world.deliver_after else { return Ok(()) };
    let wait = i64::try_from(after.as_millis()).unwrap_or(i64::MAX / 4);
    store::add_due(connection, market.time.now_ms() + wait, sn, "deliver")
}

/// Changes status and what hangs on it.
pub(crate) fn set_status(order: &mut MarketOrder, status: i64, now: i64) {
    if order.status == PENDING && status != CANCELED {
        order.confirmed_at = Some(now);
    }
    if status == SHIPPED {
        order.shipped_at = Some(now);
    }
    order.status = status;
    // A line of which nothing is left stays cancelled; one that was cancelled with its order may come back with it.
    for line in order.lines.iter_mut().filter(|line| line.status != CANCELED || line.quantity() > 0) {
        line.status = status;
    }
}

/// Cancels the whole order; its pieces can be sold again.
pub(crate) fn cancel(connection: &Connection, order: &mut MarketOrder, now: i64) -> Result<(), SandboxError> {
    order.cancelled_during_pending = order.status == PENDING;
    order.pending_cancellation = false;
    order.pending_address_change = false;
    for line in &mut order.lines {
        store::move_stock(connection, line.sku_id, line.quantity())?;
        line.cancelled_quantity = line.original_quantity;
        line.seller_discount_cents = 0;
        line.temu_discount_cents = 0;
    }
    set_status(order, CANCELED, now);
    order.touch(now);
    Ok(store::save_order(connection, order)?)
}

/// Another address in the same country, and the warning that says so.
pub(crate) fn readdress(seed: u64, order: &mut MarketOrder) {
    let mut chance =
        Chance::new(seed, "readdress", order.updated_at.unsigned_abs() ^ order.number.unsigned_abs());
    let mut address = people::address(&mut chance, order.region_id);
    // The buyer stays the same person.
    address.first_name.clone_from(&order.address.first_name);
    address.last_name.clone_from(&order.address.last_name);
    address.mail.clone_from(&order.address.mail);
    order.address = address;
    order.address_changed = true;
    order.pending_address_change = false;
}
