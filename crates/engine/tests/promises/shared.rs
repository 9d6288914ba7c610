//! Several processes on one database: each leaves alone what another one holds, and takes over what nobody holds any more.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_domain::run::RunState;
use marktwerk_engine::EngineOptions;
use marktwerk_store::runs::{Claim, Limits, RANKS};

use crate::house::{Act, House};

fn shared() -> EngineOptions {
    EngineOptions { shares_store: true, ..EngineOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn what_another_process_works_on_is_left_alone() {
    let one = House::open_with(shared()).await;
    let job = one.add("play", 600).await;
    one.stage.then(Act::Work(Duration::from_secs(300)));
    let run = one.start(&job.id).await;
    one.pass(Duration::from_secs(5)).await;
    let other = one.reopen().await;
    let second = other.start(&job.id).await;
    other.pass(Duration::from_secs(200)).await;
    assert_eq!(other.run(run.id).await.attempt, 1, "its lease is renewed, so nobody takes it over");
    assert_eq!(other.run(second.id).await.state, RunState::Waiting, "the job's limit holds over both");
    let run = other.end_of(run.id).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 1));
    assert_eq!(other.end_of(second.id).await.state, RunState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_process_held_is_taken_over_when_its_lease_has_ended() {
    let house = House::open_with(shared()).await;
    let job = house.add("play", 600).await;
    let first = house.start(&job.id).await;
    house.end_of(first.id).await;
    house.engine.shutdown().await;
    house.fill(&first, 1).await;
    let now = house.clock.now();
    let claim = Claim {
        node: "a process that dies".to_owned(),
        now,
        lease_until: now + Duration::from_secs(60),
        limit: 1,
        limits: Arc::new(Limits::default()),
        rises_every: Duration::from_secs(600),
        turns: [0; RANKS],
    };
    let claimed = house.store.claim(&claim).await.unwrap();
    let [run] = claimed.as_slice() else { panic!("{claimed:?}") };
    let next = house.reopen().await;
    next.pass(Duration::from_secs(55)).await;
    assert_eq!(next.run(run.id).await.state, RunState::Running, "it may live");
    next.pass(Duration::from_secs(60)).await;
    let run = next.end_of(run.id).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 2));
}
