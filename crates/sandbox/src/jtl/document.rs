//! The order document of the table import ("OldWawi" dialect): which elements in which order, how long, which
//! filled. What cannot be an order is refused with the reason that JTL's log might give.

use std::collections::BTreeMap;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::xml::{self, Element};
use crate::calendar;

/// What a value must look like when it is not empty.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
    Date,
}

/// Name, longest value (0 = any), kind, whether it must be filled.
struct Field(&'static str, usize, Kind, bool);

const HEAD: [Field; 18] = [
    Field("cSprache", 5, Kind::Text, true),
    Field("cWaehrung", 3, Kind::Text, true),
    Field("fGuthaben", 0, Kind::Number, false),
    Field("fGesamtsumme", 0, Kind::Number, false),
    Field("cBestellNr", 50, Kind::Text, false),
    Field("cExterneBestellNr", 50, Kind::Text, true),
    Field("cVersandartName", 255, Kind::Text, true),
    Field("cVersandInfo", 0, Kind::Text, false),
    Field("dVersandDatum", 0, Kind::Date, false),
    Field("cTracking", 0, Kind::Text, false),
    Field("dLieferDatum", 0, Kind::Date, false),
    Field("cKommentar", 0, Kind::Text, false),
    Field("cBemerkung", 0, Kind::Text, false),
    Field("dErstellt", 0, Kind::Date, false),
    Field("cZahlungsartName", 255, Kind::Text, true),
    Field("dBezahltDatum", 0, Kind::Date, false),
    Field("fBezahlt", 0, Kind::Number, false),
    Field("nZahlungsziel", 0, Kind::Number, false),
];
const POSITION: [Field; 11] = [
    Field("cName", 255, Kind::Text, true),
    Field("cArtNr", 100, Kind::Text, false),
    Field("cBarcode", 255, Kind::Text, false),
    Field("cSeriennummer", 0, Kind::Text, false),
    Field("cEinheit", 255, Kind::Text, false),
    Field("fPreisEinzelNetto", 0, Kind::Number, true),
    Field("fPreis", 0, Kind::Number, true),
    Field("fMwSt", 0, Kind::Number, true),
    Field("fAnzahl", 0, Kind::Number, true),
    Field("cPosTyp", 0, Kind::Text, true),
    Field("fRabatt", 0, Kind::Number, false),
];
const CUSTOMER: [Field; 21] = [
    Field("cKundenNr", 30, Kind::Text, false),
    Field("cAnrede", 30, Kind::Text, false),
    Field("cTitel", 64, Kind::Text, false),
    Field("cVorname", 255, Kind::Text, false),
    Field("cNachname", 255, Kind::Text, false),
    Field("cFirma", 128, Kind::Text, false),
    Field("cStrasse", 255, Kind::Text, false),
    Field("cAdressZusatz", 255, Kind::Text, false),
    Field("cPLZ", 24, Kind::Text, false),
    Field("cOrt", 255, Kind::Text, false),
    Field("cBundesland", 255, Kind::Text, false),
    Field("cLand", 255, Kind::Text, false),
    Field("cTel", 30, Kind::Text, false),
    Field("cMobil", 30, Kind::Text, false),
    Field("cFax", 30, Kind::Text, false),
    Field("cMail", 255, Kind::Text, false),
    Field("cUSTID", 20, Kind::Text, false),
    Field("cWWW", 255, Kind::Text, false),
    Field("fRabatt", 0, Kind::Number, false),
    Field("cHerkunft", 255, Kind::Text, false),
    Field("dErstellt", 0, Kind::Date, false),
];
const DELIVERY: [Field; 15] = [
    Field("cAnrede", 30, Kind::Text, false),
    Field("cVorname", 255, Kind::Text, false),
    Field("cNachname", 255, Kind::Text, false),
    Field("cTitel", 64, Kind::Text, false),
    Field("cFirma", 128, Kind::Text, false),
    Field("cStrasse", 255, Kind::Text, false),
    Field("cAdressZusatz", 255, Kind::Text, false),
    Field("cPLZ", 24, Kind::Text, false),
    Field("cOrt", 255, Kind::Text, false),
    Field("cBundesland", 255, Kind::Text, false),
    Field("cLand", 255, Kind::Text, false),
    Field("cTel", 30, Kind::Text, false),
    Field("cMobil", 30, Kind::Text, false),
    Field("cFax", 30, Kind::Text, false),
    Field("cMail", 255, Kind::Text, false),
];
const PAYMENT: [Field; 10] = [
    Field("cBankName", 0, Kind::Text, false),
    Field("cBLZ", 0, Kind::Text, false),
    Field("cKontoNr", 0, Kind::Text, false),
    Field("cKartenNr", 0, Kind::Text, false),
    Field("dGueltigkeit", 0, Kind::Text, false),
    Field("cCVV", 0, Kind::Text, false),
    Field("cKartenTyp", 0, Kind::Text, false),
    Field("cInhaber", 0, Kind::Text, false),
    Field("cIBAN", 34, Kind::Text, false),
    Field("cBIC", 32, Kind::Text, false),
];

/// Element name → value.
pub(crate) type Values = BTreeMap<&'static str, String>;

/// One position with its numbers checked.
#[derive(Debug)]
pub(crate) struct Position {
    pub(crate) values: Values,
    pub(crate) net: Decimal,
    pub(crate) gross: Decimal,
    pub(crate) rate: Decimal,
    pub(crate) quantity: Decimal,
    pub(crate) discount: Decimal,
    pub(crate) is_shipping: bool,
}

impl Position {
    /// Unit price × pieces, less the discount in percent.
    pub(crate) fn total(&self, unit: Decimal) -> Decimal {
        unit * self.quantity * (Decimal::ONE - self.discount / Decimal::ONE_HUNDRED)
    }

    pub(crate) fn pieces(&self) -> f64 {
        self.quantity.to_f64().unwrap_or_default()
    }
}

/// One order of the document.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) company: i64,
    pub(crate) user: i64,
    pub(crate) head: Values,
    pub(crate) positions: Vec<Position>,
    pub(crate) customer: Values,
    pub(crate) delivery: Option<Values>,
}

