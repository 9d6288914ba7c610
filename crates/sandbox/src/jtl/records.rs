//! What [`crate::Control`] tells and takes about the simulated JTL.

use serde::{Deserialize, Serialize};

/// A row of `tXMLBestellImport` that the worker did not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedRow {
    /// `kXMLBestellImport` of the row.
    pub row: i64,
    /// External order number, as far as it could be read.
    pub external: Option<String>,
    /// Why.
    pub reason: String,
    /// JTL local time.
    pub at: String,
}

/// An article's stock in JTL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JtlStock {
    /// `tlagerbestand.fVerfuegbar`.
    pub available: f64,
    /// `tlagerbestand.fInAuftraegen`.
    pub in_orders: f64,
    /// `tlagerbestandProLagerLagerartikel.fBestand` of the warehouses 1 and 2.
    pub by_warehouse: [f64; 2],
    /// `tArtikel.nPuffer`.
    pub buffer: i64,
}

/// One parcel that [`crate::Control::ship_now`] makes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParcelSeed {
    /// SKUs whose whole lines are inside; `None` = all that is not yet shipped.
    pub skus: Option<Vec<String>>,
    /// Tracking number; `None` = a made one. An empty text is kept: a parcel without number.
    pub tracking: Option<String>,
    /// Name of the shipping method; `None` = one of the carriers.
    pub method: Option<String>,
    /// Packed, but not yet sent (`dVersendet` NULL).
    pub only_packed: bool,
    /// The packing table does not record what is in it (no `tVersandPos`).
    pub contents_not_recorded: bool,
}
