//! What an order of the simulated marketplace is. Stored as one JSON document; the answers of the Open API
//! are made from it in the files named after them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// PENDING: may still change or vanish.
pub(crate) const PENDING: i64 = 1;
/// UN_SHIPPING: the only status that may be processed.
pub(crate) const UN_SHIPPING: i64 = 2;
/// CANCELED.
pub(crate) const CANCELED: i64 = 3;
/// SHIPPED.
pub(crate) const SHIPPED: i64 = 4;
/// RECEIPTED, also called delivered.
pub(crate) const RECEIPTED: i64 = 5;

/// Where an order goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// A second name line, mostly empty.
    pub additional_name: String,
    /// English name of the country (`regionName1`).
    pub country: String,
    /// State (`regionName2`).
    pub state: String,
    /// City (`regionName3`).
    pub city: String,
    /// Postal code.
    pub post_code: String,
    /// Street and number (`addressLine1`).
    pub street: String,
    /// Anything more (`addressLine2`).
    pub addition: String,
    /// Still more (`addressLine3`).
    pub third_line: String,
    /// A tax number of any kind (`taxCode`).
    pub tax_code: String,
    /// Telephone.
    pub phone: String,
    /// The marketplace's relay address.
    pub mail: String,
}

impl Default for Address {
    fn default() -> Self {
        Self {
            first_name: "Änne".to_owned(),
            last_name: "Mühlfeld".to_owned(),
            additional_name: String::new(),
            country: "Germany".to_owned(),
            state: "Hessen".to_owned(),
            city: "Gießen".to_owned(),
            post_code: "35390".to_owned(),
            street: "Lindenweg 12".to_owned(),
            addition: String::new(),
            third_line: String::new(),
            tax_code: String::new(),
            phone: "+49 000 1234567".to_owned(),
            mail: "0123456789ab@relay.sandbox.invalid".to_owned(),
        }
    }
}

/// One line (`orderSn`) of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketLine {
    /// The line's number.
    pub order_sn: String,
    /// The marketplace's product.
    pub goods_id: i64,
    /// The marketplace's variant.
    pub sku_id: i64,
    /// The seller's SKU (`extCode`, `skuSn`).
    pub sku: String,
    /// The product's name.
    pub name: String,
    /// Pieces ordered.
    pub original_quantity: i64,
    /// Pieces that were cancelled before shipment.
    pub cancelled_quantity: i64,
    /// Price of one piece with VAT, in minor units, before discounts.
    pub unit_gross_cents: i64,
    /// VAT rate × 10⁶ in percent: 19000000 = 19 %.
    pub vat_rate_micro: i64,
    /// The seller's discount on the pieces that are left, with VAT.
    pub seller_discount_cents: i64,
    /// The marketplace's discount on the pieces that are left, with VAT; the seller is paid in full.
    pub temu_discount_cents: i64,
    /// The line's own status.
    pub status: i64,
    /// The line's total with VAT where it is not pieces times price: prices of a piece are rounded.
    #[serde(default)]
    pub total_gross_cents: Option<i64>,
    /// `inventoryDeductionWarehouseId`; empty: the first one.
    #[serde(default)]
    pub warehouse: String,
    /// The marketplace sends it from a cooperative warehouse.
    #[serde(default)]
    pub is_fulfilled_there: bool,
}

impl MarketLine {
    /// Pieces to be shipped.
    pub fn quantity(&self) -> i64 {
        self.original_quantity - self.cancelled_quantity
    }

    /// The line with VAT, before discounts.
    pub fn gross_cents(&self) -> i64 {
        self.total_gross_cents.unwrap_or(self.unit_gross_cents * self.quantity())
    }
}

