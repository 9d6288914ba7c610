//! What each row of the table means: state, next act, attention entry, units. Its sentences are in `words.rs`.

use jiff::SignedDuration;

use crate::attention::AttentionKind;
use crate::language::Language;
use crate::order::OrderState;

use super::decision::Decision;
use super::limits::Limits;
use super::rows::Row;

answers! {
    /// What is to be done next with an order.
    Act {
        /// Nothing: it is over.
        Nothing,
        /// Read what the marketplace says about it; each order run does.
        AskMarketplace,
        /// Fetch and read its newest document.
        Read,
        /// Ask the ERP about its number; each order run does.
        AskErp,
        /// Search the ERP for it under other numbers.
        SearchErp,
        /// Look whether the ERP knows its articles now.
        CheckArticles,
        /// Hand it over to the ERP.
        HandOver,
        /// Find out what became of an open hand-over.
        ResolveHandOver,
        /// Report its shipment.
        Report,
        /// Cancel it at the marketplace; what was asked before is looked up first.
        Cancel,
        /// Ask the marketplace what became of an open report.
        ResolveReport,
    }
}

impl Act {
    /// What is done, for a table.
    pub fn words(self, language: Language) -> &'static str {
        language.of(match self {
            Self::Nothing => ["none, it is over", "nichts, sie ist erledigt"],
            Self::AskMarketplace => ["read it again at the marketplace", "am Marktplatz erneut lesen"],
            Self::Read => ["fetch and read its document", "ihre Daten holen und lesen"],
            Self::AskErp => ["ask JTL", "JTL fragen"],
            Self::SearchErp => ["search JTL for it", "in JTL danach suchen"],
            Self::CheckArticles => ["ask JTL for its articles", "JTL nach ihren Artikeln fragen"],
            Self::HandOver => ["hand it over", "an JTL übergeben"],
            Self::ResolveHandOver => ["look it up in JTL", "in JTL nachsehen"],
            Self::Report => ["report its shipment", "den Versand melden"],
            Self::Cancel => ["cancel it at the marketplace", "am Marktplatz stornieren"],
            Self::ResolveReport => {
                ["ask the marketplace for the report", "den Marktplatz nach der Versandmeldung fragen"]
            }
        })
    }

    /// Whether it writes to the ERP or to a marketplace.
    pub fn writes_outside(self) -> bool {
        match self {
            Self::HandOver | Self::Report | Self::Cancel => true,
            Self::Nothing
            | Self::AskMarketplace
            | Self::Read
            | Self::AskErp
            | Self::SearchErp
            | Self::CheckArticles
            | Self::ResolveHandOver
            | Self::ResolveReport => false,
        }
    }
}

/// What happened at the marketplace to an order that the ERP has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Cancelled at the marketplace.
    Cancelled,
    /// Changed (address, quantities) at the marketplace.
    Changed,
}

impl Mark {
    /// The word stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Changed => "changed",
        }
    }
}

/// Which limit of [`Limits`] a quiet wait has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Marktwerk's own next step.
    OwnStep,
    /// A wish or check that is open.
    Hold,
    /// The marketplace's release.
    Pending,
    /// The ERP's shipment.
    Shipment,
    /// The parcels that are still to come.
    Part,
    /// A tracking number; the row has a limit of its own, so that only the deadline counts here.
    Number,
}

impl Wait {
    /// How long it may last.
    pub fn limit(self, limits: &Limits) -> Option<SignedDuration> {
        match self {
            Self::OwnStep => Some(limits.own_step),
            Self::Hold => Some(limits.hold),
            Self::Pending => Some(limits.pending),
            Self::Shipment => Some(limits.shipment),
            Self::Part => Some(limits.part),
            Self::Number => None,
        }
    }
}

/// A row's meaning.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// The order's state.
    pub state: OrderState,
    /// What is to be done next.
    pub act: Act,
    /// The act waits for the time of the next try.
    pub is_retried: bool,
    /// The entry that it has.
    pub kind: Option<AttentionKind>,
    /// Without an entry of its own: which wait becomes one.
    pub wait: Option<Wait>,
    /// What happened after the hand-over.
    pub mark: Option<Mark>,
    /// Whether its units stay subtracted from the ERP's stock figures.
    pub takes_stock: bool,
    /// Whether nothing is left to do.
    pub is_over: bool,
}

