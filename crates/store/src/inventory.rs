//! Listings: what a marketplace offers, which article of the ERP it is, and what the marketplace is known
//! to hold.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::inventory::Listing;
use serde::{Deserialize, Serialize};

use crate::StoreResult;

/// A listing as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingRecord {
    /// What the marketplace lists (its `stock` is what the last listing read that named one told; 0 before).
    pub listing: Listing,
    /// The ERP's article; `None` is not mapped, and then nothing is published.
    pub article: Option<i64>,
    /// What the marketplace is known to hold: what was accepted, minus orders since, replaced by every listing read. `None`
    /// while a push is under way or its answer was lost, and where a listing read names no stock.
    pub known_stock: Option<i64>,
    /// What should be published, as the last run found.
    pub target: Option<i64>,
    /// Why the last push of this listing was not accepted.
    pub error: Option<String>,
}

impl ListingRecord {
    /// Whether a listing read tells nothing new. One that names no stock leaves the one that was told last.
    pub(crate) fn is_as_told(&self, told: &Listing) -> bool {
        let renewed = Listing { stock: told.stock.or(self.listing.stock), ..told.clone() };
        self.listing == renewed && self.known_stock == told.stock
    }
}

/// What changes in a listing; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListingPatch {
    /// The listing's key.
    pub id: String,
    /// Known stock; `Some(None)` makes it unknown. A number also stamps since when it is known.
    pub known_stock: Option<Option<i64>>,
    /// What should be published.
    pub target: Option<i64>,
    /// The error; `Some(None)` clears it.
    pub error: Option<Option<String>>,
}

impl ListingPatch {
    /// Whether it would change something in what is stored.
    pub(crate) fn changes(&self, stored: &ListingRecord) -> bool {
        let Self { id: _, known_stock, target, error } = self;
        known_stock.is_some_and(|known| known != stored.known_stock)
            || target.is_some_and(|target| Some(target) != stored.target)
            || error.as_ref().is_some_and(|error| *error != stored.error)
    }
}

/// Real counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InventoryStatistics {
    /// Listings known.
    pub total_skus: u64,
    /// Mapped, and the marketplace is known to hold the target.
    pub synced: u64,
    /// Mapped, and not so (or not yet compared).
    pub pending: u64,
    /// Refused by the marketplace, or without an article of the ERP.
    pub errors: u64,
}

/// Listings.
#[async_trait]
pub trait InventoryStore: Send + Sync {
    /// Keeps a page of a listing read that began at `read_at`: adds, renews, replaces the known stock (a listing without a
    /// stock makes it unknown, so that it is pushed). Unchanged rows are not written. The mapping of known listings stays (a changed SKU loses it).
    async fn save_listings(&self, account: &str, listings: &[Listing], read_at: Timestamp)
    -> StoreResult<()>;

    /// Ends a complete listing read: what is not among `ids` is not listed any more and is removed.
    async fn retain_listings(&self, account: &str, ids: &[String]) -> StoreResult<u64>;

    /// Sets the ERP's article of listings (id, article); `None` takes the mapping away.
    async fn map_listings(&self, account: &str, articles: &[(String, Option<i64>)]) -> StoreResult<()>;

    /// All listings of an account, by id.
    async fn listings(&self, account: &str) -> StoreResult<Vec<ListingRecord>>;

    /// Makes changes in one transaction. Rows that hold the values already are not written.
    async fn change_listings(
        &self,
        account: &str,
        patches: &[ListingPatch],
        now: Timestamp,
    ) -> StoreResult<()>;

    /// Counts over the accounts given (empty: all).
    async fn inventory_statistics(&self, accounts: &[String]) -> StoreResult<InventoryStatistics>;
}
