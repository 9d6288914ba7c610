//! The rules of the trade at TEMU: what few orders have, and what a shop has to get right all the same.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::Notice;
use marktwerk_domain::order::{LabelLine, OrderState};
use marktwerk_sandbox::{Address, LineSeed, Oddities, OrderSeed};

use crate::shop::Shop;

/// 119.00 with 19 % VAT.
fn line() -> LineSeed {
    LineSeed {
        unit_gross_cents: Some(11_900),
        vat_rate_micro: Some(19_000_000),
        ..LineSeed::new("MW-0003", 1)
    }
}

fn seed(line: LineSeed) -> OrderSeed {
    OrderSeed { lines: vec![line], shipping_gross_cents: Some(0), ..OrderSeed::default() }
}

async fn read(shop: &Shop, seed: OrderSeed) -> String {
    let number = shop.world.add_order(seed).unwrap();
    shop.wait(2).await;
    shop.sync_orders().await;
    number
}

async fn reason(shop: &Shop, number: &str) -> String {
    shop.order(number).await.reason.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn only_what_comes_to_the_cent_goes_on() {
    let shop = Shop::open_patient().await;
    let discounts = LineSeed { seller_discount_cents: 500, temu_discount_cents: 1_000, ..line() };
    let with_vat = read(&shop, seed(discounts.clone())).await;
    let without_vat =
        OrderSeed { odd: Oddities { discounts_without_vat: true, ..Oddities::default() }, ..seed(discounts) };
    let without_vat = read(&shop, without_vat).await;
    let total = |record: marktwerk_store::orders::OrderRecord| record.order.unwrap().total.minor;
    assert_eq!(total(shop.order(&with_vat).await), 11_400);
    assert_eq!(total(shop.order(&without_vat).await), 11_305);

    let fee = Oddities { signature_fee_cents: 300, ..Oddities::default() };
    let fee = read(&shop, OrderSeed { odd: fee, ..seed(line()) }).await;
    let refund = Oddities { refunds_cents: 3_000, ..Oddities::default() };
    let refund = read(&shop, OrderSeed { odd: refund, ..seed(line()) }).await;
    for (number, figures) in [(&fee, ["119.00", "122.00"]), (&refund, ["30.00", "119.00"])] {
        let reason = reason(&shop, number).await;
        assert_eq!(shop.order(number).await.state, OrderState::SetAside, "{reason}");
        assert!(figures.iter().all(|figure| reason.contains(figure)), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refund_before_the_hand_over_sets_an_order_aside() {
    let shop = Shop::open_patient().await;
    shop.sync_orders().await;
    let number = shop.world.add_order(seed(line())).unwrap();
    shop.world.refund(&number, 11_900).unwrap();
    shop.wait(2).await;
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::SetAside).await, std::slice::from_ref(&number));
    assert_eq!(shop.world.orders_in_jtl(&number).unwrap() + shop.world.waiting_rows().unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_cooperative_warehouse_sends_its_own_lines() {
    let shop = Shop::open_patient().await;
    let there = |sku: &str| LineSeed { is_fulfilled_there: true, ..LineSeed::new(sku, 1) };
    let all = OrderSeed { lines: vec![there("MW-0003"), there("MW-0004")], ..OrderSeed::default() };
    let all = read(&shop, all).await;
    let mixed =
        OrderSeed { lines: vec![there("MW-0003"), LineSeed::new("MW-0004", 2)], ..OrderSeed::default() };
    let mixed = read(&shop, mixed).await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    let theirs = shop.order(&all).await;
    assert!(!theirs.is_open && theirs.document.is_none(), "over, and never handed over");
    let ours = shop.order(&mixed).await;
    assert_eq!(ours.state, OrderState::HandedOver, "{}", shop.log().await);
    let order = ours.order.unwrap();
    let lines: Vec<(&str, i64)> =
        order.lines.iter().map(|line| (line.sku.as_str(), line.quantity())).collect();
    assert_eq!(lines, [("MW-0004", 2)]);
    assert_eq!(order.total.minor, order.sum());
    assert_eq!(
        shop.store.open_units().await.unwrap().get("MW-0003"),
        None,
        "they take nothing from our stock"
    );
}

/// What is left is the cooperative warehouse's; JTL would still send ours.
#[tokio::test(start_paused = true)]
async fn our_line_that_is_cancelled_after_the_hand_over_is_shown() {
    let shop = Shop::open_patient().await;
    let there = LineSeed { is_fulfilled_there: true, ..LineSeed::new("MW-0003", 1) };
    let lines = vec![there, LineSeed::new("MW-0004", 1)];
    let mixed = read(&shop, OrderSeed { lines, ..OrderSeed::default() }).await;
    shop.wait(5).await;
    shop.sync_orders().await;
    shop.world.cancel_pieces(&mixed, 1, 1).unwrap();
    shop.wait(360).await;
    shop.sync_orders().await;
    let order = shop.order(&mixed).await;
    assert!(order.is_open, "{}", shop.log().await);
    assert_eq!(shop.store.attentions().await.unwrap().len(), 1, "{}", shop.log().await);
}

/// The list shows an order 40 minutes after newer ones: the daily deep read finds it.
#[tokio::test(start_paused = true)]
async fn an_order_that_the_list_shows_late_is_found() {
    let shop = Shop::open_patient().await;
    let late = shop.world.add_order(seed(line())).unwrap();
    shop.world.hide(&late, true).unwrap();
    for _ in 0..4 {
        shop.wait(600).await;
        read(&shop, seed(line())).await;
    }
    shop.world.hide(&late, false).unwrap();
    shop.sync_orders().await;
    shop.wait(25 * 3_600).await;
    shop.sync_orders().await;
    assert!(shop.log().await.contains("had not shown before"), "{}", shop.log().await);
    shop.sync_orders().await;
    assert_eq!(shop.order(&late).await.state, OrderState::HandedOver, "{}", shop.log().await);
}

/// The address goes to JTL as it is; who sends the parcel is told what the label will lack.
#[tokio::test(start_paused = true)]
async fn what_is_longer_than_a_label_is_said() {
    let shop = Shop::open_patient().await;
    let long =
        Address { city: "Sankt Margarethen an der Raab und Umgebung".to_owned(), ..Address::default() };
    let number = read(&shop, OrderSeed { address: Some(long), ..seed(line()) }).await;
    let record = shop.order(&number).await;
    assert_eq!(record.facts().there.notices, [Notice::LongerThanLabel(vec![LabelLine::Town])]);
    assert_eq!(record.state, OrderState::HandedOver, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn notices_are_kept_and_cash_on_delivery_is_not_paid() {
    let shop = Shop::open_patient().await;
    let labels = vec!["signature_required_on_delivery".to_owned()];
    let odd = Oddities { is_cash_on_delivery: true, labels, ..Oddities::default() };
    let number = read(&shop, OrderSeed { odd, ..seed(line()) }).await;
    let record = shop.order(&number).await;
    assert_eq!(record.facts().there.notices, [Notice::SignatureRequired, Notice::CashOnDelivery]);
    assert!(record.document.unwrap().contains("<dBezahltDatum/>"), "not paid");
    let paid = read(&shop, seed(line())).await;
    assert!(!shop.order(&paid).await.document.unwrap().contains("<dBezahltDatum/>"));

    let odd = Oddities { warnings: vec!["RESTRICT_SELF_SHIPPING".to_owned()], ..Oddities::default() };
    let restricted = read(&shop, OrderSeed { odd, ..seed(line()) }).await;
    assert!(reason(&shop, &restricted).await.contains("Seller Center"));
}

#[tokio::test(start_paused = true)]
async fn companies_and_pick_up_points_reach_jtls_fields() {
    let shop = Shop::open_patient().await;
    let company = Address {
        first_name: "Müller GmbH & Co.".to_owned(),
        last_name: "KG".to_owned(),
        street: "Eliasstr.".to_owned(),
        third_line: "8".to_owned(),
        tax_code: "DE123456789".to_owned(),
        ..Address::default()
    };
    let pick_up = Address {
        street: "1234567890".to_owned(),
        addition: "Packstation 145".to_owned(),
        additional_name: "c/o Meier".to_owned(),
        ..Address::default()
    };
    for (address, parts) in [
        (
            company,
            [
                "<cFirma>Müller GmbH &amp; Co. KG</cFirma>",
                "<cStrasse>Eliasstr. 8</cStrasse>",
                "<cUSTID>DE123456789</cUSTID>",
            ],
        ),
        (
            pick_up,
            [
                "<cStrasse>Packstation 145</cStrasse>",
                "<cAdressZusatz>1234567890</cAdressZusatz>",
                "<cFirma>c/o Meier</cFirma>",
            ],
        ),
    ] {
        let number = read(&shop, OrderSeed { address: Some(address), ..seed(line()) }).await;
        let document = shop.order(&number).await.document.unwrap();
        assert!(parts.iter().all(|part| document.contains(part)), "{document}");
    }
}

/// A wish of the marketplace or a buyer that is there before the first read.
#[tokio::test(start_paused = true)]
async fn an_order_with_an_open_wish_or_check_is_not_handed_over() {
    let shop = Shop::open_patient().await;
    let numbers = shop.place(3);
    shop.world.ask_cancellation(&numbers[0], true).unwrap();
    shop.world.ask_address_change(&numbers[1], true).unwrap();
    shop.world.check_risk(&numbers[2], true).unwrap();
    shop.wait(2).await;
    shop.sync_orders().await;
    for number in &numbers {
        assert_eq!(shop.order(number).await.state, OrderState::Imported, "{}", shop.log().await);
        assert!(reason(&shop, number).await.starts_with("waits: the "), "{}", reason(&shop, number).await);
    }
    assert_eq!(shop.world.waiting_rows().unwrap(), 0);
    shop.world.ask_address_change(&numbers[1], false).unwrap();
    shop.wait(2).await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&numbers[1]).await.state, OrderState::HandedOver, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_line_is_reported_from_the_warehouse_that_it_was_deducted_from() {
    let shop = Shop::open_patient().await;
    let second = LineSeed { warehouse: "WH-SANDBOX-2".to_owned(), ..line() };
    let number = read(&shop, seed(second)).await;
    shop.wait(5).await;
    shop.world.ship_now(&number, &[]).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.world.shipments().unwrap()[0].warehouse_id, "WH-SANDBOX-2", "{}", shop.log().await);
}