impl Line {
    const fn new(state: OrderState, act: Act) -> Self {
        Self {
            state,
            act,
            is_retried: false,
            kind: None,
            wait: None,
            mark: None,
            takes_stock: false,
            is_over: false,
        }
    }

    const fn over(state: OrderState) -> Self {
        Self { is_over: true, ..Self::new(state, Act::Nothing) }
    }

    const fn entry(self, kind: AttentionKind) -> Self {
        Self { kind: Some(kind), ..self }
    }

    const fn waits(self, wait: Wait) -> Self {
        Self { wait: Some(wait), ..self }
    }

    const fn marked(self, mark: Mark) -> Self {
        Self { mark: Some(mark), ..self }
    }

    const fn taking(self) -> Self {
        Self { takes_stock: true, ..self }
    }

    const fn retried(self) -> Self {
        Self { is_retried: true, ..self }
    }
}

impl Row {
    /// What the row means.
    pub fn line(self) -> Line {
        use AttentionKind as Kind;
        use OrderState as State;
        let line = Line::new;
        match self {
            Self::History | Self::FulfilledThere => Line::over(State::Fetched),
            Self::Pending => line(State::Fetched, Act::AskMarketplace).waits(Wait::Pending).taking(),
            Self::DetailsMissing => line(State::Fetched, Act::Read).waits(Wait::OwnStep).taking(),
            Self::SetAside => line(State::SetAside, Act::AskMarketplace).entry(Kind::SetAside).taking(),
            Self::Held => line(State::Imported, Act::AskMarketplace).waits(Wait::Hold).taking(),
            Self::UnknownArticle => {
                line(State::Imported, Act::CheckArticles).entry(Kind::UnknownArticle).taking()
            }
            Self::NumberTaken => line(State::Unclear, Act::AskErp).entry(Kind::NumberTaken).taking(),
            Self::Ready => line(State::Imported, Act::HandOver).waits(Wait::OwnStep).taking(),
            Self::PartlyShippedElsewhere | Self::ShippedElsewhere => {
                line(State::SetAside, Act::AskErp).entry(Kind::ShippedElsewhere).taking()
            }
            Self::ShippedElsewhereUnknown => line(State::Fetched, Act::AskErp).waits(Wait::OwnStep).taking(),
            Self::CancelledUnknown => line(State::Cancelled, Act::AskErp),
            Self::CancelledBefore | Self::CancelledBoth => Line::over(State::Cancelled),
            Self::HandOverOpen => line(State::Exporting, Act::ResolveHandOver).taking(),
            Self::Unclear => line(State::Unclear, Act::ResolveHandOver).entry(Kind::Unclear).taking(),
            Self::HandedOver => line(State::HandedOver, Act::AskErp).waits(Wait::OwnStep).taking(),
            Self::WorkerStuck => line(State::HandedOver, Act::AskErp).entry(Kind::WorkerStuck).taking(),
            Self::Dropped | Self::Deleted => line(State::Unclear, Act::AskErp).entry(Kind::Unclear).taking(),
            Self::CancelledWaiting => line(State::HandedOver, Act::AskErp)
                .entry(Kind::CancelledAfterHandOver)
                .marked(Mark::Cancelled)
                .taking(),
            Self::ShippedWaiting => {
                line(State::HandedOver, Act::AskErp).entry(Kind::ShippedElsewhere).taking()
            }
            Self::WishWaiting => line(State::HandedOver, Act::AskErp).entry(Kind::BuyerWish).taking(),
            Self::ChangedWaiting | Self::UnreadableWaiting => line(State::HandedOver, Act::AskErp)
                .entry(Kind::ChangedAfterHandOver)
                .marked(Mark::Changed)
                .taking(),
            Self::InErp => line(State::InJtl, Act::AskErp).waits(Wait::Shipment),
            Self::InErpUnread => line(State::InJtl, Act::Read).waits(Wait::OwnStep),
            Self::WishOpen | Self::WishLeft => line(State::InJtl, Act::AskMarketplace).entry(Kind::BuyerWish),
            Self::ChangedOpen | Self::UnreadableOpen => {
                line(State::InJtl, Act::AskErp).entry(Kind::ChangedAfterHandOver).marked(Mark::Changed)
            }
            Self::ChangedLeft | Self::UnreadableLeft => line(State::InJtl, Act::AskMarketplace)
                .entry(Kind::ChangedAfterHandOver)
                .marked(Mark::Changed),
            Self::CancelledOpen => {
                line(State::InJtl, Act::AskErp).entry(Kind::CancelledAfterHandOver).marked(Mark::Cancelled)
            }
            Self::CancelledLeft => line(State::InJtl, Act::AskMarketplace)
                .entry(Kind::CancelledAfterHandOver)
                .marked(Mark::Cancelled),
            Self::ShippedWithoutUs | Self::PartlyWithoutUs => {
                line(State::InJtl, Act::AskErp).entry(Kind::ShippedElsewhere)
            }
            Self::PartLeft | Self::PartReported => line(State::InJtl, Act::AskErp).waits(Wait::Part),
            Self::PartNumberChanged => line(State::InJtl, Act::AskErp).entry(Kind::NumberChanged),
            Self::WithoutNumber => line(State::InJtl, Act::AskErp).waits(Wait::Number),
            Self::WithoutNumberLong => line(State::InJtl, Act::AskErp).entry(Kind::WithoutNumber),
            Self::RestClosed | Self::RestToCancel | Self::ClosedUnshipped | Self::CancelledInErp => {
                line(State::InJtl, Act::AskErp).entry(Kind::ClosedInErp)
            }
            Self::Several => line(State::InJtl, Act::AskErp).entry(Kind::Duplicate),
            Self::LeftUnread => line(State::Shipped, Act::Read).waits(Wait::OwnStep),
            Self::ToReport | Self::PartToReport => {
                line(State::Shipped, Act::Report).waits(Wait::OwnStep).retried()
            }
            Self::SharesParcel => line(State::Shipped, Act::Report).waits(Wait::Part).retried(),
            Self::ReportOpen => line(State::Shipped, Act::ResolveReport).waits(Wait::OwnStep),
            Self::ReportUnanswered => {
                line(State::Shipped, Act::ResolveReport).entry(Kind::ShipmentRefused).retried()
            }
            Self::UnknownCarrier => line(State::Shipped, Act::Report).entry(Kind::UnknownCarrier).retried(),
            Self::Refused => line(State::Shipped, Act::Report).entry(Kind::ShipmentRefused).retried(),
            Self::ShippedBoth => line(State::Shipped, Act::ResolveReport).waits(Wait::OwnStep).retried(),
            Self::OtherNumbers => {
                line(State::Shipped, Act::ResolveReport).entry(Kind::ShippedElsewhere).retried()
            }
            // JTL may show a number later, and it may be another one.
            Self::ReportedByHand => line(State::Reported, Act::AskErp),
            Self::Over => Line::over(State::Reported),
            Self::Reported => line(State::Reported, Act::AskErp),
            Self::CancelledAfterReport => {
                Line::over(State::Reported).entry(Kind::CancelledAfterHandOver).marked(Mark::Cancelled)
            }
            Self::NumberChanged => line(State::Reported, Act::AskErp).entry(Kind::NumberChanged),
            Self::CancelDue => line(State::SetAside, Act::Cancel).waits(Wait::OwnStep).taking(),
            Self::CancelDueInErp => line(State::InJtl, Act::Cancel).waits(Wait::OwnStep),
            Self::CancelAsked => line(State::SetAside, Act::AskMarketplace).waits(Wait::Hold).taking(),
            Self::CancelAskedInErp => line(State::InJtl, Act::AskMarketplace).waits(Wait::Hold),
            Self::LookForIt => line(State::Unclear, Act::SearchErp).waits(Wait::OwnStep).taking(),
            Self::Candidates => line(State::Unclear, Act::AskErp).entry(Kind::Unclear).taking(),
            Self::HandOverAgain => line(State::Imported, Act::HandOver).waits(Wait::OwnStep).taking(),
            Self::LeftOut | Self::DoneByHand => line(State::SetAside, Act::AskErp),
            Self::DoneByHandInErp => line(State::InJtl, Act::AskErp),
            Self::AskedAgain => line(State::SetAside, Act::AskErp).entry(Kind::AskedAgain).taking(),
            Self::AskedAgainInErp => line(State::InJtl, Act::AskErp).entry(Kind::AskedAgain),
            Self::NotAgreed => Line::over(State::SetAside).entry(Kind::NotAgreed).taking(),
            Self::NotAgreedInErp => Line::over(State::InJtl).entry(Kind::NotAgreed),
            Self::OverByHand => Line::over(State::SetAside),
            Self::OverByHandInErp => Line::over(State::InJtl),
        }
    }

