//! What follows from a failure: another try, or none; and what a person can stop.

use std::time::Duration;

use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::job::JobStatus;
use marktwerk_domain::run::{Outcome, RunState, Trigger};

use crate::house::{Act, House};

fn fails(class: FailureClass) -> Act {
    Act::Answer(Err(Failure::new(class, "no luck")))
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_tried_again_with_growing_delays() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    house.stage.then(fails(FailureClass::Transient)).then(fails(FailureClass::Unreadable));
    let run = house.start(&job.id).await;
    house.pass(Duration::from_secs(10)).await;
    assert_eq!(house.run(run.id).await.state, RunState::Retrying);
    let history = house.engine.existing(&job.id).await.unwrap().history;
    assert_eq!(JobStatus::of(&history, false), JobStatus::Failed, "retrying shows FAILED with the error");
    assert_eq!(history.last_error.as_deref(), Some("no luck"));
    let run = house.end_of(run.id).await;
    assert_eq!((run.state, run.attempt, run.attempts_used), (RunState::Succeeded, 3, 3));
    let attempts = house.store.attempts(run.id).await.unwrap();
    let gap =
        |index: usize| attempts[index + 1].started_at.duration_since(attempts[index].started_at).as_secs();
    assert!((24..=37).contains(&gap(0)) && (48..=73).contains(&gap(1)), "{} {}", gap(0), gap(1));
}

#[tokio::test(start_paused = true)]
async fn three_attempts_are_all_and_then_the_run_has_failed() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    for _ in 0..3 {
        house.stage.then(fails(FailureClass::Transient));
    }
    let run = house.start(&job.id).await;
    let run = house.end_of(run.id).await;
    assert_eq!((run.state, run.attempt), (RunState::Failed, 3));
    let closing: Vec<String> =
        house.log().await.into_iter().filter(|line| line.contains("[FAILED]")).collect();
    assert_eq!(closing, ["ERROR play_1 play failed: no luck [FAILED]"]);
}

#[tokio::test(start_paused = true)]
async fn refused_and_unauthorised_are_not_tried_again() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    for class in [FailureClass::Refused, FailureClass::Unauthorised] {
        house.stage.then(fails(class));
        let run = house.start(&job.id).await;
        let run = house.end_of(run.id).await;
        assert_eq!((run.state, run.attempt), (RunState::Failed, 1), "{class:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_other_side_asks_for_uses_no_attempt() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    for _ in 0..5 {
        let until = "2026-11-02T09:30:00Z".parse().ok();
        house.stage.then(fails(FailureClass::RateLimited { until }));
    }
    let run = house.start(&job.id).await;
    house.minutes(29).await;
    assert_eq!(house.run(run.id).await.attempt, 1, "not before the time that was asked for");
    let run = house.end_of(run.id).await;
    assert_eq!((run.state, run.attempts_used), (RunState::Succeeded, 1));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_cannot_be_meant_is_neither_a_hot_loop_nor_for_ever() {
    let house = House::open().await;
    let job = house.add("play", 6_000).await;
    let limited = |until: &str| fails(FailureClass::RateLimited { until: until.parse().ok() });
    house.stage.then(limited("1970-01-01T00:00:00Z")).then(limited("2099-01-01T00:00:00Z"));
    let run = house.start(&job.id).await;
    let run = house.end_of(run.id).await;
    assert_eq!((run.state, run.attempts_used), (RunState::Succeeded, 1));
    let attempts = house.store.attempts(run.id).await.unwrap();
    let gap =
        |index: usize| attempts[index + 1].started_at.duration_since(attempts[index].started_at).as_secs();
    assert_eq!((gap(0), gap(1)), (5, 3_600));
}

/// Otherwise hours of it would be one run that never ends, and no fuse would tell anybody.
#[tokio::test(start_paused = true)]
async fn who_is_sent_away_for_more_than_an_hour_uses_attempts() {
    let house = House::open().await;
    let job = house.add("play", 6_000).await;
    for _ in 0..2_000 {
        house.stage.then(fails(FailureClass::RateLimited { until: Some(jiff::Timestamp::UNIX_EPOCH) }));
    }
    let run = house.start(&job.id).await;
    let run = house.end_of(run.id).await;
    assert_eq!((run.state, run.attempts_used), (RunState::Failed, 3));
    let took = run.ended_at.unwrap().duration_since(run.started_at.unwrap()).as_secs();
    assert!((3_600..3_630).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_attempt_and_takes_nobody_with_it() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    house.stage.then(Act::Panic);
    let run = house.start(&job.id).await;
    let run = house.end_of(run.id).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 2));
    let attempts = house.store.attempts(run.id).await.unwrap();
    assert_eq!(attempts[0].error.as_deref(), Some("the workflow panicked: the curtain fell"));
}

