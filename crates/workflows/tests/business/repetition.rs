//! A run is repeated from a step: what lies before is left out and said, and nothing goes out that should not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::{Run, RunState};
use marktwerk_sandbox::{Fault, FaultKind, Faults};
use serde_json::{Value, json};

use crate::disguise::Stubborn;
use crate::shop::Shop;

const ORDERS: &str = "order_workflow";
const INVENTORY: &str = "inventory_workflow";
const PUSH: &str = "bg.local.goods.stock.edit";
const LISTINGS: &str = "bg.local.goods.sku.list.query";

fn steps(run: &Run) -> Vec<&str> {
    run.steps.iter().map(|step| step.name.as_str()).collect()
}

/// A shop whose JTL takes nothing, the switch, an order, and the run that could not hand it over.
async fn stubborn_shop() -> (Shop, Arc<AtomicBool>, String, Run) {
    let is_stubborn = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&is_stubborn);
    let shop =
        Shop::open_with_erp(move |jtl| Arc::new(Stubborn { jtl, is_stubborn: Arc::clone(&switch) })).await;
    let number = shop.place(1).remove(0);
    let run = shop.run(ORDERS, Value::Null).await;
    assert_eq!(run.state, RunState::Failed);
    (shop, is_stubborn, number, run)
}

#[tokio::test(start_paused = true)]
async fn a_failed_hand_over_is_repeated_without_reading_the_marketplace_again() {
    let (shop, is_stubborn, number, failed) = stubborn_shop().await;
    is_stubborn.store(false, Ordering::Relaxed);
    shop.world.reset_calls().unwrap();
    let run = shop.again(&failed, "export").await;
    assert_eq!((run.state, steps(&run)), (RunState::Succeeded, vec!["export", "tracking", "confirm"]));
    assert_eq!(shop.world.calls().unwrap().len(), 0);
    assert_eq!(shop.order(&number).await.state, OrderState::HandedOver);
    let log = shop.log().await;
    assert!(log.contains("INFO - begins with export; left out: fetch, import\n"), "{log}");
}

#[tokio::test(start_paused = true)]
async fn a_shipment_is_reported_while_the_list_of_orders_is_broken() {
    let shop = Shop::open().await;
    let number = shop.place(1).remove(0);
    shop.ship_everything().await;
    let fault = Fault::new(FaultKind::ServerError { status: 500 }).only("bg.order.list.v2.get");
    let confirm = Fault::new(FaultKind::ServerError { status: 500 }).only("bg.logistics.shipment.v2.confirm");
    shop.world.set_faults(Faults(vec![fault.clone(), confirm])).unwrap();
    let failed = shop.run(ORDERS, Value::Null).await;
    assert_eq!((failed.state, shop.order(&number).await.state), (RunState::Failed, OrderState::Shipped));
    shop.world.set_faults(Faults::one(fault)).unwrap();
    let run = shop.again(&failed, "tracking").await;
    assert_eq!((run.state, steps(&run)), (RunState::Succeeded, vec!["tracking", "confirm"]));
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    // What a whole run reads later is not lost by it.
    let other = shop.place(1).remove(0);
    shop.world.set_faults(Faults::none()).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&other).await.state, OrderState::HandedOver);
}

/// An order that changed meanwhile is not handed over as it was.
#[tokio::test(start_paused = true)]
async fn an_order_that_is_to_be_read_again_does_not_go_out_from_the_export() {
    let (shop, is_stubborn, number, failed) = stubborn_shop().await;
    let old = shop.order(&number).await.order.unwrap().delivery;
    shop.wait(1).await;
    shop.world.readdress(&number).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Fetched, "{}", shop.log().await);
    is_stubborn.store(false, Ordering::Relaxed);
    shop.again(&failed, "export").await;
    assert_eq!(shop.order(&number).await.state, OrderState::Fetched);
    shop.again(&failed, "import").await;
    let record = shop.order(&number).await;
    assert_eq!(record.state, OrderState::HandedOver, "{}", shop.log().await);
    assert_ne!(record.order.unwrap().delivery, old);
}

/// A run that asks the marketplace nothing knows nothing of its credentials.
#[tokio::test(start_paused = true)]
async fn refused_credentials_stay_on_the_list_until_the_marketplace_was_asked() {
    let shop = Shop::open().await;
    shop.world.set_faults(Faults::one(Fault::new(FaultKind::TokenExpired))).unwrap();
    let failed = shop.run(ORDERS, Value::Null).await;
    let run = shop.again(&failed, "tracking").await;
    assert_eq!(run.state, RunState::Succeeded);
    assert_eq!(shop.attention(AttentionKind::Unauthorised).await, ["sandbox"]);
    shop.world.set_faults(Faults::none()).unwrap();
    let run = shop.again(&failed, "fetch").await;
    assert_eq!(run.steps.len(), 5);
    assert!(shop.attention(AttentionKind::Unauthorised).await.is_empty());
}

/// What was right when the push failed may be too much now.
#[tokio::test(start_paused = true)]
async fn a_push_that_is_repeated_reads_the_stock_again() {
    let shop = Shop::open().await;
    shop.sync_stock("full").await;
    shop.world.set_stock("MW-0003", 1, 7).unwrap();
    shop.world.set_stock("MW-0003", 2, 0).unwrap();
    shop.world
        .set_faults(Faults::one(Fault::new(FaultKind::ServerError { status: 500 }).only(PUSH)))
        .unwrap();
    let failed = shop.run(INVENTORY, json!({ "mode": "full" })).await;
    assert_eq!(failed.state, RunState::Failed);
    shop.world.set_faults(Faults::none()).unwrap();
    shop.world.set_stock("MW-0003", 1, 2).unwrap();
    shop.world.reset_calls().unwrap();
    let run = shop.again(&failed, "push").await;
    assert_eq!((run.state, steps(&run)), (RunState::Succeeded, vec!["levels", "push"]));
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 2);
    assert_eq!(shop.calls(LISTINGS), 0);
    let log = shop.log().await;
    assert!(
        log.contains("begins with push; levels are read again for it; left out: listings, map\n"),
        "{log}"
    );
}

/// Half of the listings, mapped, are not all of them.
#[tokio::test(start_paused = true)]
async fn mapping_alone_does_not_make_a_broken_listing_read_complete() {
    let shop = Shop::open().await;
    shop.sync_orders().await;
    let fault = Fault::new(FaultKind::ServerError { status: 500 }).only(LISTINGS);
    shop.world.set_faults(Faults::one(fault)).unwrap();
    let failed = shop.run(INVENTORY, json!({ "mode": "full" })).await;
    assert_eq!(failed.state, RunState::Failed);
    let run = shop.again(&failed, "map").await;
    assert_eq!((run.state, steps(&run)), (RunState::Succeeded, vec!["map", "levels", "push"]));
    shop.world.set_faults(Faults::none()).unwrap();
    shop.world.reset_calls().unwrap();
    shop.sync_stock("quick").await;
    assert!(shop.calls(LISTINGS) > 0, "a quick run reads them like a full one\n{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_there_is_not_is_refused_with_those_that_there_are() {
    let shop = Shop::open().await;
    for (job, steps) in
        [(ORDERS, "fetch, import, export, tracking, confirm"), (INVENTORY, "listings, map, levels, push")]
    {
        let run = shop.run(job, Value::Null).await;
        let error = shop
            .engine
            .on_behalf_of("test")
            .run_again(run.id, Some("payment".to_owned()))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("payment") && error.contains(steps), "{error}");
    }
}
