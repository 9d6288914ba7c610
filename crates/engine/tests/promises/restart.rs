//! What survives: an end in order, a crash, a long time away.

use std::time::Duration;

use marktwerk_domain::run::RunState;
use marktwerk_engine::EngineOptions;
use serde_json::json;

use crate::house::{Act, House};

/// A job that is tried again without a delay: the old process has no time to take part.
fn at_once() -> serde_json::Value {
    json!({ "job_type": "play", "interval_minutes": 600, "retry": { "attempts": 3, "first_delay_seconds": 0 } })
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_puts_back_what_it_cuts_off_and_the_next_start_goes_on() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    house.stage.then(Act::Hang);
    let run = house.start(&job.id).await;
    house.pass(Duration::from_secs(1)).await;
    let before = house.clock.monotonic();
    house.engine.shutdown().await;
    assert!(house.clock.monotonic() - before < Duration::from_secs(20), "the end comes in time");
    let cut = house.run(run.id).await;
    assert_eq!((cut.state, cut.attempts_used), (RunState::Waiting, 0));
    assert!(
        house.engine.on_behalf_of("test").run_now(&job.id, Default::default()).await.is_err(),
        "nothing new is accepted"
    );

    let next = house.reopen().await;
    let run = next.end_of(run.id).await;
    assert_eq!((run.state, run.attempt, run.attempts_used), (RunState::Succeeded, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_running_run_gets_its_grace() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    house.stage.then(Act::Work(Duration::from_secs(5)));
    let run = house.start(&job.id).await;
    house.pass(Duration::from_secs(1)).await;
    house.engine.shutdown().await;
    assert_eq!(house.run(run.id).await.state, RunState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_crash_is_recorded_as_one_and_the_fenced_worker_has_no_effect() {
    // One worker each: the suspended process has no free one to take the run up again.
    let house = House::open_with(EngineOptions { workers: 1, ..EngineOptions::default() }).await;
    let job = house.add_written(at_once()).await;
    house.stage.then(Act::Work(Duration::from_secs(100)));
    let run = house.start(&job.id).await;
    house.pass(Duration::from_secs(5)).await;

    // The second process takes the run over while the first one, suspended, goes on.
    let next = house.reopen_with([Act::Work(Duration::from_secs(300))]).await;
    next.pass(Duration::from_secs(200)).await;
    assert_eq!(next.run(run.id).await.state, RunState::Running, "the first worker's end had no effect");
    let run = next.end_of(run.id).await;
    assert_eq!((run.state, run.attempt, run.attempts_used), (RunState::Succeeded, 2, 2));
    let attempts = next.store.attempts(run.id).await.unwrap();
    assert_eq!(
        attempts.iter().map(|attempt| attempt.outcome.as_str()).collect::<Vec<_>>(),
        ["lost", "succeeded"]
    );
    let closing =
        next.log().await.into_iter().filter(|line| line.contains("play_1 ") && line.ends_with(']')).count();
    assert_eq!(closing, 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_kills_its_process_each_time_is_lost_in_the_end() {
    let mut house = House::open().await;
    let job = house.add_written(at_once()).await;
    house.stage.then(Act::Hang);
    let run = house.start(&job.id).await;
    for _ in 0..3 {
        house.pass(Duration::from_secs(2)).await;
        house = house.reopen_with([Act::Hang]).await;
    }
    let run = house.run(run.id).await;
    assert_eq!((run.state, run.attempts_used), (RunState::Lost, 3));
    let history = house.engine.existing(&job.id).await.unwrap().history;
    assert_eq!((history.last_succeeded, history.failures_in_a_row), (Some(false), 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_lost_is_tried_again_after_a_delay() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    house.stage.then(Act::Hang);
    let run = house.start(&job.id).await;
    house.pass(Duration::from_secs(2)).await;
    let next = house.reopen_with([Act::Hang]).await;
    let lost = next.run(run.id).await;
    assert_eq!((lost.state, lost.attempts_used), (RunState::Retrying, 1));
    let wait = lost.ready_at.duration_since(next.clock.now()).as_secs();
    assert!((23..=36).contains(&wait), "{wait}");
}

#[tokio::test(start_paused = true)]
async fn times_missed_while_nothing_ran_become_one_run() {
    let house = House::open().await;
    house.add("play", 5).await;
    house.minutes(6).await;
    house.engine.shutdown().await;
    house.minutes(48 * 60).await;
    let next = house.reopen().await;
    next.pass(Duration::from_secs(1)).await;
    insta::assert_snapshot!(next.picture().await, @r#"
    job play v1 on due +173400s, failures 0, error None
    run 1 of play schedule planned +300s succeeded attempts 1/1 merged 0 error None
    run 2 of play schedule planned +173100s succeeded attempts 1/1 merged 575 error None
    "#);
}
