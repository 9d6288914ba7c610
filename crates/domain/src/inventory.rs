//! Stock: what a marketplace lists, what the ERP has, what may be published.

use serde::{Deserialize, Serialize};

/// An article as the marketplace lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The marketplace's key of the sellable unit (TEMU: `skuId`).
    pub id: String,
    /// The key that stock calls are grouped by (TEMU: `goodsId`).
    pub group: String,
    /// The merchant's article number there.
    pub sku: String,
    /// For people.
    pub title: String,
    /// What the marketplace offers now; `None` where it does not say, which is not 0.
    pub stock: Option<i64>,
}

/// What the ERP has of an article, reduced to what publishing needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLevel {
    /// The ERP's key of the article (JTL: `kArtikel`).
    pub article: i64,
    /// Units that may be sold, rounded down: over all warehouses `fVerfuegbar`; with chosen warehouses
    /// `min(fVerfuegbar, Σ (fBestand − fVerfuegbarGesperrt))`. May be negative.
    pub available: i64,
    /// The article's own safety buffer (JTL: `nPuffer`); 0 for a bundle, whose components' buffers are already subtracted.
    pub buffer: i64,
    /// Whether the ERP counts this article's stock at all (JTL: `nLagerAktiv`).
    pub is_managed: bool,
    /// What a bundle is made of (JTL: `tStueckliste`); empty for any other article.
    pub components: Vec<Component>,
}

/// A component of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// The ERP's key of the component.
    pub article: i64,
    /// How much of it one bundle takes, in millionths of a unit.
    pub millionths: i64,
    /// How much of it may be taken before the bundle's own figure falls, in millionths of a unit.
    pub spare: i64,
}

/// What the ERP has under an article number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MappedArticle {
    /// The ERP's key (JTL: `kArtikel`).
    pub key: i64,
    /// Whether it may be sold; the stock of an inactive article still counts.
    pub is_active: bool,
}

/// How an article stands in the ERP, by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleState {
    /// The ERP's key.
    pub key: i64,
    /// Its article number there.
    pub number: String,
    /// Marked as deleted.
    pub is_deleted: bool,
    /// The parent of variations, which is never sold itself.
    pub is_parent: bool,
    /// Whether it may be sold.
    pub is_active: bool,
}

/// A stock figure to be told to the marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockTarget {
    /// The listing's key.
    pub listing: String,
    /// The listing's group.
    pub group: String,
    /// The merchant's article number, for messages.
    pub sku: String,
    /// Units, absolute.
    pub quantity: i64,
}
