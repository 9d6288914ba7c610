//! Which row of the table a situation has. The match is exhaustive: the compiler proves that each combination has exactly one
//! row, and no combination is covered by a pattern that does not name it.

use super::situation::{Articles, Differs, HandOver, InErp, Parcels, Reporting, Situation, There};

answers! {
    /// A row of the table. Its meaning is written in `table.rs`.
    Row {
        /// Shipped before the account was first read.
        History,
        /// Shipped by the marketplace itself.
        FulfilledThere,
        /// May still change or vanish.
        Pending,
        /// To be shipped, without a document that was read.
        DetailsMissing,
        /// Cannot be translated, or not be handed over as it is.
        SetAside,
        /// An open wish or check keeps it from being handed over.
        Held,
        /// The ERP does not know an article.
        UnknownArticle,
        /// An order in the ERP has its number, and is not this one.
        NumberTaken,
        /// To be handed over.
        Ready,
        /// Partly shipped there; the ERP does not have it.
        PartlyShippedElsewhere,
        /// Shipped there; the ERP was not asked yet.
        ShippedElsewhereUnknown,
        /// Shipped there; the ERP does not have it, or gave it up.
        ShippedElsewhere,
        /// Cancelled before the ERP had it.
        CancelledBefore,
        /// The hand-over's intent is open.
        HandOverOpen,
        /// The same for too long.
        Unclear,
        /// The ERP has the row.
        HandedOver,
        /// The same for too long.
        WorkerStuck,
        /// The ERP has neither the row nor an order any more.
        Dropped,
        /// The ERP had the order and does not have it any more.
        Deleted,
        /// Cancelled there while the row waits.
        CancelledWaiting,
        /// Shipped there while the row waits.
        ShippedWaiting,
        /// An open wish or check while the row waits.
        WishWaiting,
        /// Changed there while the row waits.
        ChangedWaiting,
        /// Changed there so that it cannot be read, while the row waits.
        UnreadableWaiting,
        /// An order in the ERP.
        InErp,
        /// The same; the marketplace's newest word is not read yet.
        InErpUnread,
        /// An open wish or check; nothing has left.
        WishOpen,
        /// An open wish or check; a parcel has left.
        WishLeft,
        /// Changed there; nothing has left.
        ChangedOpen,
        /// Changed there; a parcel has left.
        ChangedLeft,
        /// Changed there so that it cannot be read; nothing has left.
        UnreadableOpen,
        /// Changed there so that it cannot be read; a parcel has left.
        UnreadableLeft,
        /// Cancelled there; nothing has left.
        CancelledOpen,
        /// Cancelled there; a parcel has left.
        CancelledLeft,
        /// Cancelled there, and in the ERP too.
        CancelledBoth,
        /// Shipped there without us; the ERP has not shipped it.
        ShippedWithoutUs,
        /// Partly shipped there without us; the ERP has not shipped anything.
        PartlyWithoutUs,
        /// A part has left.
        PartLeft,
        /// A part has left: its parcels are to be reported, one by one.
        PartToReport,
        /// A part has left and is reported.
        PartReported,
        /// The same, and a parcel differs now from what was reported.
        PartNumberChanged,
        /// A part has left and is reported, and the rest was closed or cancelled in the ERP.
        RestToCancel,
        /// All has left; a tracking number is missing.
        WithoutNumber,
        /// The same for too long.
        WithoutNumberLong,
        /// A part has left, the rest was closed or cancelled in the ERP.
        RestClosed,
        /// Closed in the ERP; nothing has left.
        ClosedUnshipped,
        /// Cancelled in the ERP; nothing has left.
        CancelledInErp,
        /// Several orders in the ERP have the number.
        Several,
        /// All has left; the marketplace's newest word is not read yet.
        LeftUnread,
        /// All has left with tracking numbers: to be reported.
        ToReport,
        /// The same, in one parcel with an order that cannot be reported yet.
        SharesParcel,
        /// The report's intent is open.
        ReportOpen,
        /// The same, and the marketplace does not say what became of it.
        ReportUnanswered,
        /// The marketplace does not know the carrier.
        UnknownCarrier,
        /// The marketplace refused the report, or it cannot be composed.
        Refused,
        /// Shipped in the ERP and there without us; the tracking numbers are not compared yet.
        ShippedBoth,
        /// The same, and the tracking numbers differ.
        OtherNumbers,
        /// Shipped in the ERP, and reported there by hand.
        ReportedByHand,
        /// Reported by us.
        Reported,
        /// Reported by us, and cancelled there afterwards.
        CancelledAfterReport,
        /// Reported by us; a tracking number changed in the ERP afterwards.
        NumberChanged,
        /// Cancelled after it was read, and the ERP was not asked since: a person may have entered it there.
        CancelledUnknown,
        /// To be cancelled at the marketplace; the ERP does not have it.
        CancelDue,
        /// To be cancelled at the marketplace; the ERP has it.
        CancelDueInErp,
        /// The marketplace was asked to cancel it; the ERP does not have it.
        CancelAsked,
        /// The marketplace was asked to cancel it; the ERP has it.
        CancelAskedInErp,
        /// To be handed over again, once the ERP was searched for it.
        LookForIt,
        /// The search has found orders that may be this one, or was not complete.
        Candidates,
        /// To be handed over again.
        HandOverAgain,
        /// A person decided that nothing is done with it.
        LeftOut,
        /// A person has dealt with it; the ERP does not have it.
        DoneByHand,
        /// A person has dealt with it; the ERP has it.
        DoneByHandInErp,
        /// A person's decision no longer fits the facts; the ERP does not have it.
        AskedAgain,
        /// A person's decision no longer fits the facts; the ERP has it.
        AskedAgainInErp,
        /// Nothing has changed for long, and the two sides do not agree that it is over; its units stay subtracted.
        NotAgreed,
        /// The same; the ERP has reserved the units, or has sent them.
        NotAgreedInErp,
        /// Reported, and watched for long enough.
        Over,
        /// A person has dealt with it, and it was watched for long enough; the ERP does not have it.
        OverByHand,
        /// The same; the ERP has it.
        OverByHandInErp,
    }
}

