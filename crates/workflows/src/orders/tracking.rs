//! Step 4: what JTL shows of all open orders, in one set-based question: found, shipped, cancelled, gone. What it shows becomes
//! facts of the orders; an unchanged JTL causes no write.

use std::collections::HashMap;
use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{
    Act, Baseline, Difference, Document, HandOver, Limits, OrderFacts, Row, Situation, Taken,
};
use marktwerk_domain::mutant::{self, Mutant};
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::shipment::ErpOrder;
use marktwerk_engine::Step;
use marktwerk_store::orders::{OrderChange, OrderPatch, OrderRecord};
use serde_json::Value;

use super::{Orders, basket, taken_over};
use crate::connections::Connections;
use crate::numbers::InErp;

/// Orders that were reported are asked about at this distance, all others with each run.
const WATCHED_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Orders asked about at once.
const PAGE: usize = 1_000;
/// Orders saved in one transaction: SQLite's journal of a transaction's statements is searched from its beginning.
const SAVED_AT_ONCE: usize = 250;

impl Orders<'_> {
    /// Asks JTL about every open order, whatever its state: one that was entered there by hand is taken up.
    pub(super) async fn track(&self, step: &Step) -> Result<(), Failure> {
        let watches_reported = watches_reported(self.connections, self.account(), self.now()).await?;
        let mut after: Option<String> = None;
        let mut is_repeated = false;
        loop {
            let page = self.connections.store.open_orders(self.account(), after.as_deref(), PAGE).await?;
            let Some(last) = page.last().map(|last| last.number.clone()) else {
                self.shared.lock().unwrap_or_else(PoisonError::into_inner).complete();
                return self.note_watched(watches_reported).await;
            };
            let is_asked = |record: &OrderRecord| {
                (record.state != OrderState::Reported || watches_reported) && !is_left_out(record)
            };
            let page: Vec<OrderRecord> = page.into_iter().filter(is_asked).collect();
            let mut found = self.connections.orders_in_erp(self.account(), &page).await?;
            self.keep_whole_ones(&page, &mut found).await?;
            self.count_bundles(&page, &mut found).await?;
            self.note_parcels(found.values().filter_map(|shown| shown.order.as_ref()));
            let beside = self.rows_beside(&page, &found).await?;
            let mut changes = Vec::new();
            let mut missing = Vec::new();
            for record in &page {
                let InErp { order, taken } = found.remove(&record.number).unwrap_or_default();
                match (order, taken) {
                    (Some(order), _) => {
                        let rows = beside.get(&record.number).copied().unwrap_or(0);
                        changes.push(self.found(step, record, &order, rows).await);
                    }
                    (None, Some(taken)) if !is_handed_over(record) => {
                        changes.push(self.number_taken(record, taken));
                    }
                    (None, _) if is_missed(record, self.limits(), self.now()) => missing.push(record),
                    (None, _) => changes.push(self.not_there(record)),
                }
            }
            self.note_cancellations(&page);
            changes.extend(self.missing(&missing).await?);
            changes.retain(|change| change.patch != OrderPatch::default());
            let by_number: HashMap<&str, &OrderRecord> =
                page.iter().map(|record| (record.number.as_str(), record)).collect();
            for change in &changes {
                if let Some(record) = by_number.get(change.number.as_str()) {
                    self.warn_of(step, record, change).await;
                }
            }
            let mut done = Vec::with_capacity(changes.len());
            for some in changes.chunks(SAVED_AT_ONCE) {
                done.extend(self.save(some).await?);
            }
            step.context().progress();
            // An order that the clock or a person changed meanwhile is asked for once more: what JTL showed of it was not stored.
            is_repeated = !is_repeated && done.contains(&false);
            if !is_repeated {
                after = Some(last);
            }
        }
    }

    fn note_parcels<'found>(&self, found: impl Iterator<Item = &'found ErpOrder>) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        found.for_each(|order| shared.note(&order.number, &order.parcels));
    }

    /// Rows that still wait beside an order that JTL shows for the first time: a person has entered it while our row waits for the
    /// worker, which will make a second one of it.
    async fn rows_beside(
        &self,
        page: &[OrderRecord],
        found: &HashMap<String, InErp>,
    ) -> Result<HashMap<String, u32>, Failure> {
        let is_asked = |record: &&OrderRecord| {
            let is_there = found.get(&record.number).is_some_and(|shown| shown.order.is_some());
            let facts = record.kept.as_ref().filter(|facts| facts.ours.handed_over_at.is_some());
            is_there && facts.is_some_and(|facts| facts.erp.orders == 0 || facts.erp.waiting_rows > 0)
        };
        let records: Vec<&OrderRecord> = page.iter().filter(is_asked).collect();
        if records.is_empty() {
            return Ok(HashMap::new());
        }
        let presences = self.connections.presences_in_erp(&records).await?;
        let waiting = presences.into_iter().filter(|presence| presence.waiting_rows > 0);
        Ok(waiting.map(|presence| (presence.number, presence.waiting_rows)).collect())
    }

    /// JTL does not have the order, and need not have it. Time may have passed.
    fn not_there(&self, record: &OrderRecord) -> OrderChange {
        let kept = record.kept.clone().filter(|facts| facts.ours.before_change.is_some());
        let kept = kept.map(|mut facts| {
            facts.ours.before_change = None;
            facts
        });
        self.judged(record, OrderPatch { kept, ..OrderPatch::default() })
    }

    /// JTL has an order with its number that is not it.
    fn number_taken(&self, record: &OrderRecord, taken: Taken) -> OrderChange {
        let mut facts = record.facts();
        facts.erp = facts.erp.with_number_taken(taken, self.now());
        self.judged(record, OrderPatch { kept: Some(facts), ..OrderPatch::default() })
    }

    fn note_cancellations(&self, page: &[OrderRecord]) {
        let is_due = |record: &&OrderRecord| self.judgement(record).next_act == Act::Cancel;
        let numbers = page.iter().filter(is_due).map(|record| record.number.clone());
        self.to_cancel.lock().unwrap_or_else(PoisonError::into_inner).extend(numbers);
    }

    async fn note_watched(&self, watches_reported: bool) -> Result<(), Failure> {
        if watches_reported {
            let now = self.now().to_string();
            self.connections.store.set_fact(&watched_name(self.account()), &now).await?;
        }
        Ok(())
    }

    /// JTL has the order.
    async fn found(
        &self,
        step: &Step,
        record: &OrderRecord,
        order: &ErpOrder,
        waiting_rows: u32,
    ) -> OrderChange {
        let now = self.now();
        let mut facts = record.facts();
        let mut patch = OrderPatch::default();
        if facts.erp.orders == 0 {
            step.count("found_in_jtl", 1);
            take_up(step, record, &mut facts);
        }
        if record.erp_number.as_ref() != Some(&order.erp_number) {
            patch.erp_number = Some(order.erp_number.clone());
        }
        if record.parcels != order.parcels {
            step.count("parcels", i64::try_from(order.parcels.len()).unwrap_or(0));
            patch.parcels = Some(order.parcels.clone());
            // Whatever kept the old ones from being reported may be mended.
            if record.report.is_none() {
                facts.ours.refused = None;
                patch.report_tries = (record.report_tries > 0).then_some(0);
                patch.next_report_at = record.next_report_at.map(|_| None);
            }
        }
        facts.erp = facts.erp.after_both(order, waiting_rows, record.order.as_ref(), now);
        note_change_carried_out(record, order, &mut facts);
        patch.kept = Some(facts);
        let change = self.judged(record, patch);
        match change.patch.state {
            Some(OrderState::Shipped) => step.count("shipped", 1),
            Some(OrderState::Cancelled) => {
                step.info(format!("order {} is cancelled in JTL too", record.number), Value::Null);
            }
            _ => {}
        }
        change
    }

    /// JTL should have an order and has none: the row still waits or was dropped, or somebody deleted the order.
    async fn missing(&self, records: &[&OrderRecord]) -> Result<Vec<OrderChange>, Failure> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.now();
        let presences = self.connections.presences_in_erp(records).await?;
        let mut changes = Vec::new();
        for (record, presence) in records.iter().zip(presences) {
            // It came meanwhile; the next run reads it.
            if presence.orders > 0 {
                continue;
            }
            let mut facts = record.facts();
            facts.erp = facts.erp.without_order(presence.waiting_rows, now);
            if presence.waiting_rows == 0 {
                facts.ours.before_change = None;
            }
            changes.push(self.judged(record, OrderPatch { kept: Some(facts), ..OrderPatch::default() }));
        }
        Ok(changes)
    }
}

