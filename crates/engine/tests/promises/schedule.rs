//! When runs come about: intervals, starts by hand, overlap, priorities, lanes, pauses.

use std::time::Duration;

use marktwerk_domain::job::{JobId, JobStatus, Parameters, Priority};
use marktwerk_domain::run::{RunState, Trigger};
use marktwerk_engine::EngineOptions;
use marktwerk_engine::jobs::JobDraft;
use serde_json::json;

use crate::house::{Act, House};

#[tokio::test(start_paused = true)]
async fn a_day_of_five_minutes_is_288_runs_with_one_closing_line_each() {
    let house = House::open().await;
    house.add("play", 5).await;
    house.pass(Duration::from_secs(86_400 + 1)).await;
    let runs = house.runs().await;
    assert_eq!(runs.len(), 288);
    assert!(runs.iter().all(|run| run.state == RunState::Succeeded && run.trigger == Trigger::Schedule));
    let log = house.log().await;
    for run in &runs {
        let closing = format!(" {} ", run.execution_id());
        let lines = log.iter().filter(|line| line.contains(&closing) && line.ends_with(" [SUCCESS]"));
        assert_eq!(lines.count(), 1, "run {}", run.id);
    }
}

#[tokio::test(start_paused = true)]
async fn two_jobs_of_one_type_have_names_of_their_own() {
    let house = House::open().await;
    let ids =
        [house.add("play", 5).await.id, house.add("old_play", 5).await.id, house.add("play", 7).await.id];
    assert_eq!(ids.map(|id| id.0), ["play", "play-2", "play-3"]);
}

