//! Orders come in completely, at the right price, once.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::Decision;
use marktwerk_domain::order::OrderState;
use marktwerk_sandbox::{LineSeed, OrderSeed, WorldOptions};
use marktwerk_store::orders::Mark;

use crate::shop::Shop;

#[tokio::test(start_paused = true)]
async fn an_order_goes_the_whole_way() {
    let shop = Shop::open().await;
    let number = shop.place(1).remove(0);

    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::HandedOver);
    shop.wait(60).await;
    shop.sync_orders().await;

    let order = shop.order(&number).await;
    assert_eq!(order.state, OrderState::Reported, "{:?}\n{}", order.reason, shop.log().await);
    assert_eq!(shop.world.orders_in_jtl(&number).unwrap(), 1);
    let told = shop.world.shipments().unwrap();
    assert!(!told.is_empty() && told.iter().all(|parcel| parcel.accepted == 1), "{told:?}");
    let statistics = shop.statistics().await;
    assert_eq!((statistics.total, statistics.imported, statistics.xml_generated), (1, 1, 1));
    assert_eq!((statistics.uploaded, statistics.tracked), (1, 1));
}

/// today.md, fault 1.
#[tokio::test(start_paused = true)]
async fn all_of_250_orders_arrive_and_each_sum_is_right() {
    let shop = Shop::open().await;
    let numbers = shop.place(250);
    shop.sync_orders().await;
    assert_eq!(shop.statistics().await.uploaded, 250, "{}", shop.log().await);
    assert!(shop.calls("bg.order.list.v2.get") >= 3);
    for number in &numbers {
        let ours = shop.order(number).await.order.unwrap();
        assert_eq!(ours.sum(), ours.total.minor, "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn orders_that_change_after_each_page_are_not_missed() {
    let shop = Shop::open().await;
    shop.place(250);
    shop.wait(5).await;
    shop.world.set_touch_after_each_page(true).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.statistics().await.imported, 250, "{}", shop.log().await);
}

/// today.md, fault 3: amounts are joined by line number, whatever their order.
#[tokio::test(start_paused = true)]
async fn shuffled_amounts_price_each_line_correctly() {
    let shop = Shop::open().await;
    let line = |sku: &str, cents| LineSeed { unit_gross_cents: Some(cents), ..LineSeed::new(sku, 1) };
    let seed = OrderSeed {
        lines: vec![line("MW-0003", 1_111), line("MW-0004", 2_222), line("MW-0005", 3_333)],
        amount_order: Some(vec![2, 0, 1]),
        shipping_gross_cents: Some(499),
        ..OrderSeed::default()
    };
    let number = shop.world.add_order(seed).unwrap();
    shop.sync_orders().await;
    let order = shop.order(&number).await.order.unwrap();
    let prices: Vec<(&str, i64)> = order.lines.iter().map(|line| (line.sku.as_str(), line.gross())).collect();
    assert_eq!(prices, [("MW-0003", 1_111), ("MW-0004", 2_222), ("MW-0005", 3_333)]);
    assert_eq!(order.total.minor, 1_111 + 2_222 + 3_333 + 499);
}

/// today.md, fault 4.
#[tokio::test(start_paused = true)]
async fn pieces_cancelled_before_shipment_are_not_exported() {
    let shop = Shop::open().await;
    let lines = vec![LineSeed { cancelled: 2, ..LineSeed::new("MW-0003", 3) }, LineSeed::new("MW-0004", 1)];
    let number = shop.world.add_order(OrderSeed { lines, ..OrderSeed::default() }).unwrap();
    shop.sync_orders().await;
    let order = shop.order(&number).await.order.unwrap();
    assert_eq!(order.lines[0].quantity(), 1);
}

/// today.md, fault 31 too.
#[tokio::test(start_paused = true)]
async fn an_unchanged_world_costs_list_calls_and_no_write() {
    let shop = Shop::open().await;
    shop.place(120);
    shop.ship_everything().await;
    shop.sync_orders().await;
    // Our own reports changed the orders there: that is read once more.
    shop.sync_orders().await;
    shop.world.reset_calls().unwrap();
    let before = *shop.store.changes().borrow();
    let run = shop.sync_orders().await;
    assert_eq!(run.warnings, 0, "nothing to do is nothing to warn of");
    let calls = shop.world.calls().unwrap();
    assert_eq!(calls.keys().collect::<Vec<_>>(), ["bg.order.list.v2.get"], "{calls:?}");
    let after = *shop.store.changes().borrow();
    assert_eq!(
        (before.orders, before.attention, before.inventory),
        (after.orders, after.attention, after.inventory)
    );
}

/// today.md, fault 5.
#[tokio::test(start_paused = true)]
async fn an_order_cancelled_after_the_hand_over_waits_for_a_person() {
    let shop = Shop::open().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.wait(2).await;
    shop.world.cancel(&number).unwrap();
    shop.wait(60).await;
    shop.sync_orders().await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.mark, Some(Mark::Cancelled));
    assert_eq!(shop.attention(AttentionKind::CancelledAfterHandOver).await, std::slice::from_ref(&number));
    assert!(shop.world.shipments().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_order_that_somebody_deleted_in_jtl_is_told_and_goes_there_again_only_when_asked() {
    let shop = Shop::open().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.wait(2).await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl);
    shop.world.delete_in_jtl(&number).unwrap();
    shop.sync_orders().await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Unclear, "{}", shop.log().await);
    assert_eq!(shop.world.orders_in_jtl(&number).unwrap(), 0);
    let items = shop.store.attentions().await.unwrap();
    let [item] = &items[..] else { panic!("{items:?}") };
    assert!(item.message.contains("deleted") && item.kind == AttentionKind::Unclear, "{item:?}");

    shop.decide(item.id, Decision::HandOverAgain).await;
    shop.sync_orders().await;
    shop.wait(2).await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl, "{}", shop.log().await);
    assert_eq!(shop.world.orders_in_jtl(&number).unwrap(), 1);
}

