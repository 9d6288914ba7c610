//! Chains: a job that follows on the end of another.

use std::time::Duration;

use marktwerk_domain::failure::Failure;
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::run::{Outcome, RunState, Trigger};
use serde_json::json;

use crate::house::{Act, House};

/// a → b → c, and d where a fails.
async fn chain(house: &House) {
    let job = |id: &str, after: serde_json::Value| json!({ "id": id, "job_type": "reader", "manual": true, "after": after, "retry": { "attempts": 1 } });
    for (id, after) in [
        ("a", json!([])),
        ("b", json!(["a"])),
        ("c", json!([{ "job": "b", "on": "always" }])),
        ("d", json!([{ "job": "a", "on": "failure" }])),
    ] {
        house.add_written(job(id, after)).await;
    }
}

fn id(name: &str) -> JobId {
    JobId(name.to_owned())
}

async fn story(house: &House) -> Vec<String> {
    let runs = house.runs().await;
    runs.iter()
        .map(|run| {
            let cause = run.caused_by.map(|cause| format!(" ← {cause}")).unwrap_or_default();
            format!("{} {}{cause} {}", run.id, run.job_id, run.state.as_str())
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn each_end_makes_those_follow_that_wait_for_it() {
    let house = House::open().await;
    chain(&house).await;
    let red: Parameters = serde_json::from_str(r#"{"colour": "red"}"#).unwrap();
    house.change(&id("a"), json!({ "priority": "high" })).await.unwrap();
    house.engine.on_behalf_of("test").run_now(&id("a"), red).await.unwrap();
    house.minutes(1).await;
    house.stage.then(Act::Answer(Err(Failure::refused("no"))));
    house.start(&id("a")).await;
    house.minutes(1).await;
    assert_eq!(
        story(&house).await,
        ["1 a succeeded", "2 b ← 1 succeeded", "3 c ← 2 succeeded", "4 a failed", "5 d ← 4 succeeded"]
    );
    let runs = house.runs().await;
    assert!(runs[1..3].iter().all(|run| run.trigger == Trigger::Chain && run.priority == runs[0].priority));
    assert!(runs[..3].iter().all(|run| run.parameters["colour"] == "red"), "handed on");
}

/// Only the final end counts: not an attempt, not a slice, not a skip.
#[tokio::test(start_paused = true)]
async fn an_attempt_and_a_slice_make_nobody_follow() {
    let house = House::open().await;
    chain(&house).await;
    house.change(&id("a"), json!({ "retry": { "attempts": 2 } })).await.unwrap();
    house.stage.then(Act::Answer(Err(Failure::transient("once")))).then(Act::Answer(Ok(Outcome::MoreToDo)));
    house.start(&id("a")).await;
    house.minutes(5).await;
    assert_eq!(
        story(&house).await,
        ["1 a succeeded", "2 a ← 1 succeeded", "3 b ← 2 succeeded", "4 c ← 3 succeeded"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_is_followed_by_those_who_always_do() {
    let house = House::open().await;
    chain(&house).await;
    house.stage.then(Act::Answer(Ok(Outcome::Done))).then(Act::Hang);
    house.start(&id("a")).await;
    house.pass(Duration::from_secs(1)).await;
    let hanging = house.runs().await.pop().unwrap();
    assert_eq!((hanging.job_id.as_str(), hanging.state), ("b", RunState::Running));
    house.engine.on_behalf_of("test").cancel(hanging.id).await.unwrap();
    house.minutes(1).await;
    assert_eq!(story(&house).await, ["1 a succeeded", "2 b ← 1 cancelled", "3 c ← 2 succeeded"]);
}

/// The process dies while each link is at work.
#[tokio::test(start_paused = true)]
async fn a_chain_survives_a_crash_between_any_two() {
    let mut house = House::open().await;
    chain(&house).await;
    for name in ["a", "b", "c"] {
        house
            .change(&id(name), json!({ "retry": { "attempts": 9, "first_delay_seconds": 0 } }))
            .await
            .unwrap();
    }
    house.stage.then(Act::Hang);
    house.start(&id("a")).await;
    for _ in 0..3 {
        house.pass(Duration::from_secs(2)).await;
        // The next link is at work when the process after this one dies.
        house = house.reopen_with([Act::Answer(Ok(Outcome::Done)), Act::Hang]).await;
    }
    house.minutes(1).await;
    assert_eq!(story(&house).await, ["1 a succeeded", "2 b ← 1 succeeded", "3 c ← 2 succeeded"]);
}

#[tokio::test(start_paused = true)]
async fn a_circle_a_ghost_and_a_hole_are_refused() {
    let house = House::open().await;
    chain(&house).await;
    let before = house.picture().await;
    let error = house.change(&id("a"), json!({ "after": ["c"] })).await.unwrap_err().to_string();
    assert!(error.contains("after: the chain would go round for ever: a → b → c → a"), "{error}");
    let error = house.change(&id("a"), json!({ "after": ["ghost"] })).await.unwrap_err().to_string();
    assert!(error.starts_with("after: there is no job `ghost`"), "{error}");
    let error = house.engine.on_behalf_of("test").remove_job(&id("b"), None).await.unwrap_err().to_string();
    assert!(error.contains("job `c` still names it"), "{error}");
    assert_eq!(house.picture().await, before);
}

#[tokio::test(start_paused = true)]
async fn the_conditions_of_one_who_follows_hold_too() {
    let house = House::open().await;
    house.stage.shows("1", None);
    house.add_written(json!({ "id": "a", "job_type": "reader", "manual": true })).await;
    let follower = json!({ "job_type": "play", "manual": true, "after": ["a"], "conditions": ["new_data"] });
    house.add_written(follower).await;
    for _ in 0..3 {
        house.start(&id("a")).await;
        house.minutes(1).await;
    }
    let states: Vec<_> = house.runs().await.into_iter().filter(|run| run.job_id.as_str() == "play").collect();
    let states: Vec<RunState> = states.iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Succeeded, RunState::Skipped, RunState::Skipped]);
    let log = house.log().await;
    let about: Vec<&String> = log.iter().filter(|line| line.contains("play_4 ")).collect();
    assert_eq!(
        about,
        [&"INFO play_4 play: skipped, nothing new since the last success [CANCELLED]".to_owned()]
    );
}
