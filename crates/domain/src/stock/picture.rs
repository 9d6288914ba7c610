//! The facts of a stock run together, and the verdict about each listing. A raise needs the orders of every account that sells the
//! article, read past the time of the ERP's figure; what is not above zero needs nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::figures::Figures;
use super::offering::Offering;
use super::units::{Levels, Units};
use crate::mutant::{self, Mutant};
use crate::reason::Reason;

/// A listing of an article of the ERP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The account that it belongs to.
    pub account: String,
    /// The marketplace's key.
    pub listing: String,
    /// The ERP's key of its article.
    pub article: i64,
    /// Its figure.
    pub figures: Figures,
    /// Whether the account has another listing with the same SKU.
    pub has_twin: bool,
}

/// How far the orders of an account were read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountReads {
    /// The end of the last complete read.
    pub until: Option<Timestamp>,
    /// The marketplace's list is complete only up to this long before now.
    pub lag: SignedDuration,
    /// Orders whose articles are not known.
    pub unknown_orders: Vec<String>,
    /// Why it could not be read, for people.
    pub cause: Option<Reason>,
}

impl AccountReads {
    /// Whether its orders are known up to a figure that was read at `figure_at`. A time ahead of the clock says nothing.
    pub fn cover(&self, figure_at: Timestamp, now: Timestamp) -> bool {
        let needed = figure_at.checked_sub(self.lag).unwrap_or(Timestamp::MIN);
        self.unknown_orders.is_empty() && self.until.is_some_and(|until| until >= needed && until <= now)
    }
}

/// What the account that is written to shows of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OwnRead {
    /// Its orders were read past the figure.
    Read,
    /// Its orders were not read, but its listings were read live in this run.
    Live,
    /// It was not asked: its budget of calls leaves no room, or nothing was to be written.
    #[default]
    NotAsked,
    /// Neither could be read.
    Nothing,
}

/// Why a listing does not get the figure that it should have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct Held {
    /// Accounts whose orders are not known up to the ERP's figure.
    pub unread: Vec<String>,
}

/// What is to be published of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The figure that the facts come to.
    pub wanted: i64,
    /// The figure to write now; `None` leaves it as it is.
    pub publish: Option<i64>,
    /// Why that is not the wanted one.
    pub held: Option<Held>,
}

impl Verdict {
    fn to_publish(wanted: i64, publish: Option<i64>) -> Self {
        Self { wanted, publish, held: None }
    }
}

/// Everything that decides about the listings of one account.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// The account that is written to.
    account: String,
    figure_at: Timestamp,
    now: Timestamp,
    offering: Offering,
    /// Articles that are not to be offered.
    never: BTreeSet<i64>,
    levels: Levels,
    units: Units,
    own: OwnRead,
    reads: BTreeMap<String, AccountReads>,
    offers: Vec<Offer>,
    by_part: BTreeMap<i64, Vec<usize>>,
}

impl Picture {
    /// For the listings of `account`, with the ERP's figures of `figure_at` and what the merchant lets it offer.
    pub fn new(account: impl Into<String>, levels: Levels, figure_at: Timestamp, offering: Offering) -> Self {
        Self { account: account.into(), levels, figure_at, now: figure_at, offering, ..Self::default() }
    }

    /// Notes an article's number, by which the merchant may have said that it is not to be offered.
    pub fn name(&mut self, article: i64, sku: &str) {
        if !self.offering.allows(sku) {
            self.never.insert(article);
        }
    }

    /// Adds units of open orders, or of sales that are not seen yet.
    pub fn add_units(&mut self, article: i64, quantity: i64) {
        self.units.add(&self.levels, article, quantity);
    }

    /// Adds a listing of any account.
    pub fn add_offer(&mut self, offer: Offer) {
        let index = self.offers.len();
        for part in self.levels.parts(offer.article) {
            self.by_part.entry(part).or_default().push(index);
        }
        self.offers.push(offer);
    }

    /// How far the orders of the accounts were read, as known at `now`, and what the own account shows.
    pub fn set_reads(&mut self, reads: BTreeMap<String, AccountReads>, own: OwnRead, now: Timestamp) {
        (self.reads, self.own, self.now) = (reads, own, now);
    }

