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
}

impl StockLevel {
    /// Units to publish: never below zero. `buffer` is the merchant's extra safety, `open` what our own orders that the
    /// ERP does not know yet will take.
    pub fn publishable(&self, buffer: i64, open: i64) -> i64 {
        (self.available - self.buffer - buffer - open).max(0)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_below_zero_is_published_and_open_orders_are_kept_back() {
        let level = StockLevel { article: 1, available: 5, buffer: 1, is_managed: true };
        assert_eq!(level.publishable(0, 0), 4);
        assert_eq!(level.publishable(1, 2), 1);
        assert_eq!(level.publishable(0, 9), 0);
        let sold_out = StockLevel { available: -3, ..level };
        assert_eq!(sold_out.publishable(0, 0), 0);
    }
}
