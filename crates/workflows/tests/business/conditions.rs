//! Runs that start by themselves only if there is something to do: at each planned time the marketplace is asked once for one
//! order, JTL is looked at, and nothing else happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::Decision;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::{Run, RunState, Trigger};
use marktwerk_erp::JtlSettings;
use marktwerk_sandbox::{Fault, FaultKind, Faults, OrderSeed};
use marktwerk_store::orders::Mark;
use serde_json::json;

use crate::disguise::Stubborn;
use crate::shop::Shop;

const ORDERS: &str = "order_workflow";
const LIST: &str = "bg.order.list.v2.get";
const TOKEN: &str = "bg.open.accesstoken.info.get";

/// Waits for the first planned time at which there is nothing to do.
async fn quiet(shop: &Shop) -> Run {
    for _ in 0..10 {
        shop.world.reset_calls().unwrap();
        shop.wait(60).await;
        let newest = shop.newest(ORDERS).await;
        if newest.state == RunState::Skipped {
            assert_eq!(newest.merged, 0, "this is the first");
            return newest;
        }
        assert_eq!(newest.state, RunState::Succeeded, "{:?}\n{}", newest.error, shop.log().await);
    }
    panic!("it never comes to rest\n{}", shop.log().await);
}

/// Lets the next planned time come, which has to start a run; it has to succeed.
async fn next_starts(shop: &Shop) -> Run {
    shop.wait(60).await;
    let newest = shop.newest(ORDERS).await;
    assert_eq!(
        (newest.state, newest.trigger),
        (RunState::Succeeded, Trigger::Schedule),
        "{:?}\n{}",
        newest.error,
        shop.log().await
    );
    newest
}

