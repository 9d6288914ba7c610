//! The marketplace is told what left, once, and nothing that is not so.

use std::collections::BTreeMap;
use std::sync::Arc;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::carrier::Carrier;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::RunState;
use marktwerk_sandbox::{Fault, FaultKind, Faults, LineSeed, OrderSeed, ParcelSeed, WorldOptions};
use marktwerk_workflows::{WorkflowSettings, table_key};
use serde_json::Value;

use crate::disguise::Disguised;
use crate::shop::{ACCOUNT, Shop};

/// today.md, fault 14.
#[tokio::test(start_paused = true)]
async fn exactly_the_accepted_half_of_twenty_is_marked() {
    let shop = Shop::open().await;
    let numbers = shop.place(20);
    for number in &numbers[..10] {
        shop.world.refuse_shipment(number, Some(120_011_092)).unwrap();
    }
    shop.ship_everything().await;
    shop.sync_orders().await;
    for (index, number) in numbers.iter().enumerate() {
        let expected = if index < 10 { OrderState::Shipped } else { OrderState::Reported };
        assert_eq!(shop.order(number).await.state, expected, "{index} {number}\n{}", shop.log().await);
    }
    assert_eq!(shop.attention(AttentionKind::ShipmentRefused).await.len(), 10);
    // What was accepted is not told again.
    shop.sync_orders().await;
    assert!(
        shop.world.shipments().unwrap().iter().all(|parcel| parcel.accepted == 1 && parcel.rejected == 0)
    );
    assert_eq!(shop.statistics().await.tracked, 10);
}

/// today.md, fault 11.
#[tokio::test(start_paused = true)]
async fn an_unknown_carrier_is_shown_and_never_guessed() {
    let mut shop = Shop::open().await;
    shop.world.set_shipping_method(Some("Brieftaube".to_owned()));
    let number = shop.place(1).remove(0);
    shop.ship_everything().await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Shipped, "{}", shop.log().await);
    assert_eq!(shop.attention(AttentionKind::UnknownCarrier).await, std::slice::from_ref(&number));
    assert!(shop.world.shipments().unwrap().is_empty());
    assert!(shop.world.rejections().unwrap().is_empty());
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::UnknownCarrier).await, std::slice::from_ref(&number));

    // A person enters it in the settings, and need not wait for the next try.
    let mut settings = WorkflowSettings::default();
    let table = BTreeMap::from([(table_key("Brieftaube"), Carrier::Dhl)]);
    settings.orders.carriers.insert(ACCOUNT.to_owned(), table);
    shop.restart_with(settings).await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    assert!(shop.store.attentions().await.unwrap().is_empty());
}

/// today.md, faults 12 and 15: every parcel counts, and one without a number waits.
#[tokio::test(start_paused = true)]
async fn parcels_wait_for_each_other_and_for_their_numbers() {
    let shop = Shop::open_in(
        WorldOptions { ship_after: std::time::Duration::from_secs(86_400), ..WorldOptions::quiet() },
        |temu| Arc::new(temu),
    )
    .await;
    let lines = vec![LineSeed::new("MW-0003", 1), LineSeed::new("MW-0004", 2)];
    let number = shop.world.add_order(OrderSeed { lines, ..OrderSeed::default() }).unwrap();
    shop.sync_orders().await;
    shop.wait(5).await;
    let parcel = |sku: &str, tracking: &str| ParcelSeed {
        skus: Some(vec![sku.to_owned()]),
        tracking: Some(tracking.to_owned()),
        method: Some("DHL Paket".to_owned()),
        ..ParcelSeed::default()
    };
    shop.world.ship_now(&number, &[parcel("MW-0003", "00340000000000000001")]).unwrap();
    shop.sync_orders().await;
    let record = shop.order(&number).await;
    assert_eq!(record.state, OrderState::InJtl);
    assert!(record.reason.as_deref().unwrap_or_default().starts_with("waits"), "{:?}", record.reason);
    assert!(shop.world.shipments().unwrap().is_empty());

    shop.world.ship_now(&number, &[parcel("MW-0004", "00340000000000000002")]).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    let mut told: Vec<String> =
        shop.world.shipments().unwrap().into_iter().map(|parcel| parcel.tracking_number).collect();
    told.sort();
    assert_eq!(told, ["00340000000000000001", "00340000000000000002"]);
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 1, "all parcels in one call");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_is_looked_up_and_not_told_twice() {
    let shop = Shop::open().await;
    let number = shop.place(1).remove(0);
    shop.ship_everything().await;
    let fault = Fault::new(FaultKind::CutAfterChange).only("bg.logistics.shipment.v2.confirm").times(1);
    shop.world.set_faults(Faults::one(fault)).unwrap();
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!(run.attempt, 2, "the lost answer is a failed attempt");
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 1);
    assert!(shop.world.shipments().unwrap().iter().all(|parcel| parcel.accepted == 1));
}

