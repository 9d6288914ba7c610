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
           "discountFromSeller": eur(discount), "shipAmountTotalTaxIncl": eur(shipping),
           "customerPaid": eur(retail - discount + shipping)}})
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
    assert!(reason(document(rate, 1_000, 0, 0), &all).contains("unknown VAT rate 0.000019 %"));
    let lines = vec![line("A", 1, 100, 150, 19), line("B", 1, 1_000, 0, 19)];
    let discount = reason(document(lines, 1_100, 150, 0), &[left("A", 1, 1), left("B", 1, 1)]);
    assert!(discount.contains("larger than its price"), "{discount}");
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

/// 119.00 with 19 % VAT, 5.00 from the seller and 10.00 from TEMU.
fn discounted(paid: Option<i64>) -> Value {
    let mut document = document(vec![line("A", 1, 11_900, 500, 19)], 11_900, 500, 0);
    document["parentOrderMap"]["discountFromTEMU"] = eur(1_000);
    document["parentOrderMap"]["customerPaid"] = paid.map_or(Value::Null, eur);
    document
}

#[test]
fn what_the_buyer_paid_tells_how_discounts_are_meant() {
    let all = [left("A", 1, 1)];
    assert_eq!(priced(discounted(Some(10_400)), &all).unwrap().total.minor, 11_400, "with VAT");
    assert_eq!(priced(discounted(Some(10_115)), &all).unwrap().total.minor, 11_305, "without VAT");
    for paid in [None, Some(10_210), Some(10_114), Some(11_900)] {
        let why = reason(discounted(paid), &all);
        assert!(why.contains("114.00 EUR") && why.contains("113.05 EUR"), "{paid:?}: {why}");
    }
}

#[test]
fn without_a_discount_of_the_seller_both_readings_come_to_the_same() {
    let all = [left("A", 1, 1)];
    let with = |paid: Option<i64>| {
        let mut document = document(vec![line("A", 1, 11_900, 0, 19)], 11_900, 0, 0);
        document["parentOrderMap"]["discountFromTEMU"] = eur(1_000);
        document["parentOrderMap"]["customerPaid"] = paid.map_or(Value::Null, eur);
        priced(document, &all)
    };
    for paid in [None, Some(10_900), Some(10_710)] {
        assert_eq!(with(paid).unwrap().total.minor, 11_900, "{paid:?}");
    }
    let why = with(Some(10_800)).err().unwrap().reason.english;
    assert!(why.contains("119.00 EUR") && why.contains("108.00 EUR"), "{why}");
}

#[test]
fn a_refund_before_the_shipment_is_looked_at_unless_units_were_cancelled() {
    let with = |lines: Vec<Value>, retail: i64, refunds: i64, left: &[Quantity]| {
        let mut document = document(lines, retail, 0, 0);
        document["parentOrderMap"]["refundsTotal"] = eur(refunds);
        document["parentOrderMap"]["customerPaid"] = eur(retail - refunds);
        priced(document, left)
    };
    for refunds in [3_000, 10_000] {
        let why = with(vec![line("A", 1, 10_000, 0, 19)], 10_000, refunds, &[left("A", 1, 1)]);
        let why = why.err().unwrap().reason.english;
        let figure = format!("{}.00 EUR of 100.00 EUR", refunds / 100);
        assert!(why.contains(&figure), "{why}");
    }
    let cancelled = with(vec![line("A", 3, 1_000, 0, 19)], 3_000, 1_000, &[left("A", 2, 3)]).unwrap();
    assert_eq!(cancelled.total.minor, 2_000);
}

#[test]
fn a_fee_without_a_position_is_not_lost_in_silence() {
    let mut document = document(vec![line("A", 1, 11_900, 0, 19)], 11_900, 0, 0);
    document["parentOrderMap"]["signOnDelivery"] = eur(300);
    document["parentOrderMap"]["customerPaid"] = eur(12_200);
    let why = reason(document, &[left("A", 1, 1)]);
    assert!(why.contains("3.00 EUR") && why.contains("119.00 EUR") && why.contains("122.00 EUR"), "{why}");
}

#[test]
fn a_unit_price_that_is_rounded_does_not_change_the_lines_total() {
    let mut odd = line("A", 3, 333, 0, 19);
    odd["retailPriceTotalTaxIncl"] = eur(1_000);
    let prices = priced(document(vec![odd.clone()], 1_000, 0, 0), &[left("A", 3, 3)]).unwrap();
    assert_eq!((units(&prices, "A"), prices.total.minor), (vec![(2, 333), (1, 334)], 1_000));
    odd["retailPriceTotalTaxIncl"] = eur(1_002);
    let why = reason(document(vec![odd], 1_002, 0, 0), &[left("A", 3, 3)]);
    assert!(why.contains("9.99") && why.contains("10.02"), "{why}");
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
