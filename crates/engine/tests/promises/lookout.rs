//! What stops the shop is in the health answer, and told once with its end: also what no database can hold.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::{AlertChannel, EngineOptions, JobAlerts, LookoutOptions};
use marktwerk_store::SharedStore;
use marktwerk_store::attention::NewAttention;
use marktwerk_store::sqlite::SqliteStore;
use serde_json::{Value, json};

use crate::flaky::Flaky;
use crate::house::{Act, House, Stage, clock};

const MINUTE: Duration = Duration::from_secs(60);

/// Keeps what it is told and when; may ask for patience first.
#[derive(Clone)]
struct Ear {
    clock: SharedClock,
    told: Arc<Mutex<Vec<(Timestamp, Alert)>>>,
    /// What it answers to the next ones.
    refusals: Arc<Mutex<Vec<Failure>>>,
}

impl Ear {
    fn new(clock: &SharedClock) -> Self {
        Self { clock: clock.clone(), told: Arc::default(), refusals: Arc::default() }
    }

    /// Titles, with `+` for what begins and `-` for what is over.
    fn titles(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let title = |(_, alert): &(Timestamp, Alert)| {
            let sign = if alert.change.is_some() { '-' } else { '+' };
            format!("{sign} {}", alert.title)
        };
        told.iter().map(title).collect()
    }
}

#[async_trait]
impl AlertChannel for Ear {
    fn name(&self) -> &'static str {
        "ear"
    }

    async fn tell(&self, alert: &Alert) -> Result<(), Failure> {
        if let Some(refusal) = self.refusals.lock().unwrap().pop() {
            return Err(refusal);
        }
        self.told.lock().unwrap().push((self.clock.now(), alert.clone()));
        Ok(())
    }
}

fn store() -> SharedStore {
    Arc::new(SqliteStore::open_in_memory(TimeZone::UTC).unwrap())
}

fn options(ear: &Ear, lookout: LookoutOptions) -> EngineOptions {
    let alerts: Vec<Arc<dyn AlertChannel>> = vec![Arc::new(ear.clone())];
    EngineOptions { alerts, lookout: Some(lookout), ..EngineOptions::default() }
}

fn codes(house: &House) -> Vec<&'static str> {
    house.engine.concerns().iter().map(|concern| concern.code.as_str()).collect()
}

fn stops_work(house: &House) -> bool {
    house.engine.concerns().iter().any(|concern| concern.code.stops_work())
}

