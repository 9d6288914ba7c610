//! From facts to rows: every change of an order is written together with what the domain's judgement makes of it. One place for
//! all databases; workflows, the take-over, the server and the program's clock use it.

mod before;
mod deciding;

use jiff::Timestamp;
use marktwerk_domain::history::{Author, Happened, OrderEvent};
use marktwerk_domain::judgement::{Judgement, Limits, OrderFacts, judge, tracking_numbers};
use marktwerk_domain::language::Reader;
use marktwerk_domain::order::Order;
use serde_json::Value;

pub use deciding::{DecideError, Outcome, Undecided, decide_entry, decide_order};

use crate::orders::{HandOverIntent, OrderChange, OrderEntry, OrderPatch, OrderRecord, ReportIntent};
use crate::{Store, StoreResult};

/// Orders judged in one transaction.
const BATCH: usize = 500;
/// When, by whom and under which limits an order is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// When.
    pub now: Timestamp,
    /// The author of the change.
    pub by: Author,
    /// How long waits may last.
    pub limits: Limits,
}

impl OrderRecord {
    /// All facts of the order.
    pub fn facts(&self) -> OrderFacts {
        facts_after(self, &OrderPatch::default())
    }

    /// What its facts come to.
    pub fn judgement(&self, limits: &Limits, now: Timestamp) -> Judgement {
        judge(&self.facts(), limits, now)
    }

    /// Takes a patch that was stored, so that the next change of this record finds it as the store has it.
    pub fn apply(&mut self, patch: OrderPatch) {
        if patch == OrderPatch::default() {
            return;
        }
        // Destructured, so that a new field is not forgotten here.
        let OrderPatch {
            state,
            order,
            document,
            reason,
            mark,
            intent,
            erp_number,
            parcels,
            report,
            report_tries,
            next_report_at,
            is_unread,
            is_complete,
            kept,
            takes_stock,
            is_open,
            next_judged_at,
            events,
        } = patch;
        self.revision += 1;
        self.state = state.unwrap_or(self.state);
        self.order = order.or(self.order.take());
        self.document = document.or(self.document.take());
        self.reason = reason.unwrap_or(self.reason.take());
        self.mark = mark.unwrap_or(self.mark);
        self.intent = intent.unwrap_or(self.intent.take());
        self.erp_number = erp_number.or(self.erp_number.take());
        self.parcels = parcels.unwrap_or(std::mem::take(&mut self.parcels));
        self.report = report.unwrap_or(self.report.take());
        self.report_tries = report_tries.unwrap_or(self.report_tries);
        self.next_report_at = next_report_at.unwrap_or(self.next_report_at);
        self.is_unread = is_unread.unwrap_or(self.is_unread);
        self.is_complete = is_complete.unwrap_or(self.is_complete);
        self.kept = kept.or(self.kept.take());
        self.takes_stock = takes_stock.unwrap_or(self.takes_stock);
        self.is_open = is_open.unwrap_or(self.is_open);
        self.next_judged_at = next_judged_at.unwrap_or(self.next_judged_at);
        self.history.extend(events);
    }
}

/// The change of an order that `patch` and the judgement of the facts after it come to. It has an effect only while the order is
/// as it was read. Where nothing would be written, its patch is the default.
pub fn judged(record: &OrderRecord, patch: OrderPatch, occasion: &Occasion) -> OrderChange {
    let Occasion { now, limits, .. } = occasion;
    let mut facts = facts_after(record, &patch);
    facts.judged_since.get_or_insert(*now);
    let lapsed = facts.settle_decision();
    let judgement = judge(&facts, limits, *now);
    let mark = judgement.row.line().mark;
    let reason = judgement.reason(&Reader::of_the_store());
    let kept = without_columns(facts.clone());
    let is_open = !judgement.is_over;
    let mut patch = OrderPatch {
        state: (record.state != judgement.state).then_some(judgement.state),
        reason: (record.reason != reason).then_some(reason),
        mark: (record.mark != mark).then_some(mark),
        takes_stock: (record.takes_stock != judgement.takes_stock).then_some(judgement.takes_stock),
        is_open: (record.is_open != is_open).then_some(is_open),
        next_judged_at: (whole(record.next_judged_at) != whole(judgement.changes_at))
            .then_some(judgement.changes_at),
        kept: (record.kept.as_ref() != Some(&kept)).then_some(kept),
        ..patch
    };
    if patch != OrderPatch::default() {
        let mut happened: Vec<Happened> = lapsed.map(Happened::DecisionLapsed).into_iter().collect();
        happened.extend(what_happened(record, &patch, &judgement, occasion));
        let event = |what| OrderEvent { at: *now, by: occasion.by.clone(), what };
        patch.events.extend(happened.into_iter().map(event));
    }
    OrderChange {
        from: vec![record.state],
        seen_revision: Some(record.revision),
        entries: Some(entries(&judgement, &facts)),
        ..OrderChange::new(&record.number, patch)
    }
}

