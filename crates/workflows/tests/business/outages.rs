//! A marketplace that is away or in a bad mood for hours: what is tried again and when, what pauses, who is told.

use std::collections::BTreeSet;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::health::HealthChange;
use marktwerk_domain::job::JobId;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::RunState;
use marktwerk_domain::stock::StockEntry;
use marktwerk_sandbox::{Fault, FaultKind, Faults};
use serde_json::json;

use crate::shop::Shop;

const ORDERS: &str = "order_workflow";
const INVENTORY: &str = "inventory_workflow";
const LIST: &str = "bg.order.list.v2.get";
const HOUR: u64 = 3_600;

fn break_down(shop: &Shop, fault: Fault) {
    shop.world.set_faults(Faults::one(fault)).unwrap();
}

fn recover(shop: &Shop) {
    shop.world.set_faults(Faults::none()).unwrap();
}

async fn is_enabled(shop: &Shop, job: &str) -> bool {
    shop.engine.existing(&JobId(job.to_owned())).await.unwrap().spec.enabled
}

/// The pauses after the attempts of this number, as the log tells them.
async fn pauses_after(shop: &Shop, attempt: u32) -> Vec<u64> {
    let (begin, end) = (format!(": attempt {attempt} ended: "), "; the next attempt begins in ");
    let pause = |line: &str| {
        let (_, rest) = line.split_once(&begin)?;
        rest.rsplit_once(end)?.1.trim_end_matches(" s").parse().ok()
    };
    shop.log().await.lines().filter_map(pause).collect()
}

/// Issue 2, done when 6.
#[tokio::test(start_paused = true)]
async fn a_flapping_marketplace_is_tried_again_after_growing_pauses_that_differ() {
    let shop = Shop::open().await;
    shop.place(3);
    break_down(&shop, Fault::new(FaultKind::ServerError { status: 502 }).with_probability(0.8));
    shop.schedule(ORDERS, 5, json!({})).await;
    shop.wait(6 * HOUR).await;
    let (first, second) = (pauses_after(&shop, 1).await, pauses_after(&shop, 2).await);
    assert!(first.len() >= 10 && second.len() >= 5, "{first:?} {second:?}");
    assert!(first.iter().all(|pause| (24..=36).contains(pause)), "30 s, a fifth more or less: {first:?}");
    assert!(second.iter().all(|pause| (48..=72).contains(pause)), "twice as long: {second:?}");
    assert!(first.iter().collect::<BTreeSet<_>>().len() > 3, "jitter: {first:?}");

    let runs = shop.runs(ORDERS).await;
    assert!(runs.iter().any(|run| run.state == RunState::Succeeded && run.attempt > 1), "some get through");
    assert_eq!(shop.statistics().await.uploaded, 3, "{}", shop.log().await);
    assert!(is_enabled(&shop, ORDERS).await);
}

/// Issue 2, done when 6.
#[tokio::test(start_paused = true)]
async fn retry_after_moves_the_run_and_uses_no_attempt() {
    let shop = Shop::open().await;
    let fault = Fault::new(FaultKind::TooManyRequests { retry_after_seconds: 90 }).only(LIST);
    break_down(&shop, fault.times(10));
    // The one attempt that it has is enough, however often it is moved.
    shop.schedule(ORDERS, 60, json!({ "retry": { "attempts": 1 } })).await;
    shop.wait(HOUR + 10).await;
    let moved = shop.newest(ORDERS).await;
    assert_eq!((moved.state, moved.attempt, moved.attempts_used), (RunState::Retrying, 1, 0), "{moved:?}");

    shop.wait(10 * 90 + 60).await;
    let run = shop.newest(ORDERS).await;
    assert_eq!((run.id, run.state), (moved.id, RunState::Succeeded), "{:?}\n{}", run.error, shop.log().await);
    assert_eq!((run.attempt, run.attempts_used), (11, 1));
    let attempts = shop.store.attempts(run.id).await.unwrap();
    for pair in attempts.windows(2) {
        assert_eq!(pair[0].outcome, "rate_limited");
        let pause = pair[1].started_at.duration_since(pair[0].ended_at.unwrap()).as_secs();
        assert!((89..=91).contains(&pause), "{pause} s");
    }
    assert_eq!(pauses_after(&shop, 1).await, [90]);
    assert_eq!(shop.calls(LIST), 11, "one call for each try");
    assert!(shop.told(ORDERS).is_empty());
}

