//! Step 3: what may be published. The facts are read in their order, the domain's verdict says the figure, and what is held back is
//! said once per run. A failed read of JTL publishes nothing.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::stock::{Figures, Offer, OwnRead, Picture, Verdict};
use marktwerk_engine::Step;
use marktwerk_store::inventory::{AccountListing, ListingPatch, ListingRecord};
use serde_json::{Value, json};

use super::Inventory;
use super::matching::Matched;
use super::orders_read::OrdersRead;
use super::picture::{Grounds, offer, offer_elsewhere, twins};

/// A listing and what should become of its figure.
pub(super) struct Level {
    pub(super) record: ListingRecord,
    /// The figure that it should have.
    pub(super) wanted: i64,
    /// The figure to write now; `None` leaves it.
    pub(super) publish: Option<i64>,
}

/// Everything about the account's listings, as far as it is known.
struct Facts {
    records: Vec<ListingRecord>,
    twins: HashSet<String>,
    others: Vec<AccountListing>,
    unseen_elsewhere: Vec<(i64, i64)>,
    /// The end of the last complete read of the account's orders, whoever read them.
    read_until: Option<Timestamp>,
    grounds: Grounds,
}

impl Inventory<'_> {
    /// The listings with what each should hold.
    pub(super) async fn levels(
        &self,
        step: &Step,
        matched: Option<Matched>,
        is_live: bool,
    ) -> Result<Vec<Level>, Failure> {
        let matched = match matched {
            Some(matched) => matched,
            None => self.match_articles(step, None, false).await?,
        };
        let undecided = matched.undecided;
        let mut facts = self.facts(matched.records).await?;
        let mut sight = OrdersRead::default();
        let picture = self.picture(&facts, &sight);
        if self.offers(&facts, &undecided).any(|offer| picture.needs_own_orders(&offer)) {
            sight = self.see_own(step, facts.grounds.figure_at, is_live).await?;
            self.look_again(&mut facts).await?;
        } else if is_live {
            sight.own = OwnRead::Live;
        }
        if sight.own == OwnRead::Read {
            self.see_sellers(step, &mut facts, &mut sight, &undecided).await?;
        }
        let mut picture = self.picture(&facts, &sight);
        if !is_live && self.offers(&facts, &undecided).any(|offer| picture.is_to_be_seen(&offer)) {
            self.see_figures(step).await?;
            self.look_again(&mut facts).await?;
            picture = self.picture(&facts, &sight);
        }
        self.note_oversold(&facts.grounds, &picture, &facts.records, &facts.others).await?;
        self.judge(step, facts, &sight, &picture, &undecided).await
    }

    /// Reads what does not depend on orders.
    async fn facts(&self, records: Vec<ListingRecord>) -> Result<Facts, Failure> {
        let articles: Vec<i64> = records.iter().filter_map(|record| record.article).collect();
        let mut grounds = self.connections.grounds(articles, || self.now()).await?;
        let unseen_elsewhere =
            self.connections.unseen_elsewhere(self.account(), &mut grounds, self.now()).await?;
        let twins = twins(&records);
        let read_until = self.own_read_until().await?;
        Ok(Facts { records, twins, others: Vec::new(), unseen_elsewhere, read_until, grounds })
    }

    /// Orders were read: their units count, and their listings have sold them.
    async fn look_again(&self, facts: &mut Facts) -> Result<(), Failure> {
        self.connections.look_again(&mut facts.grounds).await?;
        let stored = self.connections.store.listings(self.account()).await?;
        let newest: HashMap<&str, &ListingRecord> =
            stored.iter().map(|record| (record.listing.id.as_str(), record)).collect();
        // One that has another SKU now, or is gone, was read live in between: the next run matches it.
        facts.records.retain_mut(|record| match newest.get(record.listing.id.as_str()) {
            Some(newest) if newest.listing.sku == record.listing.sku => {
                record.figures = newest.figures;
                true
            }
            Some(_) | None => false,
        });
        facts.unseen_elsewhere =
            self.connections.unseen_elsewhere(self.account(), &mut facts.grounds, self.now()).await?;
        facts.read_until = self.own_read_until().await?;
        Ok(())
    }

    /// A time ahead of the clock says nothing.
    async fn own_read_until(&self) -> Result<Option<Timestamp>, Failure> {
        let until = self.connections.read_until(self.account()).await?;
        Ok(until.filter(|until| *until <= self.now()))
    }

    /// Makes the orders of the other accounts known that sell what is to be raised.
    async fn see_sellers(
        &self,
        step: &Step,
        facts: &mut Facts,
        sight: &mut OrdersRead,
        undecided: &HashSet<String>,
    ) -> Result<(), Failure> {
        let picture = self.picture(facts, sight);
        let raised: BTreeSet<i64> = self
            .offers(facts, undecided)
            .filter(|offer| picture.is_to_be_raised(offer))
            .map(|offer| offer.article)
            .collect();
        if raised.is_empty() {
            return Ok(());
        }
        facts.others =
            self.connections.other_offers(self.account(), &mut facts.grounds, &raised, self.now()).await?;
        if facts.others.is_empty() {
            return Ok(());
        }
        let picture = self.picture(facts, sight);
        let sellers: BTreeSet<String> =
            raised.iter().flat_map(|article| picture.sellers(*article)).map(str::to_owned).collect();
        let figure_at = facts.grounds.figure_at;
        self.see_others(step, sight, sellers, figure_at).await?;
        self.look_again(facts).await?;
        facts.others =
            self.connections.other_offers(self.account(), &mut facts.grounds, &raised, self.now()).await?;
        Ok(())
    }

    fn picture(&self, facts: &Facts, sight: &OrdersRead) -> Picture {
        let offering = self.connections.settings.inventory.offering(self.account());
        let mut picture = facts.grounds.picture(self.account(), offering);
        for record in &facts.records {
            if let Some(article) = record.article {
                picture.name(article, &record.listing.sku);
                picture.add_units(article, self.still_unseen(record, facts.read_until).unseen_left());
            }
            if let Some(offer) = offer(self.account(), record, &facts.twins) {
                picture.add_offer(offer);
            }
        }
        facts.unseen_elsewhere.iter().for_each(|(article, units)| picture.add_units(*article, *units));
        for (account, record) in &facts.others {
            if let Some(offer) = offer_elsewhere(account, record) {
                picture.add_offer(offer);
            }
        }
        picture.set_reads(sight.reads.clone(), sight.own, self.now());
        picture
    }

    /// The figures without sales that the list was read past.
    fn still_unseen(&self, record: &ListingRecord, read_until: Option<Timestamp>) -> Figures {
        let visible_within = self.connections.visible_within(self.account());
        record.figures.without_what_was_read(read_until, visible_within)
    }

    /// What the account offers and a verdict is needed for.
    fn offers<'a>(
        &'a self,
        facts: &'a Facts,
        undecided: &'a HashSet<String>,
    ) -> impl Iterator<Item = Offer> + 'a {
        let is_decided = |record: &&ListingRecord| !undecided.contains(&record.listing.id);
        let offers = facts.records.iter().filter(is_decided);
        offers.filter_map(|record| offer(self.account(), record, &facts.twins))
    }

    /// The verdicts, what they change in the store, and what they leave open.
    async fn judge(
        &self,
        step: &Step,
        facts: Facts,
        sight: &OrdersRead,
        picture: &Picture,
        undecided: &HashSet<String>,
    ) -> Result<Vec<Level>, Failure> {
        let only = self.only_article().await?;
        let mut levels = Vec::new();
        let mut patches = Vec::new();
        let mut blocked = BTreeSet::new();
        let (mut held, mut unseen, mut unseen_listings) = (0_i64, 0, 0);
        for mut record in facts.records {
            let figures = self.still_unseen(&record, facts.read_until);
            if figures.unseen_left() > 0 {
                unseen += figures.unseen_left();
                unseen_listings += 1;
            }
            let offer = offer(self.account(), &record, &facts.twins);
            let verdict = match (&offer, &record.lost) {
                _ if undecided.contains(&record.listing.id) => None,
                (Some(offer), _) => picture.verdict(offer),
                (None, Some(lost)) if !lost.is_settled => Some(to_zero(&record)),
                (None, _) => None,
            };
            let patch = patch(&record, figures, verdict.as_ref());
            patches.extend(patch);
            record.figures = figures;
            let Some(Verdict { wanted, publish, held: reason }) = verdict else { continue };
            if let Some(reason) = reason {
                held += 1;
                blocked.extend(reason.unread);
            }
            let is_asked = only.as_ref().is_none_or(|only| only.is(&record));
            levels.push(Level { record, wanted, publish: publish.filter(|_| is_asked) });
        }
        self.save(&patches).await?;
        self.note_blocked(sight, &blocked).await?;
        step.count("articles", i64::try_from(levels.len()).unwrap_or(i64::MAX));
        if held > 0 {
            step.count("held_back", held);
            let message = format!(
                "{held} figures are held back until the orders of {} are known",
                blocked.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
            );
            step.info(message, json!({ "accounts": blocked }));
        }
        if unseen > 0 {
            let message = format!(
                "{unseen} units of {unseen_listings} listings were sold and their orders are not seen yet: they are kept back"
            );
            step.info(message, Value::Null);
        }
        Ok(levels)
    }

    /// The article that the run is for, where it is for one.
    async fn only_article(&self) -> Result<Option<Only>, Failure> {
        let Some(sku) = self.parameters.sku.clone() else { return Ok(None) };
        let found = self.connections.erp.map_articles(std::slice::from_ref(&sku)).await?;
        Ok(Some(Only { article: found.get(&sku).map(|article| article.key), sku }))
    }
}

