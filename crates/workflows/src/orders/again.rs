//! Reading orders again: before something is sent, what the marketplace says of them must be recent; and a person may ask for it.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use marktwerk_connectors::{Marketplace, OrderBatch};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::mutant::{self, Mutant};
use marktwerk_engine::Step;
use marktwerk_store::orders::{KnownChange, OrderRecord};

use super::Orders;

/// What was read within this time is recent enough to act on.
const RECENT: SignedDuration = SignedDuration::from_mins(5);

/// What came of reading orders again.
#[derive(Default)]
pub(super) struct Again {
    /// Nothing is to be sent for these now: they changed, or the marketplace did not say how they stand.
    pub(super) held_back: BTreeSet<String>,
    /// Some of them changed, so that there is something to import.
    pub(super) has_changed: bool,
    /// The marketplace does not know these.
    pub(super) unknown: Vec<String>,
    /// What kept some of them from being read.
    pub(super) failure: Option<Failure>,
}

impl Orders<'_> {
    /// Reads those orders again that were not read lately. What is not known leads to no act: an order that cannot be read is held
    /// back, and the others go on.
    pub(super) async fn read_again(&self, step: &Step, records: &[OrderRecord]) -> Result<Again, Failure> {
        if mutant::is(Mutant::NotReadAgain) {
            return Ok(Again::default());
        }
        let now = self.now();
        let is_old = |record: &&OrderRecord| record.fetched_at + RECENT < now;
        let numbers: Vec<String> =
            records.iter().filter(is_old).map(|record| record.number.clone()).collect();
        self.read_by_number(step, &numbers).await
    }

    /// Reads these orders, whatever is known of them.
    pub(super) async fn read_by_number(&self, step: &Step, numbers: &[String]) -> Result<Again, Failure> {
        let mut again = Again::default();
        if numbers.is_empty() {
            return Ok(again);
        }
        let store = &self.connections.store;
        let before = store.known_changes(self.account(), numbers).await?;
        let turn = self.connections.turns.of(self.account()).await;
        let page = match self.marketplace.orders_by_number(numbers).await {
            Ok(page) => page,
            Err(error) => {
                again.held_back = numbers.iter().cloned().collect();
                again.failure = Some(error.failure());
                return Ok(again);
            }
        };
        step.count("read_again", i64::try_from(numbers.len()).unwrap_or(i64::MAX));
        let shown = page.entries.iter().map(|entry| Some(&entry.number));
        let shown: BTreeSet<_> =
            shown.chain(page.malformed.iter().map(|entry| entry.number.as_ref())).flatten().collect();
        again.unknown = numbers.iter().filter(|number| !shown.contains(number)).cloned().collect();
        let (first_read, unread) = (self.first_read().await?, self.unread_numbers().await?);
        let mut kept = self.keep(step, &page, first_read, &unread).await;
        if let Ok(failure) = kept {
            kept = self.keep_late(step, first_read, &unread).await.map(|late| failure.or(late));
        }
        drop(turn);
        again.failure = kept.unwrap_or_else(Some);
        let after = store.known_changes(self.account(), numbers).await?;
        for number in numbers {
            let (before, after) = (before.get(number), after.get(number));
            again.has_changed |= before != after;
            if before != after || !is_known(number, after, &page) {
                again.held_back.insert(number.clone());
            }
        }
        Ok(again)
    }
}

/// Whether what the page says of an order is stored, and was looked at.
fn is_known(number: &str, stored: Option<&KnownChange>, page: &OrderBatch) -> bool {
    let shown = page.entries.iter().find(|entry| entry.number == number);
    shown.zip(stored).is_some_and(|(shown, stored)| {
        stored.status == shown.status
            && stored.changed_at >= shown.changed_at
            && stored.fingerprint.as_ref() == Some(&shown.fingerprint)
            && !stored.is_unread
    })
}
