//! Step 4: tells the marketplace what differs from what it is known to hold, zero included, and marks exactly what it
//! accepted. While a push is under way the known stock is unknown, so that a lost answer is followed by another push.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use marktwerk_connectors::StockAnswer;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::inventory::StockTarget;
use marktwerk_engine::Step;
use marktwerk_store::attention::NewAttention;
use marktwerk_store::inventory::ListingPatch;
use serde_json::{Value, json};

use super::Inventory;
use super::levels::Level;
use crate::{crash, metrics};

/// Groups whose intents are committed together.
const CHUNK: usize = 50;
/// Calls at the same time; the limiter sets the pace.
const AT_ONCE: usize = 8;

impl Inventory<'_> {
    /// Pushes the differences; answers whether a next slice has to go on.
    pub(super) async fn push(&self, step: &Step, levels: Vec<Level>) -> Result<bool, Failure> {
        self.settle_moot_refusals(&levels).await?;
        let mut groups: BTreeMap<String, Vec<Level>> = BTreeMap::new();
        for level in levels {
            if level.record.known_stock != Some(level.quantity) {
                groups.entry(level.record.listing.group.clone()).or_default().push(level);
            }
        }
        if groups.is_empty() {
            return Ok(false);
        }
        if let Some(refusal) = self.connections.refuses_writes_to(&*self.marketplace) {
            let articles: usize = groups.values().map(Vec::len).sum();
            step.warning(format!("{refusal}; {articles} stock figures would be pushed"), Value::Null).await;
            return Ok(false);
        }
        let groups: Vec<(String, Vec<Level>)> = groups.into_iter().collect();
        let mut failure = None;
        for chunk in groups.chunks(CHUNK) {
            if self.context.should_stop() {
                return failure.map_or(Ok(true), Err);
            }
            failure = self.push_chunk(step, chunk).await?.or(failure);
        }
        failure.map_or(Ok(false), Err)
    }

    /// Pushes some groups; answers with the first failure, after everything that succeeded is marked.
    async fn push_chunk(
        &self,
        step: &Step,
        chunk: &[(String, Vec<Level>)],
    ) -> Result<Option<Failure>, Failure> {
        let intents = chunk.iter().flat_map(|(_, levels)| levels).map(|level| ListingPatch {
            id: level.record.listing.id.clone(),
            known_stock: Some(None),
            ..ListingPatch::default()
        });
        self.save(&intents.collect::<Vec<_>>()).await?;
        crash::point("push.intent_committed");
        self.context.ensure_lease()?;
        // Boxed: the compiler cannot prove a stream of borrowing futures to be Send.
        let calls: Vec<BoxFuture<'_, _>> =
            chunk.iter().map(|(group, levels)| self.push_group(group, levels).boxed()).collect();
        let answers: Vec<_> = futures::stream::iter(calls).buffered(AT_ONCE).collect().await;
        crash::point("push.answer_received");
        let mut failure = None;
        let mut patches = Vec::new();
        for ((_, levels), answer) in chunk.iter().zip(answers) {
            match answer {
                Ok(answers) => patches.extend(self.outcome(step, levels, &answers).await?),
                Err(error) => {
                    metrics::stock_told(self.account(), "failed", levels.len());
                    failure.get_or_insert(error);
                }
            }
        }
        self.save(&patches).await?;
        Ok(failure)
    }

    /// A figure that was refused and is right again by itself needs nobody any more.
    async fn settle_moot_refusals(&self, levels: &[Level]) -> Result<(), Failure> {
        let is_moot =
            |level: &&Level| level.record.error.is_some() && level.record.known_stock == Some(level.quantity);
        let moot: Vec<&Level> = levels.iter().filter(is_moot).collect();
        let patches: Vec<ListingPatch> = moot
            .iter()
            .map(|level| ListingPatch {
                id: level.record.listing.id.clone(),
                error: Some(None),
                ..ListingPatch::default()
            })
            .collect();
        self.save(&patches).await?;
        let account = self.account().to_owned();
        let settled: Vec<_> = moot
            .iter()
            .map(|level| (account.clone(), AttentionKind::StockRefused, level.record.listing.sku.clone()))
            .collect();
        Ok(self.connections.store.settle(&settled, self.context.clock().now()).await?)
    }

    async fn push_group(&self, group: &str, levels: &[Level]) -> Result<Vec<StockAnswer>, Failure> {
        let targets: Vec<StockTarget> = levels
            .iter()
            .map(|level| StockTarget {
                listing: level.record.listing.id.clone(),
                group: group.to_owned(),
                sku: level.record.listing.sku.clone(),
                quantity: level.quantity,
            })
            .collect();
        // A fresh key per intent, also over a database that begins anew: a repeated one is rejected. Figures are absolute.
        let now = self.context.clock().now().as_millisecond();
        let key = format!("{now}-{}-{}-{group}", self.context.run().id, self.context.epoch().0);
        let answers = self.marketplace.push_stock(group, &targets, &key).await?;
        self.context.progress();
        Ok(answers)
    }

    /// What the answers mean: accepted figures are known, rejected ones leave the marketplace as it was.
    async fn outcome(
        &self,
        step: &Step,
        levels: &[Level],
        answers: &[StockAnswer],
    ) -> Result<Vec<ListingPatch>, Failure> {
        let now = self.context.clock().now();
        let mut patches = Vec::with_capacity(levels.len());
        let (mut raise, mut settle) = (Vec::new(), Vec::new());
        for level in levels {
            let listing = &level.record.listing;
            let answer = answers.iter().find(|answer| answer.listing == listing.id);
            let accepted = answer.is_some_and(|answer| answer.accepted);
            let word = match answer {
                Some(answer) if answer.accepted => "accepted",
                Some(_) => "refused",
                None => "unanswered",
            };
            metrics::stock_told(self.account(), word, 1);
            let mut patch = ListingPatch { id: listing.id.clone(), ..ListingPatch::default() };
            if accepted {
                patch.known_stock = Some(Some(level.quantity));
                patch.error = Some(None);
                step.count("pushed", 1);
                if level.record.error.is_some() {
                    settle.push((
                        self.account().to_owned(),
                        AttentionKind::StockRefused,
                        listing.sku.clone(),
                    ));
                }
                if self.parameters.verbose.unwrap_or(false) {
                    step.info(format!("{} set to {}", listing.sku, level.quantity), Value::Null);
                }
            } else {
                let message =
                    answer.map_or("the marketplace did not answer for it", |answer| answer.message.as_str());
                let message = format!("stock {} was refused: {message}", level.quantity);
                patch.known_stock = Some(level.record.known_stock);
                patch.error = Some(Some(message.clone()));
                step.count("refused", 1);
                step.warning(format!("{}: {message}", listing.sku), json!({ "listing": listing.id })).await;
                raise.push(NewAttention {
                    account: self.account().to_owned(),
                    kind: AttentionKind::StockRefused,
                    subject: listing.sku.clone(),
                    message,
                });
            }
            patches.push(patch);
        }
        self.connections.store.raise(&raise, now).await?;
        self.connections.store.settle(&settle, now).await?;
        Ok(patches)
    }

    async fn save(&self, patches: &[ListingPatch]) -> Result<(), Failure> {
        if patches.is_empty() {
            return Ok(());
        }
        Ok(self
            .connections
            .store
            .change_listings(self.account(), patches, self.context.clock().now())
            .await?)
    }
}
