//! Listings: what a marketplace offers, which article of the ERP it is, and what is known of its figure. The rows are kept as they
//! are given; what a reading or an answer means for them is decided above ([`marktwerk_domain::stock`]).

use async_trait::async_trait;
use marktwerk_domain::inventory::Listing;
use marktwerk_domain::stock::{Figures, Held, LostArticle};
use serde::{Deserialize, Serialize};

use crate::StoreResult;

/// A listing as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingRecord {
    /// What the marketplace lists (its `stock` is what the last listing read that named one told; 0 before).
    pub listing: Listing,
    /// The ERP's article that it was matched with; `None` if it never was, and then nothing is published.
    pub article: Option<i64>,
    /// What is known of its figure.
    pub figures: Figures,
    /// What should be published, as the last run found.
    pub target: Option<i64>,
    /// Why the last write of this listing was not accepted.
    pub error: Option<String>,
    /// Its article is gone.
    pub lost: Option<LostArticle>,
    /// Why the target is not published.
    pub held: Option<Held>,
}

/// What changes in a listing; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListingPatch {
    /// The listing's key.
    pub id: String,
    /// What the marketplace lists; adds the listing if it is new. A listing without a stock leaves the one that was told last.
    pub told: Option<Listing>,
    /// The ERP's article.
    pub article: Option<Option<i64>>,
    /// The figures as they were read and as they become. Units that arrived or were given back in between are kept.
    pub figures: Option<(Figures, Figures)>,
    /// What should be published; `Some(None)` forgets it.
    pub target: Option<Option<i64>>,
    /// The error; `Some(None)` clears it.
    pub error: Option<Option<String>>,
    /// Its loss; `Some(None)`: the article is there.
    pub lost: Option<Option<LostArticle>>,
    /// Why the target is not published.
    pub held: Option<Option<Held>>,
}

impl ListingPatch {
    /// A patch that changes nothing yet.
    pub fn of(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// The record after the patch, one place for all databases. `None` where there is none and the patch adds none.
    pub(crate) fn applied(&self, stored: Option<ListingRecord>) -> Option<ListingRecord> {
        let Self { id: _, told, article, figures, target, error, lost, held } = self;
        let mut record = stored.or_else(|| told.clone().map(ListingRecord::new))?;
        if let Some(told) = told {
            record.listing = Listing { stock: told.stock.or(record.listing.stock), ..told.clone() };
        }
        record.article = article.unwrap_or(record.article);
        if let Some((read, becomes)) = figures {
            record.figures = moved(record.figures, read, becomes);
        }
        record.target = target.unwrap_or(record.target);
        record.error = error.clone().unwrap_or(record.error);
        record.lost = lost.clone().unwrap_or(record.lost);
        record.held = held.clone().unwrap_or(record.held);
        Some(record)
    }
}

/// The stored figures brought from `read` to `becomes`: what orders added meanwhile stays.
fn moved(stored: Figures, read: &Figures, becomes: &Figures) -> Figures {
    let (sold, returned) = ((stored.sold - read.sold).max(0), (stored.returned - read.returned).max(0));
    Figures {
        sold: becomes.sold + sold,
        returned: becomes.returned + returned,
        bought: if sold > 0 { stored.bought } else { becomes.bought },
        ..*becomes
    }
}

impl ListingRecord {
    /// A listing that nothing is known of.
    pub fn new(listing: Listing) -> Self {
        let listing = Listing { stock: Some(listing.stock.unwrap_or(0)), ..listing };
        Self {
            listing,
            article: None,
            figures: Figures::default(),
            target: None,
            error: None,
            lost: None,
            held: None,
        }
    }
}

/// Which listings to read, in the order of account and key.
#[derive(Debug, Clone, Default)]
pub struct ListingFilter {
    /// Only of this account.
    pub account: Option<String>,
    /// Only with this SKU; neither case nor blanks at the end count.
    pub sku: Option<String>,
    /// Only of these articles.
    pub articles: Option<Vec<i64>>,
    /// Only those with sales that no order explains yet.
    pub has_unseen: bool,
    /// Only those after this account and key: the cursor of the next page.
    pub after: Option<(String, String)>,
    /// How many at the most; 0: all.
    pub limit: usize,
}

/// A listing and the account that it belongs to.
pub type AccountListing = (String, ListingRecord);

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
    /// Makes changes in one transaction, one after the other. Rows that hold the values already are not written; what is not
    /// listed and not added is passed over.
    async fn change_listings(&self, account: &str, patches: &[ListingPatch]) -> StoreResult<()>;

    /// Ends a complete listing read: what is not among `ids` is not listed any more and is removed.
    async fn retain_listings(&self, account: &str, ids: &[String]) -> StoreResult<u64>;

    /// All listings of an account, by id.
    async fn listings(&self, account: &str) -> StoreResult<Vec<ListingRecord>>;

    /// Listings of any account.
    async fn find_listings(&self, filter: &ListingFilter) -> StoreResult<Vec<AccountListing>>;

    /// Counts over the accounts given (empty: all).
    async fn inventory_statistics(&self, accounts: &[String]) -> StoreResult<InventoryStatistics>;
}