/// Deleting is how some people cancel.
#[tokio::test(start_paused = true)]
async fn an_order_cancelled_there_and_deleted_in_jtl_is_over() {
    let slow = Duration::from_secs(86_400);
    let shop =
        Shop::open_in(WorldOptions { ship_after: slow, ..WorldOptions::quiet() }, |temu| Arc::new(temu))
            .await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.wait(2).await;
    shop.sync_orders().await;
    shop.world.cancel(&number).unwrap();
    shop.wait(60).await;
    shop.sync_orders().await;
    shop.world.delete_in_jtl(&number).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Cancelled, "{}", shop.log().await);
    assert!(shop.store.attentions().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_order_cancelled_before_the_hand_over_never_reaches_jtl() {
    let shop = Shop::open().await;
    let seed = OrderSeed { amount_calls_to_wait: 1, ..OrderSeed::default() };
    let number = shop.world.add_order(seed).unwrap();
    // The amounts are being calculated there: the run is well, and the order waits.
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Fetched);
    shop.wait(1).await;
    shop.world.cancel(&number).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Cancelled, "{}", shop.log().await);
    assert_eq!(shop.world.orders_in_jtl(&number).unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_the_marketplace_has_not_finished_is_read_again() {
    let shop = Shop::open().await;
    let seed = OrderSeed {
        amount_calls_to_wait: 2,
        lines: vec![LineSeed::new("MW-0003", 1)],
        ..OrderSeed::default()
    };
    let number = shop.world.add_order(seed).unwrap();
    for state in [OrderState::Fetched, OrderState::Fetched, OrderState::HandedOver] {
        shop.sync_orders().await;
        assert_eq!(shop.order(&number).await.state, state, "{}", shop.log().await);
        // Far beyond the overlap of two windows.
        shop.wait(3_600).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_address_before_the_hand_over_is_exported() {
    let shop = Shop::open().await;
    let seed = OrderSeed { lines: vec![LineSeed::new("NOT-IN-JTL", 1)], ..OrderSeed::default() };
    let number = shop.world.add_order(seed).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::UnknownArticle).await, std::slice::from_ref(&number));
    let old = shop.order(&number).await.order.unwrap().delivery;
    shop.wait(2).await;
    shop.world.readdress(&number).unwrap();
    shop.sync_orders().await;
    let record = shop.order(&number).await;
    assert_ne!(record.order.unwrap().delivery, old);
    assert_eq!((record.state, record.mark), (OrderState::Imported, None));
}

#[tokio::test(start_paused = true)]
async fn a_new_address_after_the_hand_over_is_shown() {
    let shop = Shop::open().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.wait(2).await;
    shop.world.readdress(&number).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.mark, Some(Mark::Changed));
    assert_eq!(shop.attention(AttentionKind::ChangedAfterHandOver).await, [number]);
}
