//! Step 2: reads what was fetched. What a document says becomes a fact of its order; what follows from it, the judgement says.

use marktwerk_connectors::{Marketplace, Standing};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{Baseline, CancellationsTaken, Document, ErpFacts, Notice, OrderFacts};
use marktwerk_domain::mutant::{self, Mutant};
use marktwerk_domain::order::{MarketplaceStatus, Order, OrderState};
use marktwerk_domain::reason::Reason;
use marktwerk_engine::Step;
use marktwerk_store::orders::{OrderChange, OrderPatch, OrderRecord};
use serde_json::Value;

use super::{Orders, taken_over};

/// Orders read at once, with their raw documents: in memory one is several times as long as it is as a text.
const BATCH: usize = 100;

impl Orders<'_> {
    /// Reads every document that is newer than what was imported; answers whether a next slice has to go on.
    pub(super) async fn import(&self, step: &Step) -> Result<bool, Failure> {
        let mut after: Option<String> = None;
        loop {
            let batch = self.connections.store.unread_orders(self.account(), after.as_deref(), BATCH).await?;
            let Some(last) = batch.last() else { return Ok(false) };
            after = Some(last.number.clone());
            let changes: Vec<OrderChange> = batch.iter().filter_map(|record| self.read(record)).collect();
            for (change, took_effect) in changes.iter().zip(self.save(&changes).await?) {
                if took_effect {
                    self.tell(step, change).await;
                }
            }
            if self.context.should_stop() {
                return Ok(true);
            }
        }
    }

    /// What a document says of its order; `None` waits for a complete one.
    fn read(&self, record: &OrderRecord) -> Option<OrderChange> {
        let is_wanted = record.status == MarketplaceStatus::Ready;
        if is_wanted && !record.is_complete {
            return None;
        }
        let mut facts = record.facts();
        facts.there.report_unit = self.marketplace.rules().report;
        let takes = self.marketplace.cancellations().is_some();
        facts.there.takes = CancellationsTaken { accepted: takes, own: takes };
        if matches!(record.status, MarketplaceStatus::Cancelled | MarketplaceStatus::Shipped) {
            facts.ours.cancellation = None;
            facts.remarks.retain(|remark| remark.kind != AttentionKind::CancellationRefused);
        }
        if let Some(raw) = &record.raw {
            let Standing { holds, notices, is_fulfilled } = self.marketplace.standing(raw);
            (facts.there.holds, facts.there.notices) = (holds, notices);
            facts.there.is_fulfilled = is_fulfilled;
            if mutant::is(Mutant::WishIgnored) {
                facts.there.holds.clear();
            }
        }
        let mut patch = OrderPatch { is_unread: Some(false), ..OrderPatch::default() };
        if record.status == MarketplaceStatus::Cancelled {
            ask_the_erp_again(&mut facts);
        }
        if is_wanted {
            let translation = self.translate(record);
            if facts.ours.reported_at.is_some() && taken_over::lacks_document(record) {
                taken_over::begin_to_report(record, &mut facts, translation.as_ref().err());
            }
            match translation {
                Ok(newest) => {
                    compare(&mut facts, record.order.as_ref(), &newest);
                    let long = newest.delivery.longer_than_a_label();
                    facts.there.notices.extend((!long.is_empty()).then_some(Notice::LongerThanLabel(long)));
                    facts.there.newest = Some(Baseline::of(&newest));
                    facts.there.document = Document::Translated;
                    facts.remarks.retain(|remark| remark.kind != AttentionKind::SetAside);
                    patch.order = (record.order.as_ref() != Some(&newest)).then_some(newest);
                }
                Err(reason) => facts.there.document = Document::Untranslatable { reason },
            }
        }
        patch.kept = Some(facts);
        Some(OrderChange { seen_change: Some(record.changed_at), ..self.judged(record, patch) })
    }

    fn translate(&self, record: &OrderRecord) -> Result<Order, Reason> {
        let gone = || Reason::new(["its raw document is gone", "ihr Dokument ist nicht mehr gespeichert"]);
        let raw = record.raw.as_ref().ok_or_else(gone)?;
        self.marketplace.translate(raw).map_err(|error| error.reason)
    }

    /// Sets an order aside: shown with its reason, never exported, and tried again when it changes.
    pub(super) fn set_aside(&self, record: &OrderRecord, reason: Reason) -> OrderChange {
        let mut facts = record.facts();
        facts.there.document = Document::Refused { reason };
        let patch = OrderPatch { kept: Some(facts), is_unread: Some(false), ..OrderPatch::default() };
        self.judged(record, patch)
    }

    async fn tell(&self, step: &Step, change: &OrderChange) {
        let number = &change.number;
        match (change.patch.state, change.patch.mark) {
            (Some(OrderState::Imported), _) => {
                step.count("imported", 1);
                if self.parameters.verbose.unwrap_or(false) {
                    step.info(format!("order {number} imported"), Value::Null);
                }
            }
            (Some(OrderState::SetAside), _) => {
                step.count("set_aside", 1);
                let reason = change.patch.reason.clone().flatten().unwrap_or_default();
                step.warning(format!("order {number} is set aside: {reason}"), Value::Null).await;
            }
            (Some(OrderState::Cancelled), _) => {
                step.count("cancelled", 1);
                step.info(
                    format!("order {number} is cancelled, at the marketplace and as far as JTL has it"),
                    Value::Null,
                );
            }
            (_, Some(Some(_))) => {
                step.count("marked", 1);
                self.tell_reason(step, change).await;
            }
            _ if change.entries.as_ref().is_some_and(|entries| !entries.is_empty()) => {
                self.tell_reason(step, change).await;
            }
            _ => {}
        }
    }

    async fn tell_reason(&self, step: &Step, change: &OrderChange) {
        if let Some(Some(reason)) = &change.patch.reason {
            step.warning(format!("order {}: {reason}", change.number), Value::Null).await;
        }
    }
}

