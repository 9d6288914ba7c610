//! How listings and orders come into the world. An order is a function of seed and running number, so the same
//! seed tells the same story, also over a restart.

use rusqlite::Connection;

use super::market::Market;
use super::order::{CANCELED, Listing, MarketLine, MarketOrder, PENDING, RECEIPTED, SHIPPED, UN_SHIPPING};
use super::store;
use crate::catalogue::{CatalogueArticle, catalogue};
use crate::chance::Chance;
use crate::control::{LineSeed, OrderSeed};
use crate::people;

const GERMANY: i64 = 76;
const AUSTRIA: i64 = 13;
/// An order's first events and where they are planned.
const DAY: i64 = 86_400;

/// The listings of the catalogue, unless the shop was opened before.
pub(crate) fn open_shop(connection: &Connection, seed: u64, articles: u32) -> rusqlite::Result<bool> {
    if !store::listings(connection)?.is_empty() {
        return Ok(false);
    }
    for article in catalogue(seed, articles).iter().filter(|article| article.listed) {
        store::save_listing(connection, &listing(seed, article))?;
    }
    Ok(true)
}

fn listing(seed: u64, article: &CatalogueArticle) -> Listing {
    let mut chance = Chance::new(seed, "listing", article.number.unsigned_abs());
    // Two neighbours share a product now and then: variants of one thing.
    let product = if article.number % 10 == 2 { article.number - 1 } else { article.number };
    let own: i64 = article.stock.iter().sum();
    Listing {
        sku_id: 17_592_000_000_000 + article.number,
        goods_id: 601_099_000_000_000 + product,
        sku: article.sku.clone(),
        name: article.name.clone(),
        unit_gross_cents: article.unit_gross_cents,
        vat_rate_micro: article.vat_rate_micro,
        // What the marketplace believes is a little behind what lies in the warehouse.
        stock: (own + chance.between(-5, 5)).max(5),
        on_sale: article.number % 37 != 36,
    }
}

/// Makes and stores an order and plans what will become of it.
pub(crate) fn place(
    market: &Market,
    connection: &Connection,
    seed: &OrderSeed,
    now_ms: i64,
) -> rusqlite::Result<MarketOrder> {
    let number = store::next_order_number(connection)?;
    let mut chance = Chance::new(market.seed, "order", number.unsigned_abs());
    let region_id = seed.region_id.unwrap_or(if chance.happens(0.2) { AUSTRIA } else { GERMANY });
    let made_address = people::address(&mut chance, region_id);
    let digits = format!("{:08}{number:09}", chance.below(100_000_000));
    let chosen =
        if seed.lines.is_empty() { basket(market, connection, &mut chance)? } else { seed.lines.clone() };
    let is_new = seed.status.is_none();
    let status =
        seed.status.unwrap_or(if market.world.pending_for.is_zero() { UN_SHIPPING } else { PENDING });
    let created_at = seed.created_at.unwrap_or(now_ms.div_euclid(1000));
    let mut lines = Vec::with_capacity(chosen.len());
    for (index, line) in chosen.iter().enumerate() {
        let made = make_line(connection, line, &digits, index, status)?;
        store::move_stock(connection, made.sku_id, -made.quantity())?;
        lines.push(made);
    }
    let shipping = [0, 0, 0, 399, 490][usize::try_from(chance.below(5)).unwrap_or(0)];
    let amount_order = seed.amount_order.clone().unwrap_or_else(|| unlike_the_list(&mut chance, lines.len()));
    let is_late = chance.happens(market.world.late_amounts_share);
    let order = MarketOrder {
        parent_order_sn: seed.number.clone().unwrap_or_else(|| format!("PO-{region_id:03}-{digits}")),
        number,
        status,
        region_id,
        currency: seed.currency.clone().unwrap_or_else(|| "EUR".to_owned()),
        created_at,
        confirmed_at: (status != PENDING).then_some(created_at),
        updated_at: created_at,
        shipped_at: matches!(status, SHIPPED | RECEIPTED).then_some(created_at),
        pending_address_change: false,
        pending_cancellation: false,
        pending_risk_alert: false,
        address_changed: false,
        cancelled_during_pending: false,
        address: seed.address.clone().unwrap_or(made_address),
        shipping_gross_cents: seed.shipping_gross_cents.unwrap_or(shipping),
        shipping_rate_micro: seed
            .shipping_rate_micro
            .unwrap_or_else(|| lines.first().map_or(19_000_000, |line| line.vat_rate_micro)),
        amount_order,
        amount_calls_to_wait: seed.amount_calls_to_wait + u32::from(is_late),
        lines,
        raw: None,
        odd: seed.odd.clone(),
    };
    store::save_order(connection, &order)?;
    if is_new {
        plan(market, connection, &order, &mut chance, now_ms)?;
    }
    Ok(order)
}

