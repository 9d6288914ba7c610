//! Wishes and checks of the marketplace, and what a person decides about them: they hold an order back, are passed over, or end in a
//! cancellation.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::{Choice, Decision};
use marktwerk_domain::order::OrderState;
use marktwerk_sandbox::{Fault, FaultKind, Faults};
use marktwerk_store::judging;

use crate::shop::{ACCOUNT, Shop};

async fn decide_on(shop: &Shop, number: &str, decision: Decision) {
    let choice = Choice { decision, by: "office".to_owned(), carrier: None, until: None };
    let outcome = judging::decide_order(&*shop.store, ACCOUNT, number, &choice, None, &shop.occasion()).await;
    let outcome = outcome.unwrap();
    assert!(outcome.result.is_ok(), "{outcome:?}");
}

/// A buyer wants to cancel; a person accepts it. The same for an order that the shop cannot deliver.
#[tokio::test(start_paused = true)]
async fn a_person_cancels_at_the_marketplace_from_here() {
    let shop = Shop::open_patient().await;
    shop.sync_orders().await;
    let wished = shop.place(1).remove(0);
    shop.world.ask_cancellation(&wished, true).unwrap();
    let foreign = shop.place_in_francs();
    shop.next_run().await;
    let held = shop.order(&wished).await;
    assert_eq!(held.state, OrderState::Imported, "not handed over: {}", shop.log().await);
    assert!(
        held.reason.as_deref().unwrap_or_default().contains("the buyer asks to cancel"),
        "{:?}",
        held.reason
    );
    decide_on(&shop, &wished, Decision::AcceptCancellation).await;
    decide_on(&shop, &foreign, Decision::CancelThere).await;
    shop.next_run().await;
    shop.next_run().await;
    shop.next_run().await;
    for number in [&wished, &foreign] {
        assert_eq!(shop.order(number).await.state, OrderState::Cancelled, "{}", shop.log().await);
    }
    assert_eq!(shop.calls("bg.aftersales.cancel.agree"), 1);
    assert_eq!(shop.calls("temu.order.cancel.outofstock.apply"), 1);
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
}

/// The answer to a cancellation is lost: it is looked up, and not asked twice.
#[tokio::test(start_paused = true)]
async fn a_cancellation_whose_answer_is_lost_is_not_asked_twice() {
    let shop = Shop::open_patient().await;
    shop.sync_orders().await;
    let foreign = shop.place_in_francs();
    shop.next_run().await;
    decide_on(&shop, &foreign, Decision::CancelThere).await;
    let fault = Fault::new(FaultKind::CutAfterChange).only("temu.order.cancel.outofstock.apply").times(1);
    shop.world.set_faults(Faults::one(fault)).unwrap();
    shop.wait(5).await;
    let run = shop.run("order_workflow", serde_json::Value::Null).await;
    assert_eq!(run.attempt, 2, "the lost answer is a failed attempt");
    shop.next_run().await;
    assert_eq!(shop.order(&foreign).await.state, OrderState::Cancelled, "{}", shop.log().await);
    assert_eq!(shop.calls("temu.order.cancel.outofstock.apply"), 1);
}

/// The marketplace says no: an entry, and the order is as it was.
#[tokio::test(start_paused = true)]
async fn a_cancellation_that_is_refused_is_an_entry() {
    let shop = Shop::open_patient().await;
    shop.sync_orders().await;
    let foreign = shop.place_in_francs();
    shop.next_run().await;
    decide_on(&shop, &foreign, Decision::CancelThere).await;
    let refusal = FaultKind::ErrorCode { code: 140_040_002, message: "no fulfillment".to_owned() };
    let fault = Fault::new(refusal).only("temu.order.cancel.outofstock.apply").times(1);
    shop.world.set_faults(Faults::one(fault)).unwrap();
    shop.next_run().await;
    let refused = shop.attention(AttentionKind::CancellationRefused).await;
    assert_eq!(refused, std::slice::from_ref(&foreign), "{}", shop.log().await);
    assert_eq!(shop.order(&foreign).await.state, OrderState::SetAside);
}

/// A person passes over a wish: the order is handed over, and its report says so.
#[tokio::test(start_paused = true)]
async fn a_wish_that_a_person_passes_over_is_denied_with_the_report() {
    let shop = Shop::open_patient().await;
    shop.sync_orders().await;
    let number = shop.place(1).remove(0);
    shop.world.ask_address_change(&number, true).unwrap();
    shop.next_run().await;
    assert_eq!(shop.world.waiting_rows().unwrap(), 0, "it is held");
    decide_on(&shop, &number, Decision::ShipAllTheSame).await;
    shop.next_run().await;
    shop.wait(5).await;
    shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    assert!(shop.world.rejections().unwrap().is_empty(), "the wish was denied with the report");
}

/// A wish that leaves the order's time of change as it is.
#[tokio::test(start_paused = true)]
async fn a_wish_that_moves_no_time_is_seen_before_the_report() {
    let shop = Shop::open_patient().await;
    shop.sync_orders().await;
    let number = shop.place(1).remove(0);
    shop.next_run().await;
    shop.wait(360).await;
    let changed = shop.world.order(&number).unwrap().updated_at;
    shop.world.ask_cancellation(&number, true).unwrap();
    shop.world.change_time(&number, changed).unwrap();
    shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    shop.next_run().await;
    assert_eq!(
        shop.attention(AttentionKind::BuyerWish).await,
        std::slice::from_ref(&number),
        "{}",
        shop.log().await
    );
    assert_eq!(
        shop.calls("bg.logistics.shipment.v2.confirm"),
        0,
        "nothing is reported before a person decided"
    );
}