/// The orders of a row's text, or why the row is no good.
pub(crate) fn read(text: &str) -> Result<Vec<Document>, String> {
    let root = xml::parse(text)?;
    if root.name != "tBestellungen" {
        return Err(format!("the root is <{}>, not <tBestellungen>", root.name));
    }
    if root.children.is_empty() {
        return Err("no tBestellung".to_owned());
    }
    root.children.into_iter().map(order).collect()
}

fn order(element: Element) -> Result<Document, String> {
    if element.name != "tBestellung" {
        return Err(format!("unexpected element <{}>", element.name));
    }
    let (mut company, mut user) = (1, 1);
    for (name, value) in &element.attributes {
        let number = || value.parse::<i64>().map_err(|_| format!("the attribute {name} is not a number"));
        match name.as_str() {
            "kFirma" => company = number()?,
            "kBenutzer" => user = number()?,
            "cRechnungsNr" if value.len() <= 50 => {}
            _ => return Err(format!("unexpected attribute {name}")),
        }
    }
    let mut children = element.children.into_iter().peekable();
    let is_head = |child: &Element| child.name != "twarenkorbpos" && child.name != "tkunde";
    let head: Vec<Element> = std::iter::from_fn(|| children.next_if(is_head)).collect();
    let head = fields("tBestellung", head, &HEAD)?;
    let mut positions = Vec::new();
    while let Some(child) = children.next_if(|child| child.name == "twarenkorbpos") {
        positions.push(position(child)?);
    }
    if positions.is_empty() {
        return Err("no twarenkorbpos".to_owned());
    }
    let customer = children.next_if(|child| child.name == "tkunde").ok_or("tkunde is missing")?;
    let customer = fields("tkunde", customer.children, &CUSTOMER)?;
    let delivery = children.next_if(|child| child.name == "tlieferadresse");
    let delivery = delivery.map(|child| fields("tlieferadresse", child.children, &DELIVERY)).transpose()?;
    if let Some(child) = children.next_if(|child| child.name == "tzahlungsinfo") {
        fields("tzahlungsinfo", child.children, &PAYMENT)?;
    }
    if let Some(child) = children.next() {
        return Err(format!("unexpected or misplaced element <{}>", child.name));
    }
    if head.get("cWaehrung").is_none_or(|currency| currency.chars().count() != 3) {
        return Err("cWaehrung has not three letters".to_owned());
    }
    check_total(&head, &positions)?;
    Ok(Document { company, user, head, positions, customer, delivery })
}

