//! What the shipment part of a marketplace reads back.

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
