//! The levers of the simulated marketplace. Every method fails with [`SandboxError::NoMarketplace`] when there
//! is none, with [`SandboxError::Unknown`] for an order or SKU that does not exist.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{AnyOrder, Control, LineSeed, OrderSeed, ShipmentReport};
use crate::error::SandboxError;
use crate::faults::Faults;
use crate::temu::{
    CANCELED, Listing, MarketOrder, Rejection, SUCCESS, birth, life, logistics, shipment, store,
};

/// Result of every lever.
type Done<T> = Result<T, SandboxError>;

fn unknown_order(sn: &str) -> SandboxError {
    SandboxError::Unknown { what: "order", name: sn.to_owned() }
}

fn unknown_listing(sku: &str) -> SandboxError {
    SandboxError::Unknown { what: "listing", name: sku.to_owned() }
}

impl Control {
    /// Buyers order something; what, is decided by the seed. Returns the `parentOrderSn`s.
    pub fn add_orders(&self, count: u32) -> Done<Vec<String>> {
        (0..count).map(|_| self.add_order(OrderSeed::default())).collect()
    }

    /// One order as described. Returns its `parentOrderSn`.
    pub fn add_order(&self, seed: OrderSeed) -> Done<String> {
        let market = self.market()?;
        let now_ms = market.time.now_ms();
        let order = market.with(|connection| birth::place(market, connection, &seed, now_ms))?;
        Ok(order.parent_order_sn)
    }

    /// An order with raw answers, for things that no sane marketplace would say. `{parentOrderSn}` and
    /// `{orderSn}` (of the first line) inside the raw texts are replaced.
    pub fn add_raw_order(&self, any: AnyOrder) -> Done<String> {
        let sn = self.add_order(any.order)?;
        self.change(&sn, |order, _| {
            let line = order.lines.first().map(|line| line.order_sn.clone()).unwrap_or_default();
            let text = serde_json::to_string(&any.raw)?;
            let text = text.replace("{parentOrderSn}", &order.parent_order_sn).replace("{orderSn}", &line);
            order.raw = Some(serde_json::from_str(&text)?);
            Ok(())
        })?;
        Ok(sn)
    }

    /// The marketplace sells pieces of one SKU: an order of one line.
    pub fn sell(&self, sku: &str, pieces: i64) -> Done<String> {
        self.add_order(OrderSeed { lines: vec![LineSeed::new(sku, pieces)], ..OrderSeed::default() })
    }

    /// The order is cancelled, whatever its status.
    pub fn cancel(&self, sn: &str) -> Done<()> {
        let market = self.market()?;
        let now = market.time.now_seconds();
        market.with(|connection| {
            let mut order = store::order(connection, sn)?.ok_or_else(|| unknown_order(sn))?;
            life::cancel(connection, &mut order, now)
        })
    }

    /// The order goes elsewhere: another address, the warning that says so, a new update time.
    pub fn readdress(&self, sn: &str) -> Done<()> {
        let seed = self.market()?.seed;
        self.change(sn, |order, now| {
            life::readdress(seed, order);
            order.touch(now);
            Ok(())
        })
    }

    /// The buyer asks for another address (or, with `false`, does no more).
    pub fn ask_address_change(&self, sn: &str, is_pending: bool) -> Done<()> {
        self.change(sn, |order, now| {
            order.pending_address_change = is_pending;
            order.touch(now);
            Ok(())
        })
    }

    /// The marketplace checks the order (or, with `false`, does no more).
    pub fn check_risk(&self, sn: &str, is_pending: bool) -> Done<()> {
        self.change(sn, |order, now| {
            order.pending_risk_alert = is_pending;
            order.touch(now);
            Ok(())
        })
    }

    /// The list does not show the order although it is there, or shows it again; its times stay as they are.
    pub fn hide(&self, sn: &str, is_hidden: bool) -> Done<()> {
        self.market()?.with(|connection| {
            store::order(connection, sn)?.ok_or_else(|| unknown_order(sn))?;
            connection.execute("DELETE FROM hidden WHERE sn = ?1", [sn])?;
            if is_hidden {
                connection.execute("INSERT INTO hidden VALUES (?1)", [sn])?;
            }
            Ok(())
        })
    }

