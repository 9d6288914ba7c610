//! What goes over the border when orders are handed to the ERP. Documents carry a buyer's address:
//! their `Debug` output does not show them.

use std::fmt;

use jiff::Timestamp;

/// An order as the ERP takes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The document to hand over (JTL: the XML for `dbo.tXMLBestellImport.cText`).
    pub document: String,
    /// What had to be changed to fit, for people; names fields and limits, never values.
    pub warnings: Vec<String>,
}

/// A document on its way to the ERP.
#[derive(Clone, PartialEq, Eq)]
pub struct HandOver {
    /// The marketplace account, by name.
    pub account: String,
    /// The order's number in the ERP, as in the document.
    pub number: String,
    /// Other numbers under which the ERP may have it: if it has, nothing is inserted.
    pub also: Vec<String>,
    /// What [`crate::Erp::render`] gave.
    pub document: String,
    /// Where a receipt is to be kept ([`crate::Erp::receipts`]): when the hand-over was intended, which tells this intent from
    /// others of the same order.
    pub receipt: Option<Timestamp>,
}

/// What became of one [`HandOver`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandedOver {
    /// The ERP has a new row; its key (JTL: `kXMLBestellImport`).
    Inserted(i64),
    /// The order or a waiting row with its number was there already; nothing was written.
    AlreadyThere(Presence),
}

/// What the ERP has of one order number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// The number asked for.
    pub number: String,
    /// Orders with that number, cancelled ones included.
    pub orders: u32,
    /// Rows with that number that the ERP has not taken yet.
    pub waiting_rows: u32,
}

impl Presence {
    /// Whether the ERP has it in any form.
    pub fn is_there(&self) -> bool {
        self.orders > 0 || self.waiting_rows > 0
    }

    /// Both together, under the number of the first.
    pub fn and(self, other: Self) -> Self {
        Self {
            orders: self.orders.saturating_add(other.orders),
            waiting_rows: self.waiting_rows.saturating_add(other.waiting_rows),
            ..self
        }
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rendered").field("warnings", &self.warnings).finish_non_exhaustive()
    }
}

impl fmt::Debug for HandOver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HandOver")
            .field("account", &self.account)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
