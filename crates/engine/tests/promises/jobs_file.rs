//! The jobs file: written after every change, taken over when a person edits it, never overwritten when it is broken.

use std::path::{Path, PathBuf};

use marktwerk_domain::job::JobId;
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::jobs_file::Import;
use marktwerk_store::jobs::{JobEdit, NextDue};
use serde_json::Value;
use serde_json::json;

use crate::house::House;

fn file_with(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("workers_config.json");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

const TWO: &str = r#"{"jobs": [
  {"job_type": "old_play", "interval_minutes": 5, "enabled": true, "description": "first", "colour": "red"},
  {"job_type": "play", "interval_minutes": 7, "enabled": false, "description": "second"}
], "note": "mine"}"#;

#[tokio::test(start_paused = true)]
async fn a_file_is_taken_over_and_fields_of_others_are_kept() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let jobs = house.engine.jobs().await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(), ["play", "play-2"]);
    let change = json!({ "interval_minutes": 9 });
    house.change(&JobId("play".to_owned()), change).await.unwrap();
    let file = read(&path);
    assert_eq!(file["note"], "mine");
    let first = &file["jobs"][0];
    assert_eq!((&first["job_type"], &first["interval_minutes"]), (&"old_play".into(), &9.into()));
    assert_eq!(first["colour"], "red");
}