/// Rows that do not follow from a situation alone, but from a decision, a report or the time that has passed.
const LATER: [Row; 21] = [
    Row::NumberTaken,
    Row::CancelDue,
    Row::CancelDueInErp,
    Row::CancelAsked,
    Row::CancelAskedInErp,
    Row::SharesParcel,
    Row::NumberChanged,
    Row::CancelledUnknown,
    Row::LookForIt,
    Row::Candidates,
    Row::HandOverAgain,
    Row::LeftOut,
    Row::DoneByHand,
    Row::DoneByHandInErp,
    Row::AskedAgain,
    Row::AskedAgainInErp,
    Row::NotAgreed,
    Row::NotAgreedInErp,
    Row::Over,
    Row::OverByHand,
    Row::OverByHandInErp,
];

impl Row {
    /// The word that is stored and sent.
    pub fn word(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => word,
            Ok(_) | Err(_) => String::new(),
        }
    }

    /// Whether [`Row::of`] gives it.
    pub fn is_of_a_situation(self) -> bool {
        !LATER.contains(&self)
    }

    /// Whether it says that the newest document differs from what the ERP has, while the ERP can still be corrected by hand.
    pub(in crate::judgement) fn is_changed(self) -> bool {
        matches!(self, Self::ChangedWaiting | Self::ChangedOpen)
    }

    /// The row of a situation. While an intent is open, nothing else counts.
    pub fn of(situation: &Situation) -> Self {
        match situation.reporting {
            Reporting::Intended => Self::ReportOpen,
            Reporting::Unanswered => Self::ReportUnanswered,
            Reporting::Done => match situation.there {
                There::Cancelled => Self::CancelledAfterReport,
                There::History
                | There::Fulfilled
                | There::Pending
                | There::Unread
                | There::Unusable
                | There::Held
                | There::Open
                | There::PartlyShipped
                | There::Shipped => Self::Reported,
            },
            Reporting::Never | Reporting::UnknownCarrier | Reporting::Refused | Reporting::OtherNumbers => {
                match situation.hand_over {
                    HandOver::Intended => Self::HandOverOpen,
                    HandOver::IntendedLong => Self::Unclear,
                    HandOver::Never | HandOver::Done | HandOver::DoneLong => unreported(situation),
                }
            }
        }
    }
}