/// The marketplace does not say what it was told of one order: the others go on, the run does not fail, and nothing is told twice.
#[tokio::test(start_paused = true)]
async fn an_order_that_the_marketplace_does_not_know_stops_no_other() {
    let shop = Shop::open().await;
    let numbers = shop.place(2);
    shop.ship_everything().await;
    let unknown =
        FaultKind::ErrorCode { code: 120_012_007, message: "Parent order does not exist".to_owned() };
    let fault = Fault::new(unknown).only("bg.logistics.shipment.v2.get").times(1);
    shop.world.set_faults(Faults::one(fault)).unwrap();
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 1), "{}", shop.log().await);
    let told = shop.attention(AttentionKind::ShipmentRefused).await;
    let [waiting] = &told[..] else { panic!("{told:?}\n{}", shop.log().await) };
    let record = shop.order(waiting).await;
    assert_eq!(record.state, OrderState::Shipped, "{}", shop.log().await);
    assert!(record.report.is_some(), "what was told is asked for before it is told again");

    shop.wait(16 * 60).await;
    shop.sync_orders().await;
    for number in &numbers {
        assert_eq!(shop.order(number).await.state, OrderState::Reported, "{}", shop.log().await);
    }
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 2);
    assert!(shop.attention(AttentionKind::ShipmentRefused).await.is_empty());
}

/// What label programs and people write into the field of the tracking number.
#[tokio::test(start_paused = true)]
async fn several_numbers_in_one_field_are_several_parcels_and_words_are_an_entry() {
    let world = WorldOptions { ship_after: std::time::Duration::from_secs(86_400), ..WorldOptions::quiet() };
    let shop = Shop::open_in(world, |temu| Arc::new(temu)).await;
    let numbers = shop.place(3);
    shop.sync_orders().await;
    shop.wait(5).await;
    let fields = [
        "00340000000000000001, 00340000000000000002",
        "https://nolp.dhl.invalid/set_identcodes.do?lang=de&idc=00340000000000000003",
        "Einwurf ohne Nr.",
    ];
    for (number, field) in numbers.iter().zip(fields) {
        let parcel = ParcelSeed {
            tracking: Some(field.to_owned()),
            method: Some("DHL Kleinpaket".to_owned()),
            ..ParcelSeed::default()
        };
        shop.world.ship_now(number, &[parcel]).unwrap();
    }
    shop.sync_orders().await;
    let mut told: Vec<String> =
        shop.world.shipments().unwrap().into_iter().map(|parcel| parcel.tracking_number).collect();
    told.sort();
    let expected = ["00340000000000000001", "00340000000000000002", "00340000000000000003"];
    assert_eq!(told, expected, "{}", shop.log().await);
    assert_eq!(shop.order(&numbers[0]).await.state, OrderState::Reported);
    assert_eq!(shop.attention(AttentionKind::WithoutNumber).await, [numbers[2].clone()], "at once");
    let entries = shop.store.attentions().await.unwrap();
    assert!(
        entries[0].message.contains("“Einwurf ohne Nr.” is in the field of the tracking number"),
        "{entries:?}"
    );
    // A person writes the number.
    shop.world.renumber_parcels(&numbers[2], "00340000000000000004").unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&numbers[2]).await.state, OrderState::Reported, "{}", shop.log().await);
    assert!(shop.store.attentions().await.unwrap().is_empty());
}