/// today.md, fault 25.
#[tokio::test(start_paused = true)]
async fn parameters_of_a_start_by_hand_are_for_that_run_only_and_a_paused_job_stays_paused() {
    let house = House::open().await;
    let job = house.add("play", 5).await;
    let off = json!({ "enabled": false });
    house.change(&job.id, off).await.unwrap();
    let red: Parameters = serde_json::from_str(r#"{"colour": "red"}"#).unwrap();
    let run = house.engine.on_behalf_of("test").run_now(&job.id, red).await.unwrap();
    house.end_of(run.id).await;
    let run = house.start(&job.id).await;
    house.end_of(run.id).await;
    house.minutes(20).await;
    assert_eq!(*house.stage.colours.lock().unwrap(), [Some("red".to_owned()), None]);
    assert!(!house.engine.existing(&job.id).await.unwrap().spec.enabled);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_is_refused_by_field_and_changes_nothing() {
    let house = House::open().await;
    let job = house.add("play", 5).await;
    let unknown = house
        .engine
        .on_behalf_of("test")
        .run_now(&JobId("nobody".to_owned()), Parameters::new())
        .await
        .unwrap_err();
    assert_eq!(unknown.to_string(), "there is no job `nobody`");
    let wrong: Parameters = serde_json::from_str(r#"{"color": "red"}"#).unwrap();
    let error = house.engine.on_behalf_of("test").run_now(&job.id, wrong).await.unwrap_err().to_string();
    assert!(error.contains("color"), "{error}");
    for minutes in [0, -5, 525_601, 1_000_000_000] {
        let new =
            JobDraft { job_type: "play".to_owned(), interval_minutes: Some(minutes), ..JobDraft::default() };
        let error = house.engine.on_behalf_of("test").add_job(new).await.unwrap_err().to_string();
        assert!(error.starts_with("interval_minutes: ") && error.contains("525600"), "{error}");
    }
    let planned = JobDraft {
        job_type: "otto_order_workflow".to_owned(),
        interval_minutes: Some(5),
        ..JobDraft::default()
    };
    let error = house.engine.on_behalf_of("test").add_job(planned).await.unwrap_err().to_string();
    assert!(error.contains("not in this version"), "{error}");
    assert_eq!(house.engine.jobs().await.unwrap().len(), 1);
    assert!(house.runs().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_takes_longer_than_its_interval_is_not_overlapped() {
    let house = House::open().await;
    house.add("play", 5).await;
    house.stage.then(Act::Work(Duration::from_secs(60 * 17)));
    house.minutes(26).await;
    // Due at 5 (runs until 22), 10, 15, 20 (a streak of skips is one row), 25.
    insta::assert_snapshot!(house.picture().await, @r#"
    job play v1 on due +1800s, failures 0, error None
    run 1 of play schedule planned +300s succeeded attempts 1/1 merged 0 error None
    run 2 of play schedule planned +600s skipped attempts 0/0 merged 2 error Some("run 1 is still running")
    run 3 of play schedule planned +1500s succeeded attempts 1/1 merged 0 error None
    "#);
    assert_eq!(house.stage.at_work.lock().unwrap().1, 1);
}

#[tokio::test(start_paused = true)]
async fn jobs_that_write_for_one_account_keep_out_of_each_others_way() {
    let house = House::open().await;
    let ids =
        [house.add("play", 600).await.id, house.add("play", 600).await.id, house.add("reader", 600).await.id];
    for _ in 0..3 {
        house.stage.then(Act::Work(Duration::from_secs(60)));
    }
    let mut runs = Vec::new();
    for id in &ids {
        runs.push(house.start(id).await);
    }
    house.pass(Duration::from_secs(30)).await;
    let mut states = Vec::new();
    for run in &runs {
        states.push(house.run(run.id).await.state);
    }
    assert_eq!(states, [RunState::Running, RunState::Waiting, RunState::Running]);
    for run in &runs {
        assert_eq!(house.end_of(run.id).await.state, RunState::Succeeded);
    }
}

#[tokio::test(start_paused = true)]
async fn a_higher_priority_goes_first() {
    let house = House::open_with(EngineOptions { workers: 1, ..EngineOptions::default() }).await;
    house.stage.then(Act::Work(Duration::from_secs(60)));
    let busy = house.add("reader", 600).await;
    let busy = house.start(&busy.id).await;
    house.pass(Duration::from_secs(1)).await;
    let mut waiting = Vec::new();
    for priority in [Priority::Low, Priority::Medium, Priority::High] {
        let job = house.add("reader", 600).await;
        let change = json!({ "priority": priority });
        house.change(&job.id, change).await.unwrap();
        waiting.push(house.start(&job.id).await.id);
    }
    house.end_of(busy.id).await;
    let mut started = Vec::new();
    for id in waiting {
        started.push(house.end_of(id).await.started_at.unwrap());
    }
    assert!(started[2] <= started[1] && started[1] <= started[0], "{started:?}");
}

#[tokio::test(start_paused = true)]
async fn of_the_runs_at_start_a_higher_priority_goes_first() {
    let mut house = House::open().await;
    for priority in [Priority::Low, Priority::Medium, Priority::High] {
        let job = house.add("play", 600).await;
        let change = json!({ "priority": priority });
        house.change(&job.id, change).await.unwrap();
    }
    house.engine.shutdown().await;
    house.options.run_at_start = true;
    let work = || Act::Work(Duration::from_secs(60));
    let next = house.reopen_with([work(), work(), work()]).await;
    let mut started = Vec::new();
    for run in next.runs().await {
        started.push((next.end_of(run.id).await.started_at.unwrap(), run.job_id.0));
    }
    started.sort();
    assert_eq!(started.into_iter().map(|(_, job)| job).collect::<Vec<_>>(), ["play-3", "play-2", "play"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_interval_counts_from_now_and_a_pause_causes_no_storm() {
    let house = House::open().await;
    let job = house.add("play", 60).await;
    house.minutes(30).await;
    let change = json!({ "interval_minutes": 10 });
    house.change(&job.id, change).await.unwrap();
    house.minutes(11).await;
    assert_eq!(house.runs().await.len(), 1);
    let switch = |enabled| json!({ "enabled": enabled });
    house.change(&job.id, switch(false)).await.unwrap();
    house.minutes(500).await;
    house.change(&job.id, switch(true)).await.unwrap();
    house.pass(Duration::from_secs(1)).await;
    assert_eq!(house.runs().await.len(), 1, "what was missed while paused stays missed");
    house.minutes(10).await;
    assert_eq!(house.runs().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_edit_on_an_old_version_changes_nothing() {
    let house = House::open().await;
    let job = house.add("play", 60).await;
    let change = json!({ "interval_minutes": 7 });
    let change = |version| {
        house.engine.on_behalf_of("test").change_job(&job.id, change.as_object().unwrap(), Some(version))
    };
    let job = change(job.version).await.unwrap();
    let error = change(job.version - 1).await.unwrap_err().to_string();
    assert!(error.contains("somebody else"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_status_word_tells_how_the_last_run_went() {
    let house = House::open().await;
    let job = house.add("play", 60).await;
    assert_eq!(JobStatus::of(&job.history, false), JobStatus::Idle);
    let run = house.start(&job.id).await;
    house.end_of(run.id).await;
    let job = house.engine.existing(&job.id).await.unwrap();
    assert_eq!(JobStatus::of(&job.history, false), JobStatus::Success);
    assert!(job.history.last_duration.is_some() && job.history.last_run.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_removed_job_runs_no_more_and_keeps_its_history() {
    let house = House::open().await;
    let job = house.add("play", 5).await;
    house.minutes(6).await;
    house.engine.on_behalf_of("test").remove_job(&job.id, None).await.unwrap();
    house.minutes(60).await;
    assert_eq!(house.runs().await.len(), 1);
    assert!(house.engine.existing(&job.id).await.is_err());
}
