//! What a job wants done when things do not go by the clock.

use std::time::Duration;

use jiff::SignedDuration;
use marktwerk_domain::run::RunState;
use serde_json::json;

use crate::house::{Act, House};

/// Three minutes of work each 70 seconds, under each policy.
#[tokio::test(start_paused = true)]
async fn each_overlap_policy_does_what_it_says() {
    let mut text = String::new();
    for overlap in ["skip", "queue_one", "queue_all", "cancel_running"] {
        let house = House::open().await;
        for _ in 0..20 {
            house.stage.then(Act::Work(Duration::from_secs(150)));
        }
        house.add_written(json!({ "job_type": "reader", "every": "70s", "overlap": overlap })).await;
        house.pass(Duration::from_secs(430)).await;
        text += &format!("overlap {overlap}\n{}\n", house.history("reader").await);
        house.engine.shutdown().await;
    }
    insta::assert_snapshot!(text);
}

#[tokio::test(start_paused = true)]
async fn an_interval_from_the_finish_is_a_pause_between_runs() {
    let house = House::open().await;
    for _ in 0..5 {
        house.stage.then(Act::Work(Duration::from_secs(420)));
    }
    house.add_written(json!({ "job_type": "reader", "interval_minutes": 5, "from": "finish" })).await;
    house.minutes(45).await;
    // Also across an end in order, and where a person cancels the run.
    house.engine.shutdown().await;
    let next = house.reopen_with([Act::Work(Duration::from_secs(60)), Act::Hang]).await;
    next.minutes(20).await;
    let hanging = next.runs().await.pop().unwrap();
    next.engine.on_behalf_of("test").cancel(hanging.id).await.unwrap();
    next.minutes(6).await;
    insta::assert_snapshot!(next.history("reader").await);
}

#[tokio::test(start_paused = true)]
async fn jitter_delays_the_start_and_not_the_planned_time() {
    let house = House::open().await;
    house.add_written(json!({ "job_type": "reader", "interval_minutes": 10, "jitter": "2m" })).await;
    house.minutes(10 * 60 + 5).await;
    let delays: Vec<SignedDuration> =
        house.runs().await.iter().map(|run| run.started_at.unwrap().duration_since(run.planned_at)).collect();
    assert_eq!(delays.len(), 60);
    assert!(delays.iter().all(|delay| *delay <= SignedDuration::from_mins(2)), "{delays:?}");
    assert!(delays.iter().any(|delay| *delay > SignedDuration::from_secs(20)), "{delays:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_over_its_time_limit_is_stopped_although_it_moves() {
    let house = House::open().await;
    let job =
        json!({ "job_type": "reader", "manual": true, "time_limit": "10m", "retry": { "attempts": 1 } });
    let job = house.add_written(job).await;
    house.stage.then(Act::Work(Duration::from_secs(3_600)));
    let run = house.start(&job.id).await;
    let run = house.end_of(run.id).await;
    assert_eq!(run.state, RunState::Failed);
    assert!(run.error.unwrap().contains("time_limit"));
    let attempt = house.store.attempts(run.id).await.unwrap().pop().unwrap();
    assert_eq!(attempt.outcome, "timed_out");
    let took = attempt.ended_at.unwrap().duration_since(attempt.started_at);
    assert!(took < SignedDuration::from_secs(605), "{took:?}");
}

/// The clock begins on Monday, 2 November 2026, 10:00 in Berlin.
#[tokio::test(start_paused = true)]
async fn cron_and_daily_go_by_the_wall_clock_of_their_zone() {
    let house = House::open().await;
    house.add_written(json!({ "id": "cron", "job_type": "reader", "cron": "30 2,14 * * mon-fri" })).await;
    let daily =
        json!({ "id": "daily", "job_type": "reader", "daily": ["02:00"], "time_zone": "Australia/Sydney" });
    house.add_written(daily).await;
    house.add_written(json!({ "id": "manual", "job_type": "reader", "manual": true })).await;
    house.minutes(3 * 24 * 60).await;
    let text = format!(
        "cron\n{}\ndaily in Sydney\n{}\nby hand\n{}",
        house.history("cron").await,
        house.history("daily").await,
        house.history("manual").await
    );
    insta::assert_snapshot!(text);
}

#[tokio::test(start_paused = true)]
async fn an_edit_or_a_resume_causes_no_storm_of_old_times() {
    let house = House::open().await;
    let job =
        json!({ "job_type": "reader", "interval_minutes": 1, "misfire": "all", "overlap": "queue_all" });
    let job = house.add_written(job).await;
    house.change(&job.id, json!({ "enabled": false })).await.unwrap();
    house.minutes(600).await;
    house.change(&job.id, json!({ "enabled": true })).await.unwrap();
    house.change(&job.id, json!({ "cron": "*/10 * * * *" })).await.unwrap();
    house.minutes(1).await;
    assert!(house.runs().await.is_empty());
    house.minutes(10).await;
    assert_eq!(house.runs().await.len(), 1);
}