/// Two rows of JTL with one number are one parcel.
#[tokio::test(start_paused = true)]
async fn two_rows_with_one_number_are_one_parcel() {
    let world = WorldOptions { ship_after: std::time::Duration::from_secs(86_400), ..WorldOptions::quiet() };
    let shop = Shop::open_in(world, |temu| Arc::new(temu)).await;
    let lines = vec![LineSeed::new("MW-0003", 1), LineSeed::new("MW-0004", 2)];
    let number = shop.world.add_order(OrderSeed { lines, ..OrderSeed::default() }).unwrap();
    shop.sync_orders().await;
    shop.wait(5).await;
    let row = |sku: &str| ParcelSeed {
        skus: Some(vec![sku.to_owned()]),
        tracking: Some("00340000000000000001".to_owned()),
        method: Some("DHL Paket".to_owned()),
        ..ParcelSeed::default()
    };
    shop.world.ship_now(&number, &[row("MW-0003"), row("MW-0004")]).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    let shipments = shop.world.shipments().unwrap();
    assert_eq!((shipments.len(), shipments[0].contents.len()), (1, 2));
}

/// The same where one row writes the number in groups, and has a further one beside it.
#[tokio::test(start_paused = true)]
async fn rows_that_share_a_number_keep_their_other_numbers() {
    let shop = Shop::open_patient().await;
    let lines = vec![LineSeed::new("MW-0003", 1), LineSeed::new("MW-0004", 2)];
    let number = shop.world.add_order(OrderSeed { lines, ..OrderSeed::default() }).unwrap();
    shop.sync_orders().await;
    shop.wait(5).await;
    let row = |sku: &str, tracking: &str| ParcelSeed { skus: Some(vec![sku.to_owned()]), ..dhl(tracking) };
    let rows = [
        row("MW-0003", "00340000000000000001"),
        row("MW-0004", "0034 0000 0000 0000 0001, 00340000000000000002"),
    ];
    shop.world.ship_now(&number, &rows).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    let shipments = shop.world.shipments().unwrap();
    let told: Vec<&str> = shipments.iter().map(|parcel| parcel.tracking_number.as_str()).collect();
    assert_eq!(told, ["00340000000000000001", "00340000000000000002"]);
}

/// Seconds. The simulated marketplace gives an order two days.
const BOUGHT_BEFORE: i64 = 34 * 3_600;

/// Two orders of one buyer in one parcel.
async fn shop_with_shared_parcel() -> (Shop, Vec<String>) {
    let shop = Shop::open_patient().await;
    // It has to leave in less than a day.
    let created_at = Some(shop.clock.now().as_second() - BOUGHT_BEFORE);
    let lines = vec![LineSeed::new("MW-0003", 1)];
    let first = shop.world.add_order(OrderSeed { lines, created_at, ..OrderSeed::default() }).unwrap();
    let address = Some(shop.world.order(&first).unwrap().address);
    let lines = vec![LineSeed::new("MW-0004", 1)];
    let region_id = Some(shop.world.order(&first).unwrap().region_id);
    let second =
        shop.world.add_order(OrderSeed { lines, address, region_id, ..OrderSeed::default() }).unwrap();
    shop.sync_orders().await;
    shop.wait(5).await;
    (shop, vec![first, second])
}

fn dhl(tracking: &str) -> ParcelSeed {
    let (tracking, method) = (Some(tracking.to_owned()), Some("DHL Paket".to_owned()));
    ParcelSeed { tracking, method, ..ParcelSeed::default() }
}