/// No intent is open, and we did not report it.
fn unreported(situation: &Situation) -> Row {
    let was_handed_over = match situation.hand_over {
        HandOver::Never => false,
        HandOver::Intended | HandOver::IntendedLong | HandOver::Done | HandOver::DoneLong => true,
    };
    match (situation.in_erp, situation.hand_over) {
        (InErp::Unknown | InErp::Absent, HandOver::Never) => untouched(situation),
        (
            InErp::Unknown,
            HandOver::Intended | HandOver::IntendedLong | HandOver::Done | HandOver::DoneLong,
        )
        | (InErp::Absent, HandOver::Intended | HandOver::IntendedLong | HandOver::Done)
        | (InErp::Waiting, HandOver::Never | HandOver::Intended | HandOver::IntendedLong | HandOver::Done) => {
            waiting(situation, was_handed_over, Row::HandedOver)
        }
        (InErp::Waiting, HandOver::DoneLong) => waiting(situation, was_handed_over, Row::WorkerStuck),
        (InErp::Absent, HandOver::DoneLong) => gone(situation, Row::Dropped),
        (
            InErp::Deleted,
            HandOver::Never
            | HandOver::Intended
            | HandOver::IntendedLong
            | HandOver::Done
            | HandOver::DoneLong,
        ) => gone(situation, Row::Deleted),
        (
            InErp::Open
            | InErp::PartLeft
            | InErp::RestClosed
            | InErp::WithoutNumber
            | InErp::WithoutNumberLong
            | InErp::Left
            | InErp::ClosedUnshipped
            | InErp::Cancelled
            | InErp::Several,
            HandOver::Never
            | HandOver::Intended
            | HandOver::IntendedLong
            | HandOver::Done
            | HandOver::DoneLong,
        ) => in_erp(situation, was_handed_over),
    }
}

/// We did not hand it over, and the ERP does not have it as far as we know.
fn untouched(situation: &Situation) -> Row {
    let was_asked = situation.in_erp != InErp::Unknown;
    match situation.there {
        There::History => Row::History,
        There::Fulfilled => Row::FulfilledThere,
        There::Pending => Row::Pending,
        There::Unread => Row::DetailsMissing,
        There::Unusable => Row::SetAside,
        There::Held => Row::Held,
        There::Open => match situation.articles {
            Articles::Unknown => Row::UnknownArticle,
            Articles::Known => Row::Ready,
        },
        There::PartlyShipped => Row::PartlyShippedElsewhere,
        There::Shipped if was_asked => Row::ShippedElsewhere,
        There::Shipped => Row::ShippedElsewhereUnknown,
        There::Cancelled => Row::CancelledBefore,
    }
}

/// A row waits to become an order, or should.
fn waiting(situation: &Situation, was_handed_over: bool, quiet: Row) -> Row {
    match (situation.there, situation.differs) {
        (There::History, Differs::No | Differs::Yes) => Row::History,
        (There::Fulfilled, Differs::No | Differs::Yes) => Row::FulfilledThere,
        (There::Cancelled, Differs::No | Differs::Yes) => Row::CancelledWaiting,
        (There::Shipped | There::PartlyShipped, Differs::No | Differs::Yes) => Row::ShippedWaiting,
        (There::Held, Differs::No | Differs::Yes) => Row::WishWaiting,
        (There::Unusable, Differs::No | Differs::Yes) if was_handed_over => Row::UnreadableWaiting,
        (There::Open, Differs::Yes) => Row::ChangedWaiting,
        (There::Pending | There::Unread | There::Unusable, Differs::No | Differs::Yes)
        | (There::Open, Differs::No) => quiet,
    }
}

/// The ERP had it, or should have it, and does not.
fn gone(situation: &Situation, open: Row) -> Row {
    match situation.there {
        There::History => Row::History,
        There::Fulfilled => Row::FulfilledThere,
        There::Cancelled => Row::CancelledBoth,
        There::Shipped => Row::ShippedElsewhere,
        There::PartlyShipped => Row::PartlyShippedElsewhere,
        There::Pending | There::Unread | There::Unusable | There::Held | There::Open => open,
    }
}

/// The ERP shows at least one order.
fn in_erp(situation: &Situation, was_handed_over: bool) -> Row {
    match situation.there {
        There::History => Row::History,
        There::Fulfilled => Row::FulfilledThere,
        There::Cancelled => cancelled_there(situation.in_erp),
        There::Shipped => shipped_there(situation),
        There::PartlyShipped => match situation.in_erp {
            InErp::Open => Row::PartlyWithoutUs,
            InErp::Cancelled | InErp::ClosedUnshipped => Row::PartlyShippedElsewhere,
            InErp::Unknown
            | InErp::Absent
            | InErp::Deleted
            | InErp::Waiting
            | InErp::PartLeft
            | InErp::RestClosed
            | InErp::WithoutNumber
            | InErp::WithoutNumberLong
            | InErp::Left
            | InErp::Several => reportable(situation),
        },
        There::Held => wanted(situation, Row::WishOpen, Some(Row::WishLeft), Row::WishLeft),
        There::Unusable if was_handed_over => {
            wanted(situation, Row::UnreadableOpen, Some(Row::UnreadableLeft), Row::UnreadableLeft)
        }
        There::Unread | There::Pending => wanted(situation, Row::InErpUnread, None, Row::LeftUnread),
        There::Open | There::Unusable => match situation.differs {
            Differs::No => reportable(situation),
            Differs::Yes => wanted(situation, Row::ChangedOpen, Some(Row::ChangedLeft), Row::ChangedLeft),
        },
    }
}

