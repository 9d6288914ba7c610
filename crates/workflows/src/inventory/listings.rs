//! Step 1, of a full run: what the marketplace lists, and with which figures. A figure that fell further than orders explain is a sale
//! that is not seen yet.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use marktwerk_connectors::Marketplace;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::inventory::Listing;
use marktwerk_engine::Step;
use marktwerk_store::inventory::{ListingPatch, ListingRecord};
use serde_json::Value;

use super::Inventory;

/// What a complete read of the listings showed.
pub(super) struct ListingsRead {
    /// Listings whose SKU is another one than before.
    pub(super) renumbered: HashSet<String>,
}

impl Inventory<'_> {
    /// Reads all pages; each is kept as it comes. What is not listed any more goes once all were read.
    pub(super) async fn read_listings(&self, step: &Step) -> Result<ListingsRead, Failure> {
        let store = &self.connections.store;
        let known = store.listings(self.account()).await?;
        let known: HashMap<String, ListingRecord> =
            known.into_iter().map(|record| (record.listing.id.clone(), record)).collect();
        let mut ids = HashSet::new();
        let mut renumbered = HashSet::new();
        let mut unreadable = 0;
        let mut reader = self.marketplace.read_listings();
        loop {
            let read_at = self.now();
            let Some(batch) = reader.next().await? else { break };
            let patches = batch.listings.iter().filter_map(|told| {
                let stored = known.get(&told.id);
                if stored.is_some_and(|stored| stored.listing.sku != told.sku) {
                    renumbered.insert(told.id.clone());
                }
                news(stored, told, read_at)
            });
            let patches: Vec<ListingPatch> = patches.collect();
            self.save(&patches).await?;
            step.count("pages", 1);
            unreadable += batch.unreadable;
            ids.extend(batch.listings.into_iter().map(|listing| listing.id));
        }
        step.count("listings", i64::try_from(ids.len()).unwrap_or(i64::MAX));
        if unreadable > 0 {
            let message = format!("{unreadable} listings cannot be read; nothing is published for them");
            step.warning(message, Value::Null).await;
        }
        if reader.is_complete() {
            let ids: Vec<String> = ids.into_iter().collect();
            let gone = store.retain_listings(self.account(), &ids).await?;
            if gone > 0 {
                step.info(format!("{gone} listings are not listed any more"), Value::Null);
            }
        }
        Ok(ListingsRead { renumbered })
    }
}

/// What is new about a listing; `None` where it is as it was.
fn news(stored: Option<&ListingRecord>, told: &Listing, read_at: Timestamp) -> Option<ListingPatch> {
    let before = stored.map(|stored| stored.figures).unwrap_or_default();
    let after = before.read_live(told.stock, read_at);
    let is_told = stored.is_some_and(|stored| {
        stored.listing == Listing { stock: told.stock.or(stored.listing.stock), ..told.clone() }
    });
    if is_told && before == after {
        return None;
    }
    let mut patch = ListingPatch {
        told: Some(told.clone()),
        figures: Some((before, after)),
        ..ListingPatch::of(&told.id)
    };
    if stored.is_some_and(|stored| stored.listing.sku != told.sku) {
        // It may be another article now, which is found out before anything is published for it.
        (patch.target, patch.error) = (Some(None), Some(None));
        (patch.lost, patch.held) = (Some(None), Some(None));
    }
    Some(patch)
}
