//! An order in Marktwerk's own words, whichever marketplace it came from, and where it stands.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::money::{Money, VatRate};

/// What the marketplace says of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketplaceStatus {
    /// May still change or vanish; not to be processed.
    Pending,
    /// To be shipped.
    Ready,
    /// Cancelled before shipment.
    Cancelled,
    /// Some of it is on its way.
    PartlyShipped,
    /// On its way or delivered.
    Shipped,
}

impl MarketplaceStatus {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Ready, Self::Cancelled, Self::PartlyShipped, Self::Shipped];

    /// The status of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// The word stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Cancelled => "cancelled",
            Self::PartlyShipped => "partly_shipped",
            Self::Shipped => "shipped",
        }
    }

    /// The same for people.
    pub fn words(self, language: Language) -> &'static str {
        language.of(match self {
            Self::Pending => ["pending", "noch nicht freigegeben"],
            Self::Ready => ["to be shipped", "zu versenden"],
            Self::Cancelled => ["cancelled", "storniert"],
            Self::PartlyShipped => ["partly shipped", "teilweise versandt"],
            Self::Shipped => ["shipped", "versandt"],
        })
    }
}

/// Where an order stands with us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Its raw document is kept; it is not (yet) to be processed, or it is to be imported next.
    Fetched,
    /// It cannot be translated or must not be exported as it is; the reason stands with it.
    SetAside,
    /// Translated; to be written for the ERP.
    Imported,
    /// The intent to hand it over is committed; whether the ERP has it is being found out.
    Exporting,
    /// The ERP has the row (or already the order).
    HandedOver,
    /// The ERP has neither row nor order though the hand-over began; a person decides.
    Unclear,
    /// Found in JTL as an order.
    InJtl,
    /// The ERP has shipped all of it; the marketplace is to be told.
    Shipped,
    /// The marketplace has accepted the shipment.
    Reported,
    /// Cancelled before it was handed over.
    Cancelled,
}

impl OrderState {
    /// All states, in the order of an order's life.
    pub const ALL: [Self; 10] = [
        Self::Fetched,
        Self::SetAside,
        Self::Imported,
        Self::Exporting,
        Self::HandedOver,
        Self::Unclear,
        Self::InJtl,
        Self::Shipped,
        Self::Reported,
        Self::Cancelled,
    ];

    /// The word stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fetched => "fetched",
            Self::SetAside => "set_aside",
            Self::Imported => "imported",
            Self::Exporting => "exporting",
            Self::HandedOver => "handed_over",
            Self::Unclear => "unclear",
            Self::InJtl => "in_jtl",
            Self::Shipped => "shipped",
            Self::Reported => "reported",
            Self::Cancelled => "cancelled",
        }
    }

    /// The same for people.
    pub fn words(self, language: Language) -> &'static str {
        language.of(match self {
            Self::Fetched => ["fetched", "geholt"],
            Self::SetAside => ["set aside", "beiseitegelegt"],
            Self::Imported => ["imported", "eingelesen"],
            Self::Exporting => ["exporting", "wird übergeben"],
            Self::HandedOver => ["handed over", "an JTL übergeben"],
            Self::Unclear => ["unclear", "unklar"],
            Self::InJtl => ["in JTL", "in JTL"],
            Self::Shipped => ["shipped", "versandt"],
            Self::Reported => ["reported", "Versand gemeldet"],
            Self::Cancelled => ["cancelled", "storniert"],
        })
    }

    /// The state of a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether the ERP has it, or may have it: then a change at the marketplace is a person's business.
    pub fn may_be_in_erp(self) -> bool {
        matches!(
            self,
            Self::Exporting | Self::HandedOver | Self::Unclear | Self::InJtl | Self::Shipped | Self::Reported
        )
    }
}

impl fmt::Display for OrderState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The key of a raw document that the take-over made in place of the marketplace's own: the order has never been listed since.
pub const TAKEN_OVER: &str = "taken_over";

/// Where a parcel goes. Personal data: never logged.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Given name.
    pub first_name: String,
    /// Family name; the whole name where the marketplace does not split it.
    pub last_name: String,
    /// Company.
    pub company: String,
    /// Street with house number.
    pub street: String,
    /// What does not fit into the street.
    pub addition: String,
    /// Postal code.
    pub postal_code: String,
    /// Town.
    pub city: String,
    /// State or province.
    pub state: String,
    /// Country, as ISO 3166 alpha-2 where known, else the marketplace's word.
    pub country: String,
    /// Telephone.
    pub phone: String,
    /// E-mail (often a relay address).
    pub email: String,
    /// VAT id of a company.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vat_id: String,
}

/// A line of a shipping label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelLine {
    /// First and last name.
    Name,
    /// The company.
    Company,
    /// Street with house number.
    Street,
    /// What stands below the street.
    Addition,
    /// The town.
    Town,
}

impl LabelLine {
    /// Its name, for a sentence.
    pub fn words(self, language: Language) -> &'static str {
        language.of(match self {
            Self::Name => ["name", "Name"],
            Self::Company => ["company", "Firma"],
            Self::Street => ["street", "Straße"],
            Self::Addition => ["address addition", "Adresszusatz"],
            Self::Town => ["town", "Ort"],
        })
    }
}

/// Characters that carriers print of a line of a label.
pub const LABEL_WIDTH: usize = 35;

