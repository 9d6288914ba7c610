//! Step 4: tells the marketplace what is to be published, zero included, and marks exactly what it accepted. While a write is under
//! way its figure is noted as sent, so that a lost answer is followed by another write.

use std::collections::BTreeMap;

use futures::FutureExt;
use futures::future::BoxFuture;
use marktwerk_connectors::{Marketplace, StockAnswer};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::inventory::StockTarget;
use marktwerk_domain::reason::Reason;
use marktwerk_domain::stock::{Figures, StockEntry};
use marktwerk_engine::Step;
use marktwerk_store::inventory::{ListingPatch, ListingRecord};
use marktwerk_store::stock;
use serde_json::{Value, json};

use super::Inventory;
use super::levels::Level;
use crate::outage::Call;
use crate::{crash, metrics};

/// Groups whose intents are committed together.
const CHUNK: usize = 50;
/// Calls at the same time; the limiter sets the pace.
const AT_ONCE: usize = 8;

/// A figure to be told.
struct Write {
    record: ListingRecord,
    /// The figures as they are stored while the write is under way.
    sending: Figures,
    quantity: i64,
}

impl Write {
    fn of(level: Level) -> Option<Self> {
        let quantity = level.publish?;
        let sending = level.record.figures.sending(quantity);
        Some(Self { record: level.record, sending, quantity })
    }

    /// The marketplace was not called.
    fn taken_back(&self) -> ListingPatch {
        ListingPatch {
            figures: Some((self.sending, self.record.figures)),
            ..ListingPatch::of(&self.record.listing.id)
        }
    }
}

