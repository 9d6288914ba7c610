//! Properties of the verdict: nothing is raised over orders that were not read, what has to fall falls, and beside unread accounts
//! no more is offered than there is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::inventory::{Component, StockLevel};
use marktwerk_domain::stock::{AccountReads, Figures, Levels, Offer, Offering, OwnRead, Picture};
use proptest::prelude::*;

const OWN: &str = "own";
const ACCOUNTS: [&str; 3] = [OWN, "second", "third"];
/// Article 3 is a bundle of two of article 1 and one of article 2.
const ARTICLES: [i64; 3] = [1, 2, 3];
const BUNDLE: i64 = 3;

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

/// When the figures were read, and now.
const FIGURE: i64 = 1_000;
const NOW: i64 = 1_010;

fn level(article: i64, available: i64) -> StockLevel {
    StockLevel { article, available, buffer: 0, is_managed: true, components: Vec::new() }
}

fn levels(first: i64, second: i64) -> Levels {
    let bundles = (first / 2).min(second);
    let component = |article, per: i64, available: i64| Component {
        article,
        millionths: per * 1_000_000,
        spare: (available - per * bundles) * 1_000_000,
    };
    let components = vec![component(1, 2, first), component(2, 1, second)];
    let bundle = StockLevel { components, ..level(BUNDLE, bundles) };
    Levels::new([level(1, first), level(2, second), bundle])
}

fn figures() -> impl Strategy<Value = Figures> {
    let times = (900..1_000_i64, 900..1_000_i64).prop_map(|(one, other)| (one.min(other), one.max(other)));
    (prop::option::weighted(0.9, 0..30_i64), 0..4_i64, 0..2_i64, times, prop::option::of(0..30_i64)).prop_map(
        |(live, sold, returned, (first, last), sent)| {
            let figures = Figures {
                live,
                live_at: live.map(|_| at(950)),
                sold,
                returned,
                bought: (sold > 0).then_some((at(first), at(last))),
                ..Figures::default()
            };
            sent.map_or(figures, |sent| figures.sending(sent))
        },
    )
}

fn offer() -> impl Strategy<Value = Offer> {
    let account = prop::sample::select(ACCOUNTS.to_vec());
    let article = prop::sample::select(ARTICLES.to_vec());
    (account, article, figures(), prop::bool::weighted(0.1)).prop_map(
        |(account, article, figures, has_twin)| Offer {
            account: account.to_owned(),
            listing: "x".to_owned(),
            article,
            figures,
            has_twin,
        },
    )
}

#[derive(Debug, Clone)]
struct World {
    offers: Vec<Offer>,
    /// What the ERP has of the two articles, and units that are taken of each of the three.
    first: i64,
    second: i64,
    taken: Vec<i64>,
    reads: BTreeMap<String, AccountReads>,
    own: OwnRead,
}

fn world() -> impl Strategy<Value = World> {
    let until = prop::sample::select(vec![None, Some(FIGURE - 1), Some(FIGURE), Some(NOW), Some(NOW + 60)]);
    let reads = (until, prop::bool::weighted(0.1)).prop_map(|(until, is_blocked)| AccountReads {
        until: until.map(at),
        unknown_orders: if is_blocked { vec!["PO-1".to_owned()] } else { Vec::new() },
        ..AccountReads::default()
    });
    let own = prop::sample::select(vec![OwnRead::Read, OwnRead::Live, OwnRead::NotAsked, OwnRead::Nothing]);
    (
        prop::collection::vec(offer(), 1..6),
        -3..40_i64,
        -3..40_i64,
        prop::collection::vec(0..5_i64, 3),
        prop::collection::vec(reads, 3),
        own,
    )
        .prop_map(|(offers, first, second, taken, reads, own)| {
            let mut reads: BTreeMap<String, AccountReads> =
                ACCOUNTS.iter().map(|account| (*account).to_owned()).zip(reads).collect();
            // What the workflow says of the own account agrees with how far it was read.
            let is_read = reads[OWN].cover(at(FIGURE), at(NOW));
            let own = match (own, is_read) {
                (OwnRead::Read, false) => OwnRead::NotAsked,
                (own, _) => own,
            };
            if own != OwnRead::Read {
                reads.insert(OWN.to_owned(), AccountReads::default());
            }
            World { offers, first, second, taken, reads, own }
        })
}

impl World {
    fn picture(&self) -> Picture {
        let mut picture =
            Picture::new(OWN, levels(self.first.max(0), self.second.max(0)), at(FIGURE), Offering::default());
        for (article, quantity) in ARTICLES.into_iter().zip(&self.taken) {
            picture.add_units(article, *quantity);
        }
        self.offers.iter().for_each(|offer| picture.add_offer(offer.clone()));
        picture.set_reads(self.reads.clone(), self.own, at(NOW));
        picture
    }

