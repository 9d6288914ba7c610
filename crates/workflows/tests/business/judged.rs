//! What people do beside the program, as merchants report it: it is noticed, at once and in every state, and the advice fits.

use jiff::SignedDuration;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::history::{Author, Happened};
use marktwerk_domain::judgement::{Choice, Decision, Limits};
use marktwerk_domain::order::{Order, OrderState};
use marktwerk_sandbox::{LineSeed, OrderSeed, ParcelSeed};
use marktwerk_store::orders::Mark;

use crate::shop::Shop;

const SHIPPED: i64 = 4;
const READY: i64 = 2;
const CANCELLED: i64 = 3;

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
    shop.next_run().await;
    let order = shop.order(&pattern).await.order.unwrap();
    shop.enter_by_hand(&Order { number: number.to_owned(), ..order }).await;
}

#[tokio::test(start_paused = true)]
async fn an_order_shipped_there_by_hand_is_an_entry_at_once_in_every_state() {
    let shop = Shop::open_patient().await;
    let in_jtl = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.wait(5).await;
    shop.world.pause_worker();
    let waiting = shop.place(1).remove(0);
    shop.next_run().await;
    assert_eq!(shop.order(&in_jtl).await.state, OrderState::InJtl);
    assert_eq!(shop.order(&waiting).await.state, OrderState::HandedOver);
    for number in [&in_jtl, &waiting] {
        shop.world.set_status(number, SHIPPED).unwrap();
    }
    shop.next_run().await;
    let mut shown = shop.attention(AttentionKind::ShippedElsewhere).await;
    let mut expected = vec![in_jtl.clone(), waiting.clone()];
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected, "{}", shop.log().await);
    assert!(message(&shop, AttentionKind::ShippedElsewhere).await.contains("do not ship it"));
    // It stays until JTL has booked the shipment, and nothing is reported a second time.
    shop.world.resume_worker();
    shop.next_run().await;
    assert_eq!(shop.attention(AttentionKind::ShippedElsewhere).await.len(), 2);
    for number in [&in_jtl, &waiting] {
        shop.world.ship_now(number, &[]).unwrap();
    }
    shop.next_run().await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    for number in [&in_jtl, &waiting] {
        assert_eq!(shop.order(number).await.state, OrderState::Reported);
    }
    assert!(shop.world.shipments().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_order_set_aside_and_shipped_by_hand_keeps_entry_and_units() {
    let shop = Shop::open_patient().await;
    shop.sync_orders().await;
    let number = shop.place_in_francs();
    shop.next_run().await;
    assert_eq!(shop.attention(AttentionKind::SetAside).await, std::slice::from_ref(&number));
    assert_eq!(open_units(&shop).await, 2);
    shop.world.set_status(&number, SHIPPED).unwrap();
    shop.next_run().await;
    assert_eq!(shop.attention(AttentionKind::ShippedElsewhere).await, std::slice::from_ref(&number));
    assert!(message(&shop, AttentionKind::ShippedElsewhere).await.contains("book it in JTL"));
    assert_eq!(open_units(&shop).await, 2, "the pieces are gone, and JTL does not know it");
    shop.next_run().await;
    assert_eq!((shop.store.attentions().await.unwrap().len(), open_units(&shop).await), (1, 2));
}

/// As the entry advises. Before, it was never seen again, and its units were subtracted twice.
#[tokio::test(start_paused = true)]
async fn an_order_set_aside_and_entered_in_jtl_by_hand_goes_its_way() {
    let shop = Shop::open_patient().await;
    shop.sync_orders().await;
    let number = shop.place_in_francs();
    shop.next_run().await;
    enter_by_hand(&shop, &number).await;
    shop.next_run().await;
    let record = shop.order(&number).await;
    assert_eq!((record.state, record.reason), (OrderState::InJtl, None), "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::SetAside).await.is_empty());
    assert_eq!(open_units(&shop).await, 0, "JTL has reserved them");
    shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    let record = shop.order(&number).await;
    assert_eq!(record.state, OrderState::Reported, "{:?}\n{}", record.reason, shop.log().await);
    let reported = shop.world.shipments().unwrap();
    assert!(!reported.is_empty() && reported.iter().all(|parcel| parcel.accepted == 1), "{reported:?}");
}

/// The worker is down, and a person loses patience: the row will be a second order as soon as it is back.
#[tokio::test(start_paused = true)]
async fn an_order_entered_by_hand_while_our_row_waits_is_shown_before_there_are_two() {
    let shop = Shop::open_patient().await;
    shop.world.pause_worker();
    let number = shop.world.sell("MW-0003", 1).unwrap();
    shop.sync_orders().await;
    shop.world.enter_in_jtl(&number, "MW-0003", 1).unwrap();
    shop.next_run().await;
    shop.next_run().await;
    assert_eq!(
        shop.attention(AttentionKind::Duplicate).await,
        std::slice::from_ref(&number),
        "{}",
        shop.log().await
    );
    // As advised, the person's own one is cancelled; the row is still to come, and holds its units.
    shop.world.cancel_in_jtl(&number).unwrap();
    shop.next_run().await;
    assert!(shop.order(&number).await.takes_stock, "{}", shop.log().await);
    shop.world.resume_worker();
    shop.wait(5).await;
    shop.next_run().await;
    assert!(shop.attention(AttentionKind::Duplicate).await.is_empty(), "{}", shop.log().await);
    shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn an_order_whose_article_is_unknown_may_be_entered_by_hand_too() {
    let shop = Shop::open_patient().await;
    let number = shop.world.sell("NOT-IN-JTL", 1).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::UnknownArticle).await, std::slice::from_ref(&number));
    enter_by_hand(&shop, &number).await;
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl, "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::UnknownArticle).await.is_empty());
}

/// Nothing closes an entry but the end of its cause or a decision; what was decided is shown, and asked again when something changes.
#[tokio::test(start_paused = true)]
async fn a_decision_holds_until_something_changes() {
    let shop = Shop::open_patient().await;
    let unknown = shop.world.sell("NOT-IN-JTL", 1).unwrap();
    let cancelled = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    shop.world.cancel_in_jtl(&cancelled).unwrap();
    shop.next_run().await;
    for item in shop.store.attentions().await.unwrap() {
        let decision = if item.kind == AttentionKind::UnknownArticle {
            Decision::LeaveOut
        } else {
            Decision::DoneByHand
        };
        shop.decide(item.id, decision).await;
    }
    shop.next_run().await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    let record = shop.order(&unknown).await;
    let decided =
        record.history.iter().find(|event| event.what == Happened::Decided(Decision::LeaveOut)).unwrap();
    assert_eq!(decided.by, Author::Person("office".to_owned()));
    // The article comes: nothing is handed over that a person left out.
    shop.world.create_article("NOT-IN-JTL", 5).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&unknown).await.state, OrderState::SetAside);
    assert_eq!(shop.world.orders_in_jtl(&unknown).unwrap(), 0);
    // The buyer changes the address: asked again, and still nothing is handed over.
    shop.world.readdress(&unknown).unwrap();
    shop.next_run().await;
    let asked = shop.attention(AttentionKind::AskedAgain).await;
    assert_eq!(asked, std::slice::from_ref(&unknown), "{}", shop.log().await);
    let number = unknown.clone();
    let go_on = Choice { decision: Decision::GoOn, by: "office".to_owned(), carrier: None, until: None };
    let occasion = shop.occasion();
    let outcome =
        marktwerk_store::judging::decide_order(&*shop.store, "sandbox", &number, &go_on, None, &occasion);
    assert!(outcome.await.unwrap().result.is_ok());
    shop.next_run().await;
    shop.wait(5).await;
    assert_eq!(shop.world.orders_in_jtl(&unknown).unwrap(), 1, "{}", shop.log().await);
}

