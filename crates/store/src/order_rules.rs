//! Rules that every database keeps about an order's rows, whichever statements it needs for them: what is news, what a state has
//! reached, what is given back to stock.

use std::collections::BTreeMap;

use jiff::Timestamp;
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::shipment::Content;

use crate::orders::FetchedOrder;

/// What the marketplace told of an order last, as far as it decides whether it tells something new.
#[derive(Debug, Clone)]
pub(crate) struct ListedState {
    pub(crate) changed_at: Timestamp,
    pub(crate) status: MarketplaceStatus,
    pub(crate) is_complete: bool,
    /// `None` where an earlier version has stored it.
    pub(crate) fingerprint: Option<String>,
}

/// Whether what is told is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    Yes,
    No,
    /// Only if the raw document is another one than the stored.
    IfOtherDocument,
}

/// A newer change, or more of the same. A complete document beats an incomplete one whatever their times: known changes then tell
/// the older time, and a listing with the newer one is fetched again.
pub(crate) fn news(stored: &ListedState, order: &FetchedOrder) -> News {
    if order.is_complete && !stored.is_complete {
        return News::Yes;
    }
    // Stored times are whole microseconds; the caller's may be finer.
    let told = order.changed_at.as_microsecond();
    let known = stored.changed_at.as_microsecond();
    // Times are whole seconds at marketplaces: another status in the same second is news even without details.
    if told > known || (told == known && stored.status != order.status) {
        News::Yes
    } else if told < known || (stored.is_complete && !order.is_complete) {
        News::No
    } else if stored.fingerprint.as_ref() != Some(&order.fingerprint) {
        News::Yes
    } else {
        News::IfOtherDocument
    }
}

/// What an order does to the listings with an article number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) sku: String,
    /// Units that arrived.
    pub(crate) sold: i64,
    /// Units that were given back; nobody knows since when they are offered again.
    pub(crate) returned: i64,
    pub(crate) bought_at: Timestamp,
}

/// A new order. What was cancelled of it by now may have been subtracted from a figure that was read in between.
pub(crate) fn bought(order: &FetchedOrder) -> Vec<Move> {
    let mut moved = moves(&[], &order.contents, order.ordered_at);
    if !order.was_over {
        moved.extend(moves(&order.cancelled, &[], order.ordered_at));
    }
    moved
}

/// An order that is told again: what it held before goes back and what it holds now arrives, where that differs or where it was
/// cancelled meanwhile.
pub(crate) fn told_again(before: &[Content], stored: MarketplaceStatus, order: &FetchedOrder) -> Vec<Move> {
    let is_cancelled = order.status == MarketplaceStatus::Cancelled && stored != MarketplaceStatus::Cancelled;
    match (is_cancelled, before == order.contents) {
        (true, _) => moves(before, &[], order.ordered_at),
        (false, true) => Vec::new(),
        (false, false) => moves(before, &order.contents, order.ordered_at),
    }
}

/// By article number; what has none is no listing's.
fn moves(returned: &[Content], sold: &[Content], bought_at: Timestamp) -> Vec<Move> {
    let mut units: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for Content { sku, quantity } in sold {
        units.entry(sku).or_default().0 += quantity;
    }
    for Content { sku, quantity } in returned {
        units.entry(sku).or_default().1 += quantity;
    }
    // What it held and goes on holding has not moved.
    let moved = units.into_iter().filter(|(sku, (sold, returned))| !sku.is_empty() && sold != returned);
    moved.map(|(sku, (sold, returned))| Move { sku: sku.to_owned(), sold, returned, bought_at }).collect()
}

/// On its way into the ERP: it takes what was handed over, whatever the marketplace says meanwhile.
pub(crate) fn keeps_contents(state: OrderState) -> bool {
    matches!(state, OrderState::Exporting | OrderState::HandedOver | OrderState::Unclear)
}

/// What the statistics count, in the order of an order's life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reached {
    #[default]
    Nothing,
    Imported,
    Document,
    HandedOver,
    Reported,
}

impl Reached {
    /// What an order in this state has reached at least.
    pub(crate) fn by(state: OrderState) -> Self {
        match state {
            OrderState::Fetched | OrderState::SetAside | OrderState::Cancelled => Self::Nothing,
            OrderState::Imported => Self::Imported,
            // Unclear: the hand-over began, and nobody knows whether it ended.
            OrderState::Exporting | OrderState::Unclear => Self::Document,
            OrderState::HandedOver | OrderState::InJtl | OrderState::Shipped => Self::HandedOver,
            OrderState::Reported => Self::Reported,
        }
    }
}

/// Whether a new order's units are subtracted from stock before it is judged. One that was shipped without us keeps them until the ERP
/// was asked; what was over when its account was first read is history.
pub(crate) fn takes_stock(order: &FetchedOrder) -> bool {
    match order.status {
        MarketplaceStatus::Pending | MarketplaceStatus::Ready | MarketplaceStatus::PartlyShipped => true,
        MarketplaceStatus::Shipped => !order.was_over,
        MarketplaceStatus::Cancelled => false,
    }
}
