//! Stock as the interface shows it: listings as they are stored, and an article with everything that decides about its figure.

use marktwerk_domain::stock::view::{ArticleView, ListingView, OrderUnits};
use marktwerk_domain::stock::{Figures, Held, LostArticle, LostReason};
use marktwerk_store::inventory::AccountListing;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::AppState;

/// A listing as it is stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StockItem {
    pub(crate) account: String,
    /// The marketplace's key.
    pub(crate) listing: String,
    /// The article number there.
    pub(crate) sku: String,
    pub(crate) title: String,
    /// The ERP's key of the article; null if it was never matched, and then nothing is published.
    pub(crate) article: Option<i64>,
    #[serde(flatten)]
    pub(crate) figure: FigureItem,
    /// The figure that it should have, as the last run found.
    pub(crate) wanted: Option<i64>,
    /// Accounts whose orders are not known, so that the figure is held back.
    pub(crate) held_by: Vec<String>,
    /// deleted, renamed, inactive, parent, ambiguous or sku_changed, if its article is gone.
    pub(crate) lost: Option<&'static str>,
    /// Why the marketplace refused the last figure.
    pub(crate) error: Option<String>,
    /// For `after`: the next page begins behind this one.
    pub(crate) cursor: String,
}

/// What is known of a figure at the marketplace.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FigureItem {
    /// The last figure that was read live or confirmed.
    pub(crate) live: Option<i64>,
    pub(crate) live_at: Option<String>,
    /// Units of orders that arrived since.
    pub(crate) sold: i64,
    /// Units that were sold and whose orders are not seen yet.
    pub(crate) unseen: i64,
    /// Whether a write is under way, or its outcome is not known.
    pub(crate) in_flight: bool,
}

/// An article and everything that decides about its figure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArticleItem {
    pub(crate) sku: String,
    /// The ERP's key; null if it has no article that may be sold under this number.
    pub(crate) article: Option<i64>,
    /// Units that the ERP lets sell, before any buffer.
    pub(crate) available: Option<i64>,
    /// The article's buffer in the ERP.
    pub(crate) buffer: Option<i64>,
    /// The merchant's buffer on top.
    pub(crate) own_buffer: i64,
    /// When the ERP's figure was read.
    pub(crate) figure_at: String,
    /// Orders whose units are subtracted.
    pub(crate) orders: Vec<OrderUnitsItem>,
    pub(crate) listings: Vec<ListingItem>,
}

/// Units of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderUnitsItem {
    pub(crate) account: String,
    pub(crate) number: String,
    /// The article number on the order; of a bundle, the bundle's.
    pub(crate) sku: String,
    pub(crate) quantity: i64,
}

/// A listing of an article, with what would become of its figure.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListingItem {
    pub(crate) account: String,
    pub(crate) listing: String,
    pub(crate) sku: String,
    #[serde(flatten)]
    pub(crate) figure: FigureItem,
    /// What the marketplace is known to hold; null if that is not certain.
    pub(crate) known: Option<i64>,
    /// The figure that it should have.
    pub(crate) wanted: Option<i64>,
    /// The figure that would be published now; null leaves it as it is.
    pub(crate) publish: Option<i64>,
    /// Accounts whose orders are not known, so that the figure is held back.
    pub(crate) held_by: Vec<String>,
    /// Why its article is gone.
    pub(crate) lost: Option<&'static str>,
    /// Why the marketplace refused the last figure.
    pub(crate) error: Option<String>,
}

/// A listing of the store as it is shown.
pub(crate) fn item(state: &AppState, (account, record): AccountListing) -> StockItem {
    let cursor = cursor(&account, &record.listing.id);
    StockItem {
        account,
        listing: record.listing.id,
        sku: record.listing.sku,
        title: record.listing.title,
        article: record.article,
        figure: figure(state, &record.figures),
        wanted: record.target,
        held_by: held(record.held),
        lost: lost(record.lost.as_ref()),
        error: record.error,
        cursor,
    }
}

/// The place of a listing in the list.
pub(super) fn cursor(account: &str, listing: &str) -> String {
    format!("{account}/{listing}")
}

/// The account and the key of a place; accounts have no `/` in their names.
pub(super) fn place(cursor: &str) -> Option<(String, String)> {
    let (account, listing) = cursor.split_once('/')?;
    Some((account.to_owned(), listing.to_owned()))
}

/// An article as it is shown.
pub(super) fn article(state: &AppState, view: ArticleView) -> ArticleItem {
    let orders = view.orders.into_iter().map(|order| {
        let OrderUnits { account, number, sku, quantity } = order;
        OrderUnitsItem { account, number, sku, quantity }
    });
    ArticleItem {
        sku: view.sku,
        article: view.article,
        available: view.available,
        buffer: view.buffer,
        own_buffer: view.own_buffer,
        figure_at: state.time(view.figure_at),
        orders: orders.collect(),
        listings: view.listings.into_iter().map(|one| listing(state, one)).collect(),
    }
}

fn listing(state: &AppState, view: ListingView) -> ListingItem {
    ListingItem {
        account: view.account,
        listing: view.listing,
        sku: view.sku,
        figure: figure(state, &view.figures),
        known: view.known,
        wanted: view.wanted,
        publish: view.publish,
        held_by: held(view.held),
        lost: lost(view.lost.as_ref()),
        error: view.error,
    }
}

fn figure(state: &AppState, figures: &Figures) -> FigureItem {
    FigureItem {
        live: figures.live,
        live_at: figures.live_at.map(|time| state.time(time)),
        sold: figures.sold,
        unseen: figures.unseen_left(),
        in_flight: figures.sent.is_some(),
    }
}

fn held(held: Option<Held>) -> Vec<String> {
    held.map(|held| held.unread).unwrap_or_default()
}

fn lost(lost: Option<&LostArticle>) -> Option<&'static str> {
    Some(match lost?.reason {
        LostReason::Deleted => "deleted",
        LostReason::Renamed { .. } => "renamed",
        LostReason::Inactive => "inactive",
        LostReason::Parent => "parent",
        LostReason::Ambiguous => "ambiguous",
        LostReason::SkuChanged => "sku_changed",
    })
}
