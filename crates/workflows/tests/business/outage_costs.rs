//! What an outage of the marketplace costs: a call or three, however many orders wait, and other work goes on.

use std::sync::Arc;

use marktwerk_domain::job::JobId;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::{Run, RunState};
use marktwerk_sandbox::{Fault, FaultKind, Faults, WorldOptions};
use serde_json::{Value, json};

use crate::disguise::{BadOrders, Disguised};
use crate::shop::Shop;

const ORDERS: &str = "order_workflow";
const LIST: &str = "bg.order.list.v2.get";
const CARRIERS: &str = "bg.logistics.companies.get";
const WAREHOUSES: &str = "bg.logistics.warehouse.list.get";
const CONFIRM: &str = "bg.logistics.shipment.v2.confirm";
const STOCK: &str = "bg.local.goods.stock.edit";

/// So many that are shipped in JTL and not reported.
async fn shipped(count: usize) -> Shop {
    let shop = Shop::open().await;
    shop.place(count);
    shop.ship_everything().await;
    shop
}

fn break_down(shop: &Shop, fault: Fault) {
    shop.world.reset_calls().unwrap();
    shop.world.set_faults(Faults::one(fault)).unwrap();
}

/// Seconds that the attempts of a run took.
async fn seconds_of_attempts(shop: &Shop, run: &Run) -> Vec<i64> {
    let attempts = shop.store.attempts(run.id).await.unwrap();
    let seconds = attempts.iter().map(|attempt| {
        let ended_at = attempt.ended_at.expect("an end");
        ended_at.duration_since(attempt.started_at).as_secs()
    });
    seconds.collect()
}

/// cases.md §5: the carrier list was asked 24 times.
#[tokio::test(start_paused = true)]
async fn a_list_of_carriers_that_fails_is_asked_for_once_and_not_once_per_order() {
    // Carriers are listed by region, and there are two.
    for (call, lists) in [(CARRIERS, 2), (WAREHOUSES, 1)] {
        let shop = shipped(24).await;
        break_down(&shop, Fault::new(FaultKind::ServerError { status: 503 }).only(call));
        let run = shop.run(ORDERS, Value::Null).await;
        assert_eq!((run.state, run.attempt), (RunState::Failed, 3), "{call}");
        // Three tries of one call in each of the three attempts.
        assert!(shop.calls(call) <= 9 * lists, "{call}: {} calls", shop.calls(call));
        assert_eq!(shop.calls(CONFIRM), 0);
        shop.world.set_faults(Faults::none()).unwrap();
        shop.sync_orders().await;
        assert_eq!(shop.orders_in(&[OrderState::Reported]).await.len(), 24, "{}", shop.log().await);
    }
}

/// cases.md §5, and issue 16: "500 shipped orders against a marketplace that answers 503 or hangs".
#[tokio::test(start_paused = true)]
async fn five_hundred_shipped_orders_cost_a_marketplace_that_hangs_or_fails_three_limits_of_time() {
    let hangs = FaultKind::Slow { milliseconds: 3_600_000 };
    let fails = FaultKind::ServerError { status: 503 };
    let faults = [
        Fault::new(hangs.clone()),
        Fault::new(fails.clone()),
        // Once they were read they are known for a day.
        Fault::new(hangs.clone()).only(CARRIERS),
        Fault::new(fails.clone()).only(CARRIERS),
        Fault::new(hangs).only(CONFIRM),
        Fault::new(fails).only(CONFIRM),
    ];
    let shop = shipped(500).await;
    for fault in faults {
        break_down(&shop, fault.clone());
        let begin = shop.clock.now();
        let run = shop.run(ORDERS, Value::Null).await;
        let took = shop.clock.now().duration_since(begin).as_secs();
        assert_eq!((run.state, run.attempt), (RunState::Failed, 3), "{fault:?}");
        // Each attempt costs one limit of time, 30 s; between them 30 and 60 s, a fifth more or less.
        let attempts = seconds_of_attempts(&shop, &run).await;
        assert!(attempts.iter().all(|seconds| *seconds <= 35), "{fault:?}: {attempts:?}");
        assert!(took <= 3 * 35 + 108, "{fault:?}: {took} s");
        assert!(shop.calls(CONFIRM) <= 30, "{fault:?}: {} reports", shop.calls(CONFIRM));
    }
    shop.world.set_faults(Faults::none()).unwrap();
    while !shop.orders_in(&[OrderState::Shipped]).await.is_empty() {
        shop.sync_orders().await;
    }
    assert_eq!(shop.orders_in(&[OrderState::Reported]).await.len(), 500, "nothing was lost");
}

/// Stock waits for its account's lane no longer than the first attempt takes.
#[tokio::test(start_paused = true)]
async fn stock_goes_on_between_the_attempts_of_an_order_run() {
    let shop = shipped(24).await;
    shop.sync_stock("full").await;
    break_down(&shop, Fault::new(FaultKind::Slow { milliseconds: 3_600_000 }).only(CARRIERS));
    let commands = shop.engine.on_behalf_of("test");
    let job = JobId(ORDERS.to_owned());
    let orders = commands.run_now(&job, Default::default());
    let orders = orders.await.unwrap();
    shop.wait(1).await;
    shop.set_pieces("MW-0003", 77);
    let begin = shop.clock.now();
    let stock = shop.run("inventory_workflow", json!({ "mode": "quick" })).await;
    assert_eq!(stock.state, RunState::Succeeded, "{:?}\n{}", stock.error, shop.log().await);
    let waited = shop.clock.now().duration_since(begin).as_secs();
    assert!(waited <= 35, "{waited} s");
    assert!(shop.calls(STOCK) > 0);
    assert!(!shop.store.run(orders.id).await.unwrap().unwrap().state.is_ended());
}

