//! The condition `new_data` of the inventory workflow. A quick run calls the marketplace only for figures that differ, so its
//! probe calls nobody there: it looks at our listings, our open orders and JTL.
//!
//! The **marker** changes with what decides the figures: JTL's stock, buffers and bundles, which article numbers may be sold there,
//! the units in our open orders, the matching, the settings. While figures are refused by the marketplace it also changes each
//! hour: they are tried again once an hour without any other cause.
//!
//! **Unfinished** are a figure that the marketplace is not known to hold, unless it was refused, a listing that is to go to 0, sales
//! that are not seen yet, a person's decision about lost articles, and listings that were never read completely. A **full** run is
//! always unfinished: only reading the listings tells whether they have changed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::failure::Failure;
use marktwerk_engine::{Probe, ProbeQuestion, ProbeResult};
use marktwerk_store::inventory::ListingRecord;
use marktwerk_store::stock::lost_decision_name;
use serde_json::Value;

use super::picture::twins;
use super::{InventoryParameters, InventoryWorkflow, Mode, mapped_name};
use crate::orders::cursor_name;

/// Refused figures are tried again this often, seconds.
const TRY_AGAIN: i64 = 3_600;

#[async_trait]
impl Probe for InventoryWorkflow {
    async fn look(&self, question: &ProbeQuestion) -> Result<ProbeResult, Failure> {
        let ProbeQuestion { account, parameters, now } = question;
        let parameters: InventoryParameters = serde_json::from_value(Value::Object(parameters.clone()))
            .map_err(|error| {
                Failure::refused(format!("the parameters of this job cannot be read: {error}"))
            })?;
        let marketplace = self.connections.marketplace(account)?;
        let store = &self.connections.store;
        if parameters.mode == Mode::Full {
            return Ok(always("a full run reads the listings"));
        }
        if store.fact(&mapped_name(account)).await?.is_none() {
            return Ok(always("the listings of this account were never read completely"));
        }
        if store.fact(&cursor_name(account)).await?.is_none() {
            // Nothing is published before orders were read once: the first cursor is the news.
            return Ok(ProbeResult { marker: "no orders were read yet".to_owned(), unfinished: None });
        }
        let open: BTreeMap<String, i64> = store.open_units().await?.into_iter().collect();
        let listings: Vec<ListingRecord> =
            store.listings(account).await?.into_iter().filter(|record| record.article.is_some()).collect();
        let articles: BTreeSet<i64> = listings.iter().filter_map(|record| record.article).collect();
        let articles: Vec<i64> = articles.into_iter().collect();
        let skus: BTreeSet<&str> = listings.iter().map(|record| record.listing.sku.as_str()).collect();
        let skus: Vec<String> = skus.into_iter().map(str::to_owned).collect();
        let stock = self.connections.erp.stock_marker(&articles).await?;
        let numbers = self.connections.erp.articles_marker(&skus).await?;
        let may_push = self.connections.refuses_writes_to(&**marketplace).is_none();
        let twins = twins(&listings);
        let to_push = listings.iter().filter(|record| may_push && is_to_be_pushed(record, &twins)).count();
        let is_refused = listings.iter().any(|record| may_push && record.error.is_some());

        let decision = store.fact(&lost_decision_name(account)).await?.unwrap_or_default();
        let unfinished = if to_push > 0 {
            Some(format!("{to_push} stock figures are not known to be there"))
        } else {
            (!decision.is_empty()).then(|| "a decision about lost articles is to be carried out".to_owned())
        };

        let mut hasher = DefaultHasher::new();
        self.connections.settings.inventory.offering(account).hash(&mut hasher);
        // Orders of any account and of any article: a bundle takes its components, too.
        open.hash(&mut hasher);
        for record in &listings {
            (&record.listing.id, record.article).hash(&mut hasher);
        }
        let again = is_refused.then(|| hour(*now)).map(|hour| format!(", refused figures in hour {hour}"));
        Ok(ProbeResult {
            marker: format!(
                "{account}: JTL {stock} {numbers}, ours {:016x}{}",
                hasher.finish(),
                again.unwrap_or_default()
            ),
            unfinished,
        })
    }
}

fn always(unfinished: &str) -> ProbeResult {
    ProbeResult { marker: unfinished.to_owned(), unfinished: Some(unfinished.to_owned()) }
}

/// Whether the marketplace is not known to hold what the last run found right, and did not refuse it.
fn is_to_be_pushed(record: &ListingRecord, twins: &HashSet<String>) -> bool {
    let known = record.figures.known(twins.contains(&record.listing.sku));
    let is_open = match &record.lost {
        Some(lost) => !lost.is_settled,
        None => record.target.is_none() || known != record.target || record.figures.unseen_left() > 0,
    };
    record.error.is_none() && is_open
}

fn hour(now: Timestamp) -> i64 {
    now.as_second().div_euclid(TRY_AGAIN)
}
