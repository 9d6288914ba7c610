//! Conditions: what must hold, so that a run may start by itself.

use marktwerk_domain::run::RunState;
use serde_json::json;

use crate::house::{Act, House};

#[tokio::test(start_paused = true)]
async fn an_unchanged_world_is_asked_about_and_makes_no_run() {
    let house = House::open().await;
    house.stage.shows("1", None);
    house.add_written(json!({ "job_type": "play", "interval_minutes": 1, "conditions": ["new_data"] })).await;
    house.pass(std::time::Duration::from_secs(101 * 60 + 30)).await;
    assert_eq!(house.stage.sight.lock().unwrap().1, 101);
    insta::assert_snapshot!(house.history("play").await);
    house.stage.shows("2", None);
    house.minutes(1).await;
    assert_eq!(house.runs().await.len(), 3, "something new starts a run");
    house.stage.shows("2", Some("an order waits"));
    house.minutes(3).await;
    assert_eq!(house.runs().await.len(), 6, "what is left over starts one at each time");
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_leaves_its_data_new() {
    let house = House::open().await;
    house.stage.shows("1", None);
    house.stage.then(Act::Answer(Err(marktwerk_domain::failure::Failure::refused("no"))));
    house.add_written(json!({ "job_type": "play", "interval_minutes": 1, "conditions": ["new_data"] })).await;
    house.minutes(4).await;
    insta::assert_snapshot!(house.history("play").await);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_known_lets_the_run_start_and_a_person_need_not_ask() {
    let house = House::open().await;
    let job = json!({ "job_type": "play", "interval_minutes": 1, "conditions": ["new_data"] });
    let job = house.add_written(job).await;
    house.pass(std::time::Duration::from_secs(90)).await;
    assert_eq!(house.runs().await.len(), 1);
    house.stage.shows("1", None);
    house.minutes(1).await;
    house.start(&job.id).await;
    house.minutes(1).await;
    let states: Vec<RunState> = house.runs().await.iter().map(|run| run.state).collect();
    let (done, skipped) = (RunState::Succeeded, RunState::Skipped);
    assert_eq!(states, [done, done, done, skipped]);
}

/// The clock begins on Monday at 10:00 in Berlin.
#[tokio::test(start_paused = true)]
async fn a_window_and_the_success_of_another_job_are_waited_for() {
    let house = House::open().await;
    let window = json!({ "window": { "days": ["mon"], "from": "11:00", "to": "12:00" } });
    house.add_written(json!({ "job_type": "reader", "interval_minutes": 20, "conditions": [window] })).await;
    let fresh = json!({ "succeeded_within": { "job": "reader", "minutes": 30 } });
    house.add_written(json!({ "job_type": "play", "interval_minutes": 15, "conditions": [fresh] })).await;
    house.minutes(200).await;
    insta::assert_snapshot!(format!("{}\n{}", house.history("reader").await, house.history("play").await));
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_nobody_can_answer_is_refused() {
    let house = House::open().await;
    for (condition, reason) in [
        (json!("account_healthy"), "conditions: `account_healthy` cannot be asked"),
        (
            json!({ "succeeded_within": { "job": "ghost", "minutes": 5 } }),
            "conditions: there is no job `ghost`",
        ),
        (json!("new_date"), "conditions"),
        (json!({ "window": { "from": "8", "to": "18:00" } }), "conditions"),
    ] {
        let job = json!({ "job_type": "play", "interval_minutes": 1, "conditions": [condition] });
        let error = house.try_add(job).await.unwrap_err().to_string();
        assert!(error.starts_with(reason), "{error}");
    }
    assert!(house.engine.jobs().await.unwrap().is_empty());
}