/// Merged in JTL with another order: the number is gone. Before a person's second hand-over JTL is searched, and what is found is shown.
#[tokio::test(start_paused = true)]
async fn an_order_under_another_number_is_found_before_it_is_handed_over_again() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    shop.world.renumber_in_jtl(&number, "MERGED-1").unwrap();
    shop.next_run().await;
    shop.next_run().await;
    let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
    assert_eq!(item.kind, AttentionKind::Unclear, "{}", shop.log().await);
    shop.decide(item.id, Decision::HandOverAgain).await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "it is searched for");
    shop.next_run().await;
    let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
    assert!(item.message.contains("MERGED-1"), "{}", item.message);
    assert_eq!(
        shop.world.orders_in_jtl(&number).unwrap(),
        0,
        "what is found is never taken, and nothing is inserted"
    );
    shop.decide(item.id, Decision::NoneOfThese).await;
    shop.next_run().await;
    shop.wait(5).await;
    shop.next_run().await;
    assert_eq!(shop.world.orders_in_jtl(&number).unwrap(), 1, "{}", shop.log().await);
    let record = shop.order(&number).await;
    assert_eq!(record.state, OrderState::InJtl);
    assert!(record.history.iter().any(|event| event.what == Happened::DecisionUsed(Decision::NoneOfThese)));
}

