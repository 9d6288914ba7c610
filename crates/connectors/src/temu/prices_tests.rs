//! What orders cost: joins, discounts, split cents, partly cancelled lines, and sums that do not fit.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn eur(cents: i64) -> Value {
    json!({"currency": "EUR", "amount": cents})
}

fn line(number: &str, quantity: i64, unit: i64, discount: i64, rate: i64) -> Value {
    json!({"orderSn": number, "quantity": quantity, "unitRetailPriceVatIncl": eur(unit),
           "retailPriceTotalTaxIncl": eur(unit * quantity), "discountFromSeller": eur(discount),
           "productTaxRate": rate * 1_000_000})
}

fn document(lines: Vec<Value>, retail: i64, discount: i64, shipping: i64) -> Value {
    json!({"orderList": lines, "parentOrderMap": {"retailPriceTotalTaxIncl": eur(retail),
           "discountFromSeller": eur(discount), "shipAmountTotalTaxIncl": eur(shipping)}})
}

fn left(line: &str, remaining: i64, ordered: i64) -> Quantity {
    Quantity { line: line.to_owned(), remaining, ordered }
}

fn priced(document: Value, quantities: &[Quantity]) -> Result<Prices, Untranslatable> {
    prices(&serde_json::from_value(document).unwrap(), quantities)
}

fn reason(document: Value, quantities: &[Quantity]) -> String {
    let reason = priced(document, quantities).err().expect("it should not be translated").reason;
    // Ours, so in German too.
    assert!(reason.german.is_some_and(|german| german != reason.english));
    reason.english
}

fn units(prices: &Prices, line: &str) -> Vec<(i64, i64)> {
    prices.lines[line].units.iter().map(|units| (units.quantity, units.unit_gross)).collect()
}

#[test]
fn amounts_are_joined_by_line_whatever_their_order() {
    let lines = vec![line("B", 1, 500, 0, 7), line("A", 2, 1_000, 0, 19)];
    let prices = priced(document(lines, 2_500, 0, 0), &[left("A", 2, 2), left("B", 1, 1)]).unwrap();
    assert_eq!(units(&prices, "A"), [(2, 1_000)]);
    assert_eq!(units(&prices, "B"), [(1, 500)]);
    assert_eq!(prices.lines["B"].vat_rate, VatRate::percent(7));
    assert_eq!(prices.total, Money::new(2_500, Currency::EUR));
}

#[test]
fn cents_that_do_not_divide_are_carried_by_one_unit() {
    let prices =
        priced(document(vec![line("A", 3, 1_000, 100, 19)], 3_000, 100, 0), &[left("A", 3, 3)]).unwrap();
    assert_eq!(units(&prices, "A"), [(2, 966), (1, 968)]);
    assert_eq!(prices.total.minor, 2_900);
}

#[test]
fn a_discount_on_the_whole_order_is_split_by_value() {
    let lines = vec![line("A", 1, 1_000, 0, 19), line("B", 1, 3_000, 0, 19)];
    let prices = priced(document(lines, 4_000, 401, 0), &[left("A", 1, 1), left("B", 1, 1)]).unwrap();
    assert_eq!((units(&prices, "A"), units(&prices, "B")), (vec![(1, 900)], vec![(1, 2_699)]));
}

#[test]
fn shipping_is_split_over_the_rates_by_value() {
    let lines = vec![line("A", 1, 1_000, 0, 7), line("B", 1, 2_000, 0, 19)];
    let prices = priced(document(lines, 3_000, 0, 499), &[left("A", 1, 1), left("B", 1, 1)]).unwrap();
    let shipping: Vec<(i64, VatRate)> =
        prices.shipping.iter().map(|part| (part.gross, part.vat_rate)).collect();
    assert_eq!(shipping, [(166, VatRate::percent(7)), (333, VatRate::percent(19))]);
    assert_eq!(prices.total.minor, 3_499);
}

#[test]
fn a_partly_cancelled_line_is_priced_by_what_is_left() {
    // The amounts cover what is left …
    let prices =
        priced(document(vec![line("A", 2, 1_000, 50, 19)], 2_000, 50, 300), &[left("A", 2, 5)]).unwrap();
    assert_eq!((units(&prices, "A"), prices.total.minor), (vec![(2, 975)], 2_250));
    // … or what was ordered: then the cancelled part leaves the total too.
    let prices =
        priced(document(vec![line("A", 5, 1_000, 50, 19)], 5_000, 50, 300), &[left("A", 2, 5)]).unwrap();
    assert_eq!((units(&prices, "A"), prices.total.minor), (vec![(2, 990)], 2_280));
    // A discount that does not divide is not guessed at.
    let why = reason(document(vec![line("A", 3, 1_000, 50, 19)], 3_000, 50, 0), &[left("A", 2, 3)]);
    assert!(why.contains("without a rest"), "{why}");
    // Nor is a total that fits neither.
    let mut odd = line("A", 5, 1_000, 0, 19);
    odd["retailPriceTotalTaxIncl"] = eur(4_000);
    let why = reason(document(vec![odd], 4_000, 0, 0), &[left("A", 2, 5)]);
    assert!(why.contains("neither"), "{why}");
}

