//! Promise 3: units offered never exceed units there by more than was sold since the last complete read; and no figure is raised over
//! that at all, whether the run ended well or not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use marktwerk_domain::judgement::Decision;

use super::{Ended, Oracle};
use crate::book::{Bought, number_of};
use crate::ground::Ground;
use crate::records::{Article, Snapshot};
use crate::story::{OFFERS, Violation};

/// The article number of the bundle.
const BUNDLE: &str = "MW-BUNDLE";

/// Units by article.
type Units = BTreeMap<i64, i64>;

impl Oracle {
    pub(super) fn offers(
        &mut self,
        ground: &Ground,
        snapshot: &Snapshot,
        ended: Ended,
    ) -> Result<(), Violation> {
        let articles = &snapshot.articles;
        let (mut open, mut unread, mut unraised) = (Units::new(), Units::new(), Units::new());
        for bought in self.book.live(None) {
            if self.takes(bought, snapshot) {
                let lines = bought.there.lines.iter().map(|line| (line.sku.as_str(), line.quantity()));
                add(&mut open, articles, lines);
            }
            let ordered = || bought.ordered.iter().map(|(sku, pieces)| (sku.as_str(), *pieces));
            // A raise needs all orders; only what nobody can see is allowed for.
            let is_freed = bought.was_in_jtl && bought.touched >= self.read_from[bought.account];
            let is_invisible = self.is_invisible(bought, ended);
            if is_invisible || is_freed || bought.placed >= ended.started {
                add(&mut unraised, articles, ordered());
            }
            // What people did with it in JTL is known once the order job has asked.
            let is_unread = bought.touched.max(bought.changed_there) >= self.read_from[bought.account]
                && !bought.is_hidden
                || is_invisible;
            if is_unread {
                // All that was ordered: what was cancelled since is offered again by the marketplace itself.
                add(&mut unread, articles, ordered());
            }
        }
        let account = &ground.accounts[ended.account];
        let listings = account.market.listings().unwrap();
        let lost = listings.iter().filter(|listing| {
            self.matched[ended.account].contains(&listing.sku) && found(articles, &listing.sku).is_none()
        });
        // Many at once are a question for a person.
        let is_question = lost.count() > 5;
        for listing in listings {
            let article = found(articles, &listing.sku);
            if article.is_some() {
                self.matched[ended.account].insert(listing.sku.clone());
            }
            let was_matched = self.matched[ended.account].contains(&listing.sku);
            if !was_matched
                || article.is_some_and(|article| !article.is_counted)
                || (article.is_none() && is_question)
            {
                continue;
            }
            let free = article.map_or(0, |article| free(article, articles, &open)).max(0);
            let returned = if article.is_none() { self.returned(&listing.sku, ended.account) } else { 0 };
            let before = self.before[ended.account].get(&listing.sku_id.to_string()).copied().unwrap_or(0);
            let is_raised = listing.stock > before;
            let allowance = if is_raised { &unraised } else { &unread };
            let allowed = free + returned + article.map_or(0, |article| sold(article, allowance));
            if (ended.is_success || is_raised) && listing.stock > allowed {
                let what = format!(
                    "{} offers {} of {} (before the run {before}); {free} are there and not promised to anybody, {} more were sold \
                     and not read yet; JTL: {article:?}, promised beside JTL by article: {open:?}",
                    account.name,
                    listing.stock,
                    listing.sku,
                    allowed - free
                );
                let holders = self.book.orders.values().filter(|bought| holds(bought, &listing.sku));
                let about = holders.map(|bought| bought.sn.clone()).chain([listing.sku.clone()]).collect();
                return Err(Violation { rule: OFFERS, what, about });
            }
        }
        if ended.is_success {
            self.stock_run[ended.account] = ground.now();
        } else {
            // What it wrote is not known to the product.
            self.stock_run[ended.account] = Timestamp::MAX;
        }
        Ok(())
    }

