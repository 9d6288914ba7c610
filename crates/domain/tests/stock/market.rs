//! Two accounts sell one article, orders arrive late, lists fail, and stock runs come in between: what is sold never exceeds what is
//! there, except by what both sold between two looks.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::inventory::StockLevel;
use marktwerk_domain::stock::{AccountReads, Figures, Levels, Offer, Offering, OwnRead, Picture};
use proptest::prelude::*;

const ACCOUNTS: [&str; 2] = ["one", "two"];

#[derive(Debug, Clone, Copy)]
enum Event {
    Sells(usize, i64),
    /// An account's list of orders answers, or does not; then its list of listings may.
    Answers(usize, bool, bool),
    /// A stock run of an account.
    Runs(usize),
    /// Pieces arrive, or are found to be missing.
    Receives(i64),
}

fn event() -> impl Strategy<Value = Event> {
    let account = 0..ACCOUNTS.len();
    prop_oneof![
        3 => (account.clone(), 1..3_i64).prop_map(|(account, units)| Event::Sells(account, units)),
        1 => (account.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(account, answers, lists)| Event::Answers(account, answers, lists)),
        3 => account.prop_map(Event::Runs),
        1 => (-4..4_i64).prop_map(Event::Receives),
    ]
}

struct Account {
    offered: i64,
    answers: bool,
    lists: bool,
    unread: i64,
    /// When the first and the last of those were bought.
    bought: Option<(Timestamp, Timestamp)>,
    figures: Figures,
    until: Option<Timestamp>,
}

/// What the world knows and Marktwerk does not: every order that was read is an open unit here, none is in JTL.
struct Market {
    now: Timestamp,
    pieces: i64,
    open: i64,
    accounts: Vec<Account>,
}

impl Market {
    fn read_orders(&mut self, index: usize) {
        let account = &mut self.accounts[index];
        if account.answers {
            let units = std::mem::take(&mut account.unread);
            account.figures.sold += units;
            if let Some((first, last)) = account.bought.take() {
                let earlier = account.figures.bought.map_or(first, |(earlier, _)| earlier);
                account.figures.bought = Some((earlier, last));
            }
            account.until = Some(self.now);
            account.figures = account.figures.without_what_was_read(account.until, SignedDuration::ZERO);
            self.open += units;
        }
    }

    fn run(&mut self, index: usize) {
        for account in 0..self.accounts.len() {
            self.read_orders(account);
        }
        let level = StockLevel {
            article: 1,
            available: self.pieces,
            buffer: 0,
            is_managed: true,
            components: Vec::new(),
        };
        let mut picture = Picture::new(ACCOUNTS[index], Levels::new([level]), self.now, Offering::default());
        let own = match (self.accounts[index].answers, self.accounts[index].offered) {
            (true, _) => OwnRead::Read,
            (false, _) if !self.accounts[index].lists => OwnRead::Nothing,
            (false, offered) => {
                let account = &mut self.accounts[index];
                account.figures = account.figures.read_live(Some(offered), self.now);
                OwnRead::Live
            }
        };
        picture.add_units(1, self.open);
        let mut reads = BTreeMap::new();
        for (name, account) in ACCOUNTS.iter().zip(&self.accounts) {
            picture.add_units(1, account.figures.unseen_left());
            picture.add_offer(offer(name, account.figures));
            reads
                .insert((*name).to_owned(), AccountReads { until: account.until, ..AccountReads::default() });
        }
        picture.set_reads(reads, own, self.now);
        let verdict = picture.verdict(&offer(ACCOUNTS[index], self.accounts[index].figures)).unwrap();
        if let Some(figure) = verdict.publish {
            let account = &mut self.accounts[index];
            account.offered = figure;
            account.figures = account.figures.confirmed(figure, self.now);
        }
    }
}

fn offer(account: &str, figures: Figures) -> Offer {
    Offer { account: account.to_owned(), listing: account.to_owned(), article: 1, figures, has_twin: false }
}

proptest! {
    /// Whatever happens: right after a run of an account that could be read together with the other one, it offers no more than
    /// is there; and while lists are down, a run never makes the account offer more than before.
    #[test]
    fn no_run_offers_pieces_that_are_sold(events in prop::collection::vec(event(), 1..60)) {
        let account = || Account {
            offered: 0,
            answers: true,
            lists: true,
            unread: 0,
            bought: None,
            figures: Figures { live: Some(0), live_at: Some(Timestamp::UNIX_EPOCH), ..Figures::default() },
            until: None,
        };
        let mut market =
            Market { now: Timestamp::UNIX_EPOCH, pieces: 8, open: 0, accounts: vec![account(), account()] };
        for event in events {
            market.now += SignedDuration::from_mins(10);
            match event {
                Event::Sells(index, units) => {
                    let account = &mut market.accounts[index];
                    let units = units.min(account.offered);
                    account.offered -= units;
                    account.unread += units;
                    if units > 0 {
                        let first = account.bought.map_or(market.now, |(first, _)| first);
                        account.bought = Some((first, market.now));
                    }
                }
                Event::Answers(index, answers, lists) => {
                    (market.accounts[index].answers, market.accounts[index].lists) = (answers, lists);
                }
                Event::Receives(units) => market.pieces = (market.pieces + units).max(0),
                Event::Runs(index) => {
                    let before = market.accounts[index].offered;
                    market.run(index);
                    let after = market.accounts[index].offered;
                    let sold = market.open + market.accounts.iter().map(|one| one.unread).sum::<i64>();
                    let left = (market.pieces - sold).max(0);
                    let all_answer = market.accounts.iter().all(|one| one.answers);
                    if all_answer {
                        prop_assert!(after <= left, "{after} of {left}");
                    }
                    if !market.accounts[index].answers {
                        prop_assert!(after <= before, "raised from {before} to {after} over orders that were not read");
                    } else if after > before && !all_answer {
                        // The other one could not be read: what it has offered since, sold or not, is taken off.
                        let other = &market.accounts[1 - index];
                        prop_assert!(
                            after + other.unread + other.offered <= market.pieces - market.open,
                            "{after} beside {} and {}",
                            other.unread,
                            other.offered
                        );
                    }
                }
            }
        }
    }
}
