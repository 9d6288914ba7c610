//! Pausing and removing while a job is at work: nothing new begins, what is at work ends, and what would follow waits or is left out.

use std::time::Duration;

use marktwerk_domain::failure::Failure;
use marktwerk_domain::run::{Outcome, RunState, Trigger};
use serde_json::json;

use crate::house::{Act, House};

/// Works for a minute and then leaves something over, fails, or is done.
fn slice() -> Act {
    Act::Answer(Ok(Outcome::MoreToDo))
}

#[tokio::test(start_paused = true)]
async fn slices_and_retries_of_a_paused_job_wait_and_keep_nobody_out() {
    let house = House::open().await;
    let job = house.add("play", 5).await;
    let other = house.add("play", 6_000).await;
    house.stage.then(Act::Work(Duration::from_secs(60))).then(Act::Answer(Ok(Outcome::Done)));
    house.minutes(5).await;
    house.pass(Duration::from_secs(10)).await;
    house.change(&job.id, json!({ "enabled": false })).await.unwrap();
    house.minutes(30).await;
    let runs = house.runs().await;
    assert_eq!((runs.len(), runs[0].state), (1, RunState::Succeeded), "what was at work has ended");

    // The same with work left over: the slice waits, and the other job has the account's lane.
    house.change(&job.id, json!({ "enabled": true })).await.unwrap();
    house.stage.then(slice()).then(slice());
    house.minutes(5).await;
    house.change(&job.id, json!({ "enabled": false })).await.unwrap();
    house.minutes(5).await;
    let waiting: Vec<_> =
        house.runs().await.into_iter().filter(|run| run.state == RunState::Waiting).collect();
    // Two slices may have followed at once before the pause came; whatever is left over waits.
    assert!(waiting.len() <= 1 && waiting.iter().all(|run| run.trigger == Trigger::MoreToDo), "{waiting:?}");
    let beside = house.start(&other.id).await;
    house.pass(Duration::from_secs(5)).await;
    assert_eq!(house.run(beside.id).await.state, RunState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_until_its_job_is_resumed() {
    let house = House::open().await;
    let job = house.add("play", 5).await;
    house.stage.then(Act::Answer(Err(Failure::transient("no luck"))));
    house.minutes(5).await;
    house.pass(Duration::from_secs(2)).await;
    let run = house.runs().await.pop().unwrap();
    assert_eq!(run.state, RunState::Retrying);
    house.change(&job.id, json!({ "enabled": false })).await.unwrap();
    house.minutes(60).await;
    assert_eq!(house.run(run.id).await.state, RunState::Retrying, "long after its delay");
    assert_eq!(house.runs().await.len(), 1);

    // A person need not wait for it, and what he starts goes on to its last slice.
    house.stage.then(slice()).then(Act::Answer(Err(Failure::transient("no luck"))));
    let by_hand = house.start(&job.id).await;
    house.minutes(2).await;
    let runs = house.runs().await;
    let [_, first, slice] = <[_; 3]>::try_from(runs).unwrap();
    assert_eq!((first.id, first.state), (by_hand.id, RunState::Succeeded));
    assert_eq!((slice.trigger, slice.state, slice.attempt), (Trigger::MoreToDo, RunState::Succeeded, 2));
    assert_eq!(house.run(run.id).await.state, RunState::Retrying);

    house.change(&job.id, json!({ "enabled": true })).await.unwrap();
    house.pass(Duration::from_secs(1)).await;
    assert_eq!(house.run(run.id).await.state, RunState::Succeeded, "it goes on at once");
}

#[tokio::test(start_paused = true)]
async fn a_pause_outlives_a_restart_and_so_does_what_waits() {
    let house = House::open().await;
    let job = house.add("play", 5).await;
    house.stage.then(Act::Hang);
    house.minutes(5).await;
    house.pass(Duration::from_secs(2)).await;
    house.change(&job.id, json!({ "enabled": false })).await.unwrap();
    house.engine.shutdown().await;
    let next = house.reopen().await;
    next.minutes(10).await;
    let run = next.runs().await.pop().unwrap();
    assert_eq!(run.state, RunState::Waiting, "put back, and held");
    let cancelled = next.engine.on_behalf_of("test").cancel(run.id).await.unwrap();
    assert_eq!(cancelled.state, RunState::Cancelled, "a held run can be cancelled");
}

#[tokio::test(start_paused = true)]
async fn after_a_removal_the_attempt_ends_and_nothing_follows() {
    for act in [Act::Work(Duration::from_secs(60)), slice(), Act::Answer(Err(Failure::transient("no luck")))]
    {
        let house = House::open().await;
        let job = house.add("play", 600).await;
        // The attempt waits for its conditions to be asked while the job is removed.
        house.stage.then(Act::SpeakLate(Duration::from_secs(30)));
        let first = house.start(&job.id).await;
        house.stage.then(act.clone());
        let second = house.start(&job.id).await;
        house.pass(Duration::from_secs(1)).await;
        house.engine.on_behalf_of("test").remove_job(&job.id, None).await.unwrap();
        house.minutes(10).await;
        assert_eq!(house.run(first.id).await.state, RunState::Succeeded, "it is not torn out of its work");
        assert_eq!(house.run(second.id).await.state, RunState::Cancelled);
        assert_eq!(house.runs().await.len(), 2);
    }
}
