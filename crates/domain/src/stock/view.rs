//! What a person is shown of an article's stock: the figures of both sides, the orders between them, and what would be published.

use jiff::Timestamp;
use serde::Serialize;

use super::figures::Figures;
use super::lost::LostArticle;
use super::picture::Held;

/// An article and everything that decides about its figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArticleView {
    /// The article number that was asked for.
    pub sku: String,
    /// The ERP's key; `None` where it has no article that may be sold under this number.
    pub article: Option<i64>,
    /// Units that the ERP lets sell, before any buffer.
    pub available: Option<i64>,
    /// The article's own buffer in the ERP.
    pub buffer: Option<i64>,
    /// When the ERP's figure was read.
    pub figure_at: Timestamp,
    /// The merchant's buffer on top.
    pub own_buffer: i64,
    /// Orders whose units are subtracted, with the units that they hold of the article.
    pub orders: Vec<OrderUnits>,
    /// The listings of all accounts.
    pub listings: Vec<ListingView>,
}

/// Units of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OrderUnits {
    /// The account that it came through.
    pub account: String,
    /// The marketplace's order number.
    pub number: String,
    /// The article number on the order; of a bundle, the bundle's.
    pub sku: String,
    /// Units of that article number.
    pub quantity: i64,
}

/// A listing of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListingView {
    /// The account that it belongs to.
    pub account: String,
    /// The marketplace's key.
    pub listing: String,
    /// The SKU there.
    pub sku: String,
    /// What is known of its figure.
    pub figures: Figures,
    /// What the marketplace is known to hold; `None` where that is not certain.
    pub known: Option<i64>,
    /// The figure that it should have.
    pub wanted: Option<i64>,
    /// The figure that the next run would write; `None` leaves it.
    pub publish: Option<i64>,
    /// Why that is not the wanted one.
    pub held: Option<Held>,
    /// Its article is gone in the ERP.
    pub lost: Option<LostArticle>,
    /// Why the last write was refused.
    pub error: Option<String>,
}