    /// A label holds or does not hold any more, such as `past_due` or `signature_required_on_delivery`.
    pub fn set_label(&self, sn: &str, name: &str, is_set: bool) -> Done<()> {
        self.change(sn, |order, now| {
            set_or_take(&mut order.odd.labels, name, is_set);
            order.touch(now);
            Ok(())
        })
    }

    /// The order has a `fulfillmentWarning`, or has it no longer, such as `RESTRICT_SELF_SHIPPING`.
    pub fn warn(&self, sn: &str, name: &str, is_set: bool) -> Done<()> {
        self.change(sn, |order, now| {
            set_or_take(&mut order.odd.warnings, name, is_set);
            order.touch(now);
            Ok(())
        })
    }

    /// So much is refunded to the buyer.
    pub fn refund(&self, sn: &str, cents: i64) -> Done<()> {
        self.change(sn, |order, now| {
            order.odd.refunds_cents += cents;
            order.touch(now);
            Ok(())
        })
    }

    /// The buyer asks for cancellation (or, with `false`, does no more).
    pub fn ask_cancellation(&self, sn: &str, is_pending: bool) -> Done<()> {
        self.change(sn, |order, now| {
            order.pending_cancellation = is_pending;
            order.touch(now);
            Ok(())
        })
    }

    /// Pieces of one line (by its place in the list) are cancelled before shipment.
    pub fn cancel_pieces(&self, sn: &str, line: usize, pieces: i64) -> Done<()> {
        self.change(sn, |order, now| {
            let no_line = || SandboxError::Refused(format!("the order has no line {line}"));
            let line = order.lines.get_mut(line).ok_or_else(no_line)?;
            line.cancelled_quantity = (line.cancelled_quantity + pieces).clamp(0, line.original_quantity);
            if line.quantity() == 0 {
                line.status = CANCELED;
            }
            order.touch(now);
            Ok(())
        })
    }

    /// Any status: 1 PENDING, 2 UN_SHIPPING, 3 CANCELED, 4 SHIPPED, 5 RECEIPTED, 41, 51.
    pub fn set_status(&self, sn: &str, status: i64) -> Done<()> {
        self.change(sn, |order, now| {
            life::set_status(order, status, now);
            order.touch(now);
            Ok(())
        })
    }

    /// Somebody reports the shipment at the marketplace by hand: one DHL parcel with everything.
    pub fn ship_by_hand(&self, sn: &str, tracking: &str) -> Done<()> {
        let market = self.market()?;
        let now = market.time.now_seconds();
        market.with(|connection| {
            let order = store::order(connection, sn)?.ok_or_else(|| unknown_order(sn))?;
            Ok(shipment::accept_by_hand(connection, order, tracking, now)?)
        })
    }

    /// The order's update time moves and nothing else.
    pub fn touch(&self, sn: &str) -> Done<()> {
        self.change(sn, |order, now| {
            order.touch(now);
            Ok(())
        })
    }

    /// The order's update time is this one from now on (epoch seconds), also one that has passed: it became visible late.
    pub fn change_time(&self, sn: &str, seconds: i64) -> Done<()> {
        self.change(sn, |order, _| {
            order.updated_at = seconds;
            Ok(())
        })
    }

    /// After each page of an order list, one of its orders changes, so that it leaves the asked window.
    pub fn set_touch_after_each_page(&self, is_on: bool) -> Done<()> {
        self.market()?.mood().touch_after_each_page = is_on;
        Ok(())
    }

    /// Calls by type since the start or the last reset, refused ones included.
    pub fn calls(&self) -> Done<BTreeMap<String, u64>> {
        Ok(self.market()?.mood().calls.clone())
    }

    /// Counts from zero again.
    pub fn reset_calls(&self) -> Done<()> {
        self.market()?.mood().calls.clear();
        Ok(())
    }

    /// Replaces all troubles of the world.
    pub fn set_faults(&self, faults: Faults) -> Done<()> {
        self.market()?.mood().faults = faults;
        Ok(())
    }

    /// All orders, oldest first.
    pub fn orders(&self) -> Done<Vec<MarketOrder>> {
        let market = self.market()?;
        market.with(|connection| Ok(store::orders(connection)?))
    }

