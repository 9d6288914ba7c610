//! What a verdict about stock rests on, read in this order: the contents of our open orders, JTL's figures, and, after the accounts'
//! orders were read, the contents again. What the facts mean is the domain's ([`marktwerk_domain::stock`]).

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::mutant::{self, Mutant};
use marktwerk_domain::stock::{Levels, Offer, Offering, Picture};
use marktwerk_store::inventory::{AccountListing, ListingFilter, ListingRecord};
use marktwerk_store::stock::{OpenContents, OpenLine};

use crate::connections::Connections;

/// The contents of open orders, their articles, and JTL's figures.
pub(crate) struct Grounds {
    open: OpenContents,
    /// The article of a line, by account and SKU.
    keys: HashMap<(String, String), i64>,
    levels: Levels,
    asked: BTreeSet<i64>,
    /// When JTL's figures had been read.
    pub(crate) figure_at: Timestamp,
}

impl Grounds {
    /// The lines whose article is known, with it.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&OpenLine, i64)> {
        let open = self.open.lines.iter().filter(|_| !mutant::is(Mutant::OpenOrdersIgnored));
        open.filter_map(|line| {
            let article = self.keys.get(&(line.account.clone(), line.sku.clone()))?;
            Some((line, *article))
        })
    }

    /// What JTL has.
    pub(crate) fn levels(&self) -> &Levels {
        &self.levels
    }

    /// A picture of an account, without offers and without what it was read of orders.
    pub(crate) fn picture(&self, account: &str, offering: &Offering) -> Picture {
        let mut picture = Picture::new(account, self.levels.clone(), self.figure_at, offering.clone());
        self.lines().for_each(|(line, article)| picture.add_units(article, line.quantity));
        picture
    }
}

impl Connections {
    /// Reads the contents of open orders, and then JTL's figures of these articles and those of the orders. `now` is asked when they
    /// have been read: orders that were placed before have to be known for a raise.
    pub(crate) async fn grounds(
        &self,
        articles: impl IntoIterator<Item = i64>,
        now: impl Fn() -> Timestamp,
    ) -> Result<Grounds, Failure> {
        let open = self.store.open_contents(None).await?;
        let keys = self.keys_of(&open).await?;
        let mut asked: BTreeSet<i64> = articles.into_iter().collect();
        asked.extend(keys.values());
        let all: Vec<i64> = asked.iter().copied().collect();
        let levels = Levels::new(self.erp.stock(&all).await?);
        Ok(Grounds { open, keys, levels, asked, figure_at: now() })
    }

    /// Looks at the open orders again. JTL's figures are older than this look: what stopped taking stock since the first one still
    /// counts, because the figures may not know it.
    pub(crate) async fn look_again(&self, grounds: &mut Grounds) -> Result<(), Failure> {
        let mark = grounds.open.mark;
        grounds.open = OpenContents { mark, ..self.store.open_contents(Some(mark)).await? };
        grounds.keys = self.keys_of(&grounds.open).await?;
        let articles: Vec<i64> = grounds.keys.values().copied().collect();
        self.learn(grounds, articles).await
    }

