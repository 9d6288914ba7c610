//! A marketplace that takes each parcel by itself: what has left is reported at once, each parcel once, and never more than was ordered.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::history::Happened;
use marktwerk_domain::judgement::Decision;
use marktwerk_domain::order::OrderState;
use marktwerk_sandbox::{LineSeed, OrderSeed, ParcelSeed, WorldOptions};
use serde_json::Value;

use crate::disguise::{Disguised, ParcelBook};
use crate::shop::Shop;

const FIRST: &str = "00340000000000000001";
const SECOND: &str = "00340000000000000002";
const OTHER: &str = "00340000000000000009";

/// A shop with an order of one piece of one article and two of another, which is in JTL.
async fn shop_with_order() -> (Shop, Arc<ParcelBook>, String) {
    let book = Arc::new(ParcelBook::default());
    let world = WorldOptions { ship_after: Duration::from_secs(8_640_000), ..WorldOptions::quiet() };
    let disguise = |temu| Arc::new(Disguised::by_parcel(temu, Arc::clone(&book))) as Arc<_>;
    let shop = Shop::open_in(world, disguise).await;
    let lines = vec![LineSeed::new("MW-0003", 1), LineSeed::new("MW-0004", 2)];
    let number = shop.world.add_order(OrderSeed { lines, ..OrderSeed::default() }).unwrap();
    book.expect(&number, 3);
    shop.sync_orders().await;
    shop.wait(5).await;
    (shop, book, number)
}

fn parcel(sku: &str, tracking: &str) -> ParcelSeed {
    let method = Some("DHL Paket".to_owned());
    let (skus, tracking) = (Some(vec![sku.to_owned()]), Some(tracking.to_owned()));
    ParcelSeed { skus, tracking, method, ..ParcelSeed::default() }
}