impl Inventory<'_> {
    /// Pushes the differences; answers whether a next slice has to go on.
    pub(super) async fn push(&self, step: &Step, levels: Vec<Level>) -> Result<bool, Failure> {
        self.settle_moot_refusals(&levels).await?;
        let mut groups: BTreeMap<String, Vec<Write>> = BTreeMap::new();
        for write in levels.into_iter().filter_map(Write::of) {
            groups.entry(write.record.listing.group.clone()).or_default().push(write);
        }
        if groups.is_empty() {
            return Ok(false);
        }
        if let Some(refusal) = self.connections.refuses_writes_to(&*self.marketplace) {
            let articles: usize = groups.values().map(Vec::len).sum();
            step.warning(format!("{refusal}; {articles} stock figures would be pushed"), Value::Null).await;
            return Ok(false);
        }
        let mut groups: Vec<(String, Vec<Write>)> = groups.into_iter().collect();
        let last = self.marketplace.last_in_line(&[Call::Stock]);
        groups.sort_by_key(|(group, _)| last.contains(group));
        let mut failure = None;
        for chunk in groups.chunks(CHUNK) {
            if self.context.should_stop() {
                return failure.map_or(Ok(true), Err);
            }
            failure = self.push_chunk(step, chunk).await?.or(failure);
            if let Some(outage) = self.marketplace.outage() {
                return Err(failure.unwrap_or(outage));
            }
        }
        failure.map_or(Ok(false), Err)
    }

    /// Pushes some groups; answers with the first failure, after everything that succeeded is marked.
    async fn push_chunk(
        &self,
        step: &Step,
        chunk: &[(String, Vec<Write>)],
    ) -> Result<Option<Failure>, Failure> {
        let intents = chunk.iter().flat_map(|(_, writes)| writes).map(|write| ListingPatch {
            figures: Some((write.record.figures, write.sending)),
            ..ListingPatch::of(&write.record.listing.id)
        });
        self.save(&intents.collect::<Vec<_>>()).await?;
        crash::point("push.intent_committed");
        self.context.ensure_lease()?;
        // Boxed: the compiler cannot prove a stream of borrowing futures to be Send.
        let call = async |index, group: &str, writes| (index, self.push_group(group, writes).await);
        let calls = chunk.iter().enumerate();
        let calls: Vec<BoxFuture<'_, _>> =
            calls.map(|(index, (group, writes))| call(index, group, writes).boxed()).collect();
        let mut pushes = self.marketplace.each(AT_ONCE, calls);
        let mut answers: Vec<Option<Result<Vec<StockAnswer>, Failure>>> =
            chunk.iter().map(|_| None).collect();
        while let Some((index, answer)) = pushes.next().await {
            if let Some(place) = answers.get_mut(index) {
                *place = Some(answer);
            }
        }
        crash::point("push.answer_received");
        let mut failure = None;
        let mut patches = Vec::new();
        for ((_, writes), answer) in chunk.iter().zip(answers) {
            match answer {
                Some(Ok(answers)) => patches.extend(self.outcome(step, writes, &answers).await?),
                Some(Err(error)) => {
                    metrics::stock_told(self.account(), "failed", writes.len());
                    failure.get_or_insert(error);
                }
                // Nothing was sent.
                None => patches.extend(writes.iter().map(Write::taken_back)),
            }
        }
        self.save(&patches).await?;
        Ok(failure)
    }

    /// A figure that was refused and is right again by itself needs nobody any more.
    async fn settle_moot_refusals(&self, levels: &[Level]) -> Result<(), Failure> {
        let is_moot = |level: &&Level| {
            level.record.error.is_some() && level.record.figures.known(false) == Some(level.wanted)
        };
        let moot: Vec<&Level> = levels.iter().filter(is_moot).collect();
        let patches: Vec<ListingPatch> = moot
            .iter()
            .map(|level| ListingPatch { error: Some(None), ..ListingPatch::of(&level.record.listing.id) })
            .collect();
        self.save(&patches).await?;
        let account = self.account().to_owned();
        let settled: Vec<_> = moot
            .iter()
            .map(|level| (account.clone(), AttentionKind::StockRefused, level.record.listing.sku.clone()))
            .collect();
        Ok(self.connections.store.settle(&settled, self.now()).await?)
    }

    async fn push_group(&self, group: &str, writes: &[Write]) -> Result<Vec<StockAnswer>, Failure> {
        let targets: Vec<StockTarget> = writes
            .iter()
            .map(|write| StockTarget {
                listing: write.record.listing.id.clone(),
                group: group.to_owned(),
                sku: write.record.listing.sku.clone(),
                quantity: write.quantity,
            })
            .collect();
        // A fresh key per intent, also with a new database: the marketplace rejects a repeated key. Figures are absolute.
        let now = self.now().as_millisecond();
        let key = format!("{now}-{}-{}-{group}", self.context.run().id, self.context.epoch().0);
        let answers = self.marketplace.push_stock(group, &targets, &key).await?;
        self.context.progress();
        Ok(answers)
    }

    /// What the answers mean: accepted figures are known, rejected ones leave the marketplace as it was.
    async fn outcome(
        &self,
        step: &Step,
        writes: &[Write],
        answers: &[StockAnswer],
    ) -> Result<Vec<ListingPatch>, Failure> {
        let now = self.now();
        let mut patches = Vec::with_capacity(writes.len());
        let (mut raise, mut settle) = (Vec::new(), Vec::new());
        for write in writes {
            let listing = &write.record.listing;
            let answer = answers.iter().find(|answer| answer.listing == listing.id);
            let word = match answer {
                Some(answer) if answer.accepted => "accepted",
                Some(_) => "refused",
                None => "unanswered",
            };
            metrics::stock_told(self.account(), word, 1);
            if answer.is_some_and(|answer| answer.accepted) {
                patches.push(accepted(write, write.sending.confirmed(write.quantity, now)));
                step.count("pushed", 1);
                if write.record.error.is_some() {
                    settle.push((
                        self.account().to_owned(),
                        AttentionKind::StockRefused,
                        listing.sku.clone(),
                    ));
                }
                if self.parameters.verbose.unwrap_or(false) {
                    step.info(format!("{} set to {}", listing.sku, write.quantity), Value::Null);
                }
                continue;
            }
            let unanswered = || Reason::new(["it did not answer for it", "er hat dazu nicht geantwortet"]);
            let cause = answer.map_or_else(unanswered, |answer| Reason::quoted(&answer.message));
            let message = format!("stock {} was refused: {cause}", write.quantity);
            patches.push(ListingPatch {
                figures: Some((write.sending, write.record.figures)),
                error: Some(Some(message.clone())),
                ..ListingPatch::of(&listing.id)
            });
            step.count("refused", 1);
            step.warning(format!("{}: {message}", listing.sku), json!({ "listing": listing.id })).await;
            let entry = StockEntry::Refused {
                sku: listing.sku.clone(),
                quantity: write.quantity,
                cause: cause.clone(),
            };
            raise.push(stock::attention(self.account(), &listing.sku, &entry));
        }
        self.connections.store.raise(&raise, now).await?;
        self.connections.store.settle(&settle, now).await?;
        Ok(patches)
    }
}

/// A write that was taken. A listing that lost its article has its 0 now, and nothing more is written to it.
fn accepted(write: &Write, figures: Figures) -> ListingPatch {
    let lost = write.record.lost.clone().map(|mut lost| {
        lost.is_settled = true;
        Some(lost)
    });
    ListingPatch {
        figures: Some((write.sending, figures)),
        error: Some(None),
        lost,
        ..ListingPatch::of(&write.record.listing.id)
    }
}