#[tokio::test(start_paused = true)]
async fn two_orders_in_one_parcel_are_reported_in_one_call() {
    let (shop, numbers) = shop_with_shared_parcel().await;
    for number in &numbers {
        shop.world.ship_now(number, &[dhl("00340000000000000001")]).unwrap();
    }
    shop.sync_orders().await;
    for number in &numbers {
        assert_eq!(shop.order(number).await.state, OrderState::Reported, "{}", shop.log().await);
    }
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 1);
    assert_eq!(shop.world.shipments().unwrap().len(), 2);
    assert!(shop.store.attentions().await.unwrap().is_empty());
}

/// The buyer of the other one wants to cancel: the first waits for it, until it has to go.
#[tokio::test(start_paused = true)]
async fn an_order_waits_for_the_other_in_its_parcel_until_its_time_runs_out() {
    let (shop, numbers) = shop_with_shared_parcel().await;
    shop.world.ask_cancellation(&numbers[1], true).unwrap();
    for number in &numbers {
        shop.world.ship_now(number, &[dhl("00340000000000000001")]).unwrap();
    }
    shop.wait(360).await;
    shop.sync_orders().await;
    let waiting = shop.order(&numbers[0]).await;
    assert_eq!(waiting.state, OrderState::Shipped, "{}", shop.log().await);
    assert!(waiting.reason.as_deref().unwrap_or_default().contains("in one parcel"), "{:?}", waiting.reason);
    assert_eq!(shop.attention(AttentionKind::BuyerWish).await, [numbers[1].clone()]);
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 0);

    let until = waiting.order.unwrap().ship_until.unwrap();
    let seconds = until.duration_since(shop.clock.now()).as_secs() - 11 * 3_600;
    shop.wait(u64::try_from(seconds).unwrap()).await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&numbers[0]).await.state, OrderState::Reported, "{}", shop.log().await);
    assert_eq!(shop.attention(AttentionKind::ShipmentRefused).await, [numbers[1].clone()]);
}

/// The wish is withdrawn: both go in one call.
#[tokio::test(start_paused = true)]
async fn orders_in_one_parcel_go_together_once_both_can() {
    let (shop, numbers) = shop_with_shared_parcel().await;
    shop.world.ask_cancellation(&numbers[1], true).unwrap();
    for number in &numbers {
        shop.world.ship_now(number, &[dhl("00340000000000000001")]).unwrap();
    }
    shop.wait(360).await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&numbers[0]).await.state, OrderState::Shipped, "{}", shop.log().await);
    shop.world.ask_cancellation(&numbers[1], false).unwrap();
    shop.wait(360).await;
    shop.sync_orders().await;
    for number in &numbers {
        assert_eq!(shop.order(number).await.state, OrderState::Reported, "{}", shop.log().await);
    }
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 1);
}

/// Nobody knows the carrier of the other one: that is its entry alone, and the first does not wait beyond its time.
#[tokio::test(start_paused = true)]
async fn an_order_that_cannot_be_reported_does_not_block_the_other_in_its_parcel() {
    let (shop, numbers) = shop_with_shared_parcel().await;
    let tracking = "00340000000000000001";
    shop.world.ship_now(&numbers[0], &[dhl(tracking)]).unwrap();
    let unknown = ParcelSeed { method: Some("Brieftaube".to_owned()), ..dhl(tracking) };
    shop.world.ship_now(&numbers[1], &[unknown]).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.attention(AttentionKind::UnknownCarrier).await, [numbers[1].clone()]);
    let waiting = shop.order(&numbers[0]).await;
    assert_eq!(waiting.state, OrderState::Shipped, "{}", shop.log().await);

    let until = waiting.order.unwrap().ship_until.unwrap();
    let seconds = until.duration_since(shop.clock.now()).as_secs() - 11 * 3_600;
    shop.wait(u64::try_from(seconds).unwrap()).await;
    for _ in 0..2 {
        shop.sync_orders().await;
    }
    assert_eq!(shop.order(&numbers[0]).await.state, OrderState::Reported, "{}", shop.log().await);
    assert_ne!(shop.order(&numbers[1]).await.state, OrderState::Reported);
}

