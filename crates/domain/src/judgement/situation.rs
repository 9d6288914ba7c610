//! An order's situation: its facts at a point in time, reduced to a few small questions with a few answers each, so that all
//! combinations can be listed.

use jiff::{SignedDuration, Timestamp};

use super::facts::{Document, ErpFacts, OrderFacts, OurFacts, RefusalCause, Refused, ReportUnit, ThereFacts};
use super::limits::Limits;
use crate::attention::AttentionKind;
use crate::mutant::{self, Mutant};
use crate::order::MarketplaceStatus;

answers! {
    /// Where the order is at the marketplace.
    There {
        /// Shipped before its account was first read.
        History,
        /// The marketplace ships it itself.
        Fulfilled,
        /// It may still change or vanish.
        Pending,
        /// To be shipped; its newest document is not there or not read yet.
        Unread,
        /// To be shipped, and its document cannot be used.
        Unusable,
        /// To be shipped, once an open wish or check is decided.
        Held,
        /// To be shipped.
        Open,
        /// A part was reported as shipped.
        PartlyShipped,
        /// Reported as shipped.
        Shipped,
        /// Cancelled.
        Cancelled,
    }
}

answers! {
    /// What the ERP shows.
    InErp {
        /// Not asked since.
        Unknown,
        /// No order and no waiting row, and there never was an order.
        Absent,
        /// No order, and there was one.
        Deleted,
        /// A row waits to become an order.
        Waiting,
        /// One order; nothing has left.
        Open,
        /// A part has left.
        PartLeft,
        /// A part has left, and the rest was closed or cancelled.
        RestClosed,
        /// Everything has left; a tracking number is missing.
        WithoutNumber,
        /// The same for too long.
        WithoutNumberLong,
        /// Everything has left, with tracking numbers.
        Left,
        /// Closed; nothing has left.
        ClosedUnshipped,
        /// Cancelled; nothing has left.
        Cancelled,
        /// Several orders have the number.
        Several,
    }
}

answers! {
    /// What we did to hand it over.
    HandOver {
        /// Nothing that counts.
        Never,
        /// The intent is open.
        Intended,
        /// The intent has been open for too long.
        IntendedLong,
        /// It was handed over.
        Done,
        /// The time in which the ERP should show it has passed.
        DoneLong,
    }
}

answers! {
    /// What we did to report its shipment.
    Reporting {
        /// Nothing that counts.
        Never,
        /// The intent is open.
        Intended,
        /// The intent is open, and the marketplace does not say what became of it.
        Unanswered,
        /// The marketplace does not know the carrier.
        UnknownCarrier,
        /// The marketplace refused it, or it cannot be composed.
        Refused,
        /// The marketplace shows other tracking numbers.
        OtherNumbers,
        /// The marketplace has it.
        Done,
    }
}

answers! {
    /// What was reported of the parcels that have left, where the marketplace takes each by itself.
    Parcels {
        /// It takes an order as a whole, or no parcel with a number has left.
        Together,
        /// At least one is to be reported.
        Untold,
        /// All with a number were reported.
        Told,
        /// The same, and one of them differs now from what was reported.
        Changed,
    }
}

answers! {
    /// Whether the newest document differs from what the ERP has.
    Differs {
        /// It does not.
        No,
        /// It does, and a person has not dealt with it.
        Yes,
    }
}

answers! {
    /// Whether the ERP knows the order's articles.
    Articles {
        /// As far as we know.
        Known,
        /// At least one is unknown.
        Unknown,
    }
}

/// The answers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Situation {
    /// Where it is at the marketplace.
    pub there: There,
    /// What the ERP shows.
    pub in_erp: InErp,
    /// What we did to hand it over.
    pub hand_over: HandOver,
    /// What we did to report its shipment.
    pub reporting: Reporting,
    /// What was reported parcel by parcel.
    pub parcels: Parcels,
    /// Whether the newest document differs from what the ERP has.
    pub differs: Differs,
    /// Whether the ERP knows its articles.
    pub articles: Articles,
}

