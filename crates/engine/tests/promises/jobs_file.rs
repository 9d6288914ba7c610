//! The jobs file: written after every change, taken over when a person edits it, never overwritten when it is broken.

use std::path::{Path, PathBuf};

use marktwerk_domain::job::JobId;
use marktwerk_engine::Import;
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
        ("{\"jobs\": [\n{\"job_type\": \"play\"\n", ":3:", "`}` is missing"),
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
async fn what_is_stored_is_done_although_the_file_cannot_be_written() {
    let (_folder, path) = file_with(r#"{"jobs": []}"#);
    let house = House::with_file(path.clone()).await.unwrap();
    block(&path);
    for number in 1..=3 {
        house.add("play", 60).await;
        let warning = house.engine.jobs_file_warning().unwrap();
        assert!(warning.contains("cannot be written") && warning.contains("are stored"), "{warning}");
        assert_eq!(house.engine.jobs().await.unwrap().len(), number);
    }
    let play = JobId("play".to_owned());
    house.change(&play, json!({ "interval_minutes": 5 })).await.unwrap();
    house.minutes(6).await;
    assert_eq!(house.runs().await.len(), 1, "the changed job runs at its new interval");
    assert_eq!(read(&path)["jobs"], json!([]));

    // Once it can be written, it follows by itself.
    std::fs::remove_dir(path.with_extension("json.new")).unwrap();
    house.pass(std::time::Duration::from_secs(3)).await;
    assert_eq!(house.engine.jobs_file_warning(), None);
    assert_eq!(read(&path)["jobs"].as_array().unwrap().len(), 3);
    assert_eq!(read(&path)["jobs"][0]["interval_minutes"], 5);
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
        slips: Vec::new(),
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
    let started = house.engine.on_behalf_of("test").run_now(&gone.id, serde_json::Map::new()).await;
    assert!(started.unwrap_err().to_string().contains("`nobody` is not configured"));
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

#[tokio::test(start_paused = true)]
async fn a_file_is_read_however_an_editor_saves_it() {
    let units = |text: &str, of: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(of).collect::<Vec<u8>>();
    let text = TWO.replace("second", "zweitens, für später");
    for bytes in [
        [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        [vec![0xFF, 0xFE], units(&text, u16::to_le_bytes)].concat(),
        [vec![0xFE, 0xFF], units(&text, u16::to_be_bytes)].concat(),
        units(&text, u16::to_le_bytes),
        text.replace('\n', "\r\n").into_bytes(),
    ] {
        let (_folder, path) = file_with("");
        std::fs::write(&path, bytes).unwrap();
        let house = House::with_file(path.clone()).await.unwrap();
        assert_eq!(read(&path)["jobs"][1]["description"], "zweitens, für später");
        // While it runs, too.
        let other = text.replace("\"interval_minutes\": 5", "\"interval_minutes\": 6");
        std::fs::write(&path, [vec![0xFF, 0xFE], units(&other, u16::to_le_bytes)].concat()).unwrap();
        house.pass(std::time::Duration::from_secs(3)).await;
        let job = house.engine.existing(&JobId("play".to_owned())).await.unwrap();
        assert_eq!(job.spec.schedule.interval_minutes(), Some(6));
    }
    let (_folder, path) = file_with("");
    std::fs::write(&path, b"[{\"job_type\": \"play\",\n \"description\": \"f\xFCr\"}]").unwrap();
    let Err(error) = House::with_file(path).await.map(drop) else { panic!("read") };
    assert!(error.to_string().contains(".json:2:19: the byte 0xFC is not UTF-8"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_link_stays_and_its_file_keeps_owner_and_rights() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (link, target) =
        (folder.path().join("workers_config.json"), folder.path().join("elsewhere").join("jobs.json"));
    std::fs::create_dir(target.parent().unwrap()).unwrap();
    std::fs::write(&target, TWO).unwrap();
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("elsewhere/jobs.json", &link).unwrap();
    let house = House::with_file(link.clone()).await.unwrap();
    house.add("reader", 10).await;
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(read(&target)["jobs"].as_array().unwrap().len(), 3);
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o640);
    let beside: Vec<_> = std::fs::read_dir(target.parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing is left over");

    // A link to a file that is not there yet; a new file is this user's alone.
    let (link, target) = (folder.path().join("second.json"), folder.path().join("second").join("jobs.json"));
    symlink("second/jobs.json", &link).unwrap();
    let house = House::with_file(link.clone()).await.unwrap();
    house.add("reader", 10).await;
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(start_paused = true)]
async fn the_ids_of_nameless_entries_are_written_and_keep_their_jobs() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let file = read(&path);
    assert_eq!((&file["jobs"][0]["id"], &file["jobs"][1]["id"]), (&json!("play"), &json!("play-2")));
    // Somebody puts another one before them.
    let mut edited = file.clone();
    let new = json!({ "job_type": "play", "interval_minutes": 60 });
    edited["jobs"].as_array_mut().unwrap().insert(0, new);
    std::fs::write(&path, edited.to_string()).unwrap();
    house.pass(std::time::Duration::from_secs(3)).await;
    let first = house.engine.existing(&JobId("play".to_owned())).await.unwrap();
    assert_eq!(first.spec.description, "first");
    assert_eq!(read(&path)["jobs"][0]["id"], "play-3");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_stands_twice_is_refused_with_its_place() {
    let twice =
        "{\"jobs\": [\n  {\"job_type\": \"play\", \"interval_minutes\": 5, \"interval_minutes\": 50}]}";
    let (_folder, path) = file_with(twice);
    let Err(error) = House::with_file(path).await.map(drop) else { panic!("read") };
    assert!(error.to_string().contains(".json:2:47: `interval_minutes` is given twice"), "{error}");

    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    std::fs::write(&path, twice).unwrap();
    house.pass(std::time::Duration::from_secs(3)).await;
    assert!(house.engine.jobs_file_warning().unwrap().contains(".json:2:47: "));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), twice);
    let error = house.engine.on_behalf_of("test").import_jobs(twice, false).await.unwrap_err().to_string();
    assert!(
        error.contains("written over") || error.contains("import:2:47: ") || error.contains("twice"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn pausing_and_removing_work_whatever_is_wrong_with_the_file() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let broken = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\"interval_minutes\": 7", "\"interval_minutes\": seven");
    std::fs::write(&path, &broken).unwrap();
    let (first, second) = (JobId("play".to_owned()), JobId("play-2".to_owned()));
    let refused = house.change(&first, json!({ "description": "other" })).await;
    assert!(matches!(refused, Err(marktwerk_engine::EngineError::JobsFileEdited(_))), "{refused:?}");
    assert!(!house.change(&first, json!({ "enabled": false })).await.unwrap().spec.enabled);
    house.engine.on_behalf_of("test").remove_job(&second, None).await.unwrap();
    assert!(house.engine.jobs_file_warning().is_some());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), broken, "and the edit stays");

    // Mended, the file says nothing new of either: what was done meanwhile stays.
    std::fs::write(&path, broken.replace("seven", "7").replace("mine", "ours")).unwrap();
    house.pass(std::time::Duration::from_secs(3)).await;
    let jobs = house.engine.jobs().await.unwrap();
    assert_eq!(
        jobs.iter().map(|job| (job.id.as_str(), job.spec.enabled)).collect::<Vec<_>>(),
        [("play", false)]
    );
    let file = read(&path);
    assert_eq!((&file["jobs"][0]["enabled"], &file["note"]), (&json!(false), &json!("ours")));
    assert_eq!(file["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(house.engine.jobs_file_warning(), None);
}

#[tokio::test(start_paused = true)]
async fn an_edit_and_changes_at_the_same_moment_are_both_there() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let play = JobId("play".to_owned());
    for minutes in 10..40 {
        let edited = std::fs::read_to_string(&path).unwrap();
        let interval = read(&path)["jobs"][1]["interval_minutes"].as_u64().unwrap() as u32;
        let edited = edited.replace(
            &format!("\"interval_minutes\": {interval}"),
            &format!("\"interval_minutes\": {}", interval + 100),
        );
        // While somebody saves the file, changes are on their way at every stage.
        let change = house.engine.on_behalf_of("test");
        let patch = json!({ "description": format!("at {minutes}") });
        let changing = tokio::spawn({
            let (play, patch) = (play.clone(), patch.as_object().unwrap().clone());
            async move { change.change_job(&play, &patch, None).await }
        });
        for _ in 0..minutes - 10 {
            tokio::task::yield_now().await;
        }
        if minutes % 2 == 0 {
            std::fs::write(&path, &edited).unwrap();
        } else {
            let beside = path.with_extension("swp");
            std::fs::write(&beside, &edited).unwrap();
            std::fs::rename(&beside, &path).unwrap();
        }
        changing.await.unwrap().unwrap();
        house.pass(std::time::Duration::from_secs(10)).await;
        let job = house.engine.existing(&JobId("play-2".to_owned())).await.unwrap();
        assert_eq!(job.spec.schedule.interval_minutes(), Some(interval + 100), "the edit at {minutes}");
        let file = read(&path);
        assert_eq!(file["jobs"][1]["interval_minutes"], interval + 100);
        // Whoever saves a text of before the change takes it back, as far as the file had it already; else it stays.
        let stored = house.engine.existing(&play).await.unwrap().spec.description;
        assert_eq!(file["jobs"][0]["description"], stored, "one truth");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_no_file_is_refused_at_once() {
    let (_folder, path) = file_with("");
    std::fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let Err(error) = House::with_file(path.clone()).await.map(drop) else { panic!("a pipe was read") };
    assert!(error.to_string().contains("is a pipe, socket or device and not a file"), "{error}");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let Err(error) = House::with_file(path.clone()).await.map(drop) else { panic!("a folder was read") };
    assert!(error.to_string().contains("is a folder"), "{error}");

    // While it runs: work goes on, and the end does not wait for it.
    std::fs::remove_dir(&path).unwrap();
    let house = House::with_file(path.clone()).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    house.add("play", 10).await;
    assert!(house.engine.jobs_file_warning().unwrap().contains("not a file"));
    house.minutes(11).await;
    assert_eq!(house.runs().await.len(), 1);
    house.engine.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_write_in_place_that_was_cut_short_is_restored() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    let new = written.replace("\"interval_minutes\": 5", "\"interval_minutes\": 6");
    for (length, zeros) in [(0, 0), (new.len() / 2, 0), (40, 3), (new.len(), 0)] {
        house.engine.shutdown().await;
        // As a process leaves it that dies while it writes into a file that cannot be replaced.
        let torn = format!("{}{}", &new[..length], "\0".repeat(zeros));
        house.store.set_fact("jobs_file.text", &new).await.unwrap();
        std::fs::write(&path, torn).unwrap();
        let next = house.reopen().await;
        assert_eq!(std::fs::read_to_string(&path).unwrap(), written, "as the database says");
        assert_eq!(next.engine.jobs().await.unwrap().len(), 2);
        next.engine.shutdown().await;
    }
    // What somebody else wrote is not ours, however short.
    house.store.set_fact("jobs_file.text", "").await.unwrap();
    std::fs::write(&path, "{\"jobs\": [").unwrap();
    assert!(
        House::on(house.store.clone(), house.clock.clone(), house.options.clone(), Default::default())
            .await
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_taken_away_comes_back() {
    let (_folder, path) = file_with(TWO);
    let house = House::with_file(path.clone()).await.unwrap();
    let before = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    house.pass(std::time::Duration::from_secs(7)).await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn ids_that_are_no_address_or_a_runs_are_refused_where_they_are_new() {
    let (_folder, path) = file_with(r#"{"jobs": []}"#);
    let house = House::with_file(path.clone()).await.unwrap();
    // One of before, when that was possible.
    let old = house.add("play", 60).await;
    let old = marktwerk_domain::job::Job { id: JobId("play_7".to_owned()), ..old };
    house.store.insert_jobs(&[old]).await.unwrap();
    house.pass(std::time::Duration::from_secs(6)).await;
    for id in [".", "..", "...", "", "a/b", "play_1", "a_b_007"] {
        let entry = json!({ "id": id, "job_type": "play", "manual": true });
        let refused = house.try_add(entry.clone()).await;
        assert!(
            matches!(&refused, Err(marktwerk_engine::EngineError::Invalid { field, .. }) if field == "id"),
            "{id}: {refused:?}"
        );
        let mut file = read(&path);
        file["jobs"].as_array_mut().unwrap().push(entry);
        let refused = house
            .engine
            .on_behalf_of("test")
            .import_jobs(&file.to_string(), true)
            .await
            .unwrap_err()
            .to_string();
        assert!(refused.contains(": id: "), "{id}: {refused}");
    }
    house.try_add(json!({ "id": "play_", "job_type": "play", "manual": true })).await.unwrap();
    house.try_add(json!({ "id": "play_1a", "job_type": "play", "manual": true })).await.unwrap();
    // The old one is changed, exported, taken away and brought back.
    let old = JobId("play_7".to_owned());
    house.change(&old, json!({ "interval_minutes": 9 })).await.unwrap();
    let file = house.engine.export_jobs().await.unwrap();
    house.engine.on_behalf_of("test").import_jobs(&file, false).await.unwrap();
    house.engine.on_behalf_of("test").remove_job(&old, None).await.unwrap();
    house.try_add(json!({ "id": "play_7", "job_type": "play", "manual": true })).await.unwrap();
}
