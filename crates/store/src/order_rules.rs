//! Rules that every database keeps about an order's rows, whichever statements it needs for them: what is news, what a state has
//! reached, what is given back to stock.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::shipment::Content;

use crate::orders::FetchedOrder;

/// The marketplace's clock and ours differ, and a listing read takes its time: within this much of each other nobody can tell
/// whether a figure has a purchase subtracted already.
pub(crate) const UNSURE: SignedDuration = SignedDuration::from_mins(5);

/// What the marketplace told of an order last, as far as it decides whether it tells something new.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) changed_at: Timestamp,
    pub(crate) status: MarketplaceStatus,
    pub(crate) is_complete: bool,
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
pub(crate) fn news(stored: Told, order: &FetchedOrder) -> News {
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
    } else {
        News::IfOtherDocument
    }
}

/// Whether an order told again may have given something back to stock; it is offered again there, nobody knows since when.
pub(crate) fn gives_back(before: &[Content], stored: MarketplaceStatus, order: &FetchedOrder) -> bool {
    let is_cancelled = order.status == MarketplaceStatus::Cancelled && stored != MarketplaceStatus::Cancelled;
    is_cancelled || before != order.contents
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

/// Whether a new order's units are subtracted from stock before it is judged.
pub(crate) fn takes_stock(status: MarketplaceStatus) -> bool {
    matches!(status, MarketplaceStatus::Pending | MarketplaceStatus::Ready)
}