impl Situation {
    /// The situation at a point in time.
    pub fn at(facts: &OrderFacts, limits: &Limits, now: Timestamp) -> Self {
        let OrderFacts { there, erp, ours, .. } = facts;
        Self {
            there: at_the_marketplace(facts),
            in_erp: in_erp(there, erp, limits, now),
            hand_over: hand_over(ours, limits, now),
            reporting: reporting(ours),
            parcels: parcels(facts),
            differs: if there.difference.is_some() { Differs::Yes } else { Differs::No },
            articles: if erp.unknown_articles.is_empty() { Articles::Known } else { Articles::Unknown },
        }
    }

    /// The situation if no wish were open and nothing differed: a person wants it shipped all the same.
    pub fn all_the_same(self) -> Self {
        let there = match self.there {
            There::Held | There::Unusable => There::Open,
            other => other,
        };
        Self { there, differs: Differs::No, ..self }
    }

    /// The situation if it had never been handed over.
    pub fn never_handed_over(self) -> Self {
        Self { in_erp: InErp::Absent, hand_over: HandOver::Never, ..self }
    }

    /// Every combination.
    pub fn all() -> impl Iterator<Item = Self> {
        let pairs = |there: There| InErp::ALL.iter().map(move |&in_erp| (there, in_erp));
        There::ALL.iter().flat_map(move |&there| pairs(there)).flat_map(|(there, in_erp)| {
            let rest = move |hand_over: HandOver| {
                Reporting::ALL.iter().flat_map(move |&reporting| {
                    Parcels::ALL.iter().flat_map(move |&parcels| {
                        Differs::ALL.iter().flat_map(move |&differs| {
                            Articles::ALL.iter().map(move |&articles| Self {
                                there,
                                in_erp,
                                hand_over,
                                reporting,
                                parcels,
                                differs,
                                articles,
                            })
                        })
                    })
                })
            };
            HandOver::ALL.iter().flat_map(move |&hand_over| rest(hand_over))
        })
    }
}

/// The times at which a situation may change although no fact does.
pub(super) fn turning_points(facts: &OrderFacts, limits: &Limits) -> impl Iterator<Item = Timestamp> {
    let ours = &facts.ours;
    let hand_over = ours.hand_over_since.or(ours.handed_over_at).map(|since| after(since, limits.hand_over));
    [hand_over, number_is_late_at(&facts.there, &facts.erp, limits)].into_iter().flatten()
}

fn at_the_marketplace(facts: &OrderFacts) -> There {
    let OrderFacts { there, erp, ours, .. } = facts;
    if there.is_fulfilled {
        // What was handed over is no longer to be sent by us: our lines were cancelled.
        let is_ours = ours.handed_over_at.is_some() || ours.hand_over_since.is_some();
        return if is_ours { There::Cancelled } else { There::Fulfilled };
    }
    match there.status {
        MarketplaceStatus::Pending => There::Pending,
        MarketplaceStatus::PartlyShipped => There::PartlyShipped,
        MarketplaceStatus::Cancelled => There::Cancelled,
        MarketplaceStatus::Shipped => {
            let is_ours =
                ours.handed_over_at.is_some() || ours.hand_over_since.is_some() || erp.since.is_some();
            if (there.was_over && !is_ours) || mutant::is(Mutant::ShippedIsOver) {
                There::History
            } else {
                There::Shipped
            }
        }
        MarketplaceStatus::Ready if there.is_unread => There::Unread,
        MarketplaceStatus::Ready => match &there.document {
            Document::Missing => There::Unread,
            Document::Refused { .. } | Document::Untranslatable { .. } => There::Unusable,
            Document::Translated if there.holds.is_empty() => There::Open,
            Document::Translated => There::Held,
        },
    }
}