fn reported(parcels: &[(&str, i64)]) -> Vec<(String, i64)> {
    parcels.iter().map(|(tracking, units)| ((*tracking).to_owned(), *units)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_part_is_reported_before_the_rest_leaves() {
    let (shop, book, number) = shop_with_order().await;
    shop.world.ship_now(&number, &[parcel("MW-0003", FIRST)]).unwrap();
    shop.sync_orders().await;
    assert_eq!(book.reported(&number), reported(&[(FIRST, 1)]), "{}", shop.log().await);
    let record = shop.order(&number).await;
    assert_eq!(record.state, OrderState::InJtl, "the rest is to follow");
    assert!(record.history.iter().any(|event| event.what == Happened::ParcelReported(FIRST.to_owned())));

    // The marketplace calls it partly shipped now, and that is our doing.
    shop.wait(600).await;
    shop.sync_orders().await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    assert_eq!(book.reported(&number).len(), 1);

    shop.world.ship_now(&number, &[parcel("MW-0004", SECOND)]).unwrap();
    shop.sync_orders().await;
    assert_eq!(book.reported(&number), reported(&[(FIRST, 1), (SECOND, 2)]), "{}", shop.log().await);
    assert_eq!(shop.order(&number).await.state, OrderState::Reported);
    shop.wait(600).await;
    shop.sync_orders().await;
    assert_eq!(book.reported(&number).len(), 2);
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_parcel_whose_answer_is_lost_is_looked_up_and_not_told_twice() {
    let (shop, book, number) = shop_with_order().await;
    book.lose_an_answer();
    shop.world.ship_now(&number, &[parcel("MW-0003", FIRST), parcel("MW-0004", SECOND)]).unwrap();
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!(run.attempt, 2, "the lost answer is a failed attempt");
    assert_eq!(book.reported(&number), reported(&[(FIRST, 1), (SECOND, 2)]), "{}", shop.log().await);
    assert_eq!(shop.order(&number).await.state, OrderState::Reported);
}

#[tokio::test(start_paused = true)]
async fn one_refused_parcel_keeps_no_other() {
    let (shop, book, number) = shop_with_order().await;
    book.refuse(Some(FIRST));
    shop.world.ship_now(&number, &[parcel("MW-0003", FIRST), parcel("MW-0004", SECOND)]).unwrap();
    shop.sync_orders().await;
    assert_eq!(book.reported(&number), reported(&[(SECOND, 2)]), "{}", shop.log().await);
    assert_eq!(shop.attention(AttentionKind::ShipmentRefused).await, std::slice::from_ref(&number));
    book.refuse(None);
    shop.wait(16 * 60).await;
    shop.sync_orders().await;
    assert_eq!(book.reported(&number), reported(&[(SECOND, 2), (FIRST, 1)]), "{}", shop.log().await);
    assert_eq!(shop.order(&number).await.state, OrderState::Reported);
    assert!(shop.store.attentions().await.unwrap().is_empty());
}

/// A person has reported the second parcel there, with the number that JTL has.
#[tokio::test(start_paused = true)]
async fn what_a_person_reported_is_found_there() {
    let (shop, book, number) = shop_with_order().await;
    shop.world.ship_now(&number, &[parcel("MW-0003", FIRST)]).unwrap();
    shop.sync_orders().await;
    let order = shop.order(&number).await.order.unwrap();
    let line = order.lines.iter().find(|line| line.sku == "MW-0004").unwrap();
    book.report_by_hand(&number, SECOND, &line.number, 1);
    shop.world.ship_now(&number, &[parcel("MW-0004", SECOND)]).unwrap();
    shop.sync_orders().await;
    assert_eq!(book.reported(&number).len(), 2, "{}", shop.log().await);
    assert_eq!(shop.order(&number).await.state, OrderState::Reported);
}

/// The number of a part that was reported changes in JTL: an entry, and never a second report.
#[tokio::test(start_paused = true)]
async fn a_number_that_changes_after_a_part_was_reported_is_shown() {
    let (shop, book, number) = shop_with_order().await;
    shop.world.ship_now(&number, &[parcel("MW-0003", FIRST)]).unwrap();
    shop.sync_orders().await;
    shop.world.renumber_parcels(&number, OTHER).unwrap();
    shop.sync_orders().await;
    assert_eq!(
        shop.attention(AttentionKind::NumberChanged).await,
        std::slice::from_ref(&number),
        "{}",
        shop.log().await
    );
    assert_eq!(book.reported(&number).len(), 1);
    let entry = shop.store.attentions().await.unwrap().remove(0);
    shop.decide(entry.id, Decision::DoneByHand).await;
    assert!(shop.store.attentions().await.unwrap().is_empty());

    shop.world.ship_now(&number, &[parcel("MW-0004", SECOND)]).unwrap();
    shop.sync_orders().await;
    assert_eq!(book.reported(&number), reported(&[(FIRST, 1), (SECOND, 2)]), "{}", shop.log().await);
    assert_eq!(shop.order(&number).await.state, OrderState::Reported);
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
}

/// The rest is cancelled in JTL: what left is reported, and the entry says what is to be cancelled there.
#[tokio::test(start_paused = true)]
async fn the_rest_that_jtl_cancels_is_an_entry() {
    let (shop, book, number) = shop_with_order().await;
    shop.world.ship_now(&number, &[parcel("MW-0003", FIRST)]).unwrap();
    shop.world.cancel_in_jtl(&number).unwrap();
    shop.sync_orders().await;
    shop.sync_orders().await;
    assert_eq!(book.reported(&number), reported(&[(FIRST, 1)]), "{}", shop.log().await);
    assert_eq!(shop.attention(AttentionKind::ClosedInErp).await, std::slice::from_ref(&number));
    let entry = shop.store.attentions().await.unwrap().remove(0);
    assert!(entry.message.contains("cancel the rest"), "{}", entry.message);
    // The rest is cancelled there: the marketplace counts the order as shipped.
    book.expect(&number, 1);
    shop.wait(600).await;
    shop.world.touch(&number).unwrap();
    shop.sync_orders().await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    assert_eq!(shop.order(&number).await.state, OrderState::Reported);
}