    /// Whether nobody can know of the order. One that the list does not show is noticed by a full run, which reads the listings: their
    /// figures fell since the run before.
    fn is_invisible(&self, bought: &Bought, ended: Ended) -> bool {
        let is_noticed = ended.is_full && ended.is_success && bought.placed >= self.stock_run[bought.account];
        let is_undone = |other: &Bought| {
            let shares = other.ordered.keys().any(|sku| bought.ordered.contains_key(sku) || sku == BUNDLE);
            other.account == bought.account
                && shares
                && other.status() == 3
                && other.changed_there >= self.stock_run[bought.account]
        };
        let is_hidden = bought.is_hidden || bought.is_late();
        let is_certain = is_noticed
            && bought.account == ended.account
            && bought.is_listed()
            && !self.book.orders.values().any(is_undone);
        is_hidden && !is_certain
    }

    /// Pieces that the marketplace offers again because orders were cancelled. A listing that lost its article and has its 0 already is not
    /// written again because of them: known, and allowed here.
    fn returned(&self, sku: &str, account: usize) -> i64 {
        let cancelled =
            self.book.orders.values().filter(|bought| bought.account == account && bought.status() == 3);
        cancelled.filter_map(|bought| bought.ordered.get(&number_of(sku))).sum()
    }

    /// Whether units are promised to a buyer without being reserved in JTL.
    fn takes(&self, bought: &Bought, snapshot: &Snapshot) -> bool {
        let is_reserved = self.book.positions_of(snapshot, &bought.sn).next().is_some();
        // A person may give units free that no buyer gets any more.
        let is_given_free =
            bought.has_decided(Decision::LeaveOut) || bought.has_decided(Decision::DoneByHand);
        let is_live =
            matches!(bought.status(), 1 | 2) || bought.by_hand.is_some() && matches!(bought.status(), 4 | 5);
        is_live && !is_reserved && !is_given_free
    }
}

impl Bought {
    /// The marketplace has taken all of it from its figures: each article number is written as the listing has it, and not in a bundle.
    fn is_listed(&self) -> bool {
        self.there.lines.iter().all(|line| number_of(&line.sku) == line.sku && line.sku != BUNDLE)
    }

    /// It was shown late, and nobody had to find it yet. That a person entered it in JTL does not help anybody who does not know of it.
    fn is_late(&self) -> bool {
        self.shown_at.is_some() && (!self.was_in_jtl || self.is_entered_by_hand)
    }
}

fn holds(bought: &Bought, sku: &str) -> bool {
    let is_bundle = |one: &str| number_of(one) == BUNDLE;
    bought.there.lines.iter().any(|line| number_of(&line.sku) == number_of(sku) || is_bundle(&line.sku))
}

fn found<'a>(articles: &'a [Article], sku: &str) -> Option<&'a Article> {
    articles.iter().find(|article| article.is_sold && number_of(&article.sku) == number_of(sku))
}

/// An inactive article still has stock that an order may take.
fn add<'a>(units: &mut Units, articles: &[Article], lines: impl Iterator<Item = (&'a str, i64)>) {
    for (sku, quantity) in lines {
        let article = articles.iter().find(|article| number_of(&article.sku) == number_of(sku));
        let Some(article) = article else { continue };
        if article.components.is_empty() {
            *units.entry(article.key).or_default() += quantity;
        }
        for (component, pieces) in &article.components {
            *units.entry(*component).or_default() += pieces * quantity;
        }
    }
}

/// Pieces that nobody has been promised.
fn free(article: &Article, articles: &[Article], open: &Units) -> i64 {
    let of_one = |article: &Article| {
        article.pieces - article.reserved - article.buffer - open.get(&article.key).copied().unwrap_or(0)
    };
    if article.components.is_empty() {
        return of_one(article);
    }
    let by_component = article.components.iter().map(|(component, pieces)| {
        let part = articles.iter().find(|article| article.key == *component);
        part.map_or(0, |part| of_one(part).div_euclid(*pieces))
    });
    by_component.min().unwrap_or(0)
}

/// How much of it these units are, at the most.
fn sold(article: &Article, units: &Units) -> i64 {
    let of = |key: i64| units.get(&key).copied().unwrap_or(0);
    if article.components.is_empty() {
        return of(article.key);
    }
    article.components.iter().map(|(component, _)| of(*component)).max().unwrap_or(0)
}
