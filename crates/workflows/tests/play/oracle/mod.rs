//! Knows the truth and says which promise is broken. It reads the marketplace's and JTL's own records and the attention list as a person
//! sees it, and shares no judgement with the product.

mod advice;
mod money;
mod offers;
mod parcels;
mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::Attention;

pub(crate) use advice::Followed;

use crate::book::Book;
use crate::ground::Ground;
use crate::records::{Records, Snapshot};
use crate::story::Violation;

/// Which job has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    Orders,
    Stock,
}

/// A run that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) job: Job,
    pub(crate) account: usize,
    pub(crate) started: Timestamp,
    pub(crate) is_success: bool,
    /// A stock run that reads the listings.
    pub(crate) is_full: bool,
}

/// What the oracle knows.
pub(crate) struct Oracle {
    pub(crate) book: Book,
    pub(crate) records: Records,
    pub(crate) followed: Vec<Followed>,
    /// Orders and rows of each number that were seen so far, at most at the same time.
    existing: BTreeMap<String, usize>,
    /// By account: the beginning of the last run that read the orders completely.
    pub(crate) read_from: Vec<Timestamp>,
    /// By account: the end of the last stock run, if it ended well.
    stock_run: Vec<Timestamp>,
    /// By account: listing → figure before the run.
    before: Vec<BTreeMap<String, i64>>,
    /// By account: article numbers that had an article in JTL once.
    matched: Vec<BTreeSet<String>>,
    last_look: Timestamp,
    /// How often a promise was checked.
    pub(crate) checks: u64,
}

impl Oracle {
    pub(crate) fn new(ground: &Ground) -> Self {
        let accounts = ground.accounts.len();
        Self {
            book: Book::default(),
            records: Records::open(&ground.jtl_file),
            followed: Vec::new(),
            existing: BTreeMap::new(),
            read_from: vec![Timestamp::MIN; accounts],
            stock_run: vec![Timestamp::MAX; accounts],
            before: vec![BTreeMap::new(); accounts],
            matched: vec![BTreeSet::new(); accounts],
            last_look: Timestamp::MIN,
            checks: 0,
        }
    }

    /// JTL as it is.
    pub(crate) fn snapshot(&self) -> Rc<Snapshot> {
        self.records.snapshot()
    }

    /// What has happened since the last look, before anybody does something.
    pub(crate) fn look(&mut self, ground: &Ground, ended: Option<Ended>) -> Result<Rc<Snapshot>, Violation> {
        self.read_marketplaces(ground);
        let snapshot = self.snapshot();
        let new = self.book.learn(&snapshot);
        let by_people = std::mem::take(&mut self.book.by_people);
        self.hand_overs(&snapshot, &new, &by_people, ended)?;
        for (key, number) in new.iter().filter(|(_, number)| !by_people.contains(number)) {
            self.money(&snapshot, *key, number)?;
        }
        self.parcels(&snapshot)?;
        self.note_reports(&snapshot);
        Ok(snapshot)
    }

    /// Before a run: what each listing offers.
    pub(crate) fn note_offers(&mut self, ground: &Ground) {
        for (account, before) in ground.accounts.iter().zip(&mut self.before) {
            *before = account
                .market
                .listings()
                .unwrap()
                .into_iter()
                .map(|listing| (listing.sku_id.to_string(), listing.stock))
                .collect();
        }
    }

    /// After a run: every promise.
    pub(crate) async fn check(&mut self, ground: &Ground, ended: Ended) -> Result<(), Violation> {
        let snapshot = self.look(ground, Some(ended))?;
        let list = ground.store.attentions().await.unwrap();
        // A stock run reads orders only where it needs them.
        if ended.is_success && ended.job == Job::Orders {
            self.read_from[ended.account] = ended.started;
        }
        self.checks += 1;
        if ended.job == Job::Stock {
            self.offers(ground, &snapshot, ended)?;
        }
        self.seen(ground, &snapshot, &list, ended)?;
        self.advice(ground, &list, ended)
    }

    fn read_marketplaces(&mut self, ground: &Ground) {
        let last_look = std::mem::replace(&mut self.last_look, ground.now());
        for bought in self.book.orders.values_mut().filter(|order| !order.is_over) {
            // What is over there changes only if somebody touches it.
            if bought.status() > 2 && bought.touched < last_look {
                continue;
            }
            let before = bought.there.updated_at;
            bought.there = ground.accounts[bought.account].market.order(&bought.sn).unwrap();
            if bought.there.updated_at != before {
                bought.changed_there = ground.now();
            }
            let is_barred = !bought.is_to_be_shipped() && bought.status() != 1 || bought.is_held();
            match (is_barred, bought.barred_since) {
                (true, None) => bought.barred_since = Some(ground.now()),
                (false, Some(_)) => bought.barred_since = None,
                _ => {}
            }
        }
    }
}

/// Whether an entry is about this order.
pub(crate) fn is_about(entry: &Attention, account: &str, sn: &str) -> bool {
    entry.account == account && entry.subject == sn
}

/// The time after which a run should have noticed something that holds since then.
fn due(since: Timestamp, limit: SignedDuration) -> Timestamp {
    since.saturating_add(limit).unwrap_or(Timestamp::MAX)
}
