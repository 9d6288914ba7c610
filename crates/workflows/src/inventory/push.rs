//! Step 4: tells the marketplace what is to be published, zero included, and marks exactly what it accepted. While a write is under
//! way its figure is noted as sent, so that a lost answer is followed by another write.

use std::collections::HashMap;

use futures::FutureExt;
use futures::future::BoxFuture;
use marktwerk_connectors::{Marketplace, StockAnswer, WriteAnswer};
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
use crate::outage::{Call, stock_call_name};
use crate::{crash, metrics};

/// Calls whose intents are committed together.
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

    fn target(&self) -> StockTarget {
        let listing = &self.record.listing;
        StockTarget {
            listing: listing.id.clone(),
            group: listing.group.clone(),
            sku: listing.sku.clone(),
            quantity: self.quantity,
        }
    }

    /// The marketplace was not called.
    fn taken_back(&self) -> ListingPatch {
        ListingPatch {
            figures: Some((self.sending, self.record.figures)),
            ..ListingPatch::of(&self.record.listing.id)
        }
    }
}

/// What goes into one call.
struct StockCall {
    targets: Vec<StockTarget>,
    /// The figures behind the targets.
    writes: Vec<Write>,
}

impl Inventory<'_> {
    /// Pushes the differences; answers whether a next slice has to go on.
    pub(super) async fn push(&self, step: &Step, levels: Vec<Level>) -> Result<bool, Failure> {
        self.settle_moot_refusals(&levels).await?;
        let mut calls = self.calls(levels.into_iter().filter_map(Write::of));
        if calls.is_empty() {
            return Ok(false);
        }
        if let Some(refusal) = self.connections.refuses_writes_to(&*self.marketplace) {
            let articles: usize = calls.iter().map(|call| call.writes.len()).sum();
            step.warning(format!("{refusal}; {articles} stock figures would be pushed"), Value::Null).await;
            return Ok(false);
        }
        let last = self.marketplace.last_in_line(&[Call::Stock]);
        calls.sort_by_key(|call| last.contains(stock_call_name(&call.targets)));
        let mut failure = None;
        for chunk in calls.chunks(CHUNK) {
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

    /// Cuts the figures into calls, the marketplace's way.
    fn calls(&self, writes: impl Iterator<Item = Write>) -> Vec<StockCall> {
        let mut by_listing: HashMap<String, Write> =
            writes.map(|write| (write.record.listing.id.clone(), write)).collect();
        let mut targets: Vec<StockTarget> = by_listing.values().map(Write::target).collect();
        targets.sort_by(|one, other| one.listing.cmp(&other.listing));
        let calls = self.marketplace.stock_calls(targets).into_iter();
        let call = |targets: Vec<StockTarget>| {
            let writes = targets.iter().filter_map(|target| by_listing.remove(&target.listing)).collect();
            StockCall { targets, writes }
        };
        calls.map(call).collect()
    }

    /// Makes some calls; answers with the first failure, after everything that succeeded is marked.
    async fn push_chunk(&self, step: &Step, chunk: &[StockCall]) -> Result<Option<Failure>, Failure> {
        let intents = chunk.iter().flat_map(|call| &call.writes).map(|write| ListingPatch {
            figures: Some((write.record.figures, write.sending)),
            ..ListingPatch::of(&write.record.listing.id)
        });
        self.save(&intents.collect::<Vec<_>>()).await?;
        crash::point("push.intent_committed");
        self.context.ensure_lease()?;
        // Boxed: the compiler cannot prove a stream of borrowing futures to be Send.
        let make = async |index, call| (index, self.make(call).await);
        let calls = chunk.iter().enumerate();
        let calls: Vec<BoxFuture<'_, _>> = calls.map(|(index, call)| make(index, call).boxed()).collect();
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
        for (StockCall { writes, .. }, answer) in chunk.iter().zip(answers) {
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

    async fn make(&self, call: &StockCall) -> Result<Vec<StockAnswer>, Failure> {
        // A fresh key per intent, also with a new database: the marketplace rejects a repeated key. Figures are absolute.
        let now = self.now().as_millisecond();
        let name = call.targets.first().map_or("", |target| &target.listing);
        let key = format!("{now}-{}-{}-{name}", self.context.run().id, self.context.epoch().0);
        let answers = self.marketplace.push_stock(&call.targets, &key).await?;
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
            let cause = match answer.map(|answer| &answer.answer) {
                Some(WriteAnswer::Done { .. } | WriteAnswer::AlreadyThere) => None,
                Some(WriteAnswer::Refused { code, message }) if code.is_empty() => {
                    Some(Reason::quoted(message))
                }
                Some(WriteAnswer::Refused { code, message }) => {
                    Some(Reason::quoted(format!("{message} (code {code})")))
                }
                None => Some(Reason::new(["it did not answer for it", "er hat dazu nicht geantwortet"])),
            };
            let word = match (&cause, answer) {
                (None, _) => "accepted",
                (Some(_), Some(_)) => "refused",
                (Some(_), None) => "unanswered",
            };
            metrics::stock_told(self.account(), word, 1);
            let Some(cause) = cause else {
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
            };
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
