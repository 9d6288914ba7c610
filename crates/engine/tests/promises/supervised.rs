//! What panics stops nobody else: an attempt ends, a task begins again, and what the program cannot do without tells of its end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use marktwerk_domain::run::{RunState, Trigger};
use marktwerk_engine::EngineOptions;
use serde_json::json;

use crate::database::flaky_house;
use crate::house::{Act, House};

/// Around the workflow nothing is caught by it; the run's lane and worker are free again all the same.
#[tokio::test(start_paused = true)]
async fn a_panic_around_a_run_ends_its_attempt_and_frees_its_lane() {
    let (house, flaky) = flaky_house("").await;
    let first = house.add("play", 6_000).await;
    let follows = json!({
        "job_type": "play", "id": "next", "manual": true, "after": [first.id],
        "conditions": [{ "succeeded_within": { "job": first.id, "minutes": 5 } }],
    });
    house.add_written(follows).await;
    house.stage.then(Act::Work(Duration::from_secs(60)));
    let run = house.start(&first.id).await;
    flaky.panic_at("job");
    house.end_of(run.id).await;
    house.pass(Duration::from_secs(5)).await;
    let runs = house.runs().await;
    let [_, next] = <[_; 2]>::try_from(runs).unwrap();
    assert_eq!((next.trigger, next.state), (Trigger::Chain, RunState::Retrying));
    let error = next.error.unwrap();
    assert!(error.starts_with("the program panicked around the workflow: job panics"), "{error}");

    let other = house.start(&first.id).await;
    house.pass(Duration::from_secs(1)).await;
    assert_eq!(house.run(other.id).await.state, RunState::Succeeded, "the account's lane is free");
    assert_eq!(house.end_of(next.id).await.state, RunState::Succeeded);
    assert_eq!(house.engine.supervision().report().ended, None);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_panics_cannot_tell_so_the_run_starts() {
    let house = House::open().await;
    house.add_written(json!({ "job_type": "play", "interval_minutes": 5, "conditions": ["new_data"] })).await;
    house.stage.is_blind.store(true, Ordering::Relaxed);
    house.minutes(11).await;
    let states: Vec<_> = house.runs().await.into_iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Succeeded; 2]);
}

#[tokio::test(start_paused = true)]
async fn without_its_dispatcher_the_program_says_that_it_has_to_end() {
    let (house, flaky) = flaky_house("").await;
    let job = house.add("play", 5).await;
    flaky.panic_at("fire");
    let ended = house.engine.supervision().vital_end().await;
    assert!(ended.to_string().starts_with("the dispatcher ended unexpectedly: it panicked: fire"), "{ended}");
    let refused = house.engine.on_behalf_of("test").run_now(&job.id, Default::default()).await;
    assert!(refused.is_err(), "nobody waits for an answer that does not come");
    house.engine.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn without_its_journal_the_program_says_that_it_has_to_end() {
    let (house, flaky) = flaky_house("").await;
    let job = house.add("play", 6_000).await;
    flaky.panic_at("commit");
    house.start(&job.id).await;
    let ended = house.engine.supervision().vital_end().await;
    assert_eq!(ended.task, "journal");
    house.engine.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_end_in_order_is_expected() {
    let house = House::open_with(EngineOptions::default()).await;
    house.add("play", 5).await;
    house.minutes(6).await;
    house.engine.shutdown().await;
    assert_eq!(house.engine.supervision().report().ended, None);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_the_program_can_do_without_begins_again_and_is_counted() {
    let (house, flaky) = flaky_house("").await;
    flaky.panic_at("delete_logs");
    house.minutes(61).await;
    let [restarts] = <[_; 1]>::try_from(house.engine.supervision().report().restarts).unwrap();
    assert_eq!((restarts.task, restarts.times), ("retention", 1));
    assert!(restarts.reason.contains("delete_logs panics"), "{}", restarts.reason);
    house.minutes(60).await;
    assert_eq!(house.engine.supervision().report().restarts[0].times, 1, "it has worked since");
}