/// Faults for the random play: an order of which JTL is no longer asked.
fn is_left_out(record: &OrderRecord) -> bool {
    let is_ours = || record.facts().ours.handed_over_at.is_some();
    (mutant::is(Mutant::ShippedNotAsked) && record.status == MarketplaceStatus::Shipped)
        || (mutant::is(Mutant::OnlyOursAsked) && !is_ours())
        || (mutant::is(Mutant::ReportedNotWatched) && record.state == OrderState::Reported)
}

/// What was reported is asked about once an hour.
pub(super) async fn watches_reported(
    connections: &Connections,
    account: &str,
    now: Timestamp,
) -> Result<bool, Failure> {
    let last = connections.store.fact(&watched_name(account)).await?;
    let last: Option<Timestamp> = last.and_then(|last| last.parse().ok());
    Ok(last.is_none_or(|last| last + WATCHED_EVERY <= now || last > now))
}

/// The fact that holds when an account's reported orders were asked about last.
fn watched_name(account: &str) -> String {
    format!("orders.watched.{account}")
}

/// JTL shows it for the first time. What it has is what we know of the order now, or what we knew before it changed.
fn take_up(step: &Step, record: &OrderRecord, facts: &mut OrderFacts) {
    if facts.ours.handed_over_at.is_none() && record.intent.is_none() {
        let text = format!("order {} was entered in JTL by hand: it is taken up", record.number);
        step.info(text, Value::Null);
    }
    let own = record.order.as_ref().filter(|_| !taken_over::lacks_document(record));
    let before = facts.ours.before_change.take();
    if let (None, Some(before), Some(own)) = (facts.ours.baseline, before, own) {
        facts.there.difference = before.difference(own).filter(|_| !mutant::is(Mutant::ChangeForgotten));
    }
    facts.ours.baseline = facts.ours.baseline.or(before).or(own.map(Baseline::of));
}

