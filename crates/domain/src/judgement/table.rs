//! What each row of the table means: state, next act, attention entry, units. Its sentences are in `words.rs`.

use crate::attention::AttentionKind;
use crate::order::OrderState;

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
        /// Look whether the ERP knows its articles now.
        CheckArticles,
        /// Hand it over to the ERP.
        HandOver,
        /// Find out what became of an open hand-over.
        ResolveHandOver,
        /// Report its shipment.
        Report,
        /// Ask the marketplace what became of an open report.
        ResolveReport,
    }
}

impl Act {
    /// What is done, for a table.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "none, it is over",
            Self::AskMarketplace => "read it again at the marketplace",
            Self::Read => "fetch and read its document",
            Self::AskErp => "ask JTL",
            Self::CheckArticles => "ask JTL for its articles",
            Self::HandOver => "hand it over",
            Self::ResolveHandOver => "look it up in JTL",
            Self::Report => "report its shipment",
            Self::ResolveReport => "ask the marketplace for the report",
        }
    }

    /// Whether it writes to the ERP or to a marketplace.
    pub fn writes_outside(self) -> bool {
        match self {
            Self::HandOver | Self::Report => true,
            Self::Nothing
            | Self::AskMarketplace
            | Self::Read
            | Self::AskErp
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
    /// What happened after the hand-over.
    pub mark: Option<Mark>,
    /// Whether its units stay subtracted from the ERP's stock figures.
    pub takes_stock: bool,
    /// Whether nothing is left to do.
    pub is_over: bool,
}

impl Line {
    const fn new(state: OrderState, act: Act) -> Self {
        Self { state, act, is_retried: false, kind: None, mark: None, takes_stock: false, is_over: false }
    }

    const fn over(state: OrderState) -> Self {
        Self { is_over: true, ..Self::new(state, Act::Nothing) }
    }

    const fn entry(self, kind: AttentionKind) -> Self {
        Self { kind: Some(kind), ..self }
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
            Self::Pending => line(State::Fetched, Act::AskMarketplace).taking(),
            Self::DetailsMissing => line(State::Fetched, Act::Read).taking(),
            Self::SetAside => line(State::SetAside, Act::AskMarketplace).entry(Kind::SetAside).taking(),
            Self::Held => line(State::Imported, Act::AskMarketplace).taking(),
            Self::UnknownArticle => {
                line(State::Imported, Act::CheckArticles).entry(Kind::UnknownArticle).taking()
            }
            Self::Ready => line(State::Imported, Act::HandOver).taking(),
            Self::PartlyShippedElsewhere | Self::ShippedElsewhere => {
                line(State::SetAside, Act::AskErp).entry(Kind::ShippedElsewhere).taking()
            }
            Self::ShippedElsewhereUnknown => line(State::Fetched, Act::AskErp).taking(),
            Self::CancelledBefore | Self::CancelledBoth => Line::over(State::Cancelled),
            Self::HandOverOpen => line(State::Exporting, Act::ResolveHandOver).taking(),
            Self::Unclear => line(State::Unclear, Act::ResolveHandOver).entry(Kind::Unclear).taking(),
            Self::HandedOver => line(State::HandedOver, Act::AskErp).taking(),
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
            Self::InErp => line(State::InJtl, Act::AskErp),
            Self::InErpUnread => line(State::InJtl, Act::Read),
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
            Self::PartLeft | Self::WithoutNumber => line(State::InJtl, Act::AskErp),
            Self::WithoutNumberLong => line(State::InJtl, Act::AskErp).entry(Kind::WithoutNumber),
            Self::RestClosed | Self::ClosedUnshipped | Self::CancelledInErp => {
                line(State::InJtl, Act::AskErp).entry(Kind::ClosedInErp)
            }
            Self::Several => line(State::InJtl, Act::AskErp).entry(Kind::Duplicate),
            Self::LeftUnread => line(State::Shipped, Act::Read),
            Self::ToReport => line(State::Shipped, Act::Report).retried(),
            Self::ReportOpen => line(State::Shipped, Act::ResolveReport),
            Self::ReportUnanswered => {
                line(State::Shipped, Act::ResolveReport).entry(Kind::ShipmentRefused).retried()
            }
            Self::UnknownCarrier => line(State::Shipped, Act::Report).entry(Kind::UnknownCarrier).retried(),
            Self::Refused => line(State::Shipped, Act::Report).entry(Kind::ShipmentRefused).retried(),
            Self::ReportedByHand | Self::Reported => Line::over(State::Reported),
            Self::CancelledAfterReport => {
                Line::over(State::Reported).entry(Kind::CancelledAfterHandOver).marked(Mark::Cancelled)
            }
        }
    }
}
