//! The fuse, and who is told.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use marktwerk_domain::alert::Alert;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_engine::{AlertChannel, EngineOptions};
use serde_json::json;

use crate::house::{Act, House};

/// Takes down what it is told, unless it is away.
#[derive(Default)]
pub(crate) struct Ear {
    heard: Mutex<Vec<String>>,
    is_away: Mutex<bool>,
}

#[async_trait]
impl AlertChannel for Ear {
    fn name(&self) -> &'static str {
        "ear"
    }

    async fn tell(&self, alert: &Alert) -> Result<(), Failure> {
        if *self.is_away.lock().unwrap() {
            return Err(Failure::transient("nobody listens"));
        }
        self.heard.lock().unwrap().push(alert.title.clone());
        Ok(())
    }
}

impl Ear {
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn house() -> (House, Arc<Ear>) {
    let ear = Arc::new(Ear::default());
    let alerts: Vec<Arc<dyn AlertChannel>> = vec![ear.clone()];
    (House::open_with(EngineOptions { alerts, ..EngineOptions::default() }).await, ear)
}

fn failing(house: &House, class: FailureClass, times: usize) {
    for _ in 0..times {
        house.stage.then(Act::Answer(Err(Failure::new(class, "the door is shut"))));
    }
}

#[tokio::test(start_paused = true)]
async fn five_refusals_in_a_row_pause_the_job_and_tell_once() {
    let (house, ear) = house().await;
    let job = house.add("play", 5).await;
    failing(&house, FailureClass::Unauthorised, 5);
    house.minutes(300).await;
    assert_eq!(house.runs().await.len(), 5);
    assert!(!house.engine.existing(&job.id).await.unwrap().spec.enabled);
    assert_eq!(ear.heard(), ["play was paused: 5 runs in a row failed"]);
    house.change(&job.id, json!({ "enabled": true })).await.unwrap();
    house.minutes(11).await;
    assert_eq!(ear.heard()[1..], ["play has recovered"]);
    assert_eq!(house.runs().await.len(), 7);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_hours_pauses_nothing_and_tells_twice() {
    let (house, ear) = house().await;
    let job = house
        .add_written(json!({ "job_type": "play", "interval_minutes": 5, "retry": { "attempts": 1 } }))
        .await;
    failing(&house, FailureClass::Transient, 72);
    house.minutes(6 * 60).await;
    assert!(house.engine.existing(&job.id).await.unwrap().spec.enabled);
    assert_eq!(ear.heard(), ["play is degraded: 5 runs in a row failed"]);
    house.minutes(10).await;
    assert_eq!(ear.heard()[1..], ["play has recovered"]);
}

/// A channel that is away hears everything later, in order, and after a restart nothing twice.
#[tokio::test(start_paused = true)]
async fn what_could_not_be_told_is_told_later() {
    let (mut house, ear) = house().await;
    house.add("play", 1).await;
    *ear.is_away.lock().unwrap() = true;
    failing(&house, FailureClass::Refused, 5);
    house.minutes(30).await;
    let job = house.engine.jobs().await.unwrap().remove(0);
    house.change(&job.id, json!({ "enabled": true })).await.unwrap();
    house.minutes(2).await;
    assert!(ear.heard().is_empty());
    *ear.is_away.lock().unwrap() = false;
    house.minutes(20).await;
    let all = ["play was paused: 5 runs in a row failed", "play has recovered"];
    assert_eq!(ear.heard(), all);
    house.engine.shutdown().await;
    house = house.reopen().await;
    house.minutes(20).await;
    assert_eq!(ear.heard(), all);
}

#[tokio::test(start_paused = true)]
async fn the_jobs_file_says_that_the_job_is_paused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.json");
    let house = House::with_file(path.clone()).await.unwrap();
    house.add("play", 5).await;
    failing(&house, FailureClass::Refused, 5);
    house.minutes(30).await;
    assert!(std::fs::read_to_string(path).unwrap().contains(r#""enabled": false"#));
}
