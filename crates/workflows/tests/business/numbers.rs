//! The numbers that JTL has orders under: prefixes that come and go, two accounts with one number, and orders of JTL that have a number
//! and are not the order.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::{Decision, Row};
use marktwerk_domain::order::OrderState;
use marktwerk_sandbox::{LineSeed, OrderSeed};
use marktwerk_store::orders::OrderRecord;

use crate::shop::{ACCOUNT, SECOND, Shop};

const SKU: &str = "MW-0003";
const OTHER: &str = "MW-0004";
const ORDERS: &str = "order_workflow";

fn seed(number: &str, pieces: i64) -> OrderSeed {
    OrderSeed {
        number: Some(number.to_owned()),
        lines: vec![LineSeed::new(SKU, pieces)],
        ..OrderSeed::default()
    }
}

async fn of(shop: &Shop, account: &str, number: &str) -> OrderRecord {
    shop.store.order(account, number).await.unwrap().expect("the order is known")
}

fn row(shop: &Shop, record: &OrderRecord) -> Row {
    record.judgement(&shop.occasion().limits, shop.clock.now()).row
}

/// A person decides on the one entry of a kind.
async fn decide(shop: &Shop, kind: AttentionKind, decision: Decision) {
    let items = shop.store.attentions().await.unwrap();
    let item = items.iter().find(|item| item.kind == kind).expect("an open entry");
    shop.decide(item.id, decision).await;
}