/// The children's values, when they are the known ones in their order, each at most once.
fn fields(inside: &str, children: Vec<Element>, known: &[Field]) -> Result<Values, String> {
    let mut values = Values::new();
    let mut rest = known.iter();
    for child in children {
        let misplaced = || format!("unexpected or misplaced element <{}> in {inside}", child.name);
        let Field(name, longest, kind, _) = rest.find(|field| field.0 == child.name).ok_or_else(misplaced)?;
        let value = child.text;
        // nvarchar counts UTF-16 units.
        if *longest > 0 && value.encode_utf16().count() > *longest {
            return Err(format!("{inside}/{name} is longer than {longest}"));
        }
        let trimmed = value.trim();
        if *kind == Kind::Number && !trimmed.is_empty() && trimmed.parse::<Decimal>().is_err() {
            return Err(format!("{inside}/{name} is not a number: {trimmed}"));
        }
        if *kind == Kind::Date && !trimmed.is_empty() && !calendar::is_jtl_date(trimmed) {
            return Err(format!("{inside}/{name} is not a date: {trimmed}"));
        }
        values.insert(name, value);
    }
    let empty =
        known.iter().find(|field| field.3 && values.get(field.0).is_none_or(|value| value.trim().is_empty()));
    match empty {
        Some(field) => Err(format!("{inside}/{} is missing or empty", field.0)),
        None => Ok(values),
    }
}

fn position(element: Element) -> Result<Position, String> {
    let values = fields("twarenkorbpos", element.children, &POSITION)?;
    let number = |name: &str| -> Result<Decimal, String> {
        let text = values.get(name).map_or("", |value| value.trim());
        if text.is_empty() {
            return Ok(Decimal::ZERO);
        }
        text.parse().map_err(|_| format!("twarenkorbpos/{name} is not a number: {text}"))
    };
    let (net, gross, rate) = (number("fPreisEinzelNetto")?, number("fPreis")?, number("fMwSt")?);
    let (quantity, discount) = (number("fAnzahl")?, number("fRabatt")?);
    let kind = values.get("cPosTyp").map(|kind| kind.trim()).unwrap_or_default();
    if kind != "standard" && kind != "versandkosten" {
        return Err(format!("cPosTyp {kind} is unknown"));
    }
    if quantity <= Decimal::ZERO {
        return Err("fAnzahl is not more than nothing".to_owned());
    }
    let with_tax = net * (Decimal::ONE + rate / Decimal::ONE_HUNDRED);
    let rounded = with_tax.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    if rounded != gross {
        return Err(format!("the prices disagree: net {net} at {rate} % is {rounded}, not {gross}"));
    }
    let is_shipping = kind == "versandkosten";
    Ok(Position { net, gross, rate, quantity, discount, is_shipping, values })
}

fn check_total(head: &Values, positions: &[Position]) -> Result<(), String> {
    let Some(said) = head.get("fGesamtsumme").and_then(|text| text.trim().parse::<Decimal>().ok()) else {
        return Ok(());
    };
    let sum: Decimal = positions.iter().map(|position| position.total(position.gross)).sum();
    let sum = sum.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    if sum == said { Ok(()) } else { Err(format!("fGesamtsumme {said} is not the positions' sum {sum}")) }
}
