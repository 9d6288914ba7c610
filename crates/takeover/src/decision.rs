//! What becomes of an old order: a pure function of the evidence. The table with its reasons is
//! docs/decisions/0014-old-marks-are-looked-up.md.

use marktwerk_domain::order::MarketplaceStatus;
#[cfg(test)]
use marktwerk_domain::order::OrderState;
use serde::Serialize;

use crate::evidence::{Evidence, ReportedState};

/// What becomes of an old order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The marketplace has the shipment: nothing is left to do.
    Reported,
    /// JTL has the order: it is tracked, and its shipment reported once.
    InJtl,
    /// JTL has the order, and the marketplace cancelled it.
    CancelledAfterHandOver,
    /// A row waits in JTL: the worker will make an order of it.
    HandedOver,
    /// Cancelled, and JTL does not have it (any more): nothing is left to do.
    Cancelled,
    /// Shipped at the marketplace, and never by way of JTL: nothing is left to do.
    ShippedElsewhere,
    /// JTL does not have it: it is fetched again and handed over.
    FetchAnew,
    /// Marked as exported, and JTL does not have it: it was lost, so it is fetched again and handed over.
    Lost,
    /// As [`Decision::FetchAnew`], but bought before the time that the marketplace is asked about: a person decides.
    TooOld,
    /// As [`Decision::Lost`], but bought before that time: a person decides.
    LostTooOld,
}

impl Decision {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 10] = [
        Self::Reported,
        Self::InJtl,
        Self::CancelledAfterHandOver,
        Self::HandedOver,
        Self::Cancelled,
        Self::ShippedElsewhere,
        Self::FetchAnew,
        Self::Lost,
        Self::TooOld,
        Self::LostTooOld,
    ];

    /// What the report says of it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Reported => "over: the marketplace has the shipment",
            Self::InJtl => "in JTL: will be tracked, and its shipment reported once",
            Self::CancelledAfterHandOver => "in JTL, and cancelled at the marketplace: cancel it in JTL",
            Self::HandedOver => "waits in JTL for the JTL-Worker",
            Self::Cancelled => "over: cancelled",
            Self::ShippedElsewhere => "over: shipped at the marketplace, not by way of JTL",
            Self::FetchAnew => "not in JTL: will be fetched again and handed over once",
            Self::Lost => {
                "marked as exported, but not in JTL: was lost, will be fetched again and handed over once"
            }
            Self::TooOld => "not in JTL and bought long ago: decide whether it is still to be shipped",
            Self::LostTooOld => {
                "marked as exported, not in JTL, and bought long ago: decide whether it is still to be shipped"
            }
        }
    }

    /// Whether a person has to look at each of them.
    pub fn needs_a_person(self) -> bool {
        matches!(self, Self::CancelledAfterHandOver | Self::Lost | Self::TooOld | Self::LostTooOld)
    }

    /// The state that its facts come to in our own store.
    #[cfg(test)]
    pub(crate) fn state(self) -> OrderState {
        match self {
            Self::Reported => OrderState::Reported,
            Self::InJtl | Self::CancelledAfterHandOver => OrderState::InJtl,
            Self::HandedOver => OrderState::HandedOver,
            Self::Cancelled => OrderState::Cancelled,
            Self::ShippedElsewhere | Self::FetchAnew | Self::Lost => OrderState::Fetched,
            Self::TooOld | Self::LostTooOld => OrderState::SetAside,
        }
    }

    /// What the marketplace is taken to have said. What differs there is news for the next fetch.
    pub(crate) fn status(self) -> MarketplaceStatus {
        match self {
            Self::Reported | Self::ShippedElsewhere => MarketplaceStatus::Shipped,
            Self::CancelledAfterHandOver | Self::Cancelled => MarketplaceStatus::Cancelled,
            Self::InJtl
            | Self::HandedOver
            | Self::FetchAnew
            | Self::Lost
            | Self::TooOld
            | Self::LostTooOld => MarketplaceStatus::Ready,
        }
    }
}

