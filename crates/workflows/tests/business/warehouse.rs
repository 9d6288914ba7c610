//! What people do at the packing table and to an order in JTL before it leaves.

use jiff::SignedDuration;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::Limits;
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_sandbox::{LineSeed, OrderSeed, ParcelSeed};
use marktwerk_store::judging;

use crate::shop::Shop;

/// An order of two articles that JTL has.
async fn shop_with_order() -> (Shop, String) {
    let shop = Shop::open_patient().await;
    let lines = vec![LineSeed::new("MW-0003", 1), LineSeed::new("MW-0004", 2)];
    let number = shop.world.add_order(OrderSeed { lines, ..OrderSeed::default() }).unwrap();
    shop.sync_orders().await;
    shop.wait(5).await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl, "{}", shop.log().await);
    (shop, number)
}

#[tokio::test(start_paused = true)]
async fn a_carton_on_the_order_is_no_part_of_it() {
    let (shop, number) = shop_with_order().await;
    shop.world.add_packaging_in_jtl(&number, "KARTON-L").unwrap();
    shop.world.ship_now(&number, &[]).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    assert!(shop.store.attentions().await.unwrap().is_empty());
}

/// cases.md §2: both halves with the number are a split, and no duplicate.
#[tokio::test(start_paused = true)]
async fn the_halves_of_an_order_split_in_jtl_are_reported_together() {
    let (shop, number) = shop_with_order().await;
    shop.world.split_in_jtl(&number).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl, "{}", shop.log().await);
    assert!(shop.store.attentions().await.unwrap().is_empty(), "a split needs nobody");
    let first = shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    assert!(shop.world.shipments().unwrap().is_empty(), "TEMU takes an order as a whole");
    let second = shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    let mut told: Vec<String> =
        shop.world.shipments().unwrap().into_iter().map(|parcel| parcel.tracking_number).collect();
    told.sort();
    let mut sent = [first, second].concat();
    sent.sort();
    assert_eq!(told, sent);
}

#[tokio::test(start_paused = true)]
async fn a_bundle_whose_components_have_left_is_reported() {
    let shop = Shop::open_patient().await;
    let number = shop.world.sell("MW-BUNDLE", 2).unwrap();
    shop.sync_orders().await;
    shop.wait(5).await;
    shop.world.take_bundles_apart_in_jtl(&number).unwrap();
    let only = |sku: &str| ParcelSeed { skus: Some(vec![sku.to_owned()]), ..ParcelSeed::default() };
    shop.world.ship_now(&number, &[only("MW-0001")]).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl, "a part: {}", shop.log().await);
    shop.world.ship_now(&number, &[only("MW-0002")]).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    let pieces: i64 = shop
        .world
        .shipments()
        .unwrap()
        .iter()
        .flat_map(|parcel| &parcel.contents)
        .map(|(_, pieces)| pieces)
        .sum();
    assert_eq!(pieces, 2, "two bundles");
    assert!(shop.store.attentions().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_parcel_whose_contents_are_not_recorded_holds_what_its_note_does() {
    let (shop, number) = shop_with_order().await;
    let parcel = ParcelSeed { contents_not_recorded: true, ..ParcelSeed::default() };
    shop.world.ship_now(&number, &[parcel]).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    assert_eq!(shop.world.shipments().unwrap()[0].contents.len(), 2);
}

/// A label that was printed again and is not used is no parcel, and keeps no other from being reported.
#[tokio::test(start_paused = true)]
async fn a_label_that_is_not_used_is_no_parcel() {
    let (shop, number) = shop_with_order().await;
    shop.world.ship_now(&number, &[]).unwrap();
    let unused = shop.world.print_label_again(&number).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    let told = shop.world.shipments().unwrap();
    assert!(told.len() == 1 && told[0].tracking_number != unused, "{told:?}");
}

/// The same if no contents were recorded: the label was made after the parcel had left.
#[tokio::test(start_paused = true)]
async fn a_label_that_is_printed_again_after_the_parcel_left_is_no_parcel() {
    let (shop, number) = shop_with_order().await;
    let unrecorded = ParcelSeed { contents_not_recorded: true, ..ParcelSeed::default() };
    shop.world.ship_now(&number, &[unrecorded]).unwrap();
    shop.wait(60).await;
    let unused = shop.world.print_label_again(&number).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    let told = shop.world.shipments().unwrap();
    assert!(told.len() == 1 && told[0].tracking_number != unused, "{told:?}");
}

/// Nothing tells the marketplace of goods that a buyer collects: a person does, once it takes too long.
#[tokio::test(start_paused = true)]
async fn an_order_that_is_collected_becomes_an_entry() {
    let (shop, number) = shop_with_order().await;
    shop.world.collect_in_jtl(&number).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 0, "{}", shop.log().await);
    shop.wait(40 * 3_600).await;
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::Late).await, [number], "{}", shop.log().await);
}