/// Three different orders in a row end the step; those that failed come last in the next run, so that they starve nobody.
#[tokio::test(start_paused = true)]
async fn orders_that_always_fail_go_last_and_starve_nobody() {
    let bad = Arc::new(BadOrders::default());
    let dressed = Arc::clone(&bad);
    let shop = Shop::open_in(WorldOptions::quiet(), move |temu| {
        Arc::new(Disguised::with_bad_orders(temu, Arc::clone(&dressed)))
    })
    .await;
    shop.place(40);
    shop.ship_everything().await;
    // What is shipped is known after this one, and nothing of it is tried.
    break_down(&shop, Fault::new(FaultKind::ServerError { status: 503 }).only(CARRIERS));
    shop.run(ORDERS, Value::Null).await;
    shop.world.set_faults(Faults::none()).unwrap();
    let shipped = shop.orders_in(&[OrderState::Shipped]).await;
    let mut numbers: Vec<String> = shipped.into_iter().map(|record| record.number).collect();
    numbers.sort();
    let all = numbers.len();
    assert!(all > 30 && bad.take_reports().is_empty());
    // As many as are under way at first.
    let always = &numbers[..8];
    bad.set(always);
    let run = shop.run(ORDERS, Value::Null).await;
    assert_eq!((run.state, run.attempt), (RunState::Failed, 3));
    assert_eq!(shop.orders_in(&[OrderState::Reported]).await.len(), all - 8, "{}", shop.log().await);
    let reports = bad.take_reports();
    let tried = |number: &&String| reports.iter().filter(|report| report == number).count();
    assert!(always.iter().all(|number| tried(&number) <= 3), "once in each attempt: {reports:?}");
    assert!(numbers[8..].iter().all(|number| tried(&number) == 1), "{reports:?}");
}

/// The same where details are fetched: what failed is fetched after all pages.
#[tokio::test(start_paused = true)]
async fn details_that_always_fail_are_fetched_last() {
    let bad = Arc::new(BadOrders::default());
    let dressed = Arc::clone(&bad);
    let shop = Shop::open_in(WorldOptions::quiet(), move |temu| {
        Arc::new(Disguised::with_bad_orders(temu, Arc::clone(&dressed)))
    })
    .await;
    let numbers = shop.place(300);
    bad.set(&numbers[..5]);
    let run = shop.run(ORDERS, Value::Null).await;
    assert_eq!((run.state, run.attempt), (RunState::Failed, 3), "{}", shop.log().await);
    assert_eq!(shop.statistics().await.uploaded, 295, "all others are in JTL");
    bad.set(&[]);
    shop.sync_orders().await;
    assert_eq!(shop.statistics().await.uploaded, 300);
}

/// The token is refused while many orders wait to be reported: one call tells it.
#[tokio::test(start_paused = true)]
async fn a_refused_token_is_found_out_once_and_not_once_per_order() {
    let shop = shipped(50).await;
    break_down(&shop, Fault::new(FaultKind::TokenExpired).only(CONFIRM));
    let run = shop.run(ORDERS, Value::Null).await;
    assert_eq!((run.state, run.attempt), (RunState::Failed, 1));
    assert!(shop.calls(CONFIRM) <= 8, "those that were under way: {}", shop.calls(CONFIRM));
}

/// Stock figures: what was not sent stays to be sent.
#[tokio::test(start_paused = true)]
async fn stock_figures_cost_an_outage_three_groups() {
    let shop = Shop::open().await;
    shop.sync_stock("full").await;
    for article in 3..23 {
        shop.set_pieces(&format!("MW-{article:04}"), 500 + article);
    }
    break_down(&shop, Fault::new(FaultKind::Slow { milliseconds: 3_600_000 }).only(STOCK));
    let run = shop.run("inventory_workflow", json!({ "mode": "quick" })).await;
    assert_eq!(run.state, RunState::Failed);
    let attempts = seconds_of_attempts(&shop, &run).await;
    assert!(attempts.iter().all(|seconds| *seconds <= 35), "{attempts:?}");
    assert!(shop.calls(STOCK) <= 3 * 8, "{}", shop.calls(STOCK));
    shop.world.set_faults(Faults::none()).unwrap();
    shop.sync_stock("quick").await;
    for article in 3..23 {
        let live = shop.world.stock(&format!("MW-{article:04}")).unwrap();
        assert!(live >= 400, "MW-{article:04}: {live}");
    }
}

/// cases.md §5: "fetch took 1.6 s and had nothing to do".
#[tokio::test(start_paused = true)]
async fn a_step_that_failed_does_not_say_that_it_had_nothing_to_do() {
    let shop = Shop::open().await;
    shop.sync_orders().await;
    break_down(&shop, Fault::new(FaultKind::ServerError { status: 503 }).only(LIST));
    shop.run(ORDERS, Value::Null).await;
    let log = shop.log().await;
    let of_fetch: Vec<&str> = log.lines().filter(|line| line.contains("fetch fetch ")).collect();
    let failed = of_fetch.iter().filter(|line| line.contains("fetch failed after ")).count();
    assert_eq!(failed, 3, "{of_fetch:#?}");
    let idle = of_fetch.iter().filter(|line| line.contains("had nothing to do")).count();
    assert!(idle <= 1, "{of_fetch:#?}");
}
