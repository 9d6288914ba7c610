//! Orders to render, and a reading of what came out.

use std::collections::BTreeMap;

use marktwerk_domain::money::{Currency, Money, VatRate};
use marktwerk_domain::order::{Address, Order, OrderLine, PricedUnits, ShippingCharge};
use quick_xml::events::Event;

pub(crate) fn line(sku: &str, quantity: i64, unit_gross: i64, percent: i64) -> OrderLine {
    OrderLine {
        number: format!("L-{sku}"),
        sku: sku.to_owned(),
        name: format!("Article {sku}"),
        vat_rate: VatRate::percent(percent),
        units: vec![PricedUnits { quantity, unit_gross }],
        warehouse: None,
    }
}

pub(crate) fn order(number: &str, lines: Vec<OrderLine>) -> Order {
    let mut order = Order {
        number: number.to_owned(),
        // 23:30 UTC is the next day in Berlin.
        ordered_at: "2026-11-29T23:30:00Z".parse().expect("a timestamp"),
        ship_until: None,
        deliver_until: None,
        hints: None,
        total: Money::new(0, Currency::EUR),
        pays_on_delivery: false,
        lines,
        shipping: Vec::new(),
        delivery: Address {
            first_name: "Erika".to_owned(),
            last_name: "Mustermann".to_owned(),
            street: "Heidestraße 17".to_owned(),
            postal_code: "51147".to_owned(),
            city: "Köln".to_owned(),
            country: "DE".to_owned(),
            phone: "+49 221 123456".to_owned(),
            email: "relay@example.com".to_owned(),
            ..Address::default()
        },
    };
    balance(&mut order);
    order
}

pub(crate) fn shipping(gross: i64, percent: i64) -> ShippingCharge {
    ShippingCharge { gross, vat_rate: VatRate::percent(percent) }
}

/// Makes the total what the lines sum to.
pub(crate) fn balance(order: &mut Order) {
    order.total.minor = order.sum();
}

/// The texts of every element, by `parent/name`, as an XML parser reads them.
pub(crate) fn read_back(document: &str) -> BTreeMap<String, Vec<String>> {
    let mut reader = quick_xml::Reader::from_str(document);
    let mut path: Vec<String> = Vec::new();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut text = String::new();
    let place = |path: &[String]| path[path.len().saturating_sub(2)..].join("/");
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                text.clear();
            }
            Event::Empty(empty) => {
                path.push(empty.name().as_ref().to_owned());
                texts.entry(place(&path)).or_default().push(String::new());
                path.pop();
            }
            Event::Text(part) => text.push_str(&part),
            Event::GeneralRef(reference) => {
                text.push_str(
                    &quick_xml::escape::unescape(&format!("&{};", &*reference)).expect("a known reference"),
                );
            }
            Event::End(_) => {
                texts.entry(place(&path)).or_default().push(std::mem::take(&mut text));
                path.pop();
            }
            Event::Eof => return texts,
            _ => {}
        }
    }
}
