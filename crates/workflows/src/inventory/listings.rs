//! Steps 1 and 2, of a full run: what the marketplace lists, and which article of JTL each listing is.

use std::collections::HashSet;

use marktwerk_domain::failure::Failure;
use marktwerk_engine::Step;
use serde_json::{Value, json};

use super::Inventory;

impl Inventory<'_> {
    /// Reads all pages; each is kept as it comes. What is not listed any more goes once all were read.
    pub(super) async fn read_listings(&self, step: &Step) -> Result<(), Failure> {
        let store = &self.connections.store;
        let mut ids = HashSet::new();
        let mut unreadable = 0;
        let mut number = 1;
        loop {
            let read_at = self.context.clock().now();
            let page = self.marketplace.listing_page(number).await?;
            store.save_listings(self.account(), &page.listings, read_at).await?;
            step.count("pages", 1);
            unreadable += page.unreadable;
            ids.extend(page.listings.into_iter().map(|listing| listing.id));
            if !page.has_more {
                step.count("listings", i64::try_from(ids.len()).unwrap_or(i64::MAX));
                if unreadable > 0 {
                    let message =
                        format!("{unreadable} listings cannot be read; nothing is published for them");
                    step.warning(message, Value::Null).await;
                }
                // Listings that moved between pages while they were read are not gone. Where nothing at all can be
                // read, the answer is at fault and not the listings.
                let is_readable = unreadable == 0 || !ids.is_empty();
                if is_readable && ids.len() as u64 >= page.total.saturating_sub(unreadable) {
                    let ids: Vec<String> = ids.into_iter().collect();
                    let gone = store.retain_listings(self.account(), &ids).await?;
                    if gone > 0 {
                        step.info(format!("{gone} listings are not listed any more"), Value::Null);
                    }
                }
                return Ok(());
            }
            number += 1;
        }
    }

    /// Maps listings to articles by article number, in one query. A mapping that is right is not written again.
    pub(super) async fn map(&self, step: &Step) -> Result<(), Failure> {
        let listings = self.connections.store.listings(self.account()).await?;
        let skus: HashSet<&str> =
            listings.iter().map(|record| record.listing.sku.as_str()).filter(|sku| !sku.is_empty()).collect();
        let skus: Vec<String> = skus.into_iter().map(str::to_owned).collect();
        let articles = self.connections.erp.map_articles(&skus).await?;
        let mut changes = Vec::new();
        let mut unmapped = Vec::new();
        for record in &listings {
            let article = articles.get(&record.listing.sku).copied();
            if article.is_none() {
                unmapped.push(if record.listing.sku.is_empty() {
                    &record.listing.id
                } else {
                    &record.listing.sku
                });
            }
            if article != record.article {
                changes.push((record.listing.id.clone(), article));
            }
        }
        if !changes.is_empty() {
            self.connections.store.map_listings(self.account(), &changes).await?;
        }
        step.count("mapped", i64::try_from(listings.len() - unmapped.len()).unwrap_or(i64::MAX));
        if !unmapped.is_empty() {
            step.count("unmapped", i64::try_from(unmapped.len()).unwrap_or(i64::MAX));
            let message =
                format!("{} listings have no article in JTL; nothing is published for them", unmapped.len());
            let first: Vec<&String> = unmapped.into_iter().take(20).collect();
            step.info(message, json!({ "skus": first }));
        }
        Ok(())
    }
}