/// What JTL showed of a cancelled order before says nothing about what a person entered there since, or gave its number back. Only
/// where that would end the order does it have to be asked again: what waits or is open there needs a person anyway.
fn ask_the_erp_again(facts: &mut OrderFacts) {
    let ErpFacts { orders, waiting_rows, is_cancelled, .. } = facts.erp;
    if waiting_rows == 0 && (orders == 0 || is_cancelled) {
        facts.erp.since = None;
    }
}

/// Notes what differs between what JTL has and the newest translation; `previous` is the one before.
fn compare(facts: &mut OrderFacts, previous: Option<&Order>, newest: &Order) {
    facts.erp.unknown_articles.retain(|sku| newest.lines.iter().any(|line| line.sku == *sku));
    let of_newest = Baseline::of(newest);
    let is_in_erp = facts.erp.orders > 0;
    let baseline = facts.ours.baseline.get_or_insert(of_newest);
    // Another version of this program may have put the same words into other places.
    if let Some(previous) = previous
        && baseline.address == Baseline::of(previous).address
        && previous.delivery.has_the_words_of(&newest.delivery)
    {
        baseline.address = of_newest.address;
    }
    facts.there.difference = baseline.difference(newest).filter(|_| !mutant::is(Mutant::ChangeForgotten));
    // The first document of an order that was taken over.
    baseline.address = baseline.address.or(of_newest.address);
    let is_in_our_hands = facts.ours.handed_over_at.is_none() && facts.ours.hand_over_since.is_none();
    if is_in_our_hands && !is_in_erp {
        facts.ours.baseline = None;
        facts.there.difference = None;
        if let Some(previous) = previous {
            keep_before(facts, previous, newest);
        }
    }
}

/// A person may have entered the order in JTL before it changed, and JTL was not asked since.
fn keep_before(facts: &mut OrderFacts, previous: &Order, newest: &Order) {
    let mut before = Baseline::of(previous);
    if previous.delivery.has_the_words_of(&newest.delivery) {
        before.address = Baseline::of(newest).address;
    }
    if before.difference(newest).is_some() {
        facts.ours.before_change.get_or_insert(before);
    }
}
