//! The XML: whole documents as they should be, and hard cases read back by a parser.

use marktwerk_domain::failure::FailureClass;
use marktwerk_domain::money::{Currency, Money};
use marktwerk_domain::order::{Order, PricedUnits};
use marktwerk_erp::{CountryStyle, DateStyle, Erp, ErpError, Jtl, JtlSettings, Rendered};

use crate::sample::{balance, line, order, read_back, shipping};
use crate::world::World;

async fn render_with(order: &Order, change: impl FnOnce(&mut JtlSettings)) -> Result<Rendered, ErpError> {
    let world = World::new();
    let mut settings = world.settings();
    change(&mut settings);
    Jtl::open(settings).await.expect("it opens").render(order, &order.number, "temu-de", None)
}

async fn render(order: &Order) -> Result<Rendered, ErpError> {
    render_with(order, |_| {}).await
}

#[tokio::test]
async fn a_whole_document() {
    let mut order = order("PO-076-1", vec![line("A-1", 2, 490, 19)]);
    order.shipping = vec![shipping(399, 19)];
    order.deliver_until = Some("2026-12-05T12:00:00Z".parse().unwrap());
    balance(&mut order);
    let rendered = render(&order).await.unwrap();
    assert!(rendered.warnings.is_empty());
    assert_eq!(rendered.document, include_str!("golden/order.xml").trim_end());
}

#[tokio::test]
async fn the_other_styles() {
    let rendered = render_with(&order("1", vec![line("A", 1, 100, 19)]), |settings| {
        settings.date_style = DateStyle::Dotted;
        settings.country_style = CountryStyle::GermanName;
        settings.paid = false;
        settings.unit = "Stk".to_owned();
    })
    .await
    .unwrap();
    let texts = read_back(&rendered.document);
    assert_eq!(texts["tBestellung/dErstellt"], ["30.11.2026"]);
    assert_eq!(texts["tBestellung/dBezahltDatum"], [""]);
    assert_eq!(texts["tlieferadresse/cLand"], ["Deutschland"]);
    assert_eq!(texts["twarenkorbpos/cEinheit"], ["Stk"]);
}

#[tokio::test]
async fn every_character_survives_except_what_xml_forbids() {
    let mut order = order("A&B<1>", vec![line("Ä-1", 1, 100, 19)]);
    order.lines[0].name = "Tasse \"Łódź\" & <Öl> 'für' 5 €".to_owned();
    order.delivery.first_name = "😀 Zoë\u{0}\u{1F}\u{7F}".to_owned();
    order.delivery.last_name = "Żółć-Ğül 王".to_owned();
    order.delivery.city = "a\u{85}b".to_owned();
    let rendered = render(&order).await.unwrap();
    assert!(rendered.document.chars().all(|character| character <= '\u{FF}'), "pure Latin-1");
    assert!(rendered.document.contains("<cVorname>&#128512; Zoë</cVorname>"));
    assert!(
        !rendered.document.contains('?') || rendered.document.matches('?').count() == 2,
        "no replacement"
    );
    let texts = read_back(&rendered.document);
    assert_eq!(texts["tBestellung/cExterneBestellNr"], ["A&B<1>"]);
    assert_eq!(texts["twarenkorbpos/cName"], ["Tasse \"Łódź\" & <Öl> 'für' 5 €"]);
    assert_eq!(texts["twarenkorbpos/cArtNr"], ["Ä-1"]);
    for place in ["tkunde", "tlieferadresse"] {
        assert_eq!(texts[&format!("{place}/cVorname")], ["😀 Zoë"]);
        assert_eq!(texts[&format!("{place}/cNachname")], ["Żółć-Ğül 王"]);
        assert_eq!(texts[&format!("{place}/cOrt")], ["a\u{85}b"]);
    }
}

