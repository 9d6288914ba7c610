//! What the stock part of a marketplace gives: listings, and answers to stock figures.

use marktwerk_domain::inventory::Listing;

use crate::writes::WriteAnswer;

/// Some of what an account offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListingBatch {
    /// The listings. One without an article number has an empty `sku`: it cannot be mapped, and who maps says so.
    pub listings: Vec<Listing>,
    /// Entries that cannot be read and are not among `listings`.
    pub unreadable: u64,
}

/// What the marketplace said to one stock figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockAnswer {
    /// The listing's key, as in the target.
    pub listing: String,
    /// Its answer. A target that it does not mention was refused.
    pub answer: WriteAnswer,
}