    fn own_offers(&self) -> impl Iterator<Item = &Offer> {
        self.offers.iter().filter(|offer| offer.account == OWN)
    }

    fn is_read(&self, account: &str) -> bool {
        self.reads[account].cover(at(FIGURE), at(NOW))
    }
}

/// The most that the marketplace may hold is what is surely there; where that is not said, nothing.
fn surely(offer: &Offer) -> i64 {
    offer.figures.known(offer.has_twin).or(offer.figures.at_least()).unwrap_or(0)
}

proptest! {
    #[test]
    fn nothing_is_raised_over_orders_that_were_not_read(world in world()) {
        let picture = world.picture();
        for offer in world.own_offers() {
            let Some(publish) = picture.verdict(offer).unwrap().publish else { continue };
            if publish <= surely(offer) && world.own != OwnRead::Nothing {
                continue;
            }
            if publish == 0 {
                continue;
            }
            prop_assert_eq!(world.own, OwnRead::Read);
            let unread: Vec<&str> =
                picture.sellers(offer.article).into_iter().filter(|account| !world.is_read(account)).collect();
            let offered = world.offers.iter().filter(|one| unread.contains(&one.account.as_str()));
            let of_article: Vec<&Offer> = offered.filter(|one| one.article == offer.article).collect();
            let most = of_article.iter().map(|one| one.figures.at_most(one.has_twin));
            let most: Option<i64> = most.sum();
            prop_assert!(most.is_some(), "an account may offer any number of it");
            if !of_article.is_empty() {
                prop_assert!(publish + most.unwrap_or(0) <= picture.wanted(offer.article).unwrap());
            }
        }
    }

    #[test]
    fn what_has_to_fall_falls_and_nothing_rises_above_what_is_wanted(world in world()) {
        let picture = world.picture();
        for offer in world.own_offers() {
            let verdict = picture.verdict(offer).unwrap();
            prop_assert!(verdict.publish.is_none_or(|publish| (0..=verdict.wanted).contains(&publish)));
            if let Some(known) = offer.figures.known(offer.has_twin) {
                match verdict.wanted.cmp(&known) {
                    std::cmp::Ordering::Less => prop_assert!(verdict.publish.is_some(), "{verdict:?} {offer:?}"),
                    std::cmp::Ordering::Equal => prop_assert_eq!(verdict.publish, None),
                    std::cmp::Ordering::Greater => {
                        prop_assert!(verdict.publish.is_none_or(|publish| publish > known));
                    }
                }
            }
            prop_assert_eq!(verdict.held.is_some(), verdict.publish != Some(verdict.wanted)
                && offer.figures.known(offer.has_twin) != Some(verdict.wanted));
        }
    }

    #[test]
    fn same_facts_same_verdict_and_one_more_read_never_publishes_less(world in world()) {
        let picture = world.picture();
        let mut read = world.clone();
        let complete = || AccountReads { until: Some(at(NOW)), ..AccountReads::default() };
        read.reads = ACCOUNTS.iter().map(|account| ((*account).to_owned(), complete())).collect();
        read.own = OwnRead::Read;
        let all_read = read.picture();
        for offer in world.own_offers() {
            let verdict = picture.verdict(offer).unwrap();
            prop_assert_eq!(&verdict, &picture.verdict(offer).unwrap());
            let other = all_read.verdict(offer).unwrap();
            prop_assert_eq!(verdict.wanted, other.wanted);
            prop_assert!(other.held.is_none());
            if let (Some(publish), Some(most)) = (verdict.publish, other.publish) {
                prop_assert!(publish <= most);
            }
        }
    }

    #[test]
    fn more_taken_is_never_more_wanted(world in world(), article in prop::sample::select(ARTICLES.to_vec()), units in 1..4_i64) {
        let mut picture = world.picture();
        let before: Vec<i64> = ARTICLES.iter().map(|article| picture.wanted(*article).unwrap()).collect();
        let missing: Vec<i64> = ARTICLES.iter().map(|article| picture.missing(*article)).collect();
        picture.add_units(article, units);
        for (index, article) in ARTICLES.into_iter().enumerate() {
            prop_assert!(picture.wanted(article).unwrap() <= before[index]);
            prop_assert!(picture.missing(article) >= missing[index]);
        }
        let own = ARTICLES.iter().position(|one| *one == article).unwrap();
        prop_assert!(picture.wanted(article).unwrap() <= (before[own] - units).max(0));
    }
}