/// The call that was to report both never arrived: the next one reports both again, and neither alone.
#[tokio::test(start_paused = true)]
async fn a_joint_report_that_was_lost_is_made_again_for_all() {
    for fault in [FaultKind::Cut, FaultKind::ServerError { status: 502 }] {
        let (shop, numbers) = shop_with_shared_parcel().await;
        for number in &numbers {
            shop.world.ship_now(number, &[dhl("00340000000000000001")]).unwrap();
        }
        let fault = Fault::new(fault).only("bg.logistics.shipment.v2.confirm").times(1);
        shop.world.set_faults(Faults::one(fault)).unwrap();
        let run = shop.run("order_workflow", Value::Null).await;
        assert_eq!(run.attempt, 2, "the lost call is a failed attempt");
        for number in &numbers {
            assert_eq!(shop.order(number).await.state, OrderState::Reported, "{}", shop.log().await);
        }
        assert_eq!(shop.world.shipments().unwrap().len(), 2);
        assert!(shop.store.attentions().await.unwrap().is_empty());
    }
}

/// A run that begins behind the tracking knows of the shared parcel too.
#[tokio::test(start_paused = true)]
async fn a_run_without_tracking_reports_no_part_of_a_shared_parcel() {
    let (shop, numbers) = shop_with_shared_parcel().await;
    shop.world.ask_cancellation(&numbers[1], true).unwrap();
    for number in &numbers {
        shop.world.ship_now(number, &[dhl("00340000000000000001")]).unwrap();
    }
    shop.wait(360).await;
    let run = shop.sync_orders().await;
    shop.again(&run, "confirm").await;
    assert_eq!(shop.order(&numbers[0]).await.state, OrderState::Shipped, "{}", shop.log().await);
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 0);
}

/// Both sides shipped between two runs. With one number it is one parcel that a person reported; with two numbers two parcels may be on
/// their way, and that is an entry until JTL or a person says which one it was.
#[tokio::test(start_paused = true)]
async fn what_was_shipped_on_both_sides_is_compared() {
    let world = WorldOptions { ship_after: std::time::Duration::from_secs(86_400), ..WorldOptions::quiet() };
    let shop = Shop::open_in(world, |temu| Arc::new(temu)).await;
    let numbers = shop.place(2);
    shop.sync_orders().await;
    shop.wait(5).await;
    let parcel = |tracking: &str| ParcelSeed {
        tracking: Some(tracking.to_owned()),
        method: Some("DHL Paket".to_owned()),
        ..ParcelSeed::default()
    };
    for (number, there) in numbers.iter().zip(["00340000000000000001", "00340000000000000009"]) {
        shop.world.ship_by_hand(number, there).unwrap();
    }
    for (number, here) in numbers.iter().zip(["00340000000000000001", "00340000000000000002"]) {
        shop.world.ship_now(number, &[parcel(here)]).unwrap();
    }
    shop.sync_orders().await;
    assert_eq!(shop.order(&numbers[0]).await.state, OrderState::Reported, "{}", shop.log().await);
    assert_eq!(shop.order(&numbers[1]).await.state, OrderState::Shipped);
    assert_eq!(shop.attention(AttentionKind::ShippedElsewhere).await, [numbers[1].clone()]);
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 0);

    shop.world.renumber_parcels(&numbers[1], "00340000000000000009").unwrap();
    shop.wait(16 * 60).await;
    shop.sync_orders().await;
    assert!(shop.store.attentions().await.unwrap().is_empty(), "{}", shop.log().await);
    assert_eq!(shop.order(&numbers[1]).await.state, OrderState::Reported);
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 0);
}

