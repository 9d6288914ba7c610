//! Between the intent and JTL: what was never taken is not lost, not doubled, and not too late to change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::Decision;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::RunState;
use marktwerk_sandbox::OrderSeed;
use serde_json::Value;

use crate::disguise::Stubborn;
use crate::shop::Shop;

/// A shop whose JTL has refused one order so far.
async fn refused_once() -> (Shop, Arc<AtomicBool>, String) {
    let is_stubborn = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&is_stubborn);
    let shop =
        Shop::open_with_erp(move |jtl| Arc::new(Stubborn { jtl, is_stubborn: Arc::clone(&switch) })).await;
    let number = shop.place(1).remove(0);
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!(run.state, RunState::Failed, "the connection goes each time");
    assert_eq!(shop.order(&number).await.state, OrderState::Exporting);
    (shop, is_stubborn, number)
}

/// today.md, fault 8.
#[tokio::test(start_paused = true)]
async fn what_jtl_refused_is_handed_over_when_it_takes_again() {
    let (shop, is_stubborn, number) = refused_once().await;
    is_stubborn.store(false, Ordering::Relaxed);
    shop.sync_orders().await;
    shop.wait(5).await;
    assert_eq!(shop.world.orders_in_jtl(&number).unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_order_cancelled_in_between_is_never_handed_over() {
    let (shop, is_stubborn, number) = refused_once().await;
    shop.wait(1).await;
    shop.world.cancel(&number).unwrap();
    is_stubborn.store(false, Ordering::Relaxed);
    shop.sync_orders().await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Cancelled, "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::CancelledAfterHandOver).await.is_empty());
    shop.wait(5).await;
    assert_eq!(shop.world.orders_in_jtl(&number).unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_readdressed_in_between_goes_to_its_new_address() {
    let (shop, is_stubborn, number) = refused_once().await;
    let old = shop.order(&number).await.order.unwrap().delivery;
    shop.wait(1).await;
    shop.world.readdress(&number).unwrap();
    is_stubborn.store(false, Ordering::Relaxed);
    shop.sync_orders().await;
    shop.sync_orders().await;
    let record = shop.order(&number).await;
    assert_eq!((record.state, record.mark), (OrderState::HandedOver, None), "{}", shop.log().await);
    assert_ne!(record.order.unwrap().delivery, old);
}

#[tokio::test(start_paused = true)]
async fn an_order_set_aside_is_read_again_when_a_person_says_so() {
    let shop = Shop::open().await;
    let number =
        shop.world.add_order(OrderSeed { currency: Some("CHF".to_owned()), ..OrderSeed::default() }).unwrap();
    shop.sync_orders().await;
    let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
    shop.decide(item.id, Decision::ReadAgain).await;
    assert_eq!(shop.order(&number).await.state, OrderState::Fetched);
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::SetAside).await, [number], "what still does not go comes back");
}

/// A shop with an order that is held, because its buyer wants another address.
async fn shop_with_address_wish() -> (Shop, String) {
    let shop = Shop::open_patient().await;
    shop.sync_orders().await;
    let number = shop.place(1).remove(0);
    shop.world.ask_address_change(&number, true).unwrap();
    shop.next_run().await;
    (shop, number)
}

/// It waits for the buyer's address, and a person has entered it in JTL before that came: nobody can know which address was read.
#[tokio::test(start_paused = true)]
async fn an_order_entered_by_hand_around_a_change_is_shown() {
    let (shop, number) = shop_with_address_wish().await;
    enter_by_hand(&shop, &number).await;
    shop.world.readdress(&number).unwrap();
    shop.world.ask_address_change(&number, false).unwrap();
    shop.next_run().await;
    let entries = shop.attention(AttentionKind::ChangedAfterHandOver).await;
    assert_eq!(entries, [number], "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn an_order_entered_by_hand_long_after_a_change_is_as_it_should_be() {
    let (shop, number) = shop_with_address_wish().await;
    shop.world.readdress(&number).unwrap();
    shop.world.ask_address_change(&number, true).unwrap();
    shop.next_run().await;
    enter_by_hand(&shop, &number).await;
    shop.world.ask_address_change(&number, false).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl, "{}", shop.log().await);
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
}

/// A person enters what was read of the order.
async fn enter_by_hand(shop: &Shop, number: &str) {
    let order = shop.order(number).await.order.unwrap();
    let lines: Vec<(String, i64)> =
        order.lines.iter().map(|line| (line.sku.clone(), line.quantity())).collect();
    shop.world.enter_order_in_jtl(number, &lines).unwrap();
}
