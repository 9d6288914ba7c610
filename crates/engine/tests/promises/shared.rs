//! Several processes on one database: each leaves alone what another one holds, and takes over what nobody holds any more.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::run::RunState;
use marktwerk_engine::{AlertChannel, EngineOptions};
use marktwerk_store::runs::{Claim, Limits, RANKS};

use serde_json::json;

use crate::fuse::Ear;
use crate::house::{Act, House};

fn shared() -> EngineOptions {
    EngineOptions { shares_store_as: Some("one".to_owned()), ..EngineOptions::default() }
}

fn other() -> EngineOptions {
    EngineOptions { shares_store_as: Some("other".to_owned()), ..EngineOptions::default() }
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

#[tokio::test(start_paused = true)]
async fn what_another_process_does_to_jobs_is_followed() {
    let one = House::open_with(shared()).await;
    let archived = one.add("reader", 10).await;
    let next = one.beside(other()).await;
    let added = one.add("play", 10).await;
    one.engine.on_behalf_of("test").remove_job(&archived.id, None).await.unwrap();
    one.pass(Duration::from_secs(15)).await;
    one.engine.shutdown().await;
    next.minutes(25).await;
    let of = async |id| next.runs().await.iter().filter(|run| run.job_id == id).count();
    assert_eq!((of(added.id).await, of(archived.id).await), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn each_process_has_a_jobs_file_of_its_own_and_both_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("one.json"), folder.path().join("other.json"));
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    let one = House::open_with(EngineOptions { jobs_file: Some(first.clone()), ..shared() }).await;
    let job = one.add("play", 10).await;
    let next = one.beside(EngineOptions { jobs_file: Some(second.clone()), ..other() }).await;
    let interval = async |house: &House| {
        house.engine.existing(&job.id).await.unwrap().spec.schedule.interval_minutes().unwrap()
    };

    one.change(&job.id, json!({ "interval_minutes": 20 })).await.unwrap();
    // The other one's file is of before: that is no edit.
    next.change(&job.id, json!({ "description": "theirs" })).await.unwrap();
    assert_eq!(interval(&next).await, 20);
    one.pass(Duration::from_secs(25)).await;
    assert!(read(&first).contains("theirs") && read(&second).contains("20"), "{}", read(&first));

    // An edit by hand is one, in either of them.
    std::fs::write(&second, read(&second).replace("20", "30")).unwrap();
    one.pass(Duration::from_secs(25)).await;
    assert_eq!(interval(&one).await, 30);
    assert!(read(&first).contains("30"), "{}", read(&first));
}

#[tokio::test(start_paused = true)]
async fn two_processes_that_begin_at_once_have_the_first_jobs_once() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open_with(shared()).await;
    let begin = |options: EngineOptions, name: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, r#"{"jobs": [{"job_type": "play", "interval_minutes": 10}]}"#).unwrap();
        house.beside(EngineOptions { jobs_file: Some(file), ..options })
    };
    let third = EngineOptions { shares_store_as: Some("third".to_owned()), ..EngineOptions::default() };
    let (one, two) = tokio::join!(begin(other(), "other.json"), begin(third, "third.json"));
    for house in [&one, &two] {
        let jobs = house.store.jobs(false).await.unwrap();
        assert_eq!(jobs.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(), ["play"]);
    }
}

#[tokio::test(start_paused = true)]
async fn one_process_tells_and_the_next_one_when_it_is_gone() {
    let ear = Arc::new(Ear::default());
    let alerts: Vec<Arc<dyn AlertChannel>> = vec![ear.clone()];
    let one = House::open_with(EngineOptions { alerts: alerts.clone(), ..shared() }).await;
    let next = one.beside(EngineOptions { alerts, ..other() }).await;
    let fail = async |house: &House| {
        let job = house.add_written(json!({ "job_type": "play", "manual": true })).await;
        for _ in 0..5 {
            house.stage.then(Act::Answer(Err(Failure::new(FailureClass::Unauthorised, "the door is shut"))));
        }
        for _ in 0..5 {
            let run = house.start(&job.id).await;
            house.end_of(run.id).await;
        }
        house.minutes(5).await;
    };
    fail(&one).await;
    assert_eq!(ear.heard().len(), 1, "{:?}", ear.heard());
    one.engine.shutdown().await;
    fail(&next).await;
    assert_eq!(ear.heard().len(), 2, "{:?}", ear.heard());
}