impl Address {
    /// The lines that a label cuts off.
    pub fn longer_than_a_label(&self) -> Vec<LabelLine> {
        let name = [self.first_name.as_str(), self.last_name.as_str()].join(" ");
        let lines = [
            (LabelLine::Name, name.trim()),
            (LabelLine::Company, self.company.as_str()),
            (LabelLine::Street, self.street.as_str()),
            (LabelLine::Addition, self.addition.as_str()),
            (LabelLine::Town, self.city.as_str()),
        ];
        let is_long = |text: &str| text.chars().count() > LABEL_WIDTH;
        lines.into_iter().filter(|(_, text)| is_long(text)).map(|(line, _)| line).collect()
    }

    /// Whether both say the same, whichever field it stands in. The VAT id does not count: it is no part of the way to a door.
    pub fn has_the_words_of(&self, other: &Self) -> bool {
        self.words() == other.words() && self.numbers() == other.numbers()
    }

    /// Numbers in their order: `12, house 3` is not `3, house 12`.
    fn numbers(&self) -> Vec<&str> {
        let way = [&self.street, &self.addition].into_iter();
        let words = way.flat_map(|field| field.split(|letter: char| !letter.is_alphanumeric()));
        words.filter(|word| word.contains(|letter: char| letter.is_ascii_digit())).collect()
    }

    fn words(&self) -> Vec<String> {
        let Self {
            first_name,
            last_name,
            company,
            street,
            addition,
            postal_code,
            city,
            state,
            country,
            phone,
            email,
            vat_id: _,
        } = self;
        let fields = [
            first_name,
            last_name,
            company,
            street,
            addition,
            postal_code,
            city,
            state,
            country,
            phone,
            email,
        ];
        let words =
            fields.into_iter().flat_map(|field| field.split(|letter: char| !letter.is_alphanumeric()));
        let mut words: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
        words.sort_unstable();
        // A name may have stood in two fields.
        words.dedup();
        words
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Address(not shown: personal data)")
    }
}

/// Some units at one price. A line has two of them when a discount leaves cents that only one unit can carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedUnits {
    /// Units, at least 1.
    pub quantity: i64,
    /// Gross price of one unit, minor units of the order's currency.
    pub unit_gross: i64,
}

/// A line of an order: one article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The marketplace's number of the line (TEMU: `orderSn`).
    pub number: String,
    /// The merchant's article number.
    pub sku: String,
    /// What the buyer saw.
    pub name: String,
    /// VAT included in the price.
    pub vat_rate: VatRate,
    /// Quantity and price; the quantities sum to what is to be shipped.
    pub units: Vec<PricedUnits>,
    /// The marketplace's number of the warehouse that it is sent from, where the marketplace names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
}

impl OrderLine {
    /// Units to ship.
    pub fn quantity(&self) -> i64 {
        self.units.iter().map(|units| units.quantity).sum()
    }

    /// Gross value of the line, minor units.
    pub fn gross(&self) -> i64 {
        self.units.iter().map(|units| units.quantity * units.unit_gross).sum()
    }
}

/// Shipping paid by the buyer, at one VAT rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingCharge {
    /// Gross, minor units of the order's currency.
    pub gross: i64,
    /// VAT included.
    pub vat_rate: VatRate,
}

/// What a connector writes down about an order and nobody else reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Hints(String);

impl Hints {
    /// In the connector's own words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As they were written down.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Hints {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stored {
            Text(String),
            Number(i64),
        }
        Ok(Self(match Stored::deserialize(deserializer)? {
            Stored::Text(text) => text,
            Stored::Number(number) => number.to_string(),
        }))
    }
}

/// An order, translated. Its sum equals the marketplace's to the cent, else it would have been set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The marketplace's order number.
    pub number: String,
    /// When the buyer bought.
    pub ordered_at: Timestamp,
    /// Until when it must leave, if the marketplace says so.
    pub ship_until: Option<Timestamp>,
    /// Until when it should arrive, if the marketplace says so.
    pub deliver_until: Option<Timestamp>,
    /// What the marketplace's connector wants to read again when it acts on the order. Earlier versions stored a region's number.
    #[serde(default, alias = "region", skip_serializing_if = "Option::is_none")]
    pub hints: Option<Hints>,
    /// What the buyer pays for goods and shipping, before what the marketplace itself gives.
    pub total: Money,
    /// The buyer pays when the parcel arrives: it is not paid yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pays_on_delivery: bool,
    /// The articles, without those cancelled before shipment.
    pub lines: Vec<OrderLine>,
    /// Shipping, per VAT rate.
    pub shipping: Vec<ShippingCharge>,
    /// Where it goes.
    pub delivery: Address,
}

impl Order {
    /// Goods and shipping, minor units.
    pub fn sum(&self) -> i64 {
        let goods: i64 = self.lines.iter().map(OrderLine::gross).sum();
        let shipping: i64 = self.shipping.iter().map(|charge| charge.gross).sum();
        goods + shipping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_in_other_fields_are_the_same_address_and_other_numbers_are_not() {
        let address = |street: &str, addition: &str| Address {
            street: street.to_owned(),
            addition: addition.to_owned(),
            ..Address::default()
        };
        let stored = address("Gartenstr. 12", "Haus 3");
        assert!(address("Gartenstr.", "12, Haus 3").has_the_words_of(&stored));
        assert!(!address("Gartenstr. 3", "Haus 12").has_the_words_of(&stored));
        assert!(!address("Gartenstr. 12", "Haus").has_the_words_of(&stored));
    }
}
