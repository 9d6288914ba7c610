//! What the order part of a marketplace takes and gives: windows of time, raw entries.
//!
//! Not the translated order: that is `marktwerk_domain::order::Order`.

use std::fmt;

use jiff::Timestamp;
use marktwerk_domain::judgement::{Hold, Notice};
use marktwerk_domain::order::{Hints, MarketplaceStatus, OrderLine};
use marktwerk_domain::reason::Reason;
use marktwerk_domain::shipment::Content;
use serde_json::Value;

/// Which orders to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderWindow {
    /// Changed at or after this; whole seconds count.
    pub changed_from: Timestamp,
    /// Changed at or before this; whole seconds count.
    pub changed_until: Timestamp,
    /// The marketplace's own word for a status, as its job's parameters have it; `None`: all.
    pub status: Option<String>,
}

/// What the report of a shipment needs of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportLines {
    /// The lines that are left to ship; their prices are not known.
    pub lines: Vec<OrderLine>,
    /// What the connector wants to read again when the shipment is reported.
    pub hints: Option<Hints>,
}

/// An order as a listing shows it. Its `Debug` leaves out the raw document.
#[derive(Clone)]
pub struct OrderEntry {
    /// The marketplace's order number.
    pub number: String,
    /// When it changed last at the marketplace, whole seconds.
    pub changed_at: Timestamp,
    /// When the buyer bought, whole seconds.
    pub ordered_at: Timestamp,
    /// Where the marketplace says it stands.
    pub status: MarketplaceStatus,
    /// Shows whether it says something else than before although its time of change is the same: wishes, checks and what was cancelled
    /// do not always move that time, and two changes may share one second.
    pub fingerprint: String,
    /// The entry as it came.
    pub raw: Value,
}

impl fmt::Debug for OrderEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OrderEntry")
            .field("number", &self.number)
            .field("changed_at", &self.changed_at)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// An entry of a listing that cannot be read. Its `Debug` leaves out the raw document.
#[derive(Clone)]
pub struct MalformedEntry {
    /// The order's number, if at least that can be read.
    pub number: Option<String>,
    /// What is wrong with it, for people; carries no content of the entry.
    pub reason: String,
    /// The entry as it came.
    pub raw: Value,
}

impl fmt::Debug for MalformedEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MalformedEntry")
            .field("number", &self.number)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// Units of an order by article number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderUnits {
    /// What it takes from stock.
    pub taken: Vec<Content>,
    /// What was cancelled before shipment: the marketplace offers it again.
    pub cancelled: Vec<Content>,
}

/// What a raw document says of an order beside its contents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Open wishes and checks.
    pub holds: Vec<Hold>,
    /// What people should know who send it.
    pub notices: Vec<Notice>,
    /// The marketplace sends all of it from its own warehouse.
    pub is_fulfilled: bool,
}

/// Why a raw document cannot become an order: such an order is set aside and shown with this reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Untranslatable {
    /// For people: what is missing or does not fit, and what to do. Carries no personal data.
    pub reason: Reason,
}

impl Untranslatable {
    /// Because of `reason`, in English and German.
    pub fn because(reason: [impl Into<String>; 2]) -> Self {
        Self { reason: Reason::new(reason) }
    }
}
