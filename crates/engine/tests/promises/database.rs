//! A database that goes away, answers late, or refuses: nobody crashes, nothing is lost that can be kept.

use std::fmt::{Debug, Write};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use marktwerk_domain::failure::Failure;
use marktwerk_domain::run::RunState;
use marktwerk_engine::EngineOptions;
use marktwerk_store::SharedStore;
use marktwerk_store::sqlite::SqliteStore;
use tracing::field::{Field, Visit};
use tracing::span;

use crate::flaky::{Flaky, LATE};
use crate::house::{Act, House, Stage, clock};

/// A house on a store that can fail; its real store, which never does, for the test's own questions.
pub(crate) async fn flaky_house(refused: &'static str) -> (House, Arc<Flaky>) {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
    let inner: SharedStore = Arc::new(SqliteStore::open_in_memory(zone).unwrap());
    let clock = clock();
    let flaky = Flaky::over(inner.clone(), clock.clone(), refused);
    let mut house =
        House::on(flaky.clone(), clock, EngineOptions::default(), Stage::default()).await.unwrap();
    house.store = inner;
    (house, flaky)
}

/// What the program says of the database.
#[derive(Clone, Default)]
pub(crate) struct Said(pub(crate) Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Said {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("marktwerk_engine")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    write!(self.0, "{value:?}").unwrap();
                }
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.lock().unwrap().push(message.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn five_minutes_without_a_database_hold_ends_claim_nothing_and_say_so_once() {
    let said = Said::default();
    let _listening = tracing::subscriber::set_default(said.clone());
    let (house, flaky) = flaky_house("").await;
    let job = house.add("play", 600).await;
    house.add("reader", 1).await;
    house.stage.then(Act::Work(Duration::from_secs(120)));
    let run = house.start(&job.id).await;
    house.pass(Duration::from_secs(10)).await;
    said.0.lock().unwrap().clear();

    flaky.go_away();
    let claims = flaky.claims.load(Ordering::Relaxed);
    house.minutes(5).await;
    assert_eq!(house.stage.at_work.lock().unwrap().0, 0, "the work itself is done");
    assert_eq!(house.run(run.id).await.state, RunState::Running, "its end is held");
    assert_eq!(flaky.claims.load(Ordering::Relaxed), claims);
    assert_eq!(house.runs().await.len(), 1, "nothing is fired");

    flaky.come_back();
    let run = house.end_of(run.id).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 1));
    house.pass(Duration::from_secs(5)).await;
    let late = house.runs().await.pop().unwrap();
    assert_eq!((late.job_id.as_str(), late.state, late.merged), ("reader", RunState::Succeeded, 4));
    let mut said = said.0.lock().unwrap().clone();
    said.sort();
    insta::assert_snapshot!(said.join("\n"), @r"
    nothing is fired or claimed until this is over: the database is not available: taken away by the test
    the database is away; 1 records wait: taken away by the test
    the database is back
    the database is back; runs are claimed again
    ");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_the_claim_that_is_under_way() {
    let (house, flaky) = flaky_house("").await;
    let job = house.add("play", 600).await;
    flaky.claim_late();
    let run = house.start(&job.id).await;
    house.pass(LATE / 2).await;
    assert_eq!(house.run(run.id).await.state, RunState::Running, "claimed, and nobody knows it yet");
    house.engine.shutdown().await;
    assert_eq!(house.run(run.id).await.state, RunState::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_although_the_database_is_away() {
    let (house, flaky) = flaky_house("").await;
    let job = house.add("play", 600).await;
    house.stage.then(Act::Hang);
    let run = house.start(&job.id).await;
    house.pass(Duration::from_secs(1)).await;
    flaky.go_away();
    let before = house.clock.monotonic();
    house.engine.shutdown().await;
    let grace = EngineOptions::default().shutdown_grace;
    assert!(
        house.clock.monotonic() - before < grace + Duration::from_secs(10),
        "within the program's patience"
    );

    // The next start takes it up.
    let next = house.reopen().await;
    assert_eq!(next.end_of(run.id).await.attempt, 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_line_is_lost_alone() {
    let said = Said::default();
    let _listening = tracing::subscriber::set_default(said.clone());
    let (house, _flaky) = flaky_house("line 1").await;
    let job = house.add("play", 600).await;
    // The lines and the end are one batch.
    house.stage.then(Act::Chatter(3));
    let run = house.start(&job.id).await;
    let run = house.end_of(run.id).await;
    house.pass(Duration::from_secs(1)).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 1));
    let log = house.log().await;
    let lines: Vec<&str> = log.iter().filter_map(|line| line.split("play_1 line ").nth(1)).collect();
    assert_eq!(lines, ["0", "2"]);
    let said = said.0.lock().unwrap().clone();
    assert!(said.iter().any(|line| line.contains("is lost")), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("rescued")), "its end is stored: {said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_beside_a_refused_line_keeps_its_lease() {
    let (house, _flaky) = flaky_house("a late line").await;
    let job = house.add("play", 600).await;
    house.stage.then(Act::SpeakLate(Duration::from_secs(15)));
    let run = house.start(&job.id).await;
    house.minutes(2).await;
    let run = house.run(run.id).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 1));
}

#[tokio::test(start_paused = true)]
async fn runs_whose_ends_are_refused_are_rescued_however_many_there_are() {
    let (house, _flaky) = flaky_house("reader failed: no luck").await;
    let mut runs = Vec::new();
    // At a shorter distance than a lease lasts.
    for _ in 0..4 {
        let retry = serde_json::json!({ "attempts": 3, "first_delay_seconds": 0 });
        let job = serde_json::json!({ "job_type": "reader", "interval_minutes": 600, "retry": retry });
        let job = house.add_written(job).await;
        house.stage.then(Act::Answer(Err(Failure::refused("no luck"))));
        runs.push(house.start(&job.id).await.id);
        house.pass(Duration::from_secs(30)).await;
    }
    for (run, attempt) in runs.into_iter().zip([2, 2, 1, 1]) {
        let run = house.run(run).await;
        let state = if attempt == 1 { RunState::Running } else { RunState::Succeeded };
        assert_eq!((run.attempt, run.state), (attempt, state), "run {}", run.id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_lease_was_lost_to_nobody_is_rescued() {
    let (house, flaky) = flaky_house("").await;
    let job = house.add("play", 600).await;
    house.stage.then(Act::Hang);
    let run = house.start(&job.id).await;
    house.pass(Duration::from_secs(1)).await;
    flaky.fence_once();
    house.minutes(2).await;
    let run = house.run(run.id).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 2));
}

/// A window is answered without a database: the job is due, may start, and cannot be fired.
#[tokio::test(start_paused = true)]
async fn a_job_with_conditions_is_no_loop_without_rest_while_the_database_is_away() {
    let (house, flaky) = flaky_house("").await;
    let window = serde_json::json!({ "window": { "from": "00:00", "to": "23:59" } });
    let job = serde_json::json!({ "job_type": "reader", "interval_minutes": 1, "conditions": [window] });
    house.add_written(job).await;
    flaky.go_away();
    // With a loop the clock would stand still for ever.
    house.minutes(5).await;
    flaky.come_back();
    house.pass(Duration::from_secs(5)).await;
    let late = house.runs().await.pop().unwrap();
    assert_eq!((late.state, late.merged), (RunState::Succeeded, 4));
}