/// What becomes of an order. JTL's word goes before every mark.
pub fn decide(evidence: &Evidence) -> Decision {
    if evidence.orders > 0 {
        if evidence.is_surely_reported() {
            return Decision::Reported;
        }
        return match (evidence.told, evidence.is_cancelled_in_jtl) {
            (ReportedState::Cancelled, true) => Decision::Cancelled,
            (ReportedState::Cancelled, false) => Decision::CancelledAfterHandOver,
            _ => Decision::InJtl,
        };
    }
    // The worker will make an order of the row, whatever the marks say: somebody has to see it coming.
    if evidence.waiting_rows > 0 {
        return Decision::HandedOver;
    }
    if evidence.is_surely_reported() {
        let went_by_jtl = evidence.is_marked_exported || evidence.is_marked_reported;
        return if went_by_jtl { Decision::Reported } else { Decision::ShippedElsewhere };
    }
    // The old system's own word for cancelled counts where the marketplace cannot be asked any more.
    let is_cancelled =
        evidence.told == ReportedState::Cancelled || (evidence.is_marked_cancelled && !evidence.is_recent);
    if is_cancelled {
        return Decision::Cancelled;
    }
    match (evidence.is_marked_exported, evidence.is_recent) {
        (true, true) => Decision::Lost,
        (true, false) => Decision::LostTooOld,
        (false, true) => Decision::FetchAnew,
        (false, false) => Decision::TooOld,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fresh order that nobody has done anything with.
    const FRESH: Evidence = Evidence {
        told: ReportedState::Open,
        is_marked_exported: false,
        is_marked_cancelled: false,
        is_marked_reported: false,
        has_tracking: false,
        has_lines: true,
        is_recent: true,
        orders: 0,
        waiting_rows: 0,
        is_cancelled_in_jtl: false,
    };

    /// Every combination of the facts.
    fn all() -> impl Iterator<Item = Evidence> {
        (0..1_u32 << 8).flat_map(|bits| {
            let bit = move |place: u32| bits >> place & 1 == 1;
            [ReportedState::Open, ReportedState::Cancelled, ReportedState::Shipped].into_iter().flat_map(
                move |told| {
                    (0..3).map(move |orders| Evidence {
                        told,
                        is_marked_exported: bit(0),
                        is_marked_cancelled: bit(1),
                        is_marked_reported: bit(2),
                        has_tracking: bit(3),
                        has_lines: bit(4),
                        is_recent: bit(5),
                        orders,
                        waiting_rows: u32::from(bit(6)),
                        is_cancelled_in_jtl: bit(7),
                    })
                },
            )
        })
    }

    #[test]
    fn what_jtl_has_is_never_exported_again() {
        for evidence in all().filter(|evidence| evidence.orders + evidence.waiting_rows > 0) {
            let state = decide(&evidence).state();
            assert!(state.may_be_in_erp() || state == OrderState::Cancelled, "{evidence:?}: {state}");
            assert!(state != OrderState::Cancelled || evidence.is_cancelled_in_jtl, "{evidence:?}");
        }
    }

    #[test]
    fn what_jtl_does_not_have_is_over_by_more_than_a_mark_of_the_export() {
        for evidence in all().filter(|evidence| evidence.orders + evidence.waiting_rows == 0) {
            let decision = decide(&evidence);
            let is_open = matches!(
                decision,
                Decision::FetchAnew | Decision::Lost | Decision::TooOld | Decision::LostTooOld
            );
            let unmarked = decide(&Evidence { is_marked_exported: false, ..evidence });
            let is_open_unmarked = matches!(unmarked, Decision::FetchAnew | Decision::TooOld);
            assert_eq!(is_open, is_open_unmarked, "{evidence:?}: a mark of the export ended it");
        }
    }

    #[test]
    fn a_mark_of_the_report_alone_ends_nothing() {
        for evidence in all().filter(|evidence| evidence.told != ReportedState::Shipped) {
            if !(evidence.has_tracking && evidence.has_lines) {
                let unmarked = decide(&Evidence { is_marked_reported: false, ..evidence });
                assert_eq!(decide(&evidence), unmarked, "{evidence:?}");
            }
        }
    }

    #[test]
    fn the_faults_of_the_old_system_are_seen() {
        let marked = Evidence { is_marked_exported: true, ..FRESH };
        assert_eq!(decide(&marked), Decision::Lost, "faults 7 and 8");
        assert_eq!(decide(&Evidence { is_recent: false, ..marked }), Decision::LostTooOld);
        assert_eq!(decide(&Evidence { orders: 2, ..FRESH }), Decision::InJtl, "fault 9");
        assert_eq!(decide(&Evidence { waiting_rows: 1, ..FRESH }), Decision::HandedOver, "fault 9");
        let reported = Evidence { orders: 1, is_marked_reported: true, has_tracking: true, ..marked };
        assert_eq!(decide(&reported), Decision::Reported);
        assert_eq!(decide(&Evidence { has_tracking: false, ..reported }), Decision::InJtl, "fault 12");
        assert_eq!(decide(&Evidence { has_lines: false, ..reported }), Decision::InJtl, "fault 13");
        let cancelled = Evidence { orders: 1, told: ReportedState::Cancelled, ..marked };
        assert_eq!(decide(&cancelled), Decision::CancelledAfterHandOver, "fault 5");
    }

    #[test]
    fn an_order_that_nobody_marked_is_fetched_anew() {
        assert_eq!(decide(&FRESH), Decision::FetchAnew);
        assert_eq!(decide(&Evidence { is_recent: false, ..FRESH }), Decision::TooOld);
        // The marketplace tells better.
        let marked = Evidence { is_marked_cancelled: true, ..FRESH };
        assert_eq!(decide(&marked), Decision::FetchAnew);
        assert_eq!(decide(&Evidence { is_recent: false, ..marked }), Decision::Cancelled);
        assert_eq!(decide(&Evidence { told: ReportedState::Shipped, ..FRESH }), Decision::ShippedElsewhere);
    }
}
