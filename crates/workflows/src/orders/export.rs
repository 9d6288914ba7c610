//! Step 3: one JTL document per importable order, handed over exactly once.
//!
//! The intent is committed first, with the import table's identity value; then JTL's own transaction looks each order up
//! under a lock and inserts; then the state changes. What a crash leaves between is found out by `resolve`.

use std::collections::{BTreeSet, HashMap};

use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{
    Act, Baseline, Decided, Decision, ErpFacts, GivenNumber, Judgement, OrderFacts,
};
use marktwerk_domain::order::{MarketplaceStatus, Order, OrderState};
use marktwerk_domain::reason::Reason;
use marktwerk_engine::Step;
use marktwerk_erp::{ErpError, HandOver, HandedOver, Presence};
use marktwerk_store::orders::{HandOverIntent, OrderChange, OrderFilter, OrderPatch, OrderRecord};
use serde_json::Value;

use super::{Orders, Rest};
use crate::crash;

/// Orders read at once and handed over in one transaction. An order, its document and its changes take some hundred kilobytes in memory;
/// smaller batches repeat every statement more often.
const BATCH: usize = 250;

impl Orders<'_> {
    /// Finds out what became of earlier hand-overs, then hands over what is imported.
    pub(super) async fn export(&self, step: &Step) -> Result<Rest, Failure> {
        let is_unresolved = self.resolve(step).await?;
        self.search(step).await?;
        let mut rest = Rest { has_more: false, is_unresolved };
        let mut after: Option<String> = None;
        // An order that cannot be read again must not keep the others back.
        let mut failure: Option<Failure> = None;
        loop {
            let filter = OrderFilter {
                account: Some(self.account().to_owned()),
                states: vec![OrderState::Imported],
                after: after.clone(),
                limit: BATCH,
                ..OrderFilter::default()
            };
            let page = self.connections.store.orders_in(&filter).await?;
            let Some(last) = page.last() else { return failure.map_or(Ok(rest), Err) };
            after = Some(last.number.clone());
            let page = page.into_iter().filter(|record| may_go_out(record, &self.judgement(record)));
            let ready = self.with_known_articles(step, page.collect()).await?;
            if self.context.should_stop() {
                rest.has_more = true;
                return Ok(rest);
            }
            let again = self.read_again(step, &ready).await?;
            let ready: Vec<OrderRecord> =
                ready.into_iter().filter(|record| !again.held_back.contains(&record.number)).collect();
            rest.has_more |= again.has_changed;
            failure = failure.or(again.failure);
            if !ready.is_empty() {
                self.hand_over(step, ready).await?;
            }
        }
    }

    /// Orders with an article that JTL does not know wait, visibly; the others go on.
    async fn with_known_articles(
        &self,
        step: &Step,
        page: Vec<OrderRecord>,
    ) -> Result<Vec<OrderRecord>, Failure> {
        let skus: BTreeSet<String> =
            page.iter().filter_map(|record| record.order.as_ref()).flat_map(skus).collect();
        let skus: Vec<String> = skus.into_iter().collect();
        let unknown = self.connections.erp.unknown_articles(&skus).await?;
        let mut records = Vec::with_capacity(page.len());
        let mut changes = Vec::new();
        for record in page {
            let missing: Vec<String> =
                record.order.iter().flat_map(skus_of).filter(|sku| unknown.contains(sku)).collect();
            let mut facts = record.facts();
            let is_ready = missing.is_empty();
            if facts.erp.unknown_articles == missing {
                records.push((record, is_ready, None));
                continue;
            }
            facts.erp.unknown_articles = missing;
            let change = self.judged(&record, OrderPatch { kept: Some(facts), ..OrderPatch::default() });
            self.warn_of(step, &record, &change).await;
            records.push((record, is_ready, Some(changes.len())));
            changes.push(change);
        }
        let done = self.save(&changes).await?;
        let mut ready = Vec::with_capacity(records.len());
        for (mut record, is_ready, change) in records {
            // One that was changed meanwhile goes on in the next run.
            let is_as_stored = change.is_none_or(|index| done.get(index) == Some(&true));
            if let Some(change) = change.and_then(|index| changes.get(index)) {
                record.apply(change.patch.clone());
            }
            // What a person decided before may no longer fit: then the person is asked first.
            if is_ready && is_as_stored && self.judgement(&record).next_act == Act::HandOver {
                ready.push(record);
            }
        }
        Ok(ready)
    }

    async fn hand_over(&self, step: &Step, batch: Vec<OrderRecord>) -> Result<(), Failure> {
        let documents = self.render(step, &batch).await?;
        if documents.is_empty() {
            return Ok(());
        }
        let (documents, exporting) = self.commit_intents(batch, documents).await?;
        if documents.is_empty() {
            return Ok(());
        }
        crash::point("hand_over.intent_committed");
        self.context.ensure_lease()?;
        let answers = match self.connections.erp.hand_over(&documents).await {
            Ok(answers) => answers,
            Err(error) => {
                // Only a connection that went leaves a doubt; it is resolved by looking.
                if !matches!(error, ErpError::Unreachable { .. }) {
                    self.take_back(&exporting).await?;
                }
                return Err(error.into());
            }
        };
        crash::point("hand_over.jtl_committed");
        let mut changes = Vec::with_capacity(documents.len());
        let mut inserted = 0;
        for (record, answer) in exporting.iter().zip(&answers) {
            changes.push(match answer {
                HandedOver::Inserted(_) => {
                    inserted += 1;
                    self.handed_over(record, None)
                }
                HandedOver::AlreadyThere(presence) => {
                    step.info(format!("order {} was in JTL already", record.number), Value::Null);
                    self.found_there(record, presence)
                }
            });
        }
        crash::point("hand_over.before_mark");
        self.save(&changes).await?;
        step.count("handed_over", inserted);
        Ok(())
    }

    /// JTL certainly wrote nothing: the orders are as before.
    async fn take_back(&self, exporting: &[OrderRecord]) -> Result<(), Failure> {
        let changes = exporting.iter().map(|record| self.not_handed_over(record, OrderPatch::default()));
        self.save(&changes.collect::<Vec<_>>()).await.map(drop)
    }

    /// JTL does not have it: the intent is gone, with what was noted for it.
    pub(super) fn not_handed_over(&self, record: &OrderRecord, patch: OrderPatch) -> OrderChange {
        self.without_intent(record, record.facts(), patch)
    }

    /// JTL has it, and not from this hand-over: tracking finds out whether that is this order.
    pub(super) fn found_there(&self, record: &OrderRecord, presence: &Presence) -> OrderChange {
        let mut facts = record.facts();
        facts.erp = ErpFacts { since: Some(self.now()), waiting_rows: presence.waiting_rows, ..facts.erp };
        self.without_intent(record, facts, OrderPatch::default())
    }

    fn without_intent(&self, record: &OrderRecord, mut facts: OrderFacts, patch: OrderPatch) -> OrderChange {
        facts.ours.baseline = None;
        // It may be given another one.
        facts.ours.given = facts.ours.given.filter(|_| facts.ours.handed_over_at.is_some());
        facts.there.difference = None;
        self.judged(record, OrderPatch { intent: Some(None), kept: Some(facts), ..patch })
    }

    /// JTL has the row or the order: a new row, or what was found.
    pub(super) fn handed_over(&self, record: &OrderRecord, found: Option<&Presence>) -> OrderChange {
        let now = self.now();
        let mut facts = record.facts();
        facts.ours.handed_over_at = Some(now);
        facts.ours.before_change = None;
        // Which order it is, tracking finds out; until then nothing is known of it.
        if found.is_none_or(|presence| presence.waiting_rows > 0) {
            facts.erp = ErpFacts { since: Some(now), waiting_rows: 1, ..ErpFacts::default() };
        }
        self.judged(record, OrderPatch { intent: Some(None), kept: Some(facts), ..OrderPatch::default() })
    }

    /// The documents of a batch by the marketplace's number; an order that JTL could not take as it is is set aside.
    async fn render(&self, step: &Step, batch: &[OrderRecord]) -> Result<HashMap<String, HandOver>, Failure> {
        let orders: Vec<&Order> = batch.iter().filter_map(|record| record.order.as_ref()).collect();
        let customers = self.connections.erp.customers(&orders, self.account()).await?;
        let mut documents = HashMap::with_capacity(batch.len());
        let mut aside = Vec::new();
        for record in batch {
            let Some(order) = &record.order else {
                aside.push(self.set_aside(
                    record,
                    Reason::new(["its translation is gone", "ihre Übersetzung ist nicht mehr gespeichert"]),
                ));
                continue;
            };
            let number = self.connections.number_to_give(record);
            match self.connections.erp.render(
                order,
                &number,
                self.account(),
                customers.get(&record.number).map(String::as_str),
            ) {
                Ok(rendered) => {
                    for warning in rendered.warnings {
                        step.warning(format!("order {}: {warning}", record.number), Value::Null).await;
                    }
                    let account = self.account().to_owned();
                    let is_alone = is_wanted_again(record);
                    let mut also = self.connections.numbers_in_erp(record);
                    also.retain(|other| *other != number && !is_alone);
                    let document = rendered.document;
                    let document = HandOver { account, number, also, document, receipt: None };
                    documents.insert(record.number.clone(), document);
                }
                Err(ErpError::Order { reason, .. }) => {
                    step.warning(format!("order {} is set aside: {reason}", record.number), Value::Null)
                        .await;
                    step.count("set_aside", 1);
                    aside.push(self.set_aside(record, reason));
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.save(&aside).await?;
        Ok(documents)
    }

    /// Commits the intents; returns the documents whose orders were still as they were read, to leave a receipt where one can be
    /// kept, and these orders.
    async fn commit_intents(
        &self,
        batch: Vec<OrderRecord>,
        mut documents: HashMap<String, HandOver>,
    ) -> Result<(Vec<HandOver>, Vec<OrderRecord>), Failure> {
        let has_receipt = self.connections.erp.receipts(&[]).await?.is_some();
        // A receipt says more.
        let identity = if has_receipt { None } else { self.connections.erp.identity().await? };
        let (epoch, at) = (self.context.epoch(), self.now());
        let intent = HandOverIntent { epoch, identity, at, looked_at: None, has_receipt };
        let mut changes: Vec<OrderChange> = Vec::with_capacity(documents.len());
        let mut intended = Vec::with_capacity(documents.len());
        for record in batch {
            let Some(document) = documents.remove(&record.number) else { continue };
            let mut facts = record.facts();
            facts.ours.baseline = record.order.as_ref().map(Baseline::of);
            facts.there.difference = None;
            // “Ship all the same” holds until the report.
            let goes_on = |decided: &mut Decided| decided.decision != Decision::ShipAllTheSame;
            let used = facts.decided.take_if(goes_on).filter(|decided| !decided.decision.is_standing());
            let was_alone = facts.ours.given.take().is_some_and(|given| given.is_alone);
            facts.ours.given = Some(GivenNumber {
                number: document.number.clone(),
                is_alone: was_alone || is_wanted_again(&record),
            });
            if used.is_some() {
                // What an earlier hand-over came to no longer counts.
                facts.ours.handed_over_at = None;
                facts.erp = ErpFacts::default();
            }
            let patch = OrderPatch {
                document: Some(document.document.clone()),
                intent: Some(Some(intent.clone())),
                kept: Some(facts),
                events: self.used(used.map(|decided| decided.decision)),
                ..OrderPatch::default()
            };
            changes.push(OrderChange { seen_change: Some(record.changed_at), ..self.judged(&record, patch) });
            intended.push((document, record));
        }
        let took_effect = self.save(&changes).await?;
        let receipt = has_receipt.then_some(at);
        let (mut kept, mut exporting) = (Vec::new(), Vec::new());
        for (((document, mut record), change), took_effect) in
            intended.into_iter().zip(changes).zip(took_effect)
        {
            if took_effect {
                // The document is stored, and not needed here any more.
                record.apply(OrderPatch { document: None, ..change.patch });
                exporting.push(record);
                kept.push(HandOver { receipt, ..document });
            }
        }
        Ok((kept, exporting))
    }
}

/// A person wants it handed over although JTL has an order with its number.
fn is_wanted_again(record: &OrderRecord) -> bool {
    let Some(facts) = record.kept.as_ref().filter(|facts| facts.erp.taken.is_some()) else { return false };
    let decision = facts.decided.as_ref().map(|decided| decided.decision);
    matches!(decision, Some(Decision::HandOverAgain | Decision::NoneOfThese))
}

/// Whatever brought an order here: only what is to be handed over, or waits for its articles alone, goes out.
pub(super) fn may_go_out(record: &OrderRecord, judgement: &Judgement) -> bool {
    record.status == MarketplaceStatus::Ready
        && matches!(judgement.next_act, Act::HandOver | Act::CheckArticles)
}

pub(super) fn skus(order: &Order) -> impl Iterator<Item = String> + '_ {
    order.lines.iter().map(|line| line.sku.clone())
}

fn skus_of(order: &Order) -> Vec<String> {
    skus(order).collect()
}