/// cases.md §4: database locked or disk full. In an hour without any work, too.
#[tokio::test(start_paused = true)]
async fn a_database_that_takes_nothing_stops_the_work_after_a_minute_and_is_told_without_it() {
    let clock = clock();
    let ear = Ear::new(&clock);
    let flaky = Flaky::over(store(), clock.clone(), "");
    let house =
        House::on(flaky.clone(), clock.clone(), options(&ear, LookoutOptions::default()), Stage::default());
    let house = house.await.unwrap();
    clock.sleep(10 * MINUTE).await;
    assert_eq!((codes(&house), ear.titles()), (vec![], vec![]), "all is well");

    flaky.go_away();
    clock.sleep(Duration::from_secs(25)).await;
    assert_eq!((codes(&house), stops_work(&house)), (vec!["database_away"], false), "it may pass");
    clock.sleep(Duration::from_secs(60)).await;
    assert_eq!((codes(&house), stops_work(&house)), (vec!["database_not_writable"], true));
    assert!(house.engine.vitals().is_live(), "the dispatcher looks all the same");
    clock.sleep(30 * MINUTE).await;
    assert_eq!(ear.titles(), ["+ Nothing can be stored in the database"]);
    {
        let told = ear.told.lock().unwrap();
        assert!(told[0].1.message.contains("taken away by the test"), "{}", told[0].1.message);
        assert!(told[0].1.id < AlertId(0), "no number of a stored one");
    }

    flaky.come_back();
    clock.sleep(MINUTE).await;
    assert_eq!(codes(&house), [""; 0]);
    clock.sleep(30 * MINUTE).await;
    assert_eq!(ear.titles(), ["+ Nothing can be stored in the database", "- The database is back"]);
    house.engine.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn entries_of_chosen_kinds_are_told_once_each_with_their_end_also_over_a_restart() {
    let clock = clock();
    let ear = Ear::new(&clock);
    let store = store();
    let lookout = LookoutOptions { attention: vec![AttentionKind::Unclear], ..LookoutOptions::default() };
    let options = options(&ear, lookout);
    let house = House::on(store.clone(), clock.clone(), options.clone(), Stage::default()).await.unwrap();
    let entry = |kind, subject: &str| NewAttention {
        account: "shop".to_owned(),
        kind,
        subject: subject.to_owned(),
        message: "Look at it.".to_owned(),
        facts: Value::Null,
    };
    let entries = [
        entry(AttentionKind::Unclear, "PO-1"),
        entry(AttentionKind::Unclear, "PO-2"),
        entry(AttentionKind::SetAside, "PO-3"),
        entry(AttentionKind::Unauthorised, "shop"),
    ];
    clock.sleep(MINUTE).await;
    store.raise(&entries, clock.now()).await.unwrap();
    clock.sleep(Duration::from_secs(1)).await;
    let begun = ["+ shop: the marketplace refuses the credentials", "+ unclear: PO-1, PO-2"];
    let mut told = ear.titles();
    told.sort();
    assert_eq!(told, begun, "at once; one for each cause, none for a kind that nobody chose");
    assert_eq!(codes(&house), ["credentials_refused"]);
    assert!(!stops_work(&house));

    house.engine.shutdown().await;
    let house = House::on(store.clone(), clock.clone(), options, Stage::default()).await.unwrap();
    clock.sleep(10 * MINUTE).await;
    assert_eq!(ear.titles().len(), 2, "and not again");
    let over = |kind, subject: &str| ("shop".to_owned(), kind, subject.to_owned());
    store.settle(&[over(AttentionKind::Unclear, "PO-1")], clock.now()).await.unwrap();
    clock.sleep(MINUTE).await;
    assert_eq!(ear.titles().len(), 2, "one of two is still open");
    let rest = [over(AttentionKind::Unclear, "PO-2"), over(AttentionKind::Unauthorised, "shop")];
    store.settle(&rest, clock.now()).await.unwrap();
    clock.sleep(MINUTE).await;
    let mut ended = ear.titles().split_off(2);
    ended.sort();
    assert_eq!(
        ended,
        ["- Over: shop: the marketplace refuses the credentials", "- Over: unclear: PO-1, PO-2"]
    );
    assert_eq!(codes(&house), [""; 0]);
    house.engine.shutdown().await;
}

/// Found by a new user: an order that was late was found to have an unknown article, and people were told that the deadline was over.
#[tokio::test(start_paused = true)]
async fn a_deadline_is_not_over_because_the_order_needs_a_person_for_another_reason() {
    let clock = clock();
    let ear = Ear::new(&clock);
    let store = store();
    let lookout = LookoutOptions { attention: vec![AttentionKind::Late], ..LookoutOptions::default() };
    let options = options(&ear, lookout);
    let house = House::on(store.clone(), clock.clone(), options, Stage::default()).await.unwrap();
    let entry = |kind| NewAttention {
        account: "shop".to_owned(),
        kind,
        subject: "PO-1".to_owned(),
        message: "Look at it.".to_owned(),
        facts: json!({ "deadline": "2026-11-03T08:00:00Z" }),
    };
    let over = |kind| ("shop".to_owned(), kind, "PO-1".to_owned());
    clock.sleep(MINUTE).await;
    store.raise(&[entry(AttentionKind::Late)], clock.now()).await.unwrap();
    clock.sleep(MINUTE).await;
    store.raise(&[entry(AttentionKind::UnknownArticle)], clock.now()).await.unwrap();
    store.settle(&[over(AttentionKind::Late)], clock.now()).await.unwrap();
    clock.sleep(MINUTE).await;
    assert_eq!(
        (ear.titles(), codes(&house)),
        (vec!["+ shipping deadline: PO-1".to_owned()], vec!["orders_late"])
    );
    store.settle(&[over(AttentionKind::UnknownArticle)], clock.now()).await.unwrap();
    clock.sleep(MINUTE).await;
    assert_eq!(ear.titles().last().unwrap(), "- Over: shipping deadline: PO-1");
    assert_eq!(codes(&house), [""; 0]);
    house.engine.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_asks_for_patience_gets_it_and_health_says_that_alerts_fail() {
    let clock = clock();
    let ear = Ear::new(&clock);
    let until = clock.now() + Duration::from_secs(7_200);
    let busy = Failure::new(FailureClass::RateLimited { until: Some(until) }, "busy");
    ear.refusals.lock().unwrap().push(busy);
    let free = Arc::new(Mutex::new(499_999_999_u64));
    let asked = Arc::clone(&free);
    let lookout = LookoutOptions {
        free_space: Some(Arc::new(move || Some(*asked.lock().unwrap()))),
        ..LookoutOptions::default()
    };
    // Its cursor begins with what comes from now on.
    let house = House::on(store(), clock.clone(), options(&ear, lookout), Stage::default()).await.unwrap();
    clock.sleep(115 * MINUTE).await;
    assert_eq!(codes(&house), ["disk_low", "alerts_failing"]);
    assert_eq!(ear.titles(), [""; 0]);
    clock.sleep(10 * MINUTE).await;
    assert_eq!(codes(&house), ["disk_low"]);
    assert_eq!(ear.titles(), ["+ The disk is nearly full: 499 MB are free"]);
    assert!(ear.told.lock().unwrap()[0].0 >= until);
    assert_eq!(house.engine.vitals().free_space(), Some(499_999_999));

    *free.lock().unwrap() = 9_000_000_000;
    clock.sleep(MINUTE).await;
    assert_eq!(codes(&house), [""; 0]);
    assert_eq!(ear.titles().len(), 2, "its end, too: {:?}", ear.titles());
    house.engine.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_is_told_by_its_own_rules() {
    let clock = clock();
    let ear = Ear::new(&clock);
    let all_jobs = JobAlerts { failures: None, without_success: Some(60 * MINUTE) };
    let own = JobAlerts { failures: Some(2), without_success: None };
    let jobs = std::collections::BTreeMap::from([("play".to_owned(), own)]);
    let lookout = LookoutOptions { all_jobs, jobs, ..LookoutOptions::default() };
    let house = House::on(store(), clock.clone(), options(&ear, lookout), Stage::default()).await.unwrap();
    for _ in 0..2 {
        house.stage.then(Act::Answer(Err(Failure::refused("no"))));
    }
    house.engine.on_behalf_of("test").add_job(JobDraft::every_minutes("play", 10)).await.unwrap();
    clock.sleep(15 * MINUTE).await;
    assert_eq!(ear.titles(), [""; 0], "one failure is not told");
    clock.sleep(10 * MINUTE).await;
    assert_eq!((ear.titles(), codes(&house)), (vec!["+ play fails".to_owned()], vec!["jobs_failing"]));
    clock.sleep(10 * MINUTE).await;
    assert_eq!(ear.titles(), ["+ play fails", "- Over: play fails"]);

    let slow = JobDraft::every_minutes("reader", 600);
    house.engine.on_behalf_of("test").add_job(slow).await.unwrap();
    clock.sleep(90 * MINUTE).await;
    let told = ear.titles();
    assert!(told[2].starts_with("+ reader: no run succeeded for 6"), "{told:?}");
    assert_eq!(told.len(), 3);
    house.engine.shutdown().await;
}