/// JTL holds the articles and quantities of the newest document, neither less nor more: somebody has changed the order there, too.
fn note_change_carried_out(record: &OrderRecord, order: &ErpOrder, facts: &mut OrderFacts) {
    let is_about_contents = matches!(facts.there.difference, Some(Difference::Contents | Difference::Both));
    let is_newest = facts.there.document == Document::Translated;
    let (Some(newest), Some(baseline)) = (&record.order, &mut facts.ours.baseline) else { return };
    if is_about_contents && is_newest && basket::holds_exactly(record, order) {
        baseline.contents = Baseline::of(newest).contents;
        facts.there.difference = baseline.difference(newest);
    }
}

/// Its own row may still wait, whatever else has its number.
fn is_handed_over(record: &OrderRecord) -> bool {
    record.kept.as_ref().is_some_and(|facts| facts.ours.handed_over_at.is_some())
}

/// Whether JTL has to be asked for waiting rows too: it had the order or should have it, or it decides what is to be done.
fn is_missed(record: &OrderRecord, limits: &Limits, now: Timestamp) -> bool {
    let facts = record.facts();
    // A shipped one is reported all the same: its parcels are known.
    let is_reported = matches!(record.state, OrderState::Shipped | OrderState::Reported);
    let was_there = facts.erp.orders > 0 && !is_reported;
    let row = record.judgement(limits, now).row;
    let is_asked_for = matches!(row, Row::ShippedElsewhereUnknown | Row::CancelledUnknown);
    // The row of a person, who has entered the order by hand, may be dropped as any other.
    let has_foreign_row = facts.erp.waiting_rows > 0 && facts.ours.handed_over_at.is_none();
    // The order that had its number may be gone.
    let was_taken = facts.erp.taken.is_some();
    was_there || is_asked_for || has_foreign_row || was_taken || is_overdue(record, limits, now)
}

/// Whether an order that JTL was given should long be one there.
pub(super) fn is_overdue(record: &OrderRecord, limits: &Limits, now: Timestamp) -> bool {
    let situation = Situation::at(&record.facts(), limits, now);
    record.state == OrderState::HandedOver && situation.hand_over == HandOver::DoneLong
}