    /// When the ERP's figures were read.
    pub fn figure_at(&self) -> Timestamp {
        self.figure_at
    }

    /// What the ERP has.
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// What is missing of an article: our orders hold this many units more than the ERP has; 0 where there are enough.
    pub fn missing(&self, article: i64) -> i64 {
        self.levels.uncovered(article, &self.units).map_or(0, |left| (-left).max(0))
    }

    /// The figure that a listing of the article should have. `None` where the ERP does not have the article.
    pub fn wanted(&self, article: i64) -> Option<i64> {
        self.offered(article, &self.units)
    }

    /// What may be offered of an article after `units`.
    fn offered(&self, article: i64, units: &Units) -> Option<i64> {
        let left = self.levels.left(article, units)?;
        Some(if self.never.contains(&article) { 0 } else { self.offering.of(left) })
    }

    /// Whether something is to be written to the listing that is not 0, so that its account's orders have to be known.
    pub fn needs_own_orders(&self, offer: &Offer) -> bool {
        let wanted = self.wanted(offer.article).unwrap_or_default();
        wanted > 0 && offer.figures.known(offer.has_twin) != Some(wanted)
    }

    /// Whether the listing should have more than it surely has, so that the orders of every account that sells the article have to
    /// be known. Where its figure is not known, any figure may raise it.
    pub fn is_to_be_raised(&self, offer: &Offer) -> bool {
        let wanted = self.wanted(offer.article).unwrap_or_default();
        wanted > 0 && offer.figures.known(offer.has_twin).is_none_or(|known| wanted > known)
    }

    /// Whether the listing has to be read live before it is written to: neither its figure nor the orders of all other accounts are
    /// known, and the new figure would be more than those accounts leave over.
    pub fn is_to_be_seen(&self, offer: &Offer) -> bool {
        let is_unknown = offer.figures.live.is_some() && offer.figures.known(offer.has_twin).is_none();
        if self.own != OwnRead::Read || !is_unknown {
            return false;
        }
        let unread = self.unread(offer.article);
        let publish = self.verdict(offer).and_then(|verdict| verdict.publish);
        !unread.is_empty() && publish.is_some_and(|figure| self.beside(offer.article, &unread) < Some(figure))
    }

    /// The accounts that sell the article, a bundle with it, or a component of it.
    pub fn sellers(&self, article: i64) -> BTreeSet<&str> {
        let parts = self.levels.parts(article);
        let indexes = parts.iter().filter_map(|part| self.by_part.get(part)).flatten();
        indexes.filter_map(|index| self.offers.get(*index)).map(|offer| offer.account.as_str()).collect()
    }

    /// What is to be done with a listing of the account. `None` where the ERP does not have its article.
    pub fn verdict(&self, offer: &Offer) -> Option<Verdict> {
        let wanted = self.wanted(offer.article)?;
        let known = offer.figures.known(offer.has_twin);
        if known == Some(wanted) {
            return Some(Verdict::to_publish(wanted, None));
        }
        let floor = self.floor(offer);
        if wanted == 0 || floor.is_some_and(|floor| wanted <= floor) {
            return Some(Verdict::to_publish(wanted, Some(wanted)));
        }
        if mutant::is(Mutant::RaisesOverUnread) {
            return Some(Verdict::to_publish(wanted, Some(wanted)));
        }
        let unread = self.unread(offer.article);
        let cap = match (self.own, unread.is_empty()) {
            (OwnRead::Read, true) => return Some(Verdict::to_publish(wanted, Some(wanted))),
            (OwnRead::Read, false) => self.beside(offer.article, &unread),
            (OwnRead::Live | OwnRead::NotAsked | OwnRead::Nothing, _) => None,
        };
        let best = floor.max(cap).map(|best| best.min(wanted));
        let has_to_fall = offer.figures.at_most(offer.has_twin).is_some_and(|most| wanted < most);
        let publish = match (known, best) {
            (Some(known), Some(best)) if best > known => Some(best),
            // However little is known: what has to fall falls.
            (Some(_), best) if has_to_fall => Some(best.unwrap_or(0)),
            (Some(_), _) => None,
            (None, Some(best)) if has_to_fall || (best > 0 && cap >= Some(best)) => Some(best),
            (None, _) => None,
        };
        let held = (publish != Some(wanted))
            .then(|| Held { unread: unread.into_iter().map(str::to_owned).collect::<Vec<_>>() });
        Some(Verdict { wanted, publish, held })
    }

