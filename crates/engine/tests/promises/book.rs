//! A change of jobs is whole: database, memory and file, whatever becomes of whoever asked for it; and what was missed all the same is
//! found by comparing.

use std::path::Path;
use std::time::Duration;

use futures::FutureExt;
use marktwerk_domain::job::{Job, JobId, Parameters};
use marktwerk_domain::run::RunState;
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::{EngineError, EngineOptions};
use marktwerk_store::jobs::{JobEdit, NextDue};
use serde_json::{Value, json};

use crate::house::{Act, House};

fn file(path: &Path) -> Vec<Value> {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    file["jobs"].as_array().unwrap().clone()
}

async fn with_file() -> (tempfile::TempDir, std::path::PathBuf, House) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("workers_config.json");
    let house = House::with_file(path.clone()).await.unwrap();
    (folder, path, house)
}

/// Asks, and goes away after so many looks for the answer.
async fn and_goes_away<T>(change: impl Future<Output = Result<T, EngineError>>, looks: usize) {
    let mut change = Box::pin(change);
    for _ in 0..looks {
        if change.as_mut().now_or_never().is_some() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Database, file and schedule say the same of all jobs.
async fn agree(house: &House, path: &Path) {
    let jobs = house.engine.jobs().await.unwrap();
    let file = file(path);
    assert_eq!(jobs.len(), file.len());
    let before = house.runs().await.len();
    house.minutes(2).await;
    let runs = house.runs().await.split_off(before);
    for job in jobs {
        let entry = file.iter().find(|entry| entry["id"] == job.id.as_str()).unwrap();
        assert_eq!(entry["enabled"], job.spec.enabled, "{}", job.id);
        let fires = runs.iter().any(|run| run.job_id == job.id);
        assert_eq!(fires, job.spec.enabled, "{} fires", job.id);
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_is_stored_fires_however_early_its_caller_goes() {
    let (_folder, path, house) = with_file().await;
    for looks in 1..60 {
        let add = house.engine.on_behalf_of("test").add_job(JobDraft::every_minutes("reader", 1));
        and_goes_away(add, looks).await;
    }
    house.pass(Duration::from_secs(1)).await;
    assert_eq!(house.engine.jobs().await.unwrap().len(), 59, "each of them was carried out");
    agree(&house, &path).await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_resume_or_import_is_done() {
    let (_folder, path, house) = with_file().await;
    let jobs: Vec<Job> = [house.add("reader", 1).await, house.add("reader", 1).await].into();
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id.clone()).collect();
    for looks in 1..40 {
        let enabled = json!({ "enabled": looks % 2 == 0 });
        let commands = house.engine.on_behalf_of("test");
        and_goes_away(commands.change_jobs(&ids, enabled.as_object().unwrap(), None), looks / 2 + 1).await;
        house.pass(Duration::from_secs(1)).await;
        for job in house.engine.jobs().await.unwrap() {
            assert_eq!(json!(job.spec.enabled), enabled["enabled"], "{looks}: {}", job.id);
        }
    }
    agree(&house, &path).await;
    for looks in 1..40 {
        let document = json!([
            { "id": "kept", "job_type": "reader", "interval_minutes": 1, "enabled": looks % 3 != 0 },
            { "id": format!("new-{looks}"), "job_type": "reader", "interval_minutes": 1 },
        ]);
        let commands = house.engine.on_behalf_of("test");
        and_goes_away(commands.import_jobs(&document.to_string(), false), looks).await;
        house.pass(Duration::from_secs(1)).await;
        let ids: Vec<String> = house.engine.jobs().await.unwrap().into_iter().map(|job| job.id.0).collect();
        assert_eq!(ids, ["kept".to_owned(), format!("new-{looks}")]);
    }
    agree(&house, &path).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_nobody_told_of_fires_within_seconds() {
    let (_folder, path, house) = with_file().await;
    let told = house.add("reader", 1).await;
    let silent = Job { id: JobId("silent".to_owned()), ..told.clone() };
    house.store.insert_jobs(std::slice::from_ref(&silent)).await.unwrap();
    house.pass(Duration::from_secs(6)).await;
    agree(&house, &path).await;

    // Edited and taken away without a word.
    let mut spec = silent.spec.clone();
    spec.enabled = false;
    let edit = JobEdit {
        id: silent.id.clone(),
        expected_version: None,
        spec,
        target: silent.target.clone(),
        anchor: silent.anchor,
        next_due: NextDue::Becomes(None),
    };
    house.store.edit_jobs(&[edit]).await.unwrap();
    house.store.archive_jobs(&[told.id], house.clock.now()).await.unwrap();
    house.pass(Duration::from_secs(6)).await;
    agree(&house, &path).await;
    assert_eq!(file(&path).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_of_a_job_that_nobody_told_of_runs() {
    let house = House::open_with(EngineOptions::default()).await;
    let told = house.add("play", 600).await;
    let silent = Job { id: JobId("silent".to_owned()), ..told.clone() };
    house.store.insert_jobs(std::slice::from_ref(&silent)).await.unwrap();
    // At once, before anything is compared; and the account's lane is free for others afterwards.
    house.stage.then(Act::Work(Duration::from_secs(1)));
    let run = house.engine.on_behalf_of("test").run_now(&silent.id, Parameters::new()).await.unwrap();
    let other = house.start(&told.id).await;
    house.pass(Duration::from_secs(3)).await;
    for id in [run.id, other.id] {
        let run = house.run(id).await;
        assert_eq!((run.state, run.attempt), (RunState::Succeeded, 1), "{}", run.job_id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_changes_and_for_the_file() {
    let (_folder, path, house) = with_file().await;
    for _ in 0..20 {
        and_goes_away(house.engine.on_behalf_of("test").add_job(JobDraft::every_minutes("reader", 1)), 1)
            .await;
    }
    house.engine.shutdown().await;
    let stored = house.store.jobs(false).await.unwrap().len();
    assert_eq!((stored, file(&path).len()), (20, 20));
    let refused = house.engine.on_behalf_of("test").add_job(JobDraft::every_minutes("reader", 1)).await;
    assert!(matches!(refused, Err(EngineError::ShuttingDown)), "{refused:?}");
}