/// One order (`parentOrderSn`). Times are seconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarketOrder {
    /// The number shown to people.
    pub parent_order_sn: String,
    /// Running number in this world.
    pub number: i64,
    /// 1 PENDING, 2 UN_SHIPPING, 3 CANCELED, 4 SHIPPED, 5 RECEIPTED, 41 and 51 partly.
    pub status: i64,
    /// 76 Germany, 13 Austria.
    pub region_id: i64,
    /// ISO currency.
    pub currency: String,
    /// When it was placed.
    pub created_at: i64,
    /// When it left PENDING.
    pub confirmed_at: Option<i64>,
    /// When it changed last.
    pub updated_at: i64,
    /// When shipment was confirmed.
    pub shipped_at: Option<i64>,
    /// The buyer asks for another address; must be answered before shipment.
    pub pending_address_change: bool,
    /// The buyer asks for cancellation; must be answered before shipment.
    pub pending_cancellation: bool,
    /// The marketplace looks at the order.
    pub pending_risk_alert: bool,
    /// The address was changed after UN_SHIPPING.
    pub address_changed: bool,
    /// It was cancelled before it left PENDING.
    pub cancelled_during_pending: bool,
    /// Where it goes.
    pub address: Address,
    /// Its lines in the order of the list.
    pub lines: Vec<MarketLine>,
    /// Shipping that the buyer pays, with VAT.
    pub shipping_gross_cents: i64,
    /// VAT rate of the shipping × 10⁶ in percent.
    pub shipping_rate_micro: i64,
    /// In which order the amount answer names the lines.
    pub amount_order: Vec<usize>,
    /// So many amount calls are still answered "being calculated".
    pub amount_calls_to_wait: u32,
    /// Pieces of the answers that a test gave as they are.
    pub raw: Option<RawOrder>,
    /// What few orders have.
    #[serde(default)]
    pub odd: Oddities,
}

/// What few orders have, and what a shop has to get right all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Oddities {
    /// What the buyer pays for a signature on delivery (`signOnDelivery`).
    pub signature_fee_cents: i64,
    /// So much was refunded to the buyer (`refundsTotal`).
    pub refunds_cents: i64,
    /// Discounts are told without VAT, and tax is reckoned on what is left.
    pub discounts_without_vat: bool,
    /// The buyer pays when the parcel arrives (`orderPaymentType` COD).
    pub is_cash_on_delivery: bool,
    /// Labels that hold, beside those of wishes and checks.
    pub labels: Vec<String>,
    /// `fulfillmentWarning`.
    pub warnings: Vec<String>,
}

impl MarketOrder {
    /// Lines with pieces left to ship.
    pub fn shippable(&self) -> impl Iterator<Item = &MarketLine> {
        self.lines.iter().filter(|line| line.quantity() > 0 && !line.is_fulfilled_there)
    }

    /// Goods with VAT, before discounts.
    pub fn goods_gross_cents(&self) -> i64 {
        self.lines.iter().map(MarketLine::gross_cents).sum()
    }

    /// Sum of the seller's discounts.
    pub fn seller_discount_cents(&self) -> i64 {
        self.lines.iter().map(|line| line.seller_discount_cents).sum()
    }

    /// Sum of the marketplace's discounts.
    pub fn temu_discount_cents(&self) -> i64 {
        self.lines.iter().map(|line| line.temu_discount_cents).sum()
    }

    /// What the seller sells it for: goods − seller's discount + shipping, with VAT.
    pub fn seller_total_cents(&self) -> i64 {
        self.goods_gross_cents() - self.seller_discount_cents() + self.shipping_gross_cents
    }

    /// The order changed: its update time moves, by at least one second.
    pub(crate) fn touch(&mut self, now: i64) {
        self.updated_at = now.max(self.updated_at + 1);
    }
}

/// Answers that a test gives as they are, for orders that no sane marketplace would have. Each piece that is
/// given replaces the made one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RawOrder {
    /// `{parentOrderMap, orderList}` in the list.
    pub list_item: Option<Value>,
    /// `result` of the detail call.
    pub detail: Option<Value>,
    /// `result` of the two address calls.
    pub shipping_info: Option<Value>,
    /// `result` of the amount call.
    pub amounts: Option<Value>,
}

/// One article offered at the marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The marketplace's variant.
    pub sku_id: i64,
    /// The marketplace's product; two variants share one now and then.
    pub goods_id: i64,
    /// The seller's SKU.
    pub sku: String,
    /// Shown name.
    pub name: String,
    /// Price of one piece with VAT.
    pub unit_gross_cents: i64,
    /// VAT rate × 10⁶ in percent.
    pub vat_rate_micro: i64,
    /// Pieces that can still be sold.
    pub stock: i64,
    /// Offered at the moment (`skuSearchType` 2) or not (3).
    pub on_sale: bool,
}

/// A shipment confirmation that the marketplace refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The order.
    pub parent_order_sn: String,
    /// The error code of the answer.
    pub code: i64,
    /// Seconds since 1970 UTC.
    pub at: i64,
}
