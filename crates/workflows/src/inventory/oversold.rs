//! Articles of which more is sold than JTL has, such as the last piece sold at two marketplaces. Orders that may stand in JTL already
//! are looked up there first: its figure knows them, and nobody is to be alarmed by a count of ours that is one run behind.

use std::collections::{BTreeMap, BTreeSet};

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::stock::{Offering, Picture, StockEntry};
use marktwerk_store::inventory::{AccountListing, ListingRecord};
use marktwerk_store::stock;

use super::Inventory;
use super::picture::Grounds;

/// Orders that stand in JTL and have not left.
const IN_JTL: [OrderState; 1] = [OrderState::InJtl];

impl Inventory<'_> {
    /// Shows what is oversold, and takes off the list what is not any more.
    pub(super) async fn note_oversold(
        &self,
        grounds: &Grounds,
        picture: &Picture,
        records: &[ListingRecord],
        others: &[AccountListing],
    ) -> Result<(), Failure> {
        // Those of an inactive article, too: buyers wait for its pieces.
        let sold: BTreeMap<i64, &ListingRecord> =
            records.iter().filter_map(|record| Some((record.article?, record))).collect();
        // A bundle's components are looked at themselves, where they are listed.
        let is_looked_at = |article: i64| {
            let parts = grounds.levels().parts(article);
            parts == [article] || !parts.iter().any(|part| sold.contains_key(part))
        };
        let short: Vec<i64> = sold
            .keys()
            .copied()
            .filter(|article| is_looked_at(*article) && picture.missing(*article) > 0)
            .collect();
        let found = self.oversold(grounds, &sold, &short, others).await?;
        let now = self.now();
        let store = &self.connections.store;
        let open = store.attentions().await?;
        let skus: BTreeSet<&str> = sold.values().map(|record| record.listing.sku.as_str()).collect();
        let is_over = |subject: &str| {
            skus.contains(subject) && found.iter().all(|(_, entry)| subject_of(entry) != subject)
        };
        let over: Vec<_> = open
            .iter()
            .filter(|item| item.kind == AttentionKind::Oversold && is_over(&item.subject))
            .map(|item| (item.account.clone(), item.kind, item.subject.clone()))
            .collect();
        store.settle(&over, now).await?;
        let items: Vec<_> = found
            .iter()
            .map(|(account, entry)| stock::attention(account, subject_of(entry), entry))
            .collect();
        Ok(store.raise(&items, now).await?)
    }

    /// Those articles of which our orders hold more than JTL has, also after the orders that stand in JTL are taken out of ours.
    async fn oversold(
        &self,
        grounds: &Grounds,
        sold: &BTreeMap<i64, &ListingRecord>,
        short: &[i64],
        others: &[AccountListing],
    ) -> Result<Vec<(String, StockEntry)>, Failure> {
        if short.is_empty() {
            return Ok(Vec::new());
        }
        let levels = grounds.levels();
        let touches = |article: i64, other: i64| {
            let parts = levels.parts(other);
            levels.parts(article).iter().any(|part| parts.contains(part))
        };
        let waiting: BTreeSet<(&str, &str)> = grounds
            .lines()
            .filter(|(_, article)| short.iter().any(|one| touches(*one, *article)))
            .map(|(line, _)| (line.account.as_str(), line.number.as_str()))
            .collect();
        let waiting: Vec<(&str, &str)> = waiting.into_iter().collect();
        let presences = self.connections.presences_of(&waiting).await?;
        let in_jtl: BTreeSet<(&str, &str)> = waiting
            .iter()
            .zip(&presences)
            .filter(|(_, presence)| presence.orders > 0)
            .map(|(order, _)| *order)
            .collect();
        let mut sure = Picture::new(self.account(), levels.clone(), grounds.figure_at, Offering::default());
        for (line, article) in grounds
            .lines()
            .filter(|(line, _)| !in_jtl.contains(&(line.account.as_str(), line.number.as_str())))
        {
            sure.add_units(article, line.quantity);
        }
        let mut found = Vec::new();
        for article in short.iter().copied().filter(|article| sure.missing(*article) > 0) {
            let Some(record) = sold.get(&article) else { continue };
            let own = sold.iter().map(|(other, record)| (*other, &record.listing.sku));
            let foreign =
                others.iter().filter_map(|(_, record)| Some((record.article?, &record.listing.sku)));
            let skus: BTreeSet<&String> = own
                .chain(foreign)
                .filter(|(other, _)| touches(article, *other))
                .map(|(_, sku)| sku)
                .collect();
            let skus: Vec<String> = skus.into_iter().cloned().collect();
            let reserved = self.connections.store.open_lines_of(&skus, &IN_JTL).await?;
            let waiting = grounds.lines().filter(|(_, other)| touches(article, *other)).map(|(line, _)| line);
            let orders: BTreeSet<(String, String)> =
                waiting.chain(&reserved).map(|line| (line.account.clone(), line.number.clone())).collect();
            // Others have taken what JTL lacks, and no order of a marketplace waits for it.
            let Some((account, _)) = orders.first().cloned() else { continue };
            let entry = StockEntry::Oversold {
                sku: record.listing.sku.clone(),
                missing: sure.missing(article),
                orders: orders.into_iter().collect(),
            };
            found.push((account, entry));
        }
        Ok(found)
    }
}

fn subject_of(entry: &StockEntry) -> &str {
    match entry {
        StockEntry::Oversold { sku, .. } => sku,
        _ => "",
    }
}
