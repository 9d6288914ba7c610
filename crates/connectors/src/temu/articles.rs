//! Article numbers of LOCAL shops, whose order lines carry none: by `skuId`, from the listings
//! (`bg.local.goods.sku.list.query`), remembered for a day.
//!
//! Many orders come at once and each wants only a few numbers. So one look-up is under way at a time, and the first
//! one reads the whole listing: what the others want is known then, also what has no number.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use marktwerk_domain::inventory::Listing;

use super::client::Client;
use super::stock::{NOT_ON_SALE, ON_SALE, PAGE_SIZE, Sku, SkuPage, sku_page};
use crate::error::ConnectorError;
use crate::shared_look_up::SharedLookUp;

/// How long an article number of a listing, or that it has none, is taken for known.
const KNOWN_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Soon after the whole listing was read, what is missing is new or gone: it alone is asked for.
const WHOLE_AGAIN_AFTER: Duration = Duration::from_secs(10 * 60);
/// Pages of both kinds together that are worth reading for the sake of single numbers.
const PAGES_AT_MOST: u64 = 100;

/// What is known of the listings' article numbers.
#[derive(Default)]
pub(super) struct Articles {
    known: Mutex<Known>,
    /// Held while TEMU is asked. Not needed for what is known: that is answered meanwhile.
    look_up: SharedLookUp<()>,
}

#[derive(Default)]
struct Known {
    /// By `skuId`: when it was read, by the clock's monotonic time, and the number, if it has one.
    numbers: HashMap<String, (Duration, Option<String>)>,
    /// From when on reading the whole listing is worth it again.
    whole_again_from: Duration,
}

/// Numbers as they were read, `None` where a listing has none.
type Rows = BTreeMap<String, Option<String>>;

impl Articles {
    /// The article numbers of `sku_ids`; what has none is not in the answer. Without ids no call is made.
    pub(super) async fn numbers(
        &self,
        client: &Client,
        sku_ids: &[String],
    ) -> Result<BTreeMap<String, String>, ConnectorError> {
        let now = || client.clock().monotonic();
        if self.known().missing(now(), sku_ids).is_empty() {
            return Ok(self.known().numbers_of(sku_ids));
        }
        let mut turn = self.look_up.turn().await?;
        // Whoever had the turn before may have found them.
        let mut missing = self.known().missing(now(), sku_ids);
        let is_whole_due = now() >= self.known().whole_again_from;
        if !missing.is_empty() && is_whole_due {
            turn.ended(self.read_whole(client, &missing).await)?;
            missing = self.known().missing(now(), sku_ids);
        }
        for chunk in missing.chunks(PAGE_SIZE as usize) {
            let pages = futures::try_join!(
                sku_page(client, 1, ON_SALE, chunk),
                sku_page(client, 1, NOT_ON_SALE, chunk),
            );
            // One order's own numbers: that they cannot be read says nothing of the others, unless nothing comes back at all.
            let is_silent = |error: &ConnectorError| error.place().is_some_and(|place| place.is_silent);
            let (on_sale, others) = match pages {
                Err(error) if is_silent(&error) => turn.ended(Err(error))?,
                pages => pages?,
            };
            let mut rows = without_numbers(chunk);
            note(&mut rows, others.sku_list.into_iter().chain(on_sale.sku_list));
            self.known().remember(now(), rows);
        }
        Ok(self.known().numbers_of(sku_ids))
    }

    /// Remembers what the listings tell when they are read for their stock: a number that was missing or has changed is
    /// known then, not a day later.
    pub(super) fn learn(&self, client: &Client, listings: &[Listing]) {
        let numbered = listings.iter().filter(|listing| !listing.sku.is_empty());
        let rows = numbered.map(|listing| (listing.id.clone(), Some(listing.sku.clone()))).collect();
        self.known().remember(client.clock().monotonic(), rows);
    }