/// Issue 2, done when 7.
#[tokio::test(start_paused = true)]
async fn a_hundred_ticks_over_an_unchanged_world_ask_and_a_parcel_alone_starts() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.schedule(ORDERS, 1, json!({ "conditions": ["new_data"] })).await;
    let first = quiet(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl);
    let runs_before = shop.runs(ORDERS).await.len();

    shop.wait(99 * 60).await;
    let calls: Vec<(String, u64)> = shop.world.calls().unwrap().into_iter().collect();
    assert_eq!(calls, [(LIST.to_owned(), 100)]);
    let runs = shop.runs(ORDERS).await;
    assert_eq!(runs.len(), runs_before, "no run, and one visible row with the count");
    assert_eq!((runs[0].id, runs[0].state, runs[0].merged), (first.id, RunState::Skipped, 99));
    assert_eq!(runs[0].error.as_deref(), Some("nothing new since the last success"));

    shop.world.ship_now(&number, &[]).unwrap();
    next_starts(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
    assert_eq!(shop.world.shipments().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_change_alone_starts_a_run() {
    let shop = Shop::open_patient().await;
    shop.schedule(ORDERS, 1, json!({ "conditions": ["new_data"] })).await;
    quiet(&shop).await;
    let number = shop.place(1).remove(0);
    next_starts(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::HandedOver);

    // JTL has taken it, which is a change as well.
    quiet(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl);
    shop.world.cancel(&number).unwrap();
    next_starts(&shop).await;
    assert_eq!(shop.order(&number).await.mark, Some(Mark::Cancelled), "{}", shop.log().await);

    quiet(&shop).await;
    shop.world.cancel_in_jtl(&number).unwrap();
    next_starts(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::Cancelled, "{}", shop.log().await);
    quiet(&shop).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_step_left_over_starts_a_run() {
    let is_stubborn = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_stubborn);
    let shop =
        Shop::open_with_erp(move |jtl| Arc::new(Stubborn { jtl, is_stubborn: Arc::clone(&switch) })).await;
    shop.schedule(ORDERS, 1, json!({ "conditions": ["new_data"], "retry": { "attempts": 1 } })).await;
    quiet(&shop).await;
    is_stubborn.store(true, Ordering::Relaxed);
    let number = shop.place(1).remove(0);
    shop.wait(60).await;
    assert_eq!(shop.newest(ORDERS).await.state, RunState::Failed);
    assert_eq!(shop.order(&number).await.state, OrderState::Exporting);
    let unfinished = shop.look(ORDERS, json!({})).await.unwrap().unfinished;
    assert_eq!(unfinished.as_deref(), Some("orders: 1 on their way into JTL"));

    is_stubborn.store(false, Ordering::Relaxed);
    next_starts(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::HandedOver, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn an_account_whose_probe_fails_starts_the_run_which_says_why() {
    let shop = Shop::open_patient().await;
    shop.schedule(ORDERS, 1, json!({ "conditions": ["new_data"], "retry": { "attempts": 1 } })).await;
    quiet(&shop).await;
    let fault = Fault::new(FaultKind::ServerError { status: 502 }).only(LIST);
    shop.world.set_faults(Faults::one(fault)).unwrap();
    shop.wait(60).await;
    let run = shop.newest(ORDERS).await;
    assert_eq!((run.state, run.trigger), (RunState::Failed, Trigger::Schedule));
    assert!(run.error.unwrap().contains("502"));

    shop.world.set_faults(Faults::none()).unwrap();
    quiet(&shop).await;
}

/// Neither does it start a run, nor does it keep others from starting one.
#[tokio::test(start_paused = true)]
async fn an_order_that_waits_for_a_person_starts_nothing_until_the_person_acts() {
    let shop = Shop::open_patient().await;
    let francs = OrderSeed { currency: Some("CHF".to_owned()), ..OrderSeed::default() };
    let aside = shop.world.add_order(francs).unwrap();
    let waiting = shop.world.sell("NOT-IN-JTL", 1).unwrap();
    shop.schedule(ORDERS, 1, json!({ "conditions": ["new_data"] })).await;
    quiet(&shop).await;
    assert_eq!(shop.order(&aside).await.state, OrderState::SetAside);
    assert_eq!(shop.attention(AttentionKind::UnknownArticle).await, std::slice::from_ref(&waiting));

    shop.world.create_article("NOT-IN-JTL", 5).unwrap();
    next_starts(&shop).await;
    assert_eq!(shop.order(&waiting).await.state, OrderState::HandedOver, "{}", shop.log().await);

    quiet(&shop).await;
    let items = shop.store.attentions().await.unwrap();
    let item = items.iter().find(|item| item.subject == aside).unwrap();
    shop.decide(item.id, Decision::ReadAgain).await;
    next_starts(&shop).await;
    assert_eq!(shop.attention(AttentionKind::SetAside).await, [aside], "it still cannot go on");
    quiet(&shop).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_report_is_tried_again_when_its_time_comes() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.schedule(ORDERS, 1, json!({ "conditions": ["new_data"] })).await;
    quiet(&shop).await;
    shop.world.refuse_shipment(&number, Some(120_011_092)).unwrap();
    shop.world.ship_now(&number, &[]).unwrap();
    next_starts(&shop).await;
    let refused_at = shop.clock.now();
    quiet(&shop).await;
    shop.world.refuse_shipment(&number, None).unwrap();
    for _ in 0..20 {
        if shop.newest(ORDERS).await.state == RunState::Skipped {
            shop.wait(60).await;
        }
    }
    let waited = shop.clock.now().duration_since(refused_at).as_mins();
    assert!((15..=16).contains(&waited), "{waited} minutes\n{}", shop.log().await);
    assert_eq!(shop.order(&number).await.state, OrderState::Reported);
}

#[tokio::test(start_paused = true)]
async fn a_worker_of_jtl_that_sleeps_is_told_once() {
    let shop = Shop::open_patient().await;
    shop.world.pause_worker();
    let number = shop.place(1).remove(0);
    shop.schedule(ORDERS, 1, json!({ "conditions": ["new_data"] })).await;
    quiet(&shop).await;
    assert_eq!(shop.order(&number).await.state, OrderState::HandedOver);
    shop.wait(40 * 60).await;
    assert_eq!(
        shop.attention(AttentionKind::WorkerStuck).await,
        std::slice::from_ref(&number),
        "{}",
        shop.log().await
    );
    let newest = shop.newest(ORDERS).await;
    assert!(newest.state == RunState::Skipped && newest.merged >= 5, "{newest:?}");

    shop.world.resume_worker();
    shop.wait(60).await;
    assert_eq!(shop.order(&number).await.state, OrderState::InJtl, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_dropped_late_is_seen() {
    let settings = JtlSettings { accept_unknown_articles: true, ..JtlSettings::default() };
    let shop = Shop::open_with_settings(settings).await;
    shop.world.pause_worker();
    let number = shop.world.sell("NOT-IN-JTL", 1).unwrap();
    shop.schedule(ORDERS, 1, json!({ "conditions": ["new_data"] })).await;
    shop.wait(40 * 60).await;
    assert_eq!(shop.attention(AttentionKind::WorkerStuck).await, std::slice::from_ref(&number));
    shop.world.resume_worker();
    shop.wait(60).await;
    assert_eq!(shop.world.dropped().unwrap().len(), 1);
    assert_eq!(shop.order(&number).await.state, OrderState::Unclear, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_not_healthy_skips_with_the_reason() {
    let shop = Shop::open_patient().await;
    let fault = Fault::new(FaultKind::TokenExpired).only(TOKEN);
    shop.world.set_faults(Faults::one(fault)).unwrap();
    shop.schedule(ORDERS, 1, json!({ "conditions": ["account_healthy"] })).await;
    shop.wait(180).await;
    let runs = shop.runs(ORDERS).await;
    assert_eq!((runs.len(), runs[0].state, runs[0].merged), (1, RunState::Skipped, 2), "{runs:?}");
    assert_eq!(runs[0].error.as_deref(), Some("the account sandbox is not healthy: unauthorised"));
    assert_eq!(shop.calls(LIST), 0);

    shop.world.set_faults(Faults::none()).unwrap();
    next_starts(&shop).await;
}

#[tokio::test(start_paused = true)]
async fn an_erp_that_does_not_answer_skips_with_the_reason() {
    let is_stubborn = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&is_stubborn);
    let shop =
        Shop::open_with_erp(move |jtl| Arc::new(Stubborn { jtl, is_stubborn: Arc::clone(&switch) })).await;
    shop.schedule(ORDERS, 1, json!({ "conditions": ["erp_reachable", "new_data"] })).await;
    shop.wait(180).await;
    let runs = shop.runs(ORDERS).await;
    assert_eq!((runs.len(), runs[0].state, runs[0].merged), (1, RunState::Skipped, 2), "{runs:?}");
    assert_eq!(runs[0].error.as_deref(), Some("the ERP does not answer"));
    assert_eq!(shop.world.calls().unwrap().len(), 0, "the marketplace is not asked for nothing");

    is_stubborn.store(false, Ordering::Relaxed);
    next_starts(&shop).await;
}
