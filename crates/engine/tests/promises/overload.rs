//! Priorities when there is far more to do than can be done: nothing starves.

use std::time::Duration;

use jiff::SignedDuration;
use marktwerk_domain::job::Priority;
use marktwerk_domain::run::{Run, RunState};
use marktwerk_engine::EngineOptions;
use serde_json::json;

use crate::house::{Act, House};

const RUN: Duration = Duration::from_secs(60);

/// One worker, and jobs of these priorities that want it for a minute each minute; and one low job each seven minutes.
async fn overloaded(priorities: &[&str], low: &str) -> (House, Vec<Run>) {
    let house = House::open_with(EngineOptions { workers: 1, ..EngineOptions::default() }).await;
    for _ in 0..4_000 {
        house.stage.then(Act::Work(RUN));
    }
    for priority in priorities {
        let job = json!({ "job_type": "reader", "interval_minutes": 1, "priority": priority, "overlap": "queue_all" });
        house.add_written(job).await;
    }
    let job = json!({ "id": "few", "job_type": "reader", "interval_minutes": 7, "priority": low, "overlap": "queue_all" });
    house.add_written(job).await;
    house.minutes(3 * 60).await;
    let few = house.runs().await.into_iter().filter(|run| run.job_id.as_str() == "few").collect();
    (house, few)
}

/// All but those that have not waited for so long yet.
fn assert_started_within(runs: &[Run], now: jiff::Timestamp, bound: Duration) {
    let mut seen = 0;
    for run in runs {
        let waited = run.started_at.unwrap_or(now).duration_since(run.ready_at);
        assert!(waited <= SignedDuration::try_from(bound).unwrap(), "run {} waited {waited:?}", run.id);
        seen += usize::from(run.started_at.is_some());
    }
    assert!(seen >= 20, "{seen} of {} have started", runs.len());
}

#[tokio::test(start_paused = true)]
async fn under_ninefold_overload_by_high_runs_each_low_run_starts_within_twenty_minutes_and_a_run() {
    let (house, low) = overloaded(&["high"; 9], "low").await;
    assert_started_within(&low, house.clock.now(), Duration::from_secs(20 * 60) + RUN);
    let high = house.runs().await.into_iter().filter(|run| run.priority == Priority::High);
    let ended = high.filter(|run| run.state == RunState::Succeeded).count();
    assert!(ended > 150, "and the high ones have most of the time: {ended}");
}

/// The other way round: what has risen must not bury what was high from the beginning.
#[tokio::test(start_paused = true)]
async fn under_ninefold_overload_by_low_runs_a_high_run_waits_for_three_at_the_most() {
    let (house, high) = overloaded(&["low"; 9], "high").await;
    assert_started_within(&high, house.clock.now(), 3 * RUN);
}

#[tokio::test(start_paused = true)]
async fn under_overload_by_two_classes_the_third_has_its_turn() {
    let (house, low) = overloaded(&["high", "high", "high", "medium", "medium", "medium"], "low").await;
    assert_started_within(&low, house.clock.now(), Duration::from_secs(20 * 60) + 3 * RUN);
}

/// A line of ten thousand runs at its limit is passed over in one look.
#[tokio::test(start_paused = true)]
async fn ten_thousand_waiting_runs_of_a_full_job_delay_another_job_by_nothing() {
    let house = House::open_with(EngineOptions { workers: 2, ..EngineOptions::default() }).await;
    let full = house.add("reader", 600).await;
    house.stage.then(Act::Hang);
    let template = house.start(&full.id).await;
    house.pass(Duration::from_secs(1)).await;
    house.fill(&template, 10_000).await;
    let other = house.add("play", 600).await;
    let run = house.start(&other.id).await;
    let run = house.end_of(run.id).await;
    assert_eq!(
        run.started_at,
        Some(run.created_at),
        "on the clock that stands still while anything is to be done"
    );
    assert_eq!(house.run(template.id).await.state, RunState::Running);
}
