//! What the shipment part of a marketplace gives: the answer to a report, and what it reads back.

/// What the marketplace said to a report of shipment. None of these is worth another try as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmAnswer {
    /// It took the report.
    Accepted {
        /// What it remarked all the same, in its own words.
        warnings: Vec<String>,
    },
    /// It has a shipment of this order already: read back whether it is ours.
    AlreadyShipped,
    /// It understood and said no: a person must look.
    Refused {
        /// The marketplace's number of the error.
        code: i64,
        /// Its own words, and the cure where one is known.
        message: String,
    },
}

/// A parcel of one line as the marketplace knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmedParcel {
    /// The marketplace's number of the order line.
    pub line: String,
    /// Tracking number as the marketplace stores it, which may be the cleaned form of what was reported.
    pub tracking: String,
    /// The marketplace's code of the carrier.
    pub carrier_code: String,
    /// Units of the line in the parcel.
    pub quantity: i64,
}