/// The marketplace waits for it, and nothing keeps a shipment from being reported.
fn reportable(situation: &Situation) -> Row {
    match (situation.in_erp, situation.parcels) {
        (
            InErp::PartLeft | InErp::RestClosed | InErp::WithoutNumber | InErp::WithoutNumberLong,
            Parcels::Untold,
        ) => report(situation.reporting, Row::PartToReport),
        (
            InErp::PartLeft | InErp::RestClosed | InErp::WithoutNumber | InErp::WithoutNumberLong,
            Parcels::Changed,
        ) => Row::PartNumberChanged,
        (InErp::PartLeft, Parcels::Told) => Row::PartReported,
        (InErp::RestClosed, Parcels::Told) => Row::RestToCancel,
        (InErp::WithoutNumber | InErp::WithoutNumberLong, Parcels::Told)
        | (
            InErp::PartLeft | InErp::RestClosed | InErp::WithoutNumber | InErp::WithoutNumberLong,
            Parcels::Together,
        )
        | (
            InErp::Unknown
            | InErp::Absent
            | InErp::Deleted
            | InErp::Waiting
            | InErp::Open
            | InErp::Left
            | InErp::ClosedUnshipped
            | InErp::Cancelled
            | InErp::Several,
            Parcels::Together | Parcels::Untold | Parcels::Told | Parcels::Changed,
        ) => wanted(situation, Row::InErp, None, report(situation.reporting, Row::ToReport)),
    }
}

/// The marketplace waits for it: the row while nothing has left, the row that replaces those of a part or a missing number, and
/// the row once all has left.
fn wanted(situation: &Situation, open: Row, part: Option<Row>, all: Row) -> Row {
    match situation.in_erp {
        InErp::Unknown | InErp::Absent | InErp::Deleted | InErp::Waiting | InErp::Open => open,
        InErp::PartLeft => part.unwrap_or(Row::PartLeft),
        InErp::WithoutNumber => part.unwrap_or(Row::WithoutNumber),
        InErp::WithoutNumberLong => part.unwrap_or(Row::WithoutNumberLong),
        InErp::Left => all,
        InErp::RestClosed => Row::RestClosed,
        InErp::ClosedUnshipped => Row::ClosedUnshipped,
        InErp::Cancelled => Row::CancelledInErp,
        InErp::Several => Row::Several,
    }
}

fn cancelled_there(in_erp: InErp) -> Row {
    match in_erp {
        InErp::Unknown | InErp::Absent | InErp::Deleted | InErp::Cancelled | InErp::ClosedUnshipped => {
            Row::CancelledBoth
        }
        InErp::Waiting | InErp::Open | InErp::Several => Row::CancelledOpen,
        InErp::PartLeft
        | InErp::RestClosed
        | InErp::WithoutNumber
        | InErp::WithoutNumberLong
        | InErp::Left => Row::CancelledLeft,
    }
}

fn shipped_there(situation: &Situation) -> Row {
    match situation.in_erp {
        InErp::Unknown | InErp::Absent | InErp::Deleted | InErp::Cancelled | InErp::ClosedUnshipped => {
            Row::ShippedElsewhere
        }
        InErp::Waiting | InErp::Open | InErp::PartLeft | InErp::Several => Row::ShippedWithoutUs,
        InErp::WithoutNumber | InErp::WithoutNumberLong => Row::ReportedByHand,
        InErp::RestClosed => match situation.parcels {
            Parcels::Together => Row::ReportedByHand,
            Parcels::Untold | Parcels::Told | Parcels::Changed => shipped_both(situation.reporting),
        },
        InErp::Left => shipped_both(situation.reporting),
    }
}

/// Shipped in the ERP with tracking numbers, and at the marketplace.
fn shipped_both(reporting: Reporting) -> Row {
    match reporting {
        Reporting::OtherNumbers => Row::OtherNumbers,
        Reporting::Never
        | Reporting::UnknownCarrier
        | Reporting::Refused
        | Reporting::Intended
        | Reporting::Unanswered
        | Reporting::Done => Row::ShippedBoth,
    }
}

/// What has left with tracking numbers can be reported, and the marketplace waits for it.
fn report(reporting: Reporting, due: Row) -> Row {
    match reporting {
        Reporting::Never | Reporting::Done => due,
        Reporting::UnknownCarrier => Row::UnknownCarrier,
        Reporting::Refused | Reporting::OtherNumbers => Row::Refused,
        Reporting::Intended => Row::ReportOpen,
        Reporting::Unanswered => Row::ReportUnanswered,
    }
}