    /// One order.
    pub fn order(&self, sn: &str) -> Done<MarketOrder> {
        self.market()?.with(|connection| store::order(connection, sn)?.ok_or_else(|| unknown_order(sn)))
    }

    /// Every accepted parcel, with how often its order's confirmation was accepted and refused.
    pub fn shipments(&self) -> Done<Vec<ShipmentReport>> {
        self.market()?.with(reports)
    }

    /// Every refused confirmation, oldest first.
    pub fn rejections(&self) -> Done<Vec<Rejection>> {
        let attempts = self.market()?.with(store::attempts)?;
        Ok(attempts.into_iter().filter(|attempt| attempt.code != SUCCESS).collect())
    }

    /// Pieces that the marketplace would still sell.
    pub fn stock(&self, sku: &str) -> Done<i64> {
        self.market()?
            .with(|connection| store::listing_by_sku(connection, sku)?.ok_or_else(|| unknown_listing(sku)))
            .map(|listing| listing.stock)
    }

    /// The marketplace's own number of pieces changes, as if somebody typed it there.
    pub fn set_listing_stock(&self, sku: &str, pieces: i64) -> Done<()> {
        self.market()?.with(|connection| {
            let listing = store::listing_by_sku(connection, sku)?.ok_or_else(|| unknown_listing(sku))?;
            Ok(store::save_listing(connection, &Listing { stock: pieces, ..listing })?)
        })
    }

    /// All listings.
    pub fn listings(&self) -> Done<Vec<Listing>> {
        Ok(self.market()?.with(store::listings)?)
    }

    /// Every confirmation of this order is refused with the code; `None` = no more.
    pub fn refuse_shipment(&self, sn: &str, code: Option<i64>) -> Done<()> {
        let mut mood = self.market()?.mood();
        set_or_remove(&mut mood.refused_shipments, sn, code);
        Ok(())
    }

    /// Every stock row of this SKU is refused with the code; `None` = no more.
    pub fn reject_stock(&self, sku: &str, code: Option<i64>) -> Done<()> {
        let mut mood = self.market()?.mood();
        set_or_remove(&mut mood.refused_stock, sku, code);
        Ok(())
    }

    fn change(&self, sn: &str, work: impl FnOnce(&mut MarketOrder, i64) -> Done<()>) -> Done<()> {
        let market = self.market()?;
        let now = market.time.now_seconds();
        market.with(|connection| {
            let mut order = store::order(connection, sn)?.ok_or_else(|| unknown_order(sn))?;
            work(&mut order, now)?;
            Ok(store::save_order(connection, &order)?)
        })
    }
}

fn set_or_take(names: &mut Vec<String>, name: &str, is_set: bool) {
    names.retain(|known| known != name);
    if is_set {
        names.push(name.to_owned());
    }
}

fn set_or_remove(refused: &mut BTreeMap<String, i64>, name: &str, code: Option<i64>) {
    match code {
        Some(code) => refused.insert(name.to_owned(), code),
        None => refused.remove(name),
    };
}

fn reports(connection: &Connection) -> Done<Vec<ShipmentReport>> {
    let mut counts: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for attempt in store::attempts(connection)? {
        let (accepted, rejected) = counts.entry(attempt.parent_order_sn).or_default();
        *if attempt.code == SUCCESS { accepted } else { rejected } += 1;
    }
    let mut reports = Vec::new();
    for parcel in store::parcels(connection, None)? {
        let order = store::order(connection, &parcel.parent_order_sn)?;
        let region = order.map_or(0, |order| order.region_id);
        let (accepted, rejected) = counts.get(&parcel.parent_order_sn).copied().unwrap_or_default();
        reports.push(ShipmentReport {
            parent_order_sn: parcel.parent_order_sn,
            package_sn: parcel.package_sn,
            contents: parcel.contents,
            carrier_id: parcel.carrier,
            carrier_name: logistics::carrier_name(region, parcel.carrier).unwrap_or_default().to_owned(),
            tracking_number: parcel.tracking,
            warehouse_id: parcel.warehouse,
            accepted_at: parcel.accepted_at,
            accepted,
            rejected,
        });
    }
    Ok(reports)
}