fn in_erp(there: &ThereFacts, erp: &ErpFacts, limits: &Limits, now: Timestamp) -> InErp {
    if erp.since.is_none() {
        return InErp::Unknown;
    }
    let left = || match erp.parcels > 0 && erp.parcels_without_number == 0 {
        true => InErp::Left,
        // Words stay words: nobody will replace them without being told.
        false if erp.words.is_some() => InErp::WithoutNumberLong,
        false if number_is_late_at(there, erp, limits).is_some_and(|late| late <= now) => {
            InErp::WithoutNumberLong
        }
        false => InErp::WithoutNumber,
    };
    let is_ended = erp.is_cancelled || erp.is_closed_unshipped;
    match (erp.orders, erp.parcels) {
        (0, _) if erp.waiting_rows > 0 => InErp::Waiting,
        (0, _) if erp.was_seen => InErp::Deleted,
        (0, _) => InErp::Absent,
        (2.., _) if !erp.is_cancelled => InErp::Several,
        (_, 1..) if is_ended && (erp.has_all_left || erp.has_buyers_left) => left(),
        (_, 1..) if is_ended => InErp::RestClosed,
        // Our own row will be an order all the same.
        (_, 0) if erp.is_cancelled && erp.waiting_rows > 0 => InErp::Waiting,
        (_, 0) if erp.is_cancelled => InErp::Cancelled,
        (_, 0) if erp.is_closed_unshipped => InErp::ClosedUnshipped,
        _ if erp.is_complete || erp.has_buyers_left => left(),
        (_, 0) => InErp::Open,
        (_, 1..) => InErp::PartLeft,
    }
}

fn number_is_late_at(there: &ThereFacts, erp: &ErpFacts, limits: &Limits) -> Option<Timestamp> {
    let late = after(erp.without_number_since?, limits.without_number);
    let deadline = there.ship_until.map(|until| after(until, -limits.before_deadline));
    Some(deadline.map_or(late, |deadline| deadline.min(late)))
}

fn hand_over(ours: &OurFacts, limits: &Limits, now: Timestamp) -> HandOver {
    let is_long = |since| after(since, limits.hand_over) <= now;
    match (ours.hand_over_since, ours.handed_over_at) {
        (Some(since), _) if is_long(since) => HandOver::IntendedLong,
        (Some(_), _) => HandOver::Intended,
        (None, Some(at)) if is_long(at) => HandOver::DoneLong,
        (None, Some(_)) => HandOver::Done,
        (None, None) => HandOver::Never,
    }
}

fn reporting(ours: &OurFacts) -> Reporting {
    let shows_other_numbers = |refused: &Refused| matches!(refused.cause, Some(RefusalCause::OtherNumbers));
    match (ours.reported_at, ours.report_since, &ours.refused) {
        (Some(_), _, _) => Reporting::Done,
        (None, Some(_), Some(_)) => Reporting::Unanswered,
        (None, Some(_), None) => Reporting::Intended,
        (None, None, Some(refused)) if refused.kind == AttentionKind::UnknownCarrier => {
            Reporting::UnknownCarrier
        }
        (None, None, Some(refused)) if shows_other_numbers(refused) => Reporting::OtherNumbers,
        (None, None, Some(_)) => Reporting::Refused,
        (None, None, None) => Reporting::Never,
    }
}

fn parcels(facts: &OrderFacts) -> Parcels {
    let OrderFacts { there, erp, .. } = facts;
    let numbered = erp.parcels.saturating_sub(erp.parcels_without_number);
    match there.report_unit {
        ReportUnit::WholeOrder => Parcels::Together,
        ReportUnit::EachParcel if erp.unreported > 0 => Parcels::Untold,
        ReportUnit::EachParcel if numbered == 0 => Parcels::Together,
        ReportUnit::EachParcel if erp.differs_from_reported => Parcels::Changed,
        ReportUnit::EachParcel => Parcels::Told,
    }
}

/// Saturates, so that no stored time can make a judgement fail.
pub(super) fn after(since: Timestamp, wait: SignedDuration) -> Timestamp {
    let end = if wait.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    since.checked_add(wait).unwrap_or(end)
}