/// Merged into another order, whoever bought that: it holds more than its buyer ordered.
#[tokio::test(start_paused = true)]
async fn an_order_merged_into_another_one_is_found() {
    let shop = Shop::open_patient().await;
    let numbers = shop.place(3);
    shop.sync_orders().await;
    shop.next_run().await;
    let [first, second, _] = <[String; 3]>::try_from(numbers).unwrap();
    shop.world.merge_in_jtl(&first, &second).unwrap();
    shop.next_run().await;
    let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
    assert_eq!((item.kind, &item.subject), (AttentionKind::Unclear, &second));
    shop.decide(item.id, Decision::HandOverAgain).await;
    shop.next_run().await;
    let shown = message(&shop, AttentionKind::Unclear).await;
    assert!(shown.contains(&first) && shown.matches("AU-").count() == 1, "{shown}\n{}", shop.log().await);
    assert_eq!(shop.world.orders_in_jtl(&second).unwrap(), 0);
    let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
    shop.decide(item.id, Decision::DoneByHand).await;
    shop.next_run().await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
}

/// Deleted in JTL, and entered anew under a number of somebody's own: the buyer, the date and the basket tell.
#[tokio::test(start_paused = true)]
async fn an_order_entered_anew_under_another_number_is_found_by_its_buyer() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    let order = shop.order(&number).await.order.unwrap();
    shop.world.delete_in_jtl(&number).unwrap();
    shop.enter_by_hand(&Order { number: "BY-HAND-7".to_owned(), ..order }).await;
    // Somebody else's order with the same basket.
    shop.place(1);
    shop.next_run().await;
    shop.next_run().await;
    let items = shop.store.attentions().await.unwrap();
    let item = items.iter().find(|item| item.subject == number).unwrap();
    shop.decide(item.id, Decision::HandOverAgain).await;
    shop.next_run().await;
    let shown = message(&shop, AttentionKind::Unclear).await;
    assert!(shown.contains("BY-HAND-7") && shown.matches("AU-").count() == 1, "{shown}");
    assert_eq!(shop.world.orders_in_jtl(&number).unwrap(), 0);
}

/// A carrier that the marketplace does not know either: the entry comes back, and says which.
#[tokio::test(start_paused = true)]
async fn a_carrier_is_chosen_until_the_marketplace_knows_it() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    shop.world.set_shipping_method(Some("Brieftaube".to_owned()));
    shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    for (carrier, expected) in [("DHLL", "DHLL"), ("DHL", "")] {
        let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
        assert_eq!(item.kind, AttentionKind::UnknownCarrier, "{}", item.message);
        let choice = Choice {
            decision: Decision::ChooseCarrier,
            by: "office".to_owned(),
            carrier: Some(carrier.to_owned()),
            until: None,
        };
        let occasion = shop.occasion();
        let decided = marktwerk_store::judging::decide_entry(&*shop.store, item.id, &choice, None, &occasion);
        assert!(decided.await.unwrap()[0].result.is_ok());
        shop.next_run().await;
        assert!(message(&shop, AttentionKind::UnknownCarrier).await.contains(expected));
    }
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
}

/// A gift that was put on the order in JTL stays behind: what the buyer ordered has left, and that is reported.
#[tokio::test(start_paused = true)]
async fn a_gift_in_jtl_does_not_keep_the_report() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    let sku = shop.order(&number).await.order.unwrap().lines[0].sku.clone();
    shop.world.add_gift_in_jtl(&number, "MW-0030").unwrap();
    let parcel = ParcelSeed { skus: Some(vec![sku]), ..ParcelSeed::default() };
    shop.world.ship_now(&number, &[parcel]).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
}

