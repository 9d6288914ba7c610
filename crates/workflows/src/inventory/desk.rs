//! What a person asks about an article: the same facts and the same verdict as in a run, but nothing is read at a marketplace and
//! nothing is written. Accounts count as readable that were read before and block nothing now.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::stock::view::{ArticleView, ListingView, OrderUnits};
use marktwerk_domain::stock::{AccountReads, OwnRead};
use marktwerk_engine::StockDesk;
use marktwerk_store::inventory::{AccountListing, ListingFilter};

use super::picture::{Grounds, offer, offer_elsewhere};
use crate::connections::Connections;
use crate::orders::cursor_name;

#[async_trait]
impl StockDesk for Connections {
    async fn article(&self, sku: &str, now: Timestamp) -> Result<Option<ArticleView>, Failure> {
        let asked = sku.to_owned();
        let found = self.erp.map_articles(std::slice::from_ref(&asked)).await?;
        let article = found.get(sku).map(|article| article.key);
        let own = self.listings_of(&asked, article).await?;
        if article.is_none() && own.is_empty() {
            return Ok(None);
        }
        let articles: BTreeSet<i64> =
            own.iter().filter_map(|(_, record)| record.article).chain(article).collect();
        let mut grounds = self.grounds(articles.iter().copied(), || now).await?;
        let touching = self.other_offers("", &mut grounds, &articles, now).await?;
        let unseen = self.unseen_elsewhere("", &mut grounds, now).await?;
        let reads = self.readable(&touching, now).await?;
        let level = article.and_then(|article| grounds.levels().of(article)).cloned();
        let mut listings = Vec::with_capacity(own.len());
        for (account, record) in &own {
            let mut picture = grounds.picture(account, self.settings.inventory.offering(account));
            if let Some(article) = record.article {
                picture.name(article, &record.listing.sku);
            }
            unseen.iter().for_each(|(article, units)| picture.add_units(*article, *units));
            let twins: HashSet<String> = twins_of(&own, account);
            touching
                .iter()
                .filter_map(|(other, record)| match other == account {
                    true => offer(other, record, &HashSet::new()),
                    false => offer_elsewhere(other, record),
                })
                .for_each(|offer| picture.add_offer(offer));
            let is_read = reads.get(account).is_some_and(|reads| reads.cover(now, now));
            let sight = if is_read { OwnRead::Read } else { OwnRead::NotAsked };
            picture.set_reads(reads.clone(), sight, now);
            let offer = offer(account, record, &twins);
            let verdict = offer.as_ref().and_then(|offer| picture.verdict(offer));
            listings.push(ListingView {
                account: account.clone(),
                listing: record.listing.id.clone(),
                sku: record.listing.sku.clone(),
                figures: record.figures,
                known: record.figures.known(twins.contains(&record.listing.sku)),
                wanted: verdict.as_ref().map(|verdict| verdict.wanted),
                publish: verdict.as_ref().and_then(|verdict| verdict.publish),
                held: verdict.and_then(|verdict| verdict.held),
                lost: record.lost.clone(),
                error: record.error.clone(),
            });
        }
        Ok(Some(ArticleView {
            sku: asked,
            article,
            available: level.as_ref().map(|level| level.available),
            buffer: level.as_ref().map(|level| level.buffer),
            figure_at: grounds.figure_at,
            own_buffer: self.settings.inventory.offering.buffer,
            orders: article.map(|article| orders(&grounds, article)).unwrap_or_default(),
            listings,
        }))
    }

    fn publisher(&self, account: &str) -> Option<&'static str> {
        let marketplace = self.marketplace(account).ok()?;
        marktwerk_connectors::kind::kind(&marketplace.account().marketplace)
            .map(|kind| kind.jobs.inventory.name)
    }
}

impl Connections {
    /// The listings of an article, or those with its number where JTL does not know it.
    async fn listings_of(&self, sku: &str, article: Option<i64>) -> Result<Vec<AccountListing>, Failure> {
        let by_number = ListingFilter { sku: Some(sku.to_owned()), ..ListingFilter::default() };
        let mut found = self.store.find_listings(&by_number).await?;
        if let Some(article) = article {
            let by_article = ListingFilter { articles: Some(vec![article]), ..ListingFilter::default() };
            found.extend(self.store.find_listings(&by_article).await?);
        }
        found.sort_by(|one, other| (&one.0, &one.1.listing.id).cmp(&(&other.0, &other.1.listing.id)));
        found.dedup_by(|one, other| (&one.0, &one.1.listing.id) == (&other.0, &other.1.listing.id));
        Ok(found)
    }

    /// How far the accounts of listings would be read by a run.
    async fn readable(
        &self,
        listings: &[AccountListing],
        now: Timestamp,
    ) -> Result<BTreeMap<String, AccountReads>, Failure> {
        let accounts: BTreeSet<&String> = listings.iter().map(|(account, _)| account).collect();
        let mut all = BTreeMap::new();
        for account in accounts {
            let mut reads = AccountReads {
                unknown_orders: self.unknown_orders(account).await?,
                ..AccountReads::default()
            };
            let was_read = self.store.fact(&cursor_name(account)).await?.is_some();
            let is_blocked = self.blocked_since(account).await?.is_some();
            match self.marketplace(account) {
                Ok(_) if was_read && !is_blocked => reads.until = Some(now),
                Ok(_) | Err(_) => {}
            }
            all.insert(account.clone(), reads);
        }
        Ok(all)
    }
}

/// SKUs that several of the account's listings have.
fn twins_of(listings: &[AccountListing], account: &str) -> HashSet<String> {
    super::picture::twins(listings.iter().filter(|(own, _)| own == account).map(|(_, record)| record))
}

/// The orders that take units of an article, or of a bundle with it, or of its components.
fn orders(grounds: &Grounds, article: i64) -> Vec<OrderUnits> {
    let parts = grounds.levels().parts(article);
    let touches = |other: i64| grounds.levels().parts(other).iter().any(|part| parts.contains(part));
    let mut orders: Vec<OrderUnits> = grounds
        .lines()
        .filter(|(_, other)| touches(*other))
        .map(|(line, _)| OrderUnits {
            account: line.account.clone(),
            number: line.number.clone(),
            sku: line.sku.clone(),
            quantity: line.quantity,
        })
        .collect();
    orders.sort();
    orders
}
