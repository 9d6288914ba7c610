//! What a caller may say about an order that is to be placed; what is not said is chosen by the seed.

use serde::{Deserialize, Serialize};

use crate::temu::{Address, Oddities, RawOrder};

/// One line of an [`OrderSeed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LineSeed {
    /// The seller's SKU. May be one that nobody lists.
    pub sku: String,
    /// Pieces.
    pub quantity: i64,
    /// How many of these are cancelled before shipment.
    pub cancelled: i64,
    /// Price of one piece with VAT; `None` = the listing's.
    pub unit_gross_cents: Option<i64>,
    /// VAT rate × 10⁶ in percent; `None` = the listing's.
    pub vat_rate_micro: Option<i64>,
    /// The seller's discount on the line.
    pub seller_discount_cents: i64,
    /// The marketplace's discount on the line.
    pub temu_discount_cents: i64,
    /// The line's total with VAT where it is not pieces times price.
    pub total_gross_cents: Option<i64>,
    /// From which of the merchant's warehouses it is deducted; empty = the first one.
    pub warehouse: String,
    /// The marketplace sends it from a cooperative warehouse.
    pub is_fulfilled_there: bool,
}

impl Default for LineSeed {
    fn default() -> Self {
        Self {
            sku: "MW-0001".to_owned(),
            quantity: 1,
            cancelled: 0,
            unit_gross_cents: None,
            vat_rate_micro: None,
            seller_discount_cents: 0,
            temu_discount_cents: 0,
            total_gross_cents: None,
            warehouse: String::new(),
            is_fulfilled_there: false,
        }
    }
}

impl LineSeed {
    /// So many pieces at the listing's price.
    pub fn new(sku: impl Into<String>, quantity: i64) -> Self {
        Self { sku: sku.into(), quantity, ..Self::default() }
    }
}

/// An order to be placed with [`crate::Control::add_order`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderSeed {
    /// Its number at the marketplace; `None` = the next one.
    pub number: Option<String>,
    /// Lines; empty = one to three by chance.
    pub lines: Vec<LineSeed>,
    /// Address; `None` = by chance.
    pub address: Option<Address>,
    /// Status; `None` = as any new order.
    pub status: Option<i64>,
    /// `None` = 76 Germany or 13 Austria by chance.
    pub region_id: Option<i64>,
    /// `None` = EUR.
    pub currency: Option<String>,
    /// Shipping with VAT; `None` = by chance, often nothing.
    pub shipping_gross_cents: Option<i64>,
    /// VAT rate of the shipping × 10⁶ in percent; `None` = that of the first line.
    pub shipping_rate_micro: Option<i64>,
    /// In which order the amount answer names the lines; `None` = shuffled.
    pub amount_order: Option<Vec<usize>>,
    /// So many amount calls are answered "being calculated".
    pub amount_calls_to_wait: u32,
    /// When it was placed, in seconds; `None` = now.
    pub created_at: Option<i64>,
    /// What few orders have.
    pub odd: Oddities,
}

/// An order made of raw answers, for malformed things. Status and times decide in which lists it is found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AnyOrder {
    /// What is said about the order beside the raw pieces.
    pub order: OrderSeed,
    /// The raw pieces; `None` inside = made from `order`.
    pub raw: RawOrder,
}

/// A parcel that the marketplace accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentReport {
    /// The order.
    pub parent_order_sn: String,
    /// The marketplace's number of the parcel.
    pub package_sn: String,
    /// Lines in the parcel and their pieces.
    pub contents: Vec<(String, i64)>,
    /// The carrier's number in `bg.logistics.companies.get`.
    pub carrier_id: i64,
    /// Its name there.
    pub carrier_name: String,
    /// Tracking number.
    pub tracking_number: String,
    /// The merchant's warehouse.
    pub warehouse_id: String,
    /// Seconds since 1970 UTC.
    pub accepted_at: i64,
    /// How many confirmations of this order were accepted.
    pub accepted: u32,
    /// How many were refused.
    pub rejected: u32,
}
