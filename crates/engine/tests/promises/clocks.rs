//! A wall clock that is wrong for a while, another zone of the program: nothing is silent until a wrong time has come, nothing runs
//! at the times of before, and no history is deleted for it.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::clock::{Clock, ManualClock};
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::run::RunState;
use marktwerk_engine::EngineOptions;
use marktwerk_store::SharedStore;
use marktwerk_store::jobs::{JobEdit, NextDue};
use marktwerk_store::logs::LogFilter;
use marktwerk_store::sqlite::SqliteStore;
use serde_json::json;

use crate::database::Said;
use crate::house::{Act, House, Stage};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A house whose clock can be set. It is Monday, 10:00 in Berlin.
async fn house() -> (House, Arc<ManualClock>) {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let store: SharedStore = Arc::new(SqliteStore::open_in_memory(zone).unwrap());
    let clock = ManualClock::starting_at("2026-11-02T09:00:00Z".parse().unwrap());
    let house = House::on(store, clock.clone(), EngineOptions::default(), Stage::default()).await.unwrap();
    (house, clock)
}

async fn due(house: &House, job: &str) -> Timestamp {
    let jobs = house.engine.jobs().await.unwrap();
    jobs.into_iter().find(|known| known.id.as_str() == job).unwrap().next_due.unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_stood_a_day_ahead_and_was_corrected_silences_nobody() {
    let said = Said::default();
    let _listening = tracing::subscriber::set_default(said.clone());
    let (house, clock) = house().await;
    house.add("reader", 5).await;
    house.add_written(json!({ "job_type": "reader", "id": "nightly", "daily": "03:00" })).await;
    house
        .add_written(json!({ "job_type": "reader", "id": "pause", "interval_minutes": 10, "from": "finish" }))
        .await;
    house.minutes(6).await;
    clock.jump(DAY);
    house.minutes(20).await;
    // A grid that begins on the wrong day, and a run that waits for a time of it.
    let late = house.add("reader", 7).await;
    let flop = house.add_written(json!({ "job_type": "play", "manual": true })).await;
    house.stage.then(Act::Answer(Err(Failure::new(FailureClass::Transient, "no luck"))));
    let run = house.start(&flop.id).await;
    house.pass(Duration::from_secs(6)).await;
    assert_eq!(house.run(run.id).await.state, RunState::Retrying);

    said.0.lock().unwrap().clear();
    clock.jump(-DAY);
    house.pass(Duration::from_secs(10)).await;
    let now = clock.now();
    for (job, minutes) in [("reader", 5), ("pause", 10), (late.id.as_str(), 7)] {
        let wait = due(&house, job).await.duration_since(now);
        assert!(wait <= SignedDuration::from_mins(minutes), "{job} waits {wait:#}");
    }
    assert_eq!(due(&house, "nightly").await, at("2026-11-03T02:00:00Z"));
    assert_eq!(house.end_of(run.id).await.state, RunState::Succeeded, "its wait is over");
    let before = house.runs().await.len();
    house.minutes(11).await;
    assert!(house.runs().await.len() >= before + 4, "all of them run");
    let said = said.0.lock().unwrap().clone();
    let of = |words: &str| said.iter().filter(|line| line.contains(words)).count();
    assert_eq!((of("was put back by 24h"), of("were computed again")), (1, 1), "{said:?}");
    house.engine.shutdown().await;
}

/// Found by the chaos test: a change that was begun while the clock stood ahead is stored after all others were corrected.
#[tokio::test(start_paused = true)]
async fn a_change_that_was_counted_on_a_clock_ahead_and_comes_late_is_corrected() {
    let said = Said::default();
    let _listening = tracing::subscriber::set_default(said.clone());
    let (house, clock) = house().await;
    let [grid, due_only] = [house.add("reader", 5).await, house.add("reader", 7).await];
    house.minutes(6).await;
    clock.jump(DAY);
    house.minutes(1).await;
    let ahead = clock.now();
    clock.jump(-DAY);
    house.pass(Duration::from_secs(20)).await;
    said.0.lock().unwrap().clear();
    for (id, anchor) in [(&grid.id, Some(ahead)), (&due_only.id, None)] {
        let job = house.engine.existing(id).await.unwrap();
        let edit = JobEdit {
            id: id.clone(),
            expected_version: None,
            spec: job.spec.clone(),
            target: job.target.clone(),
            anchor: anchor.unwrap_or(job.anchor),
            next_due: NextDue::Becomes(Some(ahead + SignedDuration::from_mins(5))),
        };
        house.store.edit_jobs(&[edit]).await.unwrap();
    }
    house.minutes(8).await;
    for (id, minutes) in [(&grid.id, 5), (&due_only.id, 7)] {
        let wait = due(&house, id.as_str()).await.duration_since(clock.now());
        assert!(wait <= SignedDuration::from_mins(minutes), "{id} waits {wait:#}");
    }
    house.minutes(10).await;
    let said = said.0.lock().unwrap();
    let corrected = said.iter().filter(|line| line.contains("were computed again")).count();
    assert!((1..=2).contains(&corrected), "once for each, at the most: {said:?}");
}

/// The same where the program was stopped before the clock was put right: the next start knows of no step.
#[tokio::test(start_paused = true)]
async fn a_start_after_a_clock_that_stood_ahead_counts_anew() {
    let (house, clock) = house().await;
    clock.jump(DAY);
    house.add("reader", 5).await;
    let flop = house.add_written(json!({ "job_type": "play", "manual": true })).await;
    house.stage.then(Act::Answer(Err(Failure::new(FailureClass::Transient, "no luck"))));
    let run = house.start(&flop.id).await;
    house.pass(Duration::from_secs(1)).await;
    house.engine.shutdown().await;
    clock.jump(-DAY);
    let said = Said::default();
    let _listening = tracing::subscriber::set_default(said.clone());
    let next = house.reopen().await;
    let wait = due(&next, "reader").await.duration_since(clock.now());
    assert!(wait <= SignedDuration::from_mins(5), "its grid counts from now: {wait:#}");
    assert_eq!(next.end_of(run.id).await.state, RunState::Succeeded);
    let said = said.0.lock().unwrap();
    assert_eq!(said.iter().filter(|line| line.contains("were computed again")).count(), 1, "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn a_small_correction_is_no_step() {
    let said = Said::default();
    let _listening = tracing::subscriber::set_default(said.clone());
    let (house, clock) = house().await;
    house.add("reader", 5).await;
    clock.jump(-SignedDuration::from_millis(500));
    house.minutes(1).await;
    clock.jump(SignedDuration::from_secs(30));
    house.minutes(1).await;
    let said = said.0.lock().unwrap();
    assert_eq!(said.iter().filter(|line| line.contains("the clock of this machine")).count(), 1, "{said:?}");
    assert!(said.iter().any(|line| line.contains("put forward by 30s")), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn another_zone_of_the_program_takes_effect_at_the_start() {
    let (house, _) = house().await;
    house.add_written(json!({ "job_type": "reader", "id": "morning", "daily": "08:00" })).await;
    house.add_written(json!({ "job_type": "reader", "id": "evening", "daily": "18:00" })).await;
    house.add("reader", 7).await;
    let interval = due(&house, "reader").await;
    house.engine.shutdown().await;
    let new_york =
        EngineOptions { zone: TimeZone::get("America/New_York").unwrap(), ..EngineOptions::default() };
    let next = house.beside(new_york.clone()).await;
    assert_eq!(due(&next, "morning").await, at("2026-11-02T13:00:00Z"), "08:00 of New York is to come today");
    assert_eq!(due(&next, "evening").await, at("2026-11-02T23:00:00Z"));
    assert_eq!(due(&next, "reader").await, interval, "an interval knows no zone");
    next.engine.shutdown().await;

    // A time that has passed while nothing ran stays due, and has its turn once.
    next.minutes(5 * 60).await;
    let last = next.beside(EngineOptions::default()).await;
    last.pass(Duration::from_secs(1)).await;
    let runs = last.runs().await;
    let of_morning = runs.iter().filter(|run| run.job_id.as_str() == "morning");
    let planned: Vec<_> = of_morning.map(|run| run.planned_at).collect();
    assert_eq!(planned, [at("2026-11-02T13:00:00Z")]);
    assert_eq!(due(&last, "morning").await, at("2026-11-03T07:00:00Z"));
}

#[tokio::test(start_paused = true)]
async fn another_zone_of_an_interval_changes_nothing_of_its_times() {
    let (house, _) = house().await;
    let job = house.add("reader", 7).await;
    house.minutes(3).await;
    let changed = house.change(&job.id, json!({ "time_zone": "Asia/Tokyo" })).await.unwrap();
    assert_eq!((changed.next_due, changed.anchor), (job.next_due, job.anchor));
    assert_eq!(changed.spec.policies.time_zone.as_deref(), Some("Asia/Tokyo"));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_years_ahead_for_an_hour_deletes_no_history() {
    let (house, clock) = house().await;
    house.add("reader", 30).await;
    house.minutes(121).await;
    let everything = || LogFilter { after: Some(0), limit: 1_000, ..LogFilter::default() };
    let lines = house.store.logs(&everything()).await.unwrap();
    let runs = house.runs().await.len();
    assert!(lines.len() >= 8 && runs >= 4);
    clock.jump(SignedDuration::from_hours(400 * 24));
    house.minutes(90).await;
    let kept = house.store.logs(&everything()).await.unwrap();
    assert!(kept.starts_with(&lines), "all lines are there");
    clock.jump(-SignedDuration::from_hours(400 * 24));
    house.minutes(120).await;
    assert!(house.store.logs(&everything()).await.unwrap().starts_with(&lines));
    assert!(house.runs().await.len() > runs);

    // Time that passes as it should deletes; and so does a clock that has stood there for a day.
    clock.jump(SignedDuration::from_hours(400 * 24));
    house.minutes(26 * 60).await;
    let kept = house.store.logs(&everything()).await.unwrap();
    assert!(kept.first().unwrap().log_id > lines.last().unwrap().log_id, "the old ones are gone");
}

/// Whatever the clock showed: the last one stored comes first.
#[tokio::test(start_paused = true)]
async fn lines_are_listed_in_the_order_in_which_they_were_stored() {
    let (house, clock) = house().await;
    let job = house.add("reader", 600).await;
    let mut last = Vec::new();
    for _ in 0..3 {
        last.push(house.start(&job.id).await.id.0);
        house.pass(Duration::from_secs(1)).await;
        clock.jump(-SignedDuration::from_hours(2));
    }
    let newest = house.store.logs(&LogFilter { limit: 100, ..LogFilter::default() }).await.unwrap();
    assert!(newest.is_sorted_by(|one, next| one.log_id > next.log_id));
    assert_eq!(newest.first().unwrap().run, last.pop());
}