/// The one article that a run is for.
struct Only {
    sku: String,
    article: Option<i64>,
}

impl Only {
    fn is(&self, record: &ListingRecord) -> bool {
        let trimmed = |sku: &str| sku.trim_end_matches(' ').to_lowercase();
        let is_article = self.article.is_some() && self.article == record.article;
        is_article || trimmed(&record.listing.sku) == trimmed(&self.sku)
    }
}

/// A listing that lost its article goes to 0, once.
fn to_zero(record: &ListingRecord) -> Verdict {
    let is_there = record.figures.known(false) == Some(0);
    Verdict { wanted: 0, publish: (!is_there).then_some(0), held: None }
}

/// What a verdict changes in the store.
fn patch(record: &ListingRecord, figures: Figures, verdict: Option<&Verdict>) -> Option<ListingPatch> {
    let mut patch = ListingPatch::of(&record.listing.id);
    if figures != record.figures {
        patch.figures = Some((record.figures, figures));
    }
    if let Some(Verdict { wanted, publish, held }) = verdict {
        patch.target = (record.target != Some(*wanted)).then_some(Some(*wanted));
        patch.held = (record.held != *held).then(|| held.clone());
        if let (Some(lost), None) = (&record.lost, publish) {
            let mut settled = lost.clone();
            settled.is_settled = true;
            patch.lost = Some(Some(settled));
        }
    }
    (patch != ListingPatch::of(&record.listing.id)).then_some(patch)
}