    /// Learns what further articles are made of. Their own figures decide nothing here, because they are younger than the others.
    pub(crate) async fn learn(
        &self,
        grounds: &mut Grounds,
        articles: impl IntoIterator<Item = i64>,
    ) -> Result<(), Failure> {
        let missing: BTreeSet<i64> =
            articles.into_iter().filter(|article| !grounds.asked.contains(article)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let all: Vec<i64> = missing.iter().copied().collect();
        grounds.levels.extend(self.erp.stock(&all).await?);
        grounds.asked.extend(missing);
        Ok(())
    }

    /// The articles of lines, as JTL compares their numbers. A number that JTL does not know any more is the article that a listing of
    /// its account was matched with.
    async fn keys_of(&self, open: &OpenContents) -> Result<HashMap<(String, String), i64>, Failure> {
        let skus: HashSet<&str> = open.lines.iter().map(|line| line.sku.as_str()).collect();
        let skus: Vec<String> = skus.into_iter().map(str::to_owned).collect();
        if skus.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.erp.map_articles(&skus).await?;
        let mut keys = HashMap::new();
        let mut unknown = BTreeSet::new();
        for OpenLine { account, sku, .. } in &open.lines {
            match found.get(sku) {
                Some(article) => drop(keys.insert((account.clone(), sku.clone()), article.key)),
                None => drop(unknown.insert((account.clone(), sku.clone()))),
            }
        }
        for (account, sku) in unknown {
            let filter = ListingFilter {
                account: Some(account.clone()),
                sku: Some(sku.clone()),
                limit: 1,
                ..ListingFilter::default()
            };
            let listing = self.store.find_listings(&filter).await?.into_iter().next();
            if let Some(article) = listing.and_then(|(_, record)| record.article) {
                keys.insert((account, sku), article);
            }
        }
        Ok(keys)
    }

    /// Listings of other accounts that have to do with these articles: the same, bundles with them, or their components; learnt, so that
    /// they can be taken apart.
    pub(crate) async fn other_offers(
        &self,
        account: &str,
        grounds: &mut Grounds,
        articles: &BTreeSet<i64>,
        now: Timestamp,
    ) -> Result<Vec<AccountListing>, Failure> {
        let parts: BTreeSet<i64> =
            articles.iter().flat_map(|article| grounds.levels.parts(*article)).collect();
        let parts: Vec<i64> = parts.into_iter().collect();
        let bundles = self.erp.bundles_with(&parts).await?;
        let touching: BTreeSet<i64> =
            parts.into_iter().chain(bundles).chain(articles.iter().copied()).collect();
        let filter =
            ListingFilter { articles: Some(touching.into_iter().collect()), ..ListingFilter::default() };
        let mut found = self.store.find_listings(&filter).await?;
        found.retain(|(other, _)| other != account);
        self.forget_what_was_read(&mut found, now).await?;
        self.learn(grounds, found.iter().filter_map(|(_, record)| record.article).collect::<Vec<_>>())
            .await?;
        Ok(found)
    }

    /// Units that other accounts have sold and whose orders are not seen yet, by article.
    pub(crate) async fn unseen_elsewhere(
        &self,
        account: &str,
        grounds: &mut Grounds,
        now: Timestamp,
    ) -> Result<Vec<(i64, i64)>, Failure> {
        let filter = ListingFilter { has_unseen: true, ..ListingFilter::default() };
        let mut found = self.store.find_listings(&filter).await?;
        found.retain(|(other, _)| other != account);
        self.forget_what_was_read(&mut found, now).await?;
        let units =
            found.iter().filter_map(|(_, record)| Some((record.article?, record.figures.unseen_left())));
        let units: Vec<(i64, i64)> = units.collect();
        self.learn(grounds, units.iter().map(|(article, _)| *article).collect::<Vec<_>>()).await?;
        Ok(units)
    }

    /// What their accounts' orders were read past is not unseen or unread any more.
    async fn forget_what_was_read(
        &self,
        found: &mut [AccountListing],
        now: Timestamp,
    ) -> Result<(), Failure> {
        let mut read: HashMap<String, Option<Timestamp>> = HashMap::new();
        for (account, record) in found {
            if !read.contains_key(account) {
                // A time ahead of the clock says nothing.
                let until = self.read_until(account).await?.filter(|until| *until <= now);
                read.insert(account.clone(), until);
            }
            let read_until = read.get(account).copied().flatten();
            record.figures = record.figures.without_what_was_read(read_until, self.visible_within(account));
        }
        Ok(())
    }

    /// Within what time an order of the account becomes visible.
    pub(crate) fn visible_within(&self, account: &str) -> SignedDuration {
        let rules =
            self.marketplace(account).map_or(&marktwerk_connectors::Rules::DEFAULT, |one| one.rules());
        rules.visible_within
    }
}

/// The SKUs that several of the listings have.
pub(crate) fn twins<'a>(records: impl IntoIterator<Item = &'a ListingRecord>) -> HashSet<String> {
    let mut seen = HashSet::new();
    let mut twins = HashSet::new();
    for record in records {
        if !seen.insert(&record.listing.sku) {
            twins.insert(record.listing.sku.clone());
        }
    }
    twins
}

/// A listing of another account as an offer. One that lost its article counts: until its own account's job has set it to 0, it sells.
/// Whether it has twins does not matter, because the most that it may hold counts.
pub(crate) fn offer_elsewhere(account: &str, record: &ListingRecord) -> Option<Offer> {
    Some(Offer {
        account: account.to_owned(),
        listing: record.listing.id.clone(),
        article: record.article?,
        figures: record.figures,
        has_twin: false,
    })
}

/// A listing as an offer; `None` where it has no article that may be sold.
pub(crate) fn offer(account: &str, record: &ListingRecord, twins: &HashSet<String>) -> Option<Offer> {
    let article = record.article.filter(|_| record.lost.is_none())?;
    Some(Offer {
        account: account.to_owned(),
        listing: record.listing.id.clone(),
        article,
        figures: record.figures,
        has_twin: twins.contains(&record.listing.sku),
    })
}
