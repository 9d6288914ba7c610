//! What people do beside the program, as merchants report it: it is noticed, at once and in every state, and the advice fits.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::order::{Order, OrderState};
use marktwerk_sandbox::{LineSeed, OrderSeed, ParcelSeed, WorldOptions};
use marktwerk_store::orders::Mark;

use crate::shop::Shop;

const SHIPPED: i64 = 4;
const READY: i64 = 2;
const CANCELLED: i64 = 3;

/// A shop whose JTL ships only when a test says so.
async fn patient_shop() -> Shop {
    let world = WorldOptions { ship_after: Duration::from_secs(8_640_000), ..WorldOptions::quiet() };
    Shop::open_in(world, |temu| Arc::new(temu)).await
}

/// The marketplace's list knows whole seconds: a change is seen in the next one.
async fn next_run(shop: &Shop) {
    shop.wait(5).await;
    shop.sync_orders().await;
}

/// An order of two pieces in a currency that JTL is not given.
fn in_francs(shop: &Shop) -> String {
    let lines = vec![LineSeed::new("MW-0003", 2)];
    let seed = OrderSeed { currency: Some("CHF".to_owned()), lines, ..OrderSeed::default() };
    shop.world.add_order(seed).unwrap()
}

async fn open_units(shop: &Shop) -> i64 {
    shop.store.open_units().await.unwrap().get("MW-0003").copied().unwrap_or(0)
}

async fn message(shop: &Shop, kind: AttentionKind) -> String {
    let items = shop.store.attentions().await.unwrap();
    let of_kind = items.iter().filter(|item| item.kind == kind);
    of_kind.map(|item| item.message.clone()).collect::<Vec<_>>().join("\n")
}

/// An order in JTL with the marketplace's number, as a person enters it.
async fn enter_by_hand(shop: &Shop, number: &str) {
    let pattern =
        shop.world.add_order(OrderSeed { lines: vec![LineSeed::new("MW-0003", 2)], ..OrderSeed::default() });
    let pattern = pattern.unwrap();
    next_run(shop).await;
    let order = shop.order(&pattern).await.order.unwrap();
    shop.enter_by_hand(&Order { number: number.to_owned(), ..order }).await;
}