/// Found by the random play: JTL has no number yet when the marketplace is told by hand, and another one later.
#[tokio::test(start_paused = true)]
async fn a_number_that_jtl_gets_after_a_report_by_hand_is_compared() {
    let world = WorldOptions { ship_after: std::time::Duration::from_secs(86_400), ..WorldOptions::quiet() };
    let shop = Shop::open_in(world, |temu| Arc::new(temu)).await;
    let numbers = shop.place(2);
    shop.sync_orders().await;
    shop.wait(5).await;
    let (one, other) = ("00340000000000000001", "00340000000000000002");
    for number in &numbers {
        let parcel = ParcelSeed { tracking: Some(String::new()), ..ParcelSeed::default() };
        shop.world.ship_now(number, &[parcel]).unwrap();
        shop.world.ship_by_hand(number, one).unwrap();
    }
    shop.next_run().await;
    for (number, tracking) in numbers.iter().zip([one, other]) {
        assert_eq!(shop.order(number).await.state, OrderState::Reported, "{}", shop.log().await);
        shop.world.renumber_parcels(number, tracking).unwrap();
    }
    shop.wait(3_600).await;
    shop.next_run().await;
    let shown = shop.attention(AttentionKind::ShippedElsewhere).await;
    assert_eq!(shown, [numbers[1].clone()], "{}", shop.log().await);
    assert_eq!(shop.order(&numbers[0]).await.state, OrderState::Reported);
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 0);
}

/// Found by the random play: nobody has read the order's lines before, and its numbers differ all the same. Where JTL does not tell
/// what lies in which parcel, each of its numbers has to be among those that the marketplace shows.
#[tokio::test(start_paused = true)]
async fn what_was_shipped_on_both_sides_before_it_was_read_is_compared() {
    let shop = Shop::open_patient().await;
    shop.sync_orders().await;
    let (one, other) = ("00340000000000000001", "00340000000000000002");
    let parcel = |tracking: &str, skus: Option<&str>| ParcelSeed {
        tracking: Some(tracking.to_owned()),
        method: Some("DHL Paket".to_owned()),
        skus: skus.map(|sku| vec![sku.to_owned()]),
        contents_not_recorded: true,
        ..ParcelSeed::default()
    };
    let shipped = |here: &[ParcelSeed], there: &str| {
        let lines = vec![LineSeed::new("MW-0003", 1), LineSeed::new("MW-0004", 2)];
        let number = shop.world.add_order(OrderSeed { lines, ..OrderSeed::default() }).unwrap();
        let entered = [("MW-0003".to_owned(), 1), ("MW-0004".to_owned(), 2)];
        shop.world.enter_order_in_jtl(&number, &entered).unwrap();
        shop.world.ship_now(&number, here).unwrap();
        shop.world.ship_by_hand(&number, there).unwrap();
        number
    };
    let same = shipped(&[parcel(one, None)], one);
    let differs = shipped(&[parcel(one, None)], other);
    let one_of_two = shipped(&[parcel(one, Some("MW-0003")), parcel(other, None)], one);
    shop.next_run().await;
    assert_eq!(shop.order(&same).await.state, OrderState::Reported, "{}", shop.log().await);
    let mut shown = shop.attention(AttentionKind::ShippedElsewhere).await;
    shown.sort();
    let mut expected = [differs, one_of_two];
    expected.sort();
    assert_eq!(shown, expected, "{}", shop.log().await);
    assert_eq!(shop.calls("bg.logistics.shipment.v2.confirm"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_simulated_erp_tells_a_real_marketplace_nothing() {
    let shop = Shop::open_in(WorldOptions::quiet(), |temu| Arc::new(Disguised::as_real(temu))).await;
    let number = shop.place(1).remove(0);
    shop.world.set_stock("MW-0003", 1, 77).unwrap();
    shop.sync_stock("full").await;
    shop.ship_everything().await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Shipped, "{}", shop.log().await);
    assert_eq!(shop.calls("bg.local.goods.stock.edit") + shop.calls("bg.logistics.shipment.v2.confirm"), 0);
    let log = shop.log().await;
    assert!(
        log.contains("1 shipments would be reported") && log.contains("stock figures would be pushed"),
        "{log}"
    );
}