/// Issue 2, done when 6.
#[tokio::test(start_paused = true)]
async fn five_unauthorised_runs_in_a_row_pause_the_job_and_tell_once() {
    let shop = Shop::open().await;
    break_down(&shop, Fault::new(FaultKind::TokenExpired));
    shop.schedule(ORDERS, 5, json!({})).await;
    shop.wait(4 * 300).await;
    assert_eq!(shop.runs(ORDERS).await.len(), 4);
    assert!(is_enabled(&shop, ORDERS).await && shop.told(ORDERS).is_empty());
    shop.wait(300).await;
    assert!(!is_enabled(&shop, ORDERS).await);

    shop.wait(6 * HOUR).await;
    let runs = shop.runs(ORDERS).await;
    assert_eq!(runs.len(), 5, "a paused job rests");
    assert!(runs.iter().all(|run| (run.state, run.attempt) == (RunState::Failed, 1)), "{runs:?}");
    assert_eq!(shop.told(ORDERS), [HealthChange::Paused]);
    assert_eq!(shop.attention(AttentionKind::Unauthorised).await, ["sandbox"]);

    recover(&shop);
    shop.schedule(ORDERS, 5, json!({})).await;
    shop.wait(2 * HOUR).await;
    assert_eq!(shop.told(ORDERS), [HealthChange::Paused, HealthChange::Recovered], "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::Unauthorised).await.is_empty());
}

/// Issue 2, done when 6.
#[tokio::test(start_paused = true)]
async fn six_hours_of_503_pause_nothing_and_are_told_once_with_their_end() {
    let shop = Shop::open().await;
    shop.sync_stock("full").await;
    shop.place(3);
    break_down(&shop, Fault::new(FaultKind::Maintenance));
    shop.schedule(ORDERS, 5, json!({})).await;
    shop.schedule(INVENTORY, 5, json!({ "parameters": { "mode": "full" } })).await;
    shop.wait(6 * HOUR).await;
    for job in [ORDERS, INVENTORY] {
        let runs = shop.runs(job).await;
        let failed = runs.iter().filter(|run| run.state == RunState::Failed).count();
        assert!(failed >= 60, "{job}: {failed} of {} runs", runs.len());
        assert!(is_enabled(&shop, job).await, "{job}");
        assert_eq!(shop.told(job), [HealthChange::Degraded], "{job}");
    }
    let mut failed = shop.attention(AttentionKind::RunFailed).await;
    failed.sort();
    assert_eq!(failed, ["orders", "stock"], "one entry each, however many runs");

    recover(&shop);
    shop.wait(HOUR).await;
    assert!(shop.attention(AttentionKind::RunFailed).await.is_empty());
    for job in [ORDERS, INVENTORY] {
        assert_eq!(shop.told(job), [HealthChange::Degraded, HealthChange::Recovered], "{job}");
    }
    assert_eq!(shop.statistics().await.uploaded, 3, "{}", shop.log().await);
}

/// A condition that asks the marketplace must not hide that it is away.
#[tokio::test(start_paused = true)]
async fn an_outage_is_told_of_a_job_that_waits_for_news_too() {
    let shop = Shop::open().await;
    shop.sync_orders().await;
    break_down(&shop, Fault::new(FaultKind::Maintenance));
    shop.schedule(ORDERS, 5, json!({ "conditions": ["new_data"] })).await;
    shop.wait(HOUR).await;
    assert_eq!(shop.told(ORDERS), [HealthChange::Degraded], "{}", shop.log().await);
    recover(&shop);
    shop.wait(HOUR).await;
    assert_eq!(shop.told(ORDERS), [HealthChange::Degraded, HealthChange::Recovered]);
}

/// Whatever was read meanwhile goes there once it answers again, and once only.
#[tokio::test(start_paused = true)]
async fn while_jtl_is_away_orders_wait_and_none_is_doubled() {
    let shop = Shop::open().await;
    let before = shop.place(2);
    shop.sync_orders().await;
    shop.wait(2).await;
    shop.world.set_jtl_away(true).unwrap();
    let meanwhile = shop.place(3);
    let run = shop.run(ORDERS, json!({})).await;
    assert_eq!(run.state, RunState::Failed, "{}", shop.log().await);
    let error = run.error.unwrap();
    assert!(error.contains("the simulated JTL is away"), "{error:?}");
    for number in &meanwhile {
        assert_eq!(shop.order(number).await.state, OrderState::Imported, "read all the same");
    }
    assert_eq!(shop.attention(AttentionKind::RunFailed).await, ["orders"]);
    let entries = shop.entries(AttentionKind::RunFailed).await;
    let [entry @ StockEntry::RunFailed { cause, .. }] = &entries[..] else { panic!("{entries:?}") };
    assert!(
        cause.english.contains("away")
            && entry
                .german(&marktwerk_domain::language::Reader::of_the_store())
                .contains("verloren geht nichts"),
        "{entry:?}"
    );

    shop.world.set_jtl_away(false).unwrap();
    shop.sync_orders().await;
    shop.wait(2).await;
    shop.sync_orders().await;
    for number in before.iter().chain(&meanwhile) {
        let state = shop.order(number).await.state;
        assert!(matches!(state, OrderState::InJtl | OrderState::Reported), "{state:?}\n{}", shop.log().await);
        assert_eq!(shop.world.orders_in_jtl(number).unwrap(), 1);
    }
    assert!(shop.store.attentions().await.unwrap().is_empty());
}

/// While the marketplace was away, a person gave an order its number back in JTL, and its buyer cancelled it.
#[tokio::test(start_paused = true)]
async fn an_order_that_jtl_has_again_is_no_order_that_is_over_there() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    shop.world.renumber_in_jtl(&number, "OTHER-1").unwrap();
    shop.wait(3_600).await;
    shop.next_run().await;
    assert_eq!(shop.attention(AttentionKind::Unclear).await, std::slice::from_ref(&number));
    shop.world.renumber_in_jtl("OTHER-1", &number).unwrap();
    shop.world.cancel(&number).unwrap();
    shop.next_run().await;
    let cancelled = shop.attention(AttentionKind::CancelledAfterHandOver).await;
    assert_eq!(cancelled, std::slice::from_ref(&number), "{}", shop.log().await);
}

/// The same where JTL does not have it any more.
#[tokio::test(start_paused = true)]
async fn an_order_that_is_gone_on_both_sides_is_over() {
    let shop = Shop::open_patient().await;
    let number = shop.place(1).remove(0);
    shop.sync_orders().await;
    shop.next_run().await;
    shop.world.delete_in_jtl(&number).unwrap();
    shop.wait(3_600).await;
    shop.next_run().await;
    assert_eq!(shop.attention(AttentionKind::Unclear).await, std::slice::from_ref(&number));
    shop.world.cancel(&number).unwrap();
    shop.next_run().await;
    assert_eq!(shop.order(&number).await.state, OrderState::Cancelled, "{}", shop.log().await);
    assert!(shop.store.attentions().await.unwrap().is_empty());
}