#[tokio::test(start_paused = true)]
async fn an_order_shipped_there_by_hand_is_an_entry_at_once_in_every_state() {
    let shop = patient_shop().await;
    let in_jtl = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.wait(5).await;
    shop.world.pause_worker();
    let waiting = shop.place(1).remove(0);
    next_run(&shop).await;
    assert_eq!(shop.order(&in_jtl).await.state, OrderState::InJtl);
    assert_eq!(shop.order(&waiting).await.state, OrderState::HandedOver);
    for number in [&in_jtl, &waiting] {
        shop.world.set_status(number, SHIPPED).unwrap();
    }
    next_run(&shop).await;
    let mut shown = shop.attention(AttentionKind::ShippedElsewhere).await;
    let mut expected = vec![in_jtl.clone(), waiting.clone()];
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected, "{}", shop.log().await);
    assert!(message(&shop, AttentionKind::ShippedElsewhere).await.contains("do not ship it"));
    // It stays until JTL has booked the shipment, and nothing is reported a second time.
    shop.world.resume_worker();
    next_run(&shop).await;
    assert_eq!(shop.attention(AttentionKind::ShippedElsewhere).await.len(), 2);
    for number in [&in_jtl, &waiting] {
        shop.world.ship_now(number, &[]).unwrap();
    }
    next_run(&shop).await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    for number in [&in_jtl, &waiting] {
        assert_eq!(shop.order(number).await.state, OrderState::Reported);
    }
    assert!(shop.world.shipments().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_order_set_aside_and_shipped_by_hand_keeps_entry_and_units() {
    let shop = patient_shop().await;
    shop.sync_orders().await;
    let number = in_francs(&shop);
    next_run(&shop).await;
    assert_eq!(shop.attention(AttentionKind::SetAside).await, std::slice::from_ref(&number));
    assert_eq!(open_units(&shop).await, 2);
    shop.world.set_status(&number, SHIPPED).unwrap();
    next_run(&shop).await;
    assert_eq!(shop.attention(AttentionKind::ShippedElsewhere).await, std::slice::from_ref(&number));
    assert!(message(&shop, AttentionKind::ShippedElsewhere).await.contains("book it in JTL"));
    assert_eq!(open_units(&shop).await, 2, "the pieces are gone, and JTL does not know it");
    next_run(&shop).await;
    assert_eq!((shop.store.attentions().await.unwrap().len(), open_units(&shop).await), (1, 2));
}

/// As the entry advises. Before, it was never seen again, and its units were subtracted twice.
#[tokio::test(start_paused = true)]
async fn an_order_set_aside_and_entered_in_jtl_by_hand_goes_its_way() {
    let shop = patient_shop().await;
    shop.sync_orders().await;
    let number = in_francs(&shop);
    next_run(&shop).await;
    enter_by_hand(&shop, &number).await;
    next_run(&shop).await;
    let record = shop.order(&number).await;
    assert_eq!((record.state, record.reason), (OrderState::InJtl, None), "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::SetAside).await.is_empty());
    assert_eq!(open_units(&shop).await, 0, "JTL has reserved them");
    shop.world.ship_now(&number, &[]).unwrap();
    next_run(&shop).await;
    let record = shop.order(&number).await;
    assert_eq!(record.state, OrderState::Reported, "{:?}\n{}", record.reason, shop.log().await);
    let reported = shop.world.shipments().unwrap();
    assert!(!reported.is_empty() && reported.iter().all(|parcel| parcel.accepted == 1), "{reported:?}");
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_article_is_unknown_may_be_entered_by_hand_too() {
    let shop = patient_shop().await;
    let number = shop.world.sell("NOT-IN-JTL", 1).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::UnknownArticle).await, std::slice::from_ref(&number));
    enter_by_hand(&shop, &number).await;
    next_run(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl, "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::UnknownArticle).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_is_closed_while_its_cause_persists_comes_back() {
    let shop = patient_shop().await;
    let unknown = shop.world.sell("NOT-IN-JTL", 1).unwrap();
    let cancelled = shop.place(1).remove(0);
    shop.sync_orders().await;
    next_run(&shop).await;
    shop.world.cancel_in_jtl(&cancelled).unwrap();
    next_run(&shop).await;
    for item in shop.store.attentions().await.unwrap() {
        shop.close(item.id).await;
    }
    assert_eq!(shop.attention(AttentionKind::UnknownArticle).await, [unknown]);
    assert_eq!(shop.attention(AttentionKind::ClosedInErp).await, [cancelled]);
    next_run(&shop).await;
    assert_eq!(shop.store.attentions().await.unwrap().len(), 2, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn an_order_cancelled_and_ready_again_needs_no_person() {
    let shop = patient_shop().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    next_run(&shop).await;
    shop.world.set_status(&number, CANCELLED).unwrap();
    next_run(&shop).await;
    assert_eq!(shop.order(&number).await.mark, Some(Mark::Cancelled));
    shop.world.set_status(&number, READY).unwrap();
    next_run(&shop).await;
    let record = shop.order(&number).await;
    assert_eq!((record.state, record.mark), (OrderState::InJtl, None), "{}", shop.log().await);
    assert!(shop.store.attentions().await.unwrap().is_empty());
    shop.world.ship_now(&number, &[]).unwrap();
    next_run(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn advice_knows_that_the_parcel_is_on_its_way() {
    let shop = patient_shop().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    next_run(&shop).await;
    shop.world.readdress(&number).unwrap();
    shop.world.ship_now(&number, &[]).unwrap();
    next_run(&shop).await;
    let shown = message(&shop, AttentionKind::ChangedAfterHandOver).await;
    assert!(shown.contains("the address") && shown.contains("a parcel has left already"), "{shown}");
    assert!(shop.world.shipments().unwrap().is_empty());
    let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
    shop.close(item.id).await;
    assert_eq!(shop.order(&number).await.state, OrderState::Shipped);
    next_run(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_parcel_without_a_number_does_not_wait_for_ever() {
    let shop = patient_shop().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    next_run(&shop).await;
    let parcel = ParcelSeed { tracking: Some(String::new()), ..ParcelSeed::default() };
    shop.world.ship_now(&number, &[parcel]).unwrap();
    next_run(&shop).await;
    let record = shop.order(&number).await;
    assert!(record.reason.as_deref().unwrap_or_default().starts_with("waits"), "{:?}", record.reason);
    assert!(record.next_judged_at.is_some(), "it is looked at when the time comes");
    assert!(shop.store.attentions().await.unwrap().is_empty());
    // No run: the clock alone.
    let a_day_later = shop.clock.now() + SignedDuration::from_hours(24);
    assert_eq!(marktwerk_store::judging::judge_due(&*shop.store, a_day_later).await.unwrap(), 1);
    assert_eq!(shop.attention(AttentionKind::WithoutNumber).await, [number]);
}

#[tokio::test(start_paused = true)]
async fn what_was_shipped_before_the_first_read_is_history_and_later_it_is_not() {
    let shop = patient_shop().await;
    let before = shop.place(1).remove(0);
    shop.world.set_status(&before, SHIPPED).unwrap();
    next_run(&shop).await;
    let record = shop.order(&before).await;
    assert!(record.was_over && !record.is_open && !record.takes_stock);
    assert!(shop.store.attentions().await.unwrap().is_empty());
    let later =
        shop.world.add_order(OrderSeed { lines: vec![LineSeed::new("MW-0003", 2)], ..OrderSeed::default() });
    let later = later.unwrap();
    shop.world.set_status(&later, SHIPPED).unwrap();
    next_run(&shop).await;
    assert_eq!(shop.attention(AttentionKind::ShippedElsewhere).await, [later], "{}", shop.log().await);
    assert_eq!(open_units(&shop).await, 2);
}

/// What JTL has after a person dealt with a change is the newest document.
#[tokio::test(start_paused = true)]
async fn a_change_that_was_dealt_with_is_not_shown_again_and_the_next_one_is() {
    let shop = patient_shop().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    next_run(&shop).await;
    for _ in 0..2 {
        shop.world.readdress(&number).unwrap();
        next_run(&shop).await;
        assert_eq!(shop.attention(AttentionKind::ChangedAfterHandOver).await, std::slice::from_ref(&number));
        let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
        shop.close(item.id).await;
        next_run(&shop).await;
        assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    }
    // Cancelled as well: one entry, and closing it is enough.
    shop.world.readdress(&number).unwrap();
    next_run(&shop).await;
    shop.world.set_status(&number, CANCELLED).unwrap();
    next_run(&shop).await;
    for _ in 0..2 {
        for item in shop.store.attentions().await.unwrap() {
            shop.close(item.id).await;
        }
    }
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    shop.world.ship_now(&number, &[]).unwrap();
    next_run(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::Shipped, "{}", shop.log().await);
}

/// A run with `days_back` reads what was over long before.
#[tokio::test(start_paused = true)]
async fn what_was_over_before_the_cursor_is_history_too() {
    let shop = patient_shop().await;
    let old = shop.place(1).remove(0);
    shop.world.set_status(&old, SHIPPED).unwrap();
    shop.wait(1_200).await;
    // An account that has been read up to now.
    let now = shop.clock.now().to_string();
    shop.store.set_fact("orders.cursor.sandbox", &now).await.unwrap();
    shop.sync_orders().await;
    assert!(shop.store.order("sandbox", &old).await.unwrap().is_none(), "it is older than the window");
    shop.run("order_workflow", serde_json::json!({ "days_back": 1 })).await;
    let record = shop.order(&old).await;
    assert!(record.was_over && !record.is_open && !record.takes_stock);
    assert!(shop.store.attentions().await.unwrap().is_empty());
}