#[tokio::test(start_paused = true)]
async fn a_run_in_which_nothing_moves_is_stopped_and_one_that_moves_is_not() {
    let house = House::open().await;
    let job = house.add("play", 6_000).await;
    house.stage.then(Act::Hang).then(Act::Work(Duration::from_secs(60 * 40)));
    let run = house.start(&job.id).await;
    house.minutes(14).await;
    assert_eq!(house.run(run.id).await.state, RunState::Running);
    let run = house.end_of(run.id).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 2));
    let attempts = house.store.attempts(run.id).await.unwrap();
    assert_eq!(attempts[0].outcome, "timed_out");
}

#[tokio::test(start_paused = true)]
async fn a_person_can_cancel_what_runs_and_what_waits() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    let other = house.add("play", 600).await;
    house.stage.then(Act::Hang);
    let running = house.start(&job.id).await;
    let waiting = house.start(&other.id).await;
    house.pass(Duration::from_secs(1)).await;
    assert_eq!(
        house.engine.on_behalf_of("test").cancel(waiting.id).await.unwrap().state,
        RunState::Cancelled
    );
    house.engine.on_behalf_of("test").cancel(running.id).await.unwrap();
    let running = house.end_of(running.id).await;
    assert_eq!(running.state, RunState::Cancelled);
    let history = house.engine.existing(&job.id).await.unwrap().history;
    assert_eq!(history.last_succeeded, None, "cancelled does not count");
    let closing = house.log().await.into_iter().filter(|line| line.ends_with("[CANCELLED]")).count();
    assert_eq!(closing, 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_over_goes_on_at_once_in_a_run_of_its_own() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    house.stage.then(Act::Answer(Ok(Outcome::MoreToDo)));
    let first = house.start(&job.id).await;
    house.end_of(first.id).await;
    house.pass(Duration::from_secs(1)).await;
    let runs = house.runs().await;
    assert_eq!(runs.len(), 2);
    assert_eq!((runs[1].trigger, runs[1].caused_by), (Trigger::MoreToDo, Some(first.id)));
    assert_eq!(runs[1].state, RunState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_snoozed_run_comes_back_without_using_an_attempt() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    let until = "2026-11-02T09:01:00Z".parse().unwrap();
    house.stage.then(Act::Answer(Ok(Outcome::Snooze { until, why: "later".to_owned() })));
    let run = house.start(&job.id).await;
    house.pass(Duration::from_secs(30)).await;
    assert_eq!(house.run(run.id).await.state, RunState::Waiting);
    let run = house.end_of(run.id).await;
    assert_eq!((run.attempt, run.attempts_used), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_snooze_until_yesterday_is_no_loop_without_rest() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    for _ in 0..3 {
        let until = "2026-11-01T09:00:00Z".parse().unwrap();
        house.stage.then(Act::Answer(Ok(Outcome::Snooze { until, why: "later".to_owned() })));
    }
    let run = house.start(&job.id).await;
    let run = house.end_of(run.id).await;
    let took = run.ended_at.unwrap().duration_since(run.started_at.unwrap());
    assert!(took.as_secs() >= 15, "{took}");
}
