//! Step 3: what may be published. Our own open orders are counted *before* JTL's stock is read: an order that JTL imports in
//! between is then subtracted twice for one run, never not at all. A failed read publishes nothing.

use std::collections::HashMap;

use marktwerk_domain::failure::Failure;
use marktwerk_domain::inventory::StockLevel;
use marktwerk_engine::Step;
use marktwerk_store::inventory::{ListingPatch, ListingRecord};

use super::Inventory;

/// A listing and what it should hold.
pub(super) struct Level {
    pub(super) record: ListingRecord,
    pub(super) quantity: i64,
}

impl Inventory<'_> {
    /// The mapped listings with what each should hold.
    pub(super) async fn levels(&self, step: &Step) -> Result<Vec<Level>, Failure> {
        let store = &self.connections.store;
        let open = store.open_units().await?;
        let listings = store.listings(self.account()).await?;
        let mut articles: Vec<i64> = listings.iter().filter_map(|record| record.article).collect();
        articles.sort_unstable();
        articles.dedup();
        let stock = self.connections.erp.stock(&articles).await?;
        let stock: HashMap<i64, StockLevel> = stock.into_iter().map(|level| (level.article, level)).collect();
        let buffer = self.connections.settings.inventory.buffer;
        let mut levels = Vec::new();
        for record in listings {
            let Some(level) = record.article.and_then(|article| stock.get(&article)) else { continue };
            let open = open.get(&record.listing.sku).copied().unwrap_or(0);
            let quantity = level.publishable(buffer, open);
            levels.push(Level { record, quantity });
        }
        step.count("articles", i64::try_from(levels.len()).unwrap_or(i64::MAX));
        let changed: Vec<ListingPatch> = levels
            .iter()
            .filter(|level| level.record.target != Some(level.quantity))
            .map(|level| ListingPatch {
                id: level.record.listing.id.clone(),
                target: Some(level.quantity),
                ..ListingPatch::default()
            })
            .collect();
        if !changed.is_empty() {
            store.change_listings(self.account(), &changed, self.context.clock().now()).await?;
        }
        Ok(levels)
    }
}