    /// What a person can decide about it, beside taking a decision back.
    pub fn offers(self) -> &'static [Decision] {
        use Decision as D;
        match self {
            Self::SetAside => &[D::ReadAgain, D::DoneByHand, D::CancelThere, D::LeaveOut, D::RemindMe],
            Self::Held => &[
                D::ShipAllTheSame,
                D::AcceptCancellation,
                D::DoneByHand,
                D::CancelThere,
                D::LeaveOut,
                D::RemindMe,
            ],
            Self::CancelDue => &[D::DoneByHand, D::LeaveOut, D::RemindMe],
            Self::Unclear | Self::Dropped => &[D::HandOverAgain, D::DoneByHand, D::LeaveOut, D::RemindMe],
            Self::Deleted => &[D::HandOverAgain, D::DoneByHand, D::CancelThere, D::LeaveOut, D::RemindMe],
            Self::NumberTaken => {
                &[D::ThisIsIt, D::HandOverAgain, D::DoneByHand, D::CancelThere, D::LeaveOut, D::RemindMe]
            }
            Self::Candidates => &[D::NoneOfThese, D::DoneByHand, D::LeaveOut, D::RemindMe],
            Self::UnknownArticle => &[D::DoneByHand, D::CancelThere, D::LeaveOut, D::RemindMe],
            Self::AskedAgain | Self::CancelAsked => &[D::GoOn, D::DoneByHand, D::LeaveOut, D::RemindMe],
            Self::AskedAgainInErp | Self::CancelAskedInErp => &[D::GoOn, D::DoneByHand, D::RemindMe],
            Self::Pending
            | Self::DetailsMissing
            | Self::Ready
            | Self::LookForIt
            | Self::HandOverAgain
            | Self::NotAgreed => &[D::DoneByHand, D::LeaveOut, D::RemindMe],
            Self::WishOpen | Self::WishWaiting => {
                &[D::ShipAllTheSame, D::AcceptCancellation, D::DoneByHand, D::RemindMe]
            }
            Self::WishLeft | Self::UnreadableWaiting | Self::UnreadableOpen | Self::UnreadableLeft => {
                &[D::ShipAllTheSame, D::DoneByHand, D::RemindMe]
            }
            Self::ChangedWaiting | Self::ChangedOpen | Self::ChangedLeft => {
                &[D::DoneByHand, D::ShipAllTheSame, D::RemindMe]
            }
            Self::ClosedUnshipped | Self::CancelledInErp => &[D::CancelThere, D::DoneByHand, D::RemindMe],
            Self::UnknownCarrier => &[D::ChooseCarrier, D::DoneByHand, D::RemindMe],
            Self::Refused => &[D::ReportAgain, D::DoneByHand, D::RemindMe],
            Self::PartlyShippedElsewhere
            | Self::ShippedElsewhere
            | Self::ShippedElsewhereUnknown
            | Self::CancelledUnknown
            | Self::CancelledWaiting
            | Self::ShippedWaiting
            | Self::InErp
            | Self::InErpUnread
            | Self::CancelledOpen
            | Self::CancelledLeft
            | Self::ShippedWithoutUs
            | Self::PartlyWithoutUs
            | Self::PartLeft
            | Self::PartToReport
            | Self::PartReported
            | Self::PartNumberChanged
            | Self::RestToCancel
            | Self::ShippedBoth
            | Self::OtherNumbers
            | Self::WithoutNumber
            | Self::WithoutNumberLong
            | Self::RestClosed
            | Self::CancelDueInErp
            | Self::Several
            | Self::LeftUnread
            | Self::ToReport
            | Self::SharesParcel
            | Self::CancelledAfterReport
            | Self::NumberChanged
            | Self::NotAgreedInErp => &[D::DoneByHand, D::RemindMe],
            // A row waits in the ERP, or an intent is open: only time and the other side can end that.
            Self::HandedOver
            | Self::WorkerStuck
            | Self::HandOverOpen
            | Self::ReportOpen
            | Self::ReportUnanswered => &[D::RemindMe],
            Self::History
            | Self::FulfilledThere
            | Self::CancelledBefore
            | Self::CancelledBoth
            | Self::ReportedByHand
            | Self::Reported
            | Self::LeftOut
            | Self::DoneByHand
            | Self::DoneByHandInErp
            | Self::Over
            | Self::OverByHand
            | Self::OverByHandInErp => &[],
        }
    }
}
