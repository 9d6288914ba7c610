//! What the stock part of a marketplace gives: pages of listings, and answers to stock figures.

use marktwerk_domain::inventory::Listing;

/// One page of what an account offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingPage {
    /// Listings in all, as the marketplace counts them now.
    pub total: u64,
    /// The listings of this page. One without an article number has an empty `sku`: it cannot be mapped, and
    /// who maps says so.
    pub listings: Vec<Listing>,
    /// Entries of this page that cannot be read: they count in `total` and are not among `listings`.
    pub unreadable: u64,
    /// Whether a further page exists.
    pub has_more: bool,
}

/// What the marketplace said to one stock figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockAnswer {
    /// The listing's key, as in the target.
    pub listing: String,
    /// Whether the figure was taken. A target that the answer does not mention was not.
    pub accepted: bool,
    /// Why not, for people; empty where it was taken.
    pub message: String,
}