    /// The figure that the listing has at least, so that up to it nothing is raised. Where neither orders nor listings could be
    /// read, it may have sold down to nothing.
    fn floor(&self, offer: &Offer) -> Option<i64> {
        match self.own {
            OwnRead::Nothing => Some(0),
            OwnRead::Read | OwnRead::Live | OwnRead::NotAsked => {
                offer.figures.known(offer.has_twin).or(offer.figures.at_least())
            }
        }
    }

    /// The accounts that sell the article and whose orders are not known up to the figure.
    fn unread(&self, article: i64) -> BTreeSet<&str> {
        let mut sellers = self.sellers(article);
        sellers.insert(&self.account);
        let is_read = |account: &str| {
            let reads = self.reads.get(account);
            let is_own_unread = account == self.account && self.own != OwnRead::Read;
            !is_own_unread && reads.is_some_and(|reads| reads.cover(self.figure_at, self.now))
        };
        sellers.retain(|account| !is_read(account));
        sellers
    }

    /// What is left of the article beside everything that these accounts may sell or have sold of its parts without anybody having
    /// read it. `None` where one of them may offer any number.
    fn beside(&self, article: i64, unread: &BTreeSet<&str>) -> Option<i64> {
        let mut units = self.units.clone();
        let parts = self.levels.parts(article);
        let touching: BTreeSet<usize> =
            parts.iter().filter_map(|part| self.by_part.get(part)).flatten().copied().collect();
        for offer in touching.into_iter().filter_map(|index| self.offers.get(index)) {
            if unread.contains(offer.account.as_str()) {
                units.add(&self.levels, offer.article, offer.figures.may_sell(offer.has_twin)?);
            }
        }
        self.offered(article, &units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::StockLevel;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn offer(account: &str, live: Option<i64>) -> Offer {
        let figures = Figures { live, live_at: Some(at(0)), ..Figures::default() };
        Offer { account: account.to_owned(), listing: "1".to_owned(), article: 1, figures, has_twin: false }
    }

    /// JTL has this many pieces; the accounts offer them; of the second one the list was read until then.
    fn picture(available: i64, own: OwnRead, other: Option<(Option<i64>, i64)>) -> Picture {
        let level = StockLevel { article: 1, available, buffer: 0, is_managed: true, components: Vec::new() };
        let mut picture = Picture::new("own", Levels::new([level]), at(100), Offering::default());
        picture.add_offer(offer("own", Some(3)));
        let reads = |until| AccountReads { until: Some(at(until)), ..AccountReads::default() };
        let mut all = BTreeMap::from([("own".to_owned(), reads(101))]);
        if let Some((live, until)) = other {
            picture.add_offer(offer("other", live));
            all.insert("other".to_owned(), reads(until));
        }
        picture.set_reads(all, own, at(105));
        picture
    }

    fn published(picture: &Picture, live: Option<i64>) -> (Option<i64>, bool) {
        published_of(picture, &offer("own", live))
    }

    fn published_of(picture: &Picture, offer: &Offer) -> (Option<i64>, bool) {
        let verdict = picture.verdict(offer).unwrap();
        (verdict.publish, verdict.held.is_some())
    }

    #[test]
    fn a_raise_needs_the_orders_and_a_fall_does_not() {
        for (own, raised) in [
            (OwnRead::Read, (Some(5), false)),
            (OwnRead::Live, (None, true)),
            (OwnRead::NotAsked, (None, true)),
            (OwnRead::Nothing, (None, true)),
        ] {
            assert_eq!(published(&picture(5, own, None), Some(3)), raised, "{own:?}");
            assert_eq!(published(&picture(0, own, None), Some(3)), (Some(0), false), "{own:?}");
            assert_eq!(published(&picture(3, own, None), Some(3)), (None, false), "{own:?}");
        }
        assert_eq!(published(&picture(2, OwnRead::Live, None), Some(3)), (Some(2), false));
        assert_eq!(published(&picture(2, OwnRead::NotAsked, None), Some(3)), (Some(2), false));
        assert_eq!(published(&picture(2, OwnRead::Nothing, None), Some(3)), (Some(0), true));
    }

    #[test]
    fn beside_unread_accounts_only_what_they_do_not_offer_is_raised() {
        let unread = |live| picture(9, OwnRead::Read, Some((live, 99)));
        assert_eq!(published(&unread(Some(4)), Some(3)), (Some(5), true));
        assert_eq!(published(&unread(Some(7)), Some(3)), (None, true));
        assert_eq!(published(&unread(None), Some(3)), (None, true), "it may offer any number");
        assert_eq!(published(&picture(9, OwnRead::Read, Some((Some(4), 100))), Some(3)), (Some(9), false));
    }

    /// Found by the random play: a cancellation makes a figure unknown, and an order that the list does not show yet has sold of it. What
    /// the listing has at least may then be more than it has.
    #[test]
    fn an_unknown_figure_that_need_not_fall_waits_for_all_orders() {
        let returned = |picture: &Picture| {
            let mut offer = offer("own", Some(3));
            offer.figures.returned = 1;
            published_of(picture, &offer)
        };
        assert_eq!(
            returned(&picture(4, OwnRead::Read, Some((Some(4), 99)))),
            (None, true),
            "others are unread"
        );
        assert_eq!(returned(&picture(4, OwnRead::Read, Some((Some(4), 100)))), (Some(4), false));
        assert_eq!(
            returned(&picture(3, OwnRead::Read, Some((Some(4), 99)))),
            (Some(3), false),
            "it may have four"
        );
    }

    #[test]
    fn an_unknown_figure_is_read_live_before_it_is_written_beside_unread_accounts() {
        let is_to_be_seen = |pieces, until, returned| {
            let mut offer = offer("own", Some(3));
            offer.figures.returned = returned;
            picture(pieces, OwnRead::Read, Some((Some(4), until))).is_to_be_seen(&offer)
        };
        assert!(is_to_be_seen(3, 99, 1), "it may have been lowered by an order that is not shown yet");
        assert!(!is_to_be_seen(3, 99, 0), "its figure is known");
        assert!(!is_to_be_seen(3, 100, 1), "the others were read");
        assert!(!is_to_be_seen(0, 99, 1), "nothing is above zero");
        assert!(!is_to_be_seen(4, 99, 1), "nothing is written");
    }

    #[test]
    fn an_unknown_figure_is_told_without_raising_it() {
        let lost = |picture: &Picture| {
            let mut offer = offer("own", Some(3));
            offer.figures = offer.figures.sending(8);
            picture.verdict(&offer).unwrap().publish
        };
        assert_eq!(lost(&picture(6, OwnRead::Read, None)), Some(6));
        assert_eq!(lost(&picture(6, OwnRead::NotAsked, None)), Some(3));
        assert_eq!(lost(&picture(6, OwnRead::Nothing, None)), Some(0));
        assert_eq!(lost(&picture(2, OwnRead::NotAsked, None)), Some(2));
        let never = |own| picture(6, own, None).verdict(&offer("own", None)).unwrap().publish;
        assert_eq!((never(OwnRead::Read), never(OwnRead::NotAsked)), (Some(6), None));
    }

    #[test]
    fn a_time_ahead_of_the_clock_is_no_read() {
        let reads = AccountReads { until: Some(at(200)), ..AccountReads::default() };
        assert!(!reads.cover(at(100), at(105)) && reads.cover(at(100), at(200)));
        let late = AccountReads { until: Some(at(99)), lag: SignedDuration::from_mins(2), ..reads };
        assert!(late.cover(at(100), at(105)));
        let blocked = AccountReads { unknown_orders: vec!["PO-1".to_owned()], ..late };
        assert!(!blocked.cover(at(100), at(105)));
    }
}