/// Any order of the lines that differs from the list's, so that a join by index shows.
fn unlike_the_list(chance: &mut Chance, count: usize) -> Vec<usize> {
    let mut order = chance.shuffled(count);
    if order.is_sorted() {
        order.reverse();
    }
    order
}

fn make_line(
    connection: &Connection,
    seed: &LineSeed,
    digits: &str,
    index: usize,
    status: i64,
) -> rusqlite::Result<MarketLine> {
    let listing = store::listing_by_sku(connection, &seed.sku)?;
    let made_up = i64::from(seed.sku.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31) ^ u32::from(byte)));
    let is_cancelled = seed.cancelled >= seed.quantity || status == CANCELED;
    Ok(MarketLine {
        order_sn: format!("076-{digits}{:02}", index + 1),
        goods_id: listing.as_ref().map_or(601_090_000_000_000 + made_up, |listing| listing.goods_id),
        sku_id: listing.as_ref().map_or(17_590_000_000_000 + made_up, |listing| listing.sku_id),
        sku: seed.sku.clone(),
        name: listing
            .as_ref()
            .map_or_else(|| format!("Artikel {}", seed.sku), |listing| listing.name.clone()),
        original_quantity: seed.quantity,
        cancelled_quantity: if status == CANCELED { seed.quantity } else { seed.cancelled },
        unit_gross_cents: seed
            .unit_gross_cents
            .unwrap_or_else(|| listing.as_ref().map_or(1999, |listing| listing.unit_gross_cents)),
        vat_rate_micro: seed
            .vat_rate_micro
            .unwrap_or_else(|| listing.as_ref().map_or(19_000_000, |listing| listing.vat_rate_micro)),
        seller_discount_cents: seed.seller_discount_cents,
        temu_discount_cents: seed.temu_discount_cents,
        status: if is_cancelled { CANCELED } else { status },
        total_gross_cents: seed.total_gross_cents,
        warehouse: seed.warehouse.clone(),
        is_fulfilled_there: seed.is_fulfilled_there,
    })
}

/// One to three lines of what is on sale and in stock.
fn basket(market: &Market, connection: &Connection, chance: &mut Chance) -> rusqlite::Result<Vec<LineSeed>> {
    let all = store::listings(connection)?;
    let on_sale: Vec<&Listing> = all.iter().filter(|listing| listing.on_sale && listing.stock > 3).collect();
    let mut lines: Vec<LineSeed> = Vec::new();
    let wanted = [1, 1, 2, 3][usize::try_from(chance.below(4)).unwrap_or(0)];
    for index in 0..wanted {
        let choice = usize::try_from(chance.below(on_sale.len() as u64)).unwrap_or(0);
        let Some(listing) = on_sale.get(choice).copied().or(all.first()) else { break };
        if lines.iter().any(|line| line.sku == listing.sku) {
            continue;
        }
        let quantity = chance.between(1, 3);
        // A first line stays whole: an order of which nothing is left would be a cancelled one.
        let is_reduced = index > 0 && chance.happens(market.world.line_cancel_share * 2.0);
        let cancelled = if is_reduced { chance.between(1, quantity) } else { 0 };
        let gross = listing.unit_gross_cents * (quantity - cancelled);
        lines.push(LineSeed {
            sku: listing.sku.clone(),
            quantity,
            cancelled,
            seller_discount_cents: if chance.happens(0.25) { gross * chance.between(3, 15) / 100 } else { 0 },
            temu_discount_cents: if chance.happens(0.25) { gross * chance.between(2, 10) / 100 } else { 0 },
            ..LineSeed::default()
        });
    }
    Ok(lines)
}

/// What will become of a new order: confirmation, and for some a change of mind.
fn plan(
    market: &Market,
    connection: &Connection,
    order: &MarketOrder,
    chance: &mut Chance,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let sn = &order.parent_order_sn;
    let pending = i64::try_from(market.world.pending_for.as_millis()).unwrap_or(i64::MAX / 4);
    if order.status == PENDING {
        store::add_due(connection, now_ms + pending, sn, "confirm")?;
    }
    let is_cancelled = chance.happens(market.world.cancel_share);
    let is_readdressed = chance.happens(market.world.readdress_share);
    let minute = chance.between(5_000, 60_000);
    if is_cancelled && order.status == PENDING && chance.happens(0.5) {
        store::add_due(connection, now_ms + pending / 2, sn, "cancel")?;
    } else if is_cancelled {
        store::add_due(connection, now_ms + pending + minute, sn, "ask_cancellation")?;
        store::add_due(connection, now_ms + pending + minute * 2, sn, "cancel")?;
    } else if is_readdressed {
        store::add_due(connection, now_ms + pending + minute, sn, "ask_address_change")?;
        store::add_due(connection, now_ms + pending + minute * 2, sn, "readdress")?;
    }
    Ok(())
}

/// When an order of the first start was placed: over the last two days.
pub(crate) fn earlier(seed: u64, index: u32, now: i64) -> i64 {
    now - Chance::new(seed, "earlier", u64::from(index)).between(60, 2 * DAY)
}