#[tokio::test(start_paused = true)]
async fn an_order_keeps_the_number_that_it_was_handed_over_with() {
    let mut shop = Shop::open_patient().await;
    shop.restart_with_prefixes(&[(ACCOUNT, "DE-")]).await;
    let first = shop.world.sell(SKU, 1).unwrap();
    shop.sync_orders().await;
    shop.wait(5).await;
    let in_jtl = format!("DE-{first}");
    assert_eq!(shop.world.orders_in_jtl(&in_jtl).unwrap(), 1, "{}", shop.log().await);
    assert_eq!(shop.world.orders_in_jtl(&first).unwrap(), 0);

    shop.restart_with_prefixes(&[(ACCOUNT, "EU-")]).await;
    let second = shop.world.sell(SKU, 1).unwrap();
    shop.next_run().await;
    shop.next_run().await;
    assert_eq!(shop.order(&first).await.state, OrderState::InJtl, "{}", shop.log().await);
    assert_eq!(shop.world.orders_in_jtl(&format!("EU-{second}")).unwrap(), 1);
    assert_eq!(shop.world.orders_in_jtl(&format!("EU-{first}")).unwrap(), 0, "never handed over twice");

    shop.restart_with_prefixes(&[(ACCOUNT, "")]).await;
    shop.world.ship_now(&in_jtl, &[]).unwrap();
    shop.world.ship_now(&format!("EU-{second}"), &[]).unwrap();
    shop.next_run().await;
    for number in [first, second] {
        assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_entered_by_hand_is_found_under_every_prefix_that_the_account_ever_had() {
    let mut shop = Shop::open_patient().await;
    shop.restart_with_prefixes(&[(ACCOUNT, "OLD-")]).await;
    shop.restart_with_prefixes(&[(ACCOUNT, "NEW-")]).await;
    for (number, in_jtl) in [("PO-1", "PO-1"), ("PO-2", "OLD-PO-2"), ("PO-3", "NEW-PO-3")] {
        shop.world.add_order(seed(number, 1)).unwrap();
        shop.world.enter_in_jtl(in_jtl, SKU, 1).unwrap();
    }
    shop.sync_orders().await;
    for number in ["PO-1", "PO-2", "PO-3"] {
        let record = shop.order(number).await;
        assert_eq!(record.state, OrderState::InJtl, "{number}: {}", shop.log().await);
    }
    assert_eq!(shop.world.waiting_rows().unwrap(), 0, "nothing was handed over");
    shop.world.ship_now("OLD-PO-2", &[]).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order("PO-2").await.state, OrderState::Reported, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn two_accounts_with_one_number_are_never_taken_for_each_other() {
    let mut shop = Shop::open_pair().await;
    shop.world.add_order(seed("PO-7", 1)).unwrap();
    shop.sync_both(ORDERS).await;
    shop.wait(5).await;
    shop.other_world().add_order(seed("PO-7", 2)).unwrap();
    shop.wait(5).await;
    shop.sync_both(ORDERS).await;
    shop.wait(5).await;
    shop.sync_both(ORDERS).await;
    assert_eq!(shop.world.orders_in_jtl("PO-7").unwrap(), 1, "{}", shop.log().await);
    let other = of(&shop, SECOND, "PO-7").await;
    assert_eq!(row(&shop, &other), Row::NumberTaken, "{}", shop.log().await);
    assert_eq!(shop.attention(AttentionKind::NumberTaken).await, ["PO-7"]);
    assert!(other.reason.unwrap().contains(ACCOUNT), "the entry names the other account");

    // As long as both would have the same number, handing it over again changes nothing.
    decide(&shop, AttentionKind::NumberTaken, Decision::HandOverAgain).await;
    shop.sync_both(ORDERS).await;
    assert_eq!(shop.world.waiting_rows().unwrap(), 0, "{}", shop.log().await);
    assert_eq!(shop.attention(AttentionKind::NumberTaken).await, ["PO-7"], "{}", shop.log().await);

    shop.restart_with_prefixes(&[(SECOND, "B-")]).await;
    shop.sync_both(ORDERS).await;
    assert_eq!(shop.world.waiting_rows().unwrap(), 0, "a prefix alone hands nothing over");
    decide(&shop, AttentionKind::NumberTaken, Decision::HandOverAgain).await;
    shop.sync_both(ORDERS).await;
    shop.wait(5).await;
    shop.sync_both(ORDERS).await;
    assert_eq!(shop.world.orders_in_jtl("B-PO-7").unwrap(), 1, "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::NumberTaken).await.is_empty(), "{}", shop.log().await);
    shop.world.ship_now("PO-7", &[]).unwrap();
    shop.sync_both(ORDERS).await;
    assert_eq!(of(&shop, ACCOUNT, "PO-7").await.state, OrderState::Reported, "{}", shop.log().await);
    assert_eq!(of(&shop, SECOND, "PO-7").await.state, OrderState::InJtl, "{}", shop.log().await);
    shop.world.ship_now("B-PO-7", &[]).unwrap();
    shop.sync_both(ORDERS).await;
    assert_eq!(of(&shop, SECOND, "PO-7").await.state, OrderState::Reported, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn what_lacks_goods_is_another_order_until_a_person_says_otherwise() {
    let shop = Shop::open_patient().await;
    shop.world.add_order(seed("PO-8", 2)).unwrap();
    shop.world.enter_in_jtl("PO-8", SKU, 1).unwrap();
    shop.sync_orders().await;
    shop.next_run().await;
    assert_eq!(shop.world.waiting_rows().unwrap(), 0);
    assert_eq!(shop.attention(AttentionKind::NumberTaken).await, ["PO-8"], "{}", shop.log().await);
    let record = shop.order("PO-8").await;
    assert!(record.reason.clone().unwrap().contains("1 × MW-0003"), "{:?}", record.reason);
    assert!(record.takes_stock, "JTL has reserved one of two");

    decide(&shop, AttentionKind::NumberTaken, Decision::ThisIsIt).await;
    shop.next_run().await;
    assert_eq!(shop.order("PO-8").await.state, OrderState::InJtl, "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::NumberTaken).await.is_empty());
    shop.next_run().await;
    assert_eq!(shop.order("PO-8").await.state, OrderState::InJtl, "it is compared once");
}

/// The natural cure: the wrong order goes, and the right one takes its number.
#[tokio::test(start_paused = true)]
async fn a_number_that_is_free_again_is_used() {
    let shop = Shop::open_patient().await;
    shop.world.add_order(seed("PO-8", 2)).unwrap();
    shop.world.enter_in_jtl("PO-8", OTHER, 1).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::NumberTaken).await, ["PO-8"], "{}", shop.log().await);
    shop.world.delete_in_jtl("PO-8").unwrap();
    shop.next_run().await;
    shop.next_run().await;
    shop.next_run().await;
    assert_eq!(shop.order("PO-8").await.state, OrderState::InJtl, "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::NumberTaken).await.is_empty());
}

/// An account that has another name and no prefix any more is still the same shop.
#[tokio::test(start_paused = true)]
async fn prefixes_of_accounts_that_are_gone_count_for_all() {
    let shop = Shop::open_patient().await;
    let prefix = |account: &str, prefix: &str| [(account.to_owned(), prefix.to_owned())].into();
    marktwerk_workflows::numbers::remember(&*shop.store, &prefix("old", "OLD-")).await.unwrap();
    let now = marktwerk_workflows::numbers::remember(&*shop.store, &prefix("new", "")).await.unwrap();
    let expected = marktwerk_workflows::numbers::Numbering::new("", ["OLD-".to_owned()]);
    assert_eq!(now.get("new"), Some(&expected));
}

#[tokio::test(start_paused = true)]
async fn what_is_completed_in_jtl_is_taken_up() {
    let shop = Shop::open_patient().await;
    shop.world.add_order(seed("PO-8", 1)).unwrap();
    shop.world.enter_in_jtl("PO-8", OTHER, 1).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::NumberTaken).await, ["PO-8"], "{}", shop.log().await);
    shop.world.add_gift_in_jtl("PO-8", SKU).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order("PO-8").await.state, OrderState::InJtl, "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::NumberTaken).await.is_empty(), "the entry goes by itself");
}

#[tokio::test(start_paused = true)]
async fn a_hand_over_that_meets_an_order_of_a_person_is_compared_too() {
    let shop = Shop::open_patient().await;
    shop.world.add_order(seed("PO-9", 1)).unwrap();
    shop.sync_orders().await;
    shop.world.add_order(seed("PO-10", 1)).unwrap();
    shop.world.enter_in_jtl("PO-10", OTHER, 3).unwrap();
    shop.next_run().await;
    assert_eq!(shop.attention(AttentionKind::NumberTaken).await, ["PO-10"], "{}", shop.log().await);
    assert_eq!(shop.world.orders_in_jtl("PO-10").unwrap(), 1);
}