/// The buyer's lines decide: what is missing is said, and the rest is not reported as if it were all.
#[tokio::test(start_paused = true)]
async fn a_position_that_was_deleted_in_jtl_is_missed() {
    let (shop, number) = shop_with_order().await;
    shop.world.delete_position_in_jtl(&number, "MW-0004").unwrap();
    assert!(shop.world.jtl_stock("MW-0004").unwrap().in_orders.abs() < f64::EPSILON);
    shop.world.ship_now(&number, &[]).unwrap();
    shop.sync_orders().await;
    let refused = shop.attention(AttentionKind::ShipmentRefused).await;
    assert_eq!(refused, std::slice::from_ref(&number), "{}", shop.log().await);
    assert!(shop.order(&number).await.reason.unwrap().contains("sent less"));
    assert!(shop.world.shipments().unwrap().is_empty());
}

/// cases.md §2: one line has left, and the other is deleted in JTL, which then has nothing left to send.
#[tokio::test(start_paused = true)]
async fn a_position_that_was_deleted_after_a_part_left_is_missed() {
    let (shop, number) = shop_with_order().await;
    let first = ParcelSeed { skus: Some(vec!["MW-0003".to_owned()]), ..ParcelSeed::default() };
    shop.world.ship_now(&number, &[first]).unwrap();
    shop.next_run().await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "the rest is to come: {}", shop.log().await);
    shop.world.delete_position_in_jtl(&number, "MW-0004").unwrap();
    shop.next_run().await;
    let refused = shop.attention(AttentionKind::ShipmentRefused).await;
    assert_eq!(refused, [number], "{}", shop.log().await);
    assert!(shop.world.shipments().unwrap().is_empty());
}

/// The buyer cancels a line, and a person takes it out of JTL's order: the entry ends, even if the parcel has left since.
#[tokio::test(start_paused = true)]
async fn a_change_of_articles_that_was_made_in_jtl_too_needs_nobody_any_more() {
    for leaves_first in [false, true] {
        let (shop, number) = shop_with_order().await;
        shop.world.cancel_pieces(&number, 1, 2).unwrap();
        shop.next_run().await;
        let changed = shop.attention(AttentionKind::ChangedAfterHandOver).await;
        assert_eq!(changed, std::slice::from_ref(&number), "{}", shop.log().await);
        shop.world.delete_position_in_jtl(&number, "MW-0004").unwrap();
        if !leaves_first {
            shop.next_run().await;
            assert_eq!(shop.order(&number).await.state, OrderState::InJtl, "{}", shop.log().await);
            assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
        }
        shop.world.ship_now(&number, &[]).unwrap();
        shop.next_run().await;
        assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
        assert!(shop.store.attentions().await.unwrap().is_empty());
    }
}

/// The stock job reads the cancellation first, and the clock judges the order before the order job does.
#[tokio::test(start_paused = true)]
async fn an_order_entered_again_before_its_cancellation_is_known_is_looked_for() {
    let (shop, number) = shop_with_order().await;
    shop.sync_stock("full").await;
    shop.world.cancel_in_jtl(&number).unwrap();
    shop.next_run().await;
    assert_eq!(shop.attention(AttentionKind::ClosedInErp).await, std::slice::from_ref(&number));
    let lines = [("MW-0003".to_owned(), 1), ("MW-0004".to_owned(), 2)];
    shop.world.enter_order_in_jtl(&number, &lines).unwrap();
    shop.world.cancel(&number).unwrap();
    shop.wait(5).await;
    shop.world.receive("MW-0003", 5).unwrap();
    shop.sync_stock("full").await;
    assert_eq!(shop.order(&number).await.status, MarketplaceStatus::Cancelled);
    let past_its_deadline = shop.clock.now() + SignedDuration::from_hours(72);
    judging::judge_due(&*shop.store, &Limits::default(), past_its_deadline).await.unwrap();
    assert_eq!(shop.order(&number).await.state, OrderState::Cancelled, "as far as is known");
    shop.next_run().await;
    let entries = shop.attention(AttentionKind::CancelledAfterHandOver).await;
    assert_eq!(entries, [number], "{}", shop.log().await);
}
