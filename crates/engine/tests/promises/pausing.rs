//! Pausing and removing while a job is at work: nothing new begins, what is at work ends, and what would follow waits or is left out.

use std::time::Duration;

use marktwerk_domain::failure::Failure;
use marktwerk_domain::run::{Outcome, RunState, Trigger};
use serde_json::json;

use crate::house::{Act, House};

/// Works for a minute and leaves something over.
fn slice() -> Act {
    Act::Slow(Duration::from_secs(60), Ok(Outcome::MoreToDo))
}

fn flop() -> Act {
    Act::Slow(Duration::from_secs(60), Err(Failure::transient("no luck")))
}

#[tokio::test(start_paused = true)]
async fn the_slices_of_a_paused_job_wait_and_keep_nobody_out() {
    let house = House::open().await;
    let job = house.add("play", 5).await;
    let other = house.add("play", 6_000).await;
    house.stage.then(slice()).then(slice());
    house.minutes(5).await;
    house.pass(Duration::from_secs(30)).await;
    house.change(&job.id, json!({ "enabled": false })).await.unwrap();
    house.minutes(30).await;
    let [first, second] = <[_; 2]>::try_from(house.runs().await).unwrap();
    assert_eq!(first.state, RunState::Succeeded, "what was at work has ended");
    assert_eq!((second.trigger, second.state), (Trigger::MoreToDo, RunState::Waiting));
    // The account's lane is free for the other job, and the job itself for a person.
    house.stage.then(Act::Answer(Ok(Outcome::Done)));
    for id in [&other.id, &job.id] {
        let beside = house.start(id).await;
        house.minutes(2).await;
        assert_eq!(house.run(beside.id).await.state, RunState::Succeeded, "{id}");
    }
    assert_eq!(house.run(second.id).await.state, RunState::Waiting);
    house.change(&job.id, json!({ "enabled": true })).await.unwrap();
    house.pass(Duration::from_secs(1)).await;
    assert_eq!(house.run(second.id).await.state, RunState::Succeeded, "it goes on at once");
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
    house.stage.then(slice()).then(flop());
    let by_hand = house.start(&job.id).await;
    house.minutes(4).await;
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
    for (act, runs) in [(slice(), 3), (flop(), 2)] {
        let house = House::open().await;
        let job = house.add("play", 600).await;
        house.stage.then(act);
        let at_work = house.start(&job.id).await;
        let waiting = house.start(&job.id).await;
        house.pass(Duration::from_secs(30)).await;
        house.engine.on_behalf_of("test").remove_job(&job.id, None).await.unwrap();
        house.pass(Duration::from_secs(10)).await;
        assert_eq!(house.run(at_work.id).await.state, RunState::Running, "it is not torn out of its work");
        assert_eq!(house.run(waiting.id).await.state, RunState::Cancelled);
        house.minutes(60).await;
        let all = house.runs().await;
        assert_eq!(all.len(), runs);
        let colours = house.stage.colours.lock().unwrap().len();
        assert_eq!(colours, 1, "no other attempt began");
        assert!(all.iter().all(|run| run.state.is_ended()), "{all:?}");
        let last = all.last().unwrap();
        if last.trigger == Trigger::MoreToDo {
            assert_eq!(
                (last.state, last.error.as_deref()),
                (RunState::Cancelled, Some("the job was archived"))
            );
        }
    }
}