    /// Reads all pages, unless there are too many: then the first ones count, and the rest is asked for by id for a day.
    async fn read_whole(&self, client: &Client, wanted: &[i64]) -> Result<(), ConnectorError> {
        let (on_sale, others) =
            futures::try_join!(sku_page(client, 1, ON_SALE, &[]), sku_page(client, 1, NOT_ON_SALE, &[]))?;
        let is_small = pages(&on_sale).saturating_add(pages(&others)) <= PAGES_AT_MOST;
        // What is in none of two complete answers has no number. Several pages may shift while they are read: what is
        // not on them may have slipped through, and is asked for.
        let is_complete = holds_all(&on_sale) && holds_all(&others);
        let mut rows = if is_complete { without_numbers(wanted) } else { Rows::new() };
        let (on_sale, others) = if is_small {
            futures::try_join!(all_pages(client, ON_SALE, on_sale), all_pages(client, NOT_ON_SALE, others))?
        } else {
            (on_sale.sku_list, others.sku_list)
        };
        note(&mut rows, others.into_iter().chain(on_sale));
        let wait = if is_small { WHOLE_AGAIN_AFTER } else { KNOWN_FOR };
        let now = client.clock().monotonic();
        let mut known = self.known();
        known.remember(now, rows);
        known.whole_again_from = now + wait;
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The ids that nothing is known of. What is no number is no id of TEMU's: nobody is asked for it.
    fn missing(&self, now: Duration, sku_ids: &[String]) -> Vec<i64> {
        let is_known = |id: &String| {
            self.numbers.get(id).is_some_and(|(since, _)| now.saturating_sub(*since) < KNOWN_FOR)
        };
        let mut missing: Vec<i64> =
            sku_ids.iter().filter(|id| !is_known(id)).filter_map(|id| id.parse().ok()).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    fn numbers_of(&self, sku_ids: &[String]) -> BTreeMap<String, String> {
        sku_ids.iter().filter_map(|id| Some((id.clone(), self.numbers.get(id)?.1.clone()?))).collect()
    }

    fn remember(&mut self, now: Duration, rows: Rows) {
        self.numbers.retain(|_, (since, _)| now.saturating_sub(*since) < KNOWN_FOR);
        self.numbers.extend(rows.into_iter().map(|(id, number)| (id, (now, number))));
    }
}

/// What was asked for and not answered has no number.
fn without_numbers(sku_ids: &[i64]) -> Rows {
    sku_ids.iter().map(|id| (id.to_string(), None)).collect()
}

/// A listing that goes on or off sale between two calls stands in both: a number that one of them tells counts.
fn note(rows: &mut Rows, listed: impl Iterator<Item = Sku>) {
    for sku in listed {
        let Some(id) = sku.sku_id else { continue };
        let number = rows.entry(id).or_default();
        if sku.sku_sn.is_some() {
            *number = sku.sku_sn;
        }
    }
}

/// How many pages there are, by the first one; a page that does not tell is the only one.
fn pages(first: &SkuPage) -> u64 {
    let total = first.total.and_then(|total| u64::try_from(total).ok()).unwrap_or(0);
    total.div_ceil(u64::from(PAGE_SIZE)).max(1)
}

/// Whether a first page is all there is. One that does not tell how many there are is where it is not full.
fn holds_all(first: &SkuPage) -> bool {
    let total = first.total.and_then(|total| usize::try_from(total).ok());
    total.map_or(first.sku_list.len() < PAGE_SIZE as usize, |total| first.sku_list.len() >= total)
}

/// The entries of all pages of one kind, the first of which was read already.
async fn all_pages(client: &Client, kind: u32, first: SkuPage) -> Result<Vec<Sku>, ConnectorError> {
    let pages = u32::try_from(pages(&first)).unwrap_or(u32::MAX);
    let mut listed = first.sku_list;
    for page in 2..=pages {
        let next = sku_page(client, page, kind, &[]).await?.sku_list;
        // The list became shorter meanwhile, or its total was wrong.
        if next.is_empty() {
            break;
        }
        listed.extend(next);
    }
    Ok(listed)
}

#[cfg(test)]
#[path = "articles_tests.rs"]
mod tests;
