//! Step 3: one JTL document per importable order, handed over exactly once.
//!
//! The intent is committed first, with the import table's identity value; then JTL's own transaction looks each order up
//! under a lock and inserts; then the state changes. What a crash leaves between is found out by `resolve`.

use std::collections::{BTreeSet, HashMap};

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::order::{MarketplaceStatus, Order, OrderState};
use marktwerk_engine::Step;
use marktwerk_erp::{ErpError, HandOver, HandedOver};
use marktwerk_store::orders::{HandOverIntent, OrderChange, OrderFilter, OrderPatch, OrderRecord};
use serde_json::Value;

use super::{Orders, Rest};
use crate::crash;

/// Orders read at once and handed over in one transaction. Their documents are a few megabytes; smaller batches repeat
/// every statement more often.
const BATCH: usize = 1_000;

impl Orders<'_> {
    /// Finds out what became of earlier hand-overs, then hands over what is imported.
    pub(super) async fn export(&self, step: &Step) -> Result<Rest, Failure> {
        let is_unresolved = self.resolve(step).await?;
        let mut rest = Rest { has_more: false, is_unresolved };
        let mut after: Option<String> = None;
        loop {
            let filter = OrderFilter {
                account: Some(self.account().to_owned()),
                states: vec![OrderState::Imported],
                after: after.clone(),
                limit: BATCH,
            };
            let page = self.connections.store.orders_in(&filter).await?;
            let Some(last) = page.last() else { return Ok(rest) };
            after = Some(last.number.clone());
            let page = page.into_iter().filter(may_go_out);
            let ready = self.with_known_articles(step, page.collect()).await?;
            if self.context.should_stop() {
                rest.has_more = true;
                return Ok(rest);
            }
            if !ready.is_empty() {
                self.hand_over(step, &ready).await?;
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
        let mut changes = Vec::new();
        let mut ready = Vec::with_capacity(page.len());
        for record in page {
            let missing: Vec<String> =
                record.order.iter().flat_map(skus_of).filter(|sku| unknown.contains(sku)).collect();
            match (missing.is_empty(), record.reason.is_some()) {
                (true, false) => {}
                (true, true) => changes.push(OrderChange {
                    settle: vec![AttentionKind::UnknownArticle],
                    ..self.change(&record, OrderPatch { reason: Some(None), ..OrderPatch::default() })
                }),
                (false, _) => {
                    let reason = format!(
                        "JTL does not know {}: add the article there and the order goes on",
                        missing.join(", ")
                    );
                    if record.reason.as_deref() != Some(&reason) {
                        step.warning(format!("order {} waits: {reason}", record.number), Value::Null).await;
                        changes.push(OrderChange {
                            raise: vec![self.attention(
                                AttentionKind::UnknownArticle,
                                &record.number,
                                reason.clone(),
                            )],
                            ..self.change(
                                &record,
                                OrderPatch { reason: Some(Some(reason)), ..OrderPatch::default() },
                            )
                        });
                    }
                    continue;
                }
            }
            ready.push(record);
        }
        self.save(&changes).await?;
        Ok(ready)
    }

    async fn hand_over(&self, step: &Step, batch: &[OrderRecord]) -> Result<(), Failure> {
        let documents = self.render(step, batch).await?;
        if documents.is_empty() {
            return Ok(());
        }
        let documents = self.commit_intents(batch, documents).await?;
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
                    self.take_back(&documents).await?;
                }
                return Err(error.into());
            }
        };
        crash::point("hand_over.jtl_committed");
        let mut changes = Vec::with_capacity(documents.len());
        for (document, answer) in documents.iter().zip(&answers) {
            if let HandedOver::AlreadyThere(_) = answer {
                step.info(format!("order {} was in JTL already", document.number), Value::Null);
            }
            changes.push(handed_over(&document.number));
        }
        crash::point("hand_over.before_mark");
        self.save(&changes).await?;
        step.count("handed_over", i64::try_from(changes.len()).unwrap_or(i64::MAX));
        Ok(())
    }

    /// JTL certainly wrote nothing: the orders stand as before.
    async fn take_back(&self, documents: &[HandOver]) -> Result<(), Failure> {
        let change = |document: &HandOver| OrderChange {
            number: document.number.clone(),
            from: vec![OrderState::Exporting],
            seen_change: None,
            patch: OrderPatch {
                state: Some(OrderState::Imported),
                intent: Some(None),
                ..OrderPatch::default()
            },
            raise: Vec::new(),
            settle: Vec::new(),
        };
        self.save(&documents.iter().map(change).collect::<Vec<_>>()).await.map(drop)
    }

    /// The documents of a batch; an order that JTL could not take as it is is set aside.
    async fn render(&self, step: &Step, batch: &[OrderRecord]) -> Result<Vec<HandOver>, Failure> {
        let orders: Vec<&Order> = batch.iter().filter_map(|record| record.order.as_ref()).collect();
        let customers = self.connections.erp.customers(&orders, self.account()).await?;
        let mut documents = Vec::with_capacity(batch.len());
        let mut aside = Vec::new();
        for record in batch {
            let Some(order) = &record.order else {
                aside.push(self.set_aside(record, "its translation is gone".to_owned()));
                continue;
            };
            match self.connections.erp.render(
                order,
                self.account(),
                customers.get(&record.number).map(String::as_str),
            ) {
                Ok(rendered) => {
                    for warning in rendered.warnings {
                        step.warning(format!("order {}: {warning}", record.number), Value::Null).await;
                    }
                    let account = self.account().to_owned();
                    documents.push(HandOver {
                        account,
                        number: record.number.clone(),
                        document: rendered.document,
                        receipt: None,
                    });
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

    /// Commits the intents; answers with the documents whose orders still stood as they were read, to leave a receipt where one can
    /// be kept.
    async fn commit_intents(
        &self,
        batch: &[OrderRecord],
        documents: Vec<HandOver>,
    ) -> Result<Vec<HandOver>, Failure> {
        let has_receipt = self.connections.erp.receipts(&[]).await?.is_some();
        // A receipt says more.
        let identity = if has_receipt { None } else { self.connections.erp.identity().await? };
        let seen: HashMap<&str, &OrderRecord> =
            batch.iter().map(|record| (record.number.as_str(), record)).collect();
        let (epoch, at) = (self.context.epoch(), self.now());
        let intent = HandOverIntent { epoch, identity, at, looked_at: None, has_receipt };
        let changes: Vec<OrderChange> = documents
            .iter()
            .map(|document| OrderChange {
                number: document.number.clone(),
                from: vec![OrderState::Imported],
                seen_change: seen.get(document.number.as_str()).map(|record| record.changed_at),
                patch: OrderPatch {
                    state: Some(OrderState::Exporting),
                    document: Some(document.document.clone()),
                    intent: Some(Some(intent.clone())),
                    ..OrderPatch::default()
                },
                raise: Vec::new(),
                settle: Vec::new(),
            })
            .collect();
        let took_effect = self.save(&changes).await?;
        let kept = documents.into_iter().zip(took_effect).filter(|(_, took_effect)| *took_effect);
        let receipt = has_receipt.then_some(at);
        Ok(kept.map(|(document, _)| HandOver { receipt, ..document }).collect())
    }
}

/// JTL has the row or the order.
pub(super) fn handed_over(number: &str) -> OrderChange {
    OrderChange {
        number: number.to_owned(),
        from: vec![OrderState::Exporting],
        seen_change: None,
        patch: OrderPatch {
            state: Some(OrderState::HandedOver),
            intent: Some(None),
            reason: Some(None),
            ..OrderPatch::default()
        },
        raise: Vec::new(),
        settle: vec![AttentionKind::Unclear],
    }
}

/// Whatever brought an order here: only what the marketplace wants shipped, as it was last seen, goes out.
pub(super) fn may_go_out(record: &OrderRecord) -> bool {
    record.status == MarketplaceStatus::Ready && record.mark.is_none() && !record.is_unread
}

pub(super) fn skus(order: &Order) -> impl Iterator<Item = String> + '_ {
    order.lines.iter().map(|line| line.sku.clone())
}

fn skus_of(order: &Order) -> Vec<String> {
    skus(order).collect()
}
