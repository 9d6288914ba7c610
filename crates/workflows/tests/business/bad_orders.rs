//! One bad order among good ones: set aside with its reason, and nothing is lost.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::{Group, groups};
use marktwerk_domain::language::{Language, Reader};
use marktwerk_domain::order::OrderState;
use marktwerk_sandbox::{Address, AnyOrder, LineSeed, OrderSeed, RawOrder};
use serde_json::json;

use crate::shop::Shop;

fn address(change: impl Fn(&mut Address)) -> OrderSeed {
    let mut address = Address {
        first_name: "Ada".to_owned(),
        last_name: "Beispiel".to_owned(),
        street: "Musterweg 1".to_owned(),
        post_code: "10115".to_owned(),
        city: "Berlin".to_owned(),
        ..Address::default()
    };
    change(&mut address);
    OrderSeed {
        lines: vec![LineSeed::new("MW-0003", 1)],
        address: Some(address),
        region_id: Some(76),
        ..OrderSeed::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_malformed_order_among_a_hundred_good_ones_is_set_aside() {
    let shop = Shop::open().await;
    shop.place(100);
    let raw = RawOrder {
        list_item: Some(json!({ "parentOrderMap": { "parentOrderSn": "{parentOrderSn}" } })),
        ..RawOrder::default()
    };
    let broken = shop.world.add_raw_order(AnyOrder { order: OrderSeed::default(), raw }).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.statistics().await.uploaded, 100, "{}", shop.log().await);
    assert_eq!(shop.attention(AttentionKind::SetAside).await, [broken]);
}

#[tokio::test(start_paused = true)]
async fn an_order_without_lines_and_one_in_another_currency_are_set_aside() {
    let shop = Shop::open().await;
    let raw =
        RawOrder { amounts: Some(json!({ "parentOrderMap": {}, "orderList": [] })), ..RawOrder::default() };
    let without_lines = shop.world.add_raw_order(AnyOrder { order: OrderSeed::default(), raw }).unwrap();
    let francs = OrderSeed { currency: Some("CHF".to_owned()), ..OrderSeed::default() };
    let francs = shop.world.add_order(francs).unwrap();
    let good = shop.place(1).remove(0);
    shop.sync_orders().await;
    for number in [&without_lines, &francs] {
        let record = shop.order(number).await;
        assert_eq!(record.state, OrderState::SetAside, "{number}");
        assert!(record.reason.is_some());
    }
    assert!(shop.order(&francs).await.reason.unwrap().contains("CHF"));
    // A merchant reads all of it in German.
    let said =
        |group: &Group| group.message(&Reader { language: Language::German, ..Reader::of_the_store() });
    let german: Vec<String> = groups(shop.store.attentions().await.unwrap()).iter().map(said).collect();
    assert!(german.iter().any(|text| text.contains("die Bestellung lautet auf CHF")), "{german:?}");
    assert!(german.iter().all(|text| !text.contains("order") && !text.contains("TEMU gives")), "{german:?}");
    assert_eq!(shop.order(&good).await.state, OrderState::HandedOver);
}

/// today.md, fault 7, and what buyers type.
#[tokio::test(start_paused = true)]
async fn strange_names_and_long_streets_reach_jtl() {
    let shop = Shop::open().await;
    let seeds = [
        address(|address| address.last_name = "Łączny 🚲 & Söhne <\"'>".to_owned()),
        address(|address| address.last_name = "Steuer\u{0}\u{1}\u{b}zeichen\u{7f}".to_owned()),
        address(|address| address.street = format!("{} 7", "Lange Straße ".repeat(24))),
    ];
    let numbers: Vec<String> = seeds.into_iter().map(|seed| shop.world.add_order(seed).unwrap()).collect();
    shop.sync_orders().await;
    shop.wait(5).await;
    for number in &numbers {
        assert_eq!(
            shop.world.orders_in_jtl(number).unwrap(),
            1,
            "{:?}\n{}",
            shop.world.dropped(),
            shop.log().await
        );
    }
}
