//! Rules that every database keeps about an order's rows, whichever statements it needs for them: what is news, what a state has
//! reached, what is given back to stock, and what goes on when a person closes an item of the attention list.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::AttentionKind;
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

/// What a person who closes an item sets in the order that it speaks of: columns and the condition, in words that every database
/// understands.
pub(crate) fn goes_on(kind: AttentionKind) -> Option<&'static str> {
    // Only its own mark goes: an order that was changed and then cancelled is still cancelled.
    match kind {
        AttentionKind::CancelledAfterHandOver => Some("mark = NULL WHERE mark = 'cancelled'"),
        AttentionKind::ChangedAfterHandOver => Some("mark = NULL WHERE mark = 'changed'"),
        // Its details are fetched anew: what was mended at the marketplace is not in the stored ones.
        AttentionKind::SetAside => {
            Some("state = 'fetched', is_unread = 1, is_complete = 0, reason = NULL WHERE state = 'set_aside'")
        }
        // An open hand-over without an intent: the next run looks it up before it does anything.
        AttentionKind::Unclear => {
            Some("state = 'exporting', intent = NULL, reason = NULL WHERE state = 'unclear'")
        }
        AttentionKind::UnknownCarrier | AttentionKind::ShipmentRefused => {
            Some("next_report_at = NULL WHERE state = 'shipped'")
        }
        _ => None,
    }
}