#[test]
fn a_cancelled_line_is_left_out_with_and_without_its_amounts() {
    let quantities = [left("A", 1, 1), left("B", 0, 2)];
    let prices = priced(document(vec![line("A", 1, 1_000, 0, 19)], 1_000, 0, 0), &quantities).unwrap();
    assert_eq!((prices.lines.len(), prices.total.minor), (1, 1_000));
    let lines = vec![line("A", 1, 1_000, 0, 19), line("B", 2, 500, 10, 19)];
    let prices = priced(document(lines, 2_000, 10, 0), &quantities).unwrap();
    assert_eq!((prices.lines.len(), prices.total.minor), (1, 1_000));
}

#[test]
fn what_is_missing_or_does_not_add_up_is_named() {
    let one = || vec![line("A", 1, 1_000, 0, 19)];
    let all = [left("A", 1, 1)];
    assert!(reason(document(one(), 1_000, 0, 0), &[left("B", 1, 1)]).contains("no price for line B"));
    let sums = reason(document(one(), 1_200, 0, 0), &all);
    assert!(sums.contains("10.00 EUR") && sums.contains("12.00 EUR"), "{sums}");
    let mut free = one();
    free[0]["unitRetailPriceVatIncl"] = Value::Null;
    assert!(reason(document(free, 1_000, 0, 0), &all).contains("no unit price"));
    let mut foreign = document(one(), 1_000, 0, 0);
    foreign["parentOrderMap"]["shipAmountTotalTaxIncl"] = json!({"currency": "CHF", "amount": 5});
    assert!(reason(foreign, &all).contains("mixes EUR and CHF"));
    let mut rate = one();
    rate[0]["productTaxRate"] = json!(19);
    assert!(reason(document(rate, 1_000, 0, 0), &all).contains("unknown VAT rate 19"));
    assert!(
        reason(document(vec![line("A", 1, 100, 0, 19)], 100, 150, 0), &all).contains("larger than its price")
    );
    let twice = vec![line("A", 1, 1_000, 0, 19), line("A", 1, 1_000, 0, 19)];
    assert!(reason(document(twice, 2_000, 0, 0), &all).contains("two prices"));
}

#[test]
fn numbers_may_be_text_and_the_currency_may_be_another() {
    let chf = |cents: &str| json!({"currency": "CHF", "amount": cents});
    let document = json!({"orderList": [{"orderSn": 7, "unitRetailPriceVatIncl": chf("1000"), "productTaxRate": "8100000"}],
                          "parentOrderMap": {"retailPriceTotalTaxIncl": chf("1000"), "discountFromSeller": null}});
    let prices = priced(document, &[left("7", 1, 1)]).unwrap();
    assert_eq!(prices.total.to_string(), "10.00 CHF");
    assert!(prices.shipping.is_empty());
}

#[test]
fn what_the_buyer_paid_is_the_second_witness() {
    let with = |paid: i64, given: i64, refunds: i64| {
        let mut document = document(vec![line("A", 1, 1_000, 100, 19)], 1_000, 100, 0);
        document["parentOrderMap"]["customerPaid"] = eur(paid);
        document["parentOrderMap"]["discountFromTEMU"] = eur(given);
        document["parentOrderMap"]["refundsTotal"] = eur(refunds);
        priced(document, &[left("A", 1, 1)])
    };
    assert!(with(900, 0, 0).is_ok());
    assert!(with(800, 100, 0).is_ok(), "what TEMU gives does not reduce the price");
    assert!(with(781, 100, 0).is_ok(), "VAT may be reckoned after the discount");
    assert!(with(881, 0, 0).is_err(), "the seller's discount was net");
    assert!(with(0, 0, 900).is_ok(), "refunded: no witness");
}

proptest! {
    #[test]
    fn units_and_shipping_always_come_to_the_total(
        lines in prop::collection::vec((1_i64..20, 1_i64..50_000, 0_i64..100, 0_usize..3), 1..6),
        order_discount in 0_i64..100, shipping in 0_i64..2_000,
    ) {
        let named: Vec<(String, (i64, i64, i64, usize))> =
            lines.into_iter().enumerate().map(|(index, line)| (format!("L{index}"), line)).collect();
        let amounts = named.iter().rev().map(|(name, (quantity, unit, discount, rate))| {
            line(name, *quantity, unit + 200, *discount, [0, 7, 19][*rate])
        }).collect();
        let retail: i64 = named.iter().map(|(_, (quantity, unit, ..))| quantity * (unit + 200)).sum();
        let discount = named.iter().map(|(_, (_, _, discount, _))| discount).sum::<i64>() + order_discount;
        let quantities: Vec<Quantity> = named.iter().map(|(name, (quantity, ..))| left(name, *quantity, *quantity)).collect();
        let prices = priced(document(amounts, retail, discount, shipping), &quantities).unwrap();
        let goods: i64 = prices.lines.values().flat_map(|line| &line.units).map(|units| units.quantity * units.unit_gross).sum();
        let shipped: i64 = prices.shipping.iter().map(|charge| charge.gross).sum();
        prop_assert_eq!(goods + shipped, retail - discount + shipping);
        prop_assert_eq!(prices.total.minor, retail - discount + shipping);
        for (name, (quantity, ..)) in &named {
            let units = &prices.lines[name].units;
            prop_assert!(units.len() <= 2 && units.iter().all(|units| units.quantity > 0 && units.unit_gross >= 0));
            prop_assert_eq!(units.iter().map(|units| units.quantity).sum::<i64>(), *quantity);
        }
    }
}
