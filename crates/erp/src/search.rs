//! What is searched for, and found, before an order is handed over a second time. No `Debug` here shows a buyer's data.

use std::fmt;

use marktwerk_domain::order::Order;
use marktwerk_domain::shipment::Content;

/// An order that the ERP should have, or had.
#[derive(Clone, Copy)]
pub struct Wanted<'order> {
    /// The marketplace's order number.
    pub number: &'order str,
    /// The number that the ERP gave it, where it showed one.
    pub erp_number: Option<&'order str>,
    /// The order; `None` where its translation is gone.
    pub order: Option<&'order Order>,
}

impl fmt::Debug for Wanted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Wanted")
            .field("number", &self.number)
            .field("erp_number", &self.erp_number)
            .finish_non_exhaustive()
    }
}

/// An order of the ERP that may be the wanted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The marketplace's number of the wanted order.
    pub wanted: String,
    /// The ERP's own number.
    pub erp_number: String,
    /// The external number that it has; empty where it has none.
    pub external_number: String,
    /// What was ordered with it.
    pub contents: Vec<Content>,
}

/// What a search came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Sorted by wanted number and the ERP's number, each pair once.
    pub found: Vec<Found>,
    /// What could not be searched, and the cure; for people.
    pub shortcoming: Option<String>,
    /// Orders that could not be searched by their buyer, because the buyer's data are no longer stored.
    pub without_buyer: Vec<String>,
}