/// What a change adds to the order's history.
fn what_happened(
    record: &OrderRecord,
    patch: &OrderPatch,
    judgement: &Judgement,
    occasion: &Occasion,
) -> Vec<Happened> {
    let mut happened = Vec::new();
    if record.is_unread && patch.is_unread == Some(false) {
        happened.push(Happened::Read(record.status));
    }
    if let Some(parcels) = patch.parcels.as_ref().filter(|parcels| **parcels != record.parcels) {
        happened.push(Happened::Parcels(parcels.len()));
    }
    happened.extend(patch.state.map(Happened::State));
    // An order that an earlier version stored has not said what it needs.
    let before = record.kept.as_ref().and_then(|_| record.judgement(&occasion.limits, occasion.now).entry);
    let (before, after) = (before.map(|entry| entry.kind), judgement.entry.as_ref().map(|entry| entry.kind));
    if before != after {
        happened.extend(before.map(Happened::NeedsNobody));
        happened.extend(after.map(Happened::NeedsPerson));
    }
    happened
}

/// Judges the orders whose time has come, whatever their jobs do. Returns how many were written.
///
/// # Errors
/// If the database cannot be used; the rest is judged by the next call.
pub async fn judge_due(store: &dyn Store, limits: &Limits, now: Timestamp) -> StoreResult<u64> {
    let occasion = Occasion { now, by: Author::Time, limits: *limits };
    let mut written = 0;
    loop {
        let due = store.orders_to_judge(now, BATCH).await?;
        let mut done = 0;
        for orders in due.chunk_by(|one, other| one.account == other.account) {
            let Some(first) = orders.first() else { continue };
            let changes: Vec<OrderChange> =
                orders.iter().map(|record| judged(record, OrderPatch::default(), &occasion)).collect();
            let effective = store.change_orders(&first.account, &changes, now).await?;
            done += effective.into_iter().filter(|effective| *effective).count();
        }
        written += done as u64;
        // What another writer changed meanwhile is due again, or was judged by that writer.
        if due.len() < BATCH || done == 0 {
            return Ok(written);
        }
    }
}

/// Stored times are whole microseconds; the clock's are finer.
fn whole(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_microsecond)
}

fn entries(judgement: &Judgement, facts: &OrderFacts) -> Vec<OrderEntry> {
    let mut entries = Vec::new();
    if let Some(entry) = &judgement.entry {
        let facts = serde_json::to_value(&entry.facts).unwrap_or(Value::Null);
        entries.push(OrderEntry { kind: entry.kind, facts, message: entry.message(&Reader::of_the_store()) });
    }
    for remark in &facts.remarks {
        if entries.iter().all(|entry| entry.kind != remark.kind) {
            let facts = serde_json::json!({ "cause": remark.message, "german": remark.german });
            entries.push(OrderEntry { kind: remark.kind, facts, message: remark.message.clone() });
        }
    }
    entries
}

/// The facts as the order's columns would have them after `patch`.
fn facts_after(record: &OrderRecord, patch: &OrderPatch) -> OrderFacts {
    let kept = patch.kept.as_ref().or(record.kept.as_ref()).cloned();
    let mut facts = kept.unwrap_or_else(|| before::facts(record));
    let order: Option<&Order> = patch.order.as_ref().or(record.order.as_ref());
    let intent: Option<&HandOverIntent> = patch.intent.as_ref().unwrap_or(&record.intent).as_ref();
    let report: Option<&ReportIntent> = patch.report.as_ref().unwrap_or(&record.report).as_ref();
    let parcels = patch.parcels.as_ref().unwrap_or(&record.parcels);
    let count = |parcels: usize| u32::try_from(parcels).unwrap_or(u32::MAX);
    facts.there.status = record.status;
    facts.there.is_unread = patch.is_unread.unwrap_or(record.is_unread);
    facts.there.ship_until = order.and_then(|order| order.ship_until);
    facts.there.asked_at = Some(record.fetched_at);
    facts.there.was_over = record.was_over;
    facts.erp.numbers = tracking_numbers(parcels);
    facts.erp.parcels = count(parcels.len());
    facts.erp.parcels_without_number =
        count(parcels.iter().filter(|parcel| parcel.tracking.is_empty()).count());
    facts.erp.unreported = count(facts.ours.unreported(parcels).len());
    facts.erp.differs_from_reported = facts.ours.differs_from_reported(parcels);
    facts.erp.words = parcels.iter().find_map(|parcel| parcel.words.clone());
    facts.ours.hand_over_since = intent.map(|intent| intent.at);
    facts.ours.report_since = report.map(|report| report.at);
    facts.ours.tries = patch.report_tries.unwrap_or(record.report_tries);
    facts.ours.next_try = patch.next_report_at.unwrap_or(record.next_report_at);
    facts
}

/// The facts without what columns hold, as they are stored.
fn without_columns(mut facts: OrderFacts) -> OrderFacts {
    let empty = OrderFacts::default();
    facts.there.status = empty.there.status;
    facts.there.is_unread = empty.there.is_unread;
    facts.there.ship_until = None;
    facts.there.asked_at = None;
    facts.there.was_over = false;
    facts.erp.numbers = None;
    facts.erp.parcels = 0;
    facts.erp.parcels_without_number = 0;
    facts.erp.unreported = 0;
    facts.erp.differs_from_reported = false;
    facts.erp.words = None;
    facts.ours.hand_over_since = None;
    facts.ours.report_since = None;
    facts.ours.tries = 0;
    facts.ours.next_try = None;
    facts
}
