//! What is known of one old order: what the old tables claim, and what JTL says. Facts only; what follows from them is
//! [`crate::decide`]'s business.

use marktwerk_domain::shipment::ErpOrder;
use marktwerk_erp::Presence;

use crate::old::OldOrder;

/// What the old tables say that the marketplace said, when the old system read the order (it never looked again).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportedState {
    /// Pending, to be shipped, or nothing that is understood.
    Open,
    /// Cancelled.
    Cancelled,
    /// Shipped or delivered.
    Shipped,
}

impl ReportedState {
    /// Of the word in `bestellstatus`; `None` where it is not one of the old system's words. Its first version kept the marketplace's German
    /// ones; *unknown* is what it writes where it does not know better.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word.to_lowercase().as_str() {
            "pending" | "processing" | "unknown" | "nicht versandt" => Some(Self::Open),
            "cancelled" | "canceled" | "storniert" => Some(Self::Cancelled),
            "shipped" | "delivered" | "versandt" | "zugestellt" => Some(Self::Shipped),
            _ => None,
        }
    }
}

/// The facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// What the marketplace said.
    pub told: ReportedState,
    /// Marked as exported to JTL (`xml_erstellt`, `status`, a processed row in `temu_xml_export`).
    pub is_marked_exported: bool,
    /// Marked as cancelled (`status`).
    pub is_marked_cancelled: bool,
    /// Marked as reported to the marketplace (`temu_gemeldet`).
    pub is_marked_reported: bool,
    /// A tracking number is stored.
    pub has_tracking: bool,
    /// Order lines are stored.
    pub has_lines: bool,
    /// Bought within the time that the marketplace is asked about.
    pub is_recent: bool,
    /// Orders in JTL.
    pub orders: u32,
    /// Rows that wait for the JTL-Worker.
    pub waiting_rows: u32,
    /// The order is cancelled in JTL.
    pub is_cancelled_in_jtl: bool,
}

impl Evidence {
    pub(crate) fn of(
        old: &OldOrder,
        is_exported: bool,
        is_recent: bool,
        presence: &Presence,
        in_jtl: Option<&ErpOrder>,
    ) -> Self {
        let status = old.status.as_deref().map(str::to_lowercase).unwrap_or_default();
        let is_marked_cancelled = status == "storniert";
        let told = old.told.as_deref().and_then(ReportedState::from_word);
        Self {
            // Without a word of the marketplace the old system's own counts.
            told: told.unwrap_or(if is_marked_cancelled {
                ReportedState::Cancelled
            } else {
                ReportedState::Open
            }),
            is_marked_exported: old.is_exported
                || is_exported
                || matches!(status.as_str(), "xml_erstellt" | "versendet"),
            is_marked_cancelled,
            is_marked_reported: old.is_reported,
            has_tracking: old.tracking.is_some(),
            has_lines: !old.lines.is_empty(),
            is_recent,
            orders: presence.orders,
            waiting_rows: presence.waiting_rows,
            is_cancelled_in_jtl: in_jtl.is_some_and(|order| order.is_cancelled),
        }
    }

    /// Whether the marketplace has the shipment: it said so itself, or the old mark is believed. The mark was also set where nothing
    /// was sent (no lines) and where an empty number was; what is cancelled is not reported.
    pub fn is_surely_reported(&self) -> bool {
        let is_credible = self.is_marked_reported && self.has_tracking && self.has_lines;
        self.told == ReportedState::Shipped || (is_credible && self.told == ReportedState::Open)
    }
}