#[tokio::test]
async fn a_long_street_flows_into_the_addition_and_a_cut_is_told_without_the_value() {
    let mut order = order("1", vec![line("A", 1, 100, 19)]);
    order.delivery.street = "ß".repeat(300);
    order.delivery.addition = "Hinterhaus".to_owned();
    order.delivery.phone = "0123456789".repeat(4);
    order.delivery.company = format!("{}😀", "x".repeat(127));
    let rendered = render(&order).await.unwrap();
    let texts = read_back(&rendered.document);
    assert_eq!(texts["tkunde/cStrasse"], ["ß".repeat(255)]);
    assert_eq!(texts["tkunde/cAdressZusatz"], [format!("{} Hinterhaus", "ß".repeat(45))]);
    assert_eq!(texts["tkunde/cTel"], ["012345678901234567890123456789"]);
    assert_eq!(texts["tkunde/cFirma"], ["x".repeat(127)], "an emoji takes two of the column's characters");
    assert_eq!(
        rendered.warnings,
        [
            "street longer than 255 characters: the rest is in the address addition",
            "company cut to 128 characters",
            "telephone cut to 30 characters",
        ]
    );
    order.delivery.street = "ß".repeat(600);
    let rendered = render(&order).await.unwrap();
    assert!(rendered.warnings.contains(&"address addition cut to 255 characters".to_owned()));
    assert!(!format!("{rendered:?}").contains('ß'), "no address in debug output");
}

#[tokio::test]
async fn split_units_and_two_vat_rates_are_positions_of_their_own() {
    let mut order = order("1", vec![line("A", 1, 333, 19), line("B", 1_000, 499, 7)]);
    order.lines[0].units =
        vec![PricedUnits { quantity: 2, unit_gross: 333 }, PricedUnits { quantity: 1, unit_gross: 334 }];
    order.lines[1].name = String::new();
    order.shipping = vec![shipping(300, 19), shipping(99, 7), shipping(0, 0)];
    balance(&mut order);
    let texts = read_back(&render(&order).await.unwrap().document);
    assert_eq!(texts["twarenkorbpos/cArtNr"], ["A", "A", "B", "", ""]);
    assert_eq!(
        texts["twarenkorbpos/cName"],
        ["Article A", "Article A", "B", "Versandkosten", "Versandkosten"]
    );
    assert_eq!(texts["twarenkorbpos/fAnzahl"], ["2.00", "1.00", "1000.00", "1.00", "1.00"]);
    assert_eq!(texts["twarenkorbpos/fPreis"], ["3.33", "3.34", "4.99", "3.00", "0.99"]);
    assert_eq!(texts["twarenkorbpos/fMwSt"], ["19.00", "19.00", "7.00", "19.00", "7.00"]);
    assert_eq!(
        texts["twarenkorbpos/cPosTyp"],
        ["standard", "standard", "standard", "versandkosten", "versandkosten"]
    );
    assert_eq!(texts["tBestellung/fGesamtsumme"], ["5003.99"]);
}

#[tokio::test]
async fn what_jtl_cannot_take_is_refused_with_the_reason() {
    let good = order("1", vec![line("A", 1, 100, 19)]);
    let mut swiss = good.clone();
    swiss.total = Money::new(100, "CHF".parse::<Currency>().unwrap());
    let mut unbalanced = good.clone();
    unbalanced.total.minor = 99;
    let no_article = order("1", vec![line(" ", 1, 100, 19)]);
    let cases = [
        (&swiss, "JTL is set up for EUR, the order is in CHF"),
        (&order("1", Vec::new()), "no lines"),
        (&order(&"9".repeat(51), good.lines.clone()), "51 characters"),
        (&order("", good.lines.clone()), "0 characters"),
        (&order(" 1", good.lines.clone()), "outer spaces"),
        (&unbalanced, "do not sum to its total"),
        (&no_article, "no article number"),
        (&order("1", vec![line("A", 0, 100, 19)]), "out of bounds"),
        (&order("1", vec![line("A", 1, i64::MAX, 19)]), "out of bounds"),
        (&order("1", vec![line("A", 1, 100, -1)]), "out of bounds"),
    ];
    for (order, reason) in cases {
        let error = render(order).await.unwrap_err();
        assert!(matches!(error, ErpError::Order { .. }) && error.to_string().contains(reason), "{error}");
        assert_eq!(error.failure().class, FailureClass::Refused);
    }
    let accepted = render_with(&swiss, |settings| settings.currencies.push("CHF".to_owned())).await.unwrap();
    assert_eq!(read_back(&accepted.document)["tBestellung/cWaehrung"], ["CHF"]);
}