/// It was read long before it can be handed over, and cancelled meanwhile without a sign in the list of changes.
#[tokio::test(start_paused = true)]
async fn what_is_sent_was_read_lately() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    let run = shop.sync_orders().await;
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl);
    shop.world.ship_now(&number, &[]).unwrap();
    shop.wait(600).await;
    shop.world.set_status(&number, CANCELLED).unwrap();
    // A repetition from here does not read the list.
    shop.again(&run, "tracking").await;
    shop.sync_orders().await;
    assert!(shop.world.shipments().unwrap().is_empty(), "{}", shop.log().await);
    assert_eq!(shop.attention(AttentionKind::CancelledAfterHandOver).await, [number]);
}

#[tokio::test(start_paused = true)]
async fn a_number_that_changes_after_the_report_is_an_entry() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    assert!(shop.order(&number).await.is_open, "it is watched for a while");
    shop.world.renumber_parcels(&number, "00340434161094042999").unwrap();
    shop.wait(3_700).await;
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::NumberChanged).await, std::slice::from_ref(&number));
    let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
    shop.decide(item.id, Decision::DoneByHand).await;
    assert!(shop.store.attentions().await.unwrap().is_empty());
    let a_month_later = shop.clock.now() + SignedDuration::from_hours(31 * 24);
    marktwerk_store::judging::judge_due(&*shop.store, &Limits::default(), a_month_later).await.unwrap();
    assert!(!shop.order(&number).await.is_open);
}

/// Listed with a time of change that had passed when it became visible.
#[tokio::test(start_paused = true)]
async fn an_order_that_becomes_visible_late_is_found_by_the_deep_read() {
    let shop = Shop::open_patient().await;
    shop.place(1);
    shop.sync_orders().await;
    shop.wait(3_600).await;
    shop.place(1);
    shop.next_run().await;
    let late =
        shop.world.add_order(OrderSeed { lines: vec![LineSeed::new("MW-0004", 1)], ..OrderSeed::default() });
    let late = late.unwrap();
    shop.world.change_time(&late, shop.clock.now().as_second() - 2_400).unwrap();
    shop.next_run().await;
    assert!(
        shop.store.order("sandbox", &late).await.unwrap().is_none(),
        "the list of changes does not show it"
    );
    shop.wait(86_400).await;
    shop.sync_orders().await;
    shop.next_run().await;
    assert!(shop.log().await.contains("deep read found 1 orders"), "{}", shop.log().await);
    shop.next_run().await;
    assert_eq!(shop.world.orders_in_jtl(&late).unwrap(), 1, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn an_order_cancelled_and_ready_again_needs_no_person() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    shop.world.set_status(&number, CANCELLED).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.mark, Some(Mark::Cancelled));
    shop.world.set_status(&number, READY).unwrap();
    shop.next_run().await;
    let record = shop.order(&number).await;
    assert_eq!((record.state, record.mark), (OrderState::InJtl, None), "{}", shop.log().await);
    assert!(shop.store.attentions().await.unwrap().is_empty());
    shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn advice_knows_that_the_parcel_is_on_its_way() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    shop.world.readdress(&number).unwrap();
    shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    let shown = message(&shop, AttentionKind::ChangedAfterHandOver).await;
    assert!(shown.contains("the address") && shown.contains("a parcel has left already"), "{shown}");
    assert!(shop.world.shipments().unwrap().is_empty());
    let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
    shop.decide(item.id, Decision::ShipAllTheSame).await;
    assert_eq!(shop.order(&number).await.state, OrderState::Shipped);
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_parcel_without_a_number_does_not_wait_for_ever() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    let parcel = ParcelSeed { tracking: Some(String::new()), ..ParcelSeed::default() };
    shop.world.ship_now(&number, &[parcel]).unwrap();
    shop.next_run().await;
    let record = shop.order(&number).await;
    assert!(record.reason.as_deref().unwrap_or_default().starts_with("waits"), "{:?}", record.reason);
    assert!(record.next_judged_at.is_some(), "it is looked at when the time comes");
    assert!(shop.store.attentions().await.unwrap().is_empty());
    // No run: the clock alone.
    let a_day_later = shop.clock.now() + SignedDuration::from_hours(24);
    assert_eq!(
        marktwerk_store::judging::judge_due(&*shop.store, &Limits::default(), a_day_later).await.unwrap(),
        1
    );
    assert_eq!(shop.attention(AttentionKind::WithoutNumber).await, [number]);
}