#[tokio::test(start_paused = true)]
async fn an_added_job_stands_in_the_file_at_once() {
    let (_folder, path) = file_with(r#"{"jobs": []}"#);
    let house = House::with_file(path.clone()).await.unwrap();
    house.add("play", 10).await;
    house.add("play", 20).await;
    let file = read(&path);
    assert_eq!(file["jobs"][0]["interval_minutes"], 10);
    assert_eq!(file["jobs"][1]["id"], "play-2");
}

#[tokio::test(start_paused = true)]
async fn a_hand_edit_takes_effect_within_seconds_and_a_broken_one_leaves_the_old_state() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let edited = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\"interval_minutes\": 5", "\"interval_minutes\": 55");
    std::fs::write(&path, edited).unwrap();
    house.pass(std::time::Duration::from_secs(5)).await;
    let job = house.engine.existing(&JobId("play".to_owned())).await.unwrap();
    assert_eq!(job.spec.schedule.interval_minutes(), Some(55));

    std::fs::write(&path, "{\"jobs\": [").unwrap();
    house.pass(std::time::Duration::from_secs(5)).await;
    assert!(house.engine.jobs_file_warning().unwrap().contains("workers_config.json:1:"));
    assert_eq!(house.engine.jobs().await.unwrap().len(), 2, "the old state stays");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"jobs\": [", "and so does the file");
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_is_gone_archives_its_job() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    house.minutes(6).await;
    std::fs::write(&path, r#"[{"job_type": "reader", "interval_minutes": 3}]"#).unwrap();
    house.pass(std::time::Duration::from_secs(5)).await;
    let jobs = house.engine.jobs().await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(), ["reader"]);
    assert!(!house.runs().await.is_empty(), "history stays");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_right_ends_the_start_with_its_place() {
    for (text, place, word) in [
        ("{\"jobs\": [\n{\"job_type\": \"play\"\n", ":3:", "EOF"),
        ("{\"jobs\": [\n  {\"job_type\": \"playy\", \"interval_minutes\": 5}]}", ":2:4:", "playy"),
        ("{\"jobs\": [\n  {\"job_type\": \"play\", \"interval_minutes\": 0}]}", ":2:24:", "525600"),
        ("{\"jobs\": [\n  {\"interval_minutes\": 5}]}", ":2:3:", "job_type"),
        (
            "{\"jobs\": [{\"id\": \"a\", \"job_type\": \"play\", \"interval_minutes\": 5},\n {\"id\": \"a\", \"job_type\": \"play\", \"interval_minutes\": 5}]}",
            ":2:",
            "twice",
        ),
    ] {
        let (_folder, path) = file_with(text);
        let Err(error) = House::with_file(path.clone()).await.map(drop) else { panic!("accepted: {text}") };
        let error = error.to_string();
        assert!(error.contains(place) && error.contains(word), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "never overwritten");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_type_of_a_later_version_is_kept_and_never_run() {
    let (_folder, path) =
        file_with(r#"[{"job_type": "otto_order_workflow", "interval_minutes": 1, "enabled": true}]"#);
    let house = House::with_file(path.clone()).await.unwrap();
    house.minutes(10).await;
    assert!(house.runs().await.is_empty());
    assert_eq!(read(&path)["jobs"][0]["enabled"], true);
    let id = JobId("otto_order_workflow".to_owned());
    let error =
        house.engine.on_behalf_of("test").run_now(&id, Default::default()).await.unwrap_err().to_string();
    assert!(error.contains("not in this version"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn without_an_edit_the_database_wins() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    // A crash between the commit and the rename: the file is older than the database, and nobody edited it.
    let change = json!({ "interval_minutes": 9 });
    house.change(&JobId("play".to_owned()), change).await.unwrap();
    house.engine.shutdown().await;
    let newer = std::fs::read_to_string(&path).unwrap();
    assert_ne!(written, newer);
    let next = house.reopen().await;
    let job = next.engine.existing(&JobId("play".to_owned())).await.unwrap();
    assert_eq!(job.spec.schedule.interval_minutes(), Some(9));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), newer);
}

#[tokio::test(start_paused = true)]
async fn a_change_never_writes_over_an_edit() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let change = || json!({ "interval_minutes": 9 });
    let second = JobId("play-2".to_owned());

    // An edit that nobody has looked at yet comes first.
    let edited = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\"interval_minutes\": 5", "\"interval_minutes\": 55");
    std::fs::write(&path, edited).unwrap();
    house.change(&second, change()).await.unwrap();
    let first = house.engine.existing(&JobId("play".to_owned())).await.unwrap();
    assert_eq!(first.spec.schedule.interval_minutes(), Some(55));

    // One that cannot be read is not written over.
    std::fs::write(&path, "{\"jobs\": [").unwrap();
    let change = json!({ "interval_minutes": 11 });
    let error = house.change(&second, change).await.unwrap_err().to_string();
    assert!(error.contains("workers_config.json:1:"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"jobs\": [");
    assert_eq!(house.engine.existing(&second).await.unwrap().spec.schedule.interval_minutes(), Some(9));
}

/// Nothing can be written beside the jobs file any more.
fn block(path: &Path) {
    std::fs::create_dir(path.with_extension("json.new")).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_written_leaves_no_job_that_nobody_schedules() {
    let (_folder, path) = file_with(r#"{"jobs": []}"#);
    let house = House::with_file(path.clone()).await.unwrap();
    block(&path);
    let new = JobDraft {
        job_type: "play".to_owned(),
        interval_minutes: Some(60),
        enabled: true,
        ..JobDraft::default()
    };
    let error = house.engine.on_behalf_of("test").add_job(new).await.unwrap_err().to_string();
    assert!(error.contains("cannot be written"), "{error}");
    house.minutes(61).await;
    assert_eq!(house.runs().await.len(), 1, "the added job runs");

    let change = json!({ "interval_minutes": 5 });
    let play = JobId("play".to_owned());
    assert!(house.change(&play, change).await.is_err());
    house.minutes(6).await;
    assert_eq!(house.runs().await.len(), 2, "the changed job runs at its new interval");
}

#[tokio::test(start_paused = true)]
async fn an_edit_runs_although_the_file_cannot_be_written_back() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    block(&path);
    std::fs::write(&path, r#"[{"job_type": "reader", "interval_minutes": 3}]"#).unwrap();
    house.pass(std::time::Duration::from_secs(5)).await;
    assert!(house.engine.jobs_file_warning().unwrap().contains("cannot be written"));
    house.minutes(10).await;
    let runs = house.runs().await;
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run.job_id.as_str() == "reader"), "what is gone runs no more");
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_a_job_that_this_version_cannot_run_gives_it_no_time() {
    let (_folder, path) =
        file_with(r#"[{"job_type": "otto_order_workflow", "interval_minutes": 1, "enabled": true}]"#);
    let house = House::with_file(path).await.unwrap();
    let id = JobId("otto_order_workflow".to_owned());
    let job = house.engine.existing(&id).await.unwrap();
    // As another version left it, which could run it.
    let edit = JobEdit {
        id: id.clone(),
        expected_version: None,
        spec: job.spec.clone(),
        target: job.target.clone(),
        anchor: job.anchor,
        next_due: NextDue::Becomes(Some(job.anchor)),
    };
    house.store.edit_jobs(&[edit]).await.unwrap();
    let change = json!({ "description": "later" });
    let job = house.change(&id, change).await.unwrap();
    assert_eq!(job.next_due, None);
    house.minutes(10).await;
    assert!(house.runs().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_import_is_a_hand_edit_that_can_be_tried_first() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let before = std::fs::read_to_string(&path).unwrap();
    let document = r#"{"jobs": [{"job_type": "play", "cron": "0 2 * * *", "shape": "round"},
        {"job_type": "play", "id": "third", "every": 90}], "owner": "shop"}"#;
    let expected = Import {
        added: vec![JobId("third".to_owned())],
        changed: vec![JobId("play".to_owned())],
        removed: vec![JobId("play-2".to_owned())],
        unchanged: 0,
    };
    assert_eq!(house.engine.on_behalf_of("test").import_jobs(document, true).await.unwrap(), expected);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    assert_eq!(house.engine.on_behalf_of("test").import_jobs(document, false).await.unwrap(), expected);
    let file = read(&path);
    assert_eq!((&file["owner"], &file["note"]), (&json!("shop"), &Value::Null));
    assert_eq!((&file["jobs"][0]["shape"], &file["jobs"][1]["every"]), (&json!("round"), &json!(90)));
    // It is what an export answers, and what the program wrote is no hand edit.
    assert_eq!(house.engine.export_jobs().await.unwrap(), std::fs::read_to_string(&path).unwrap());
    let same = house.engine.on_behalf_of("test").import_jobs(document, false).await.unwrap();
    assert_eq!(same, Import { unchanged: 2, ..Import::default() });

    for (wrong, place) in [
        ("{\"jobs\": [\n  {\"job_type\": \"play\",}\n]}", "import:2:"),
        ("{\"jobs\": [\n {\"job_type\": \"play\", \"cron\": \"0 0 31 2 *\"}\n]}", "import:2:23: cron: "),
        ("[{\"job_type\": \"play\", \"manual\": true, \"after\": \"ghost\"}]", "import:1:39: after: "),
    ] {
        let told = house.engine.on_behalf_of("test").import_jobs(wrong, false).await.unwrap_err().to_string();
        assert!(told.starts_with(place), "{told}");
        assert_eq!(read(&path), file);
    }
}

/// A hand edit beside an account that is gone from the settings is no reason not to start: the job rests, and one line says so.
#[tokio::test(start_paused = true)]
async fn a_job_of_an_account_that_is_gone_is_kept_and_rests() {
    let said = crate::database::Said::default();
    let _listening = tracing::subscriber::set_default(said.clone());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("workers_config.json");
    let jobs = r#"{"jobs": [{"job_type": "play", "interval_minutes": 5},
        {"id": "gone", "job_type": "play", "account": "nobody", "interval_minutes": 5}]}"#;
    std::fs::write(&path, jobs).unwrap();
    let house = House::with_file(path.clone()).await.unwrap();
    let line =
        "the job gone cannot run and rests: its account `nobody` is not in the settings; there is shop";
    assert_eq!(said.0.lock().unwrap().iter().filter(|said| *said == line).count(), 1);
    house.minutes(11).await;
    assert!(house.runs().await.iter().all(|run| run.job_id.as_str() == "play"));
    let gone = house.engine.jobs().await.unwrap().remove(0);
    assert_eq!((gone.id.as_str(), gone.spec.enabled, gone.next_due), ("gone", true, None));

    let refused = house.change(&gone.id, serde_json::json!({ "interval_minutes": 7 })).await;
    assert!(refused.unwrap_err().to_string().contains("`nobody` is not configured"));
    let import = house.engine.on_behalf_of("test").import_jobs(&jobs.replace("gone", "new"), false).await;
    assert!(import.unwrap_err().to_string().contains("`nobody` is not configured"));
    let moved = house.change(&gone.id, serde_json::json!({ "account": "shop" })).await.unwrap();
    assert!(moved.next_due.is_some(), "with an account that is there it runs again");
}

/// Whoever wants a job to stand still gets it, and the broken file stays as its owner left it.
#[tokio::test(start_paused = true)]
async fn a_pause_holds_beside_a_broken_file() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let broken = r#"{"jobs": [{"job_type": "old_play", "interval_minutes": 5,}]}"#;
    std::fs::write(&path, broken).unwrap();
    let job = house.engine.jobs().await.unwrap().into_iter().find(|job| job.spec.enabled).unwrap();
    assert!(house.change(&job.id, json!({ "interval_minutes": 9 })).await.is_err(), "other changes wait");
    let paused = house.change(&job.id, json!({ "enabled": false })).await.unwrap();
    assert_eq!((paused.spec.enabled, paused.next_due), (false, None));
    house.minutes(20).await;
    assert!(house.runs().await.is_empty(), "nothing begins any more");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
}