#[tokio::test(start_paused = true)]
async fn what_was_shipped_before_the_first_read_is_history_and_later_it_is_not() {
    let shop = Shop::open_patient().await;
    let before = shop.place(1).remove(0);
    shop.world.set_status(&before, SHIPPED).unwrap();
    shop.next_run().await;
    let record = shop.order(&before).await;
    assert!(record.was_over && !record.is_open && !record.takes_stock);
    assert!(shop.store.attentions().await.unwrap().is_empty());
    let later =
        shop.world.add_order(OrderSeed { lines: vec![LineSeed::new("MW-0003", 2)], ..OrderSeed::default() });
    let later = later.unwrap();
    shop.world.set_status(&later, SHIPPED).unwrap();
    shop.next_run().await;
    assert_eq!(shop.attention(AttentionKind::ShippedElsewhere).await, [later], "{}", shop.log().await);
    assert_eq!(open_units(&shop).await, 2);
}

/// What JTL has after a person dealt with a change is the newest document.
#[tokio::test(start_paused = true)]
async fn a_change_that_was_dealt_with_is_not_shown_again_and_the_next_one_is() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    for _ in 0..2 {
        shop.world.readdress(&number).unwrap();
        shop.next_run().await;
        assert_eq!(shop.attention(AttentionKind::ChangedAfterHandOver).await, std::slice::from_ref(&number));
        let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
        shop.decide(item.id, Decision::DoneByHand).await;
        shop.next_run().await;
        assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    }
    // Cancelled as well: one entry, and one decision is enough.
    shop.world.readdress(&number).unwrap();
    shop.next_run().await;
    shop.world.set_status(&number, CANCELLED).unwrap();
    shop.next_run().await;
    let [item] = <[_; 1]>::try_from(shop.store.attentions().await.unwrap()).unwrap();
    shop.decide(item.id, Decision::DoneByHand).await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    // The parcel leaves all the same: asked again, and nothing is reported.
    shop.world.ship_now(&number, &[]).unwrap();
    shop.next_run().await;
    assert_eq!(shop.attention(AttentionKind::CancelledAfterHandOver).await, [number]);
    assert!(shop.world.shipments().unwrap().is_empty());
}

/// A run with `days_back` reads what was over long before.
#[tokio::test(start_paused = true)]
async fn what_was_over_before_the_cursor_is_history_too() {
    let shop = Shop::open_patient().await;
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

/// Nobody would cancel it in JTL: both happened between two runs.
#[tokio::test(start_paused = true)]
async fn an_order_entered_by_hand_and_cancelled_before_jtl_was_asked_is_an_entry() {
    let shop = Shop::open_patient().await;
    let number = shop.place_in_francs();
    shop.sync_orders().await;
    shop.world.enter_in_jtl(&number, "MW-0003", 2).unwrap();
    shop.world.cancel(&number).unwrap();
    shop.next_run().await;
    let entry = shop.attention(AttentionKind::CancelledAfterHandOver).await;
    assert_eq!(entry, std::slice::from_ref(&number), "{}", shop.log().await);
    // One that JTL does not have is over with the same run.
    let other = shop.place_in_francs();
    shop.sync_orders().await;
    shop.world.cancel(&other).unwrap();
    shop.next_run().await;
    let record = shop.order(&other).await;
    assert_eq!((record.state, record.is_open), (OrderState::Cancelled, false));
    shop.world.cancel_in_jtl(&number).unwrap();
    shop.next_run().await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
}

/// JTL had shown it as cancelled, and that was no longer true when the marketplace cancelled it.
#[tokio::test(start_paused = true)]
async fn an_order_entered_again_after_its_cancellation_in_jtl_and_cancelled_there_is_an_entry() {
    let shop = Shop::open_patient().await;
    let number = shop.world.sell("MW-0003", 1).unwrap();
    shop.next_run().await;
    shop.next_run().await;
    shop.world.cancel_in_jtl(&number).unwrap();
    shop.next_run().await;
    assert_eq!(shop.attention(AttentionKind::ClosedInErp).await, std::slice::from_ref(&number));
    shop.world.enter_in_jtl(&number, "MW-0003", 1).unwrap();
    shop.world.cancel(&number).unwrap();
    shop.next_run().await;
    let entry = shop.attention(AttentionKind::CancelledAfterHandOver).await;
    assert_eq!(entry, std::slice::from_ref(&number), "{}", shop.log().await);
    shop.world.cancel_in_jtl(&number).unwrap();
    shop.next_run().await;
    let record = shop.order(&number).await;
    assert_eq!((record.state, record.is_open), (OrderState::Cancelled, false), "{}", shop.log().await);
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
}
