//! What the page about the system in use today documents, word for word, against the real program: a job added by its
//! `curl`, in the jobs file, after a `kill -9`, and in the list; and the addresses that describe the program.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

#[path = "common/process.rs"]
mod process;

use std::path::Path;

use process::Process;
use reqwest::Method;
use serde_json::{Value, json};

/// A small world that stands still, so that a start is quick.
const WORLD: [(&str, &str); 4] = [
    ("MARKTWERK_SANDBOX__INITIAL_ORDERS", "2"),
    ("MARKTWERK_SANDBOX__INITIAL_ARTICLES", "3"),
    ("MARKTWERK_SANDBOX__ORDER_EVERY_SECONDS", "0"),
    ("MARKTWERK_SANDBOX__LATENCY_MILLISECONDS", "0"),
];

/// The body of the page's `curl`, but for the type, which it leaves to the reader.
const BODY: &str = r#"{
    "job_type": "TYPE",
    "interval_minutes": 10,
    "description": "Amazon Bestellungen synchronisieren",
    "enabled": true
  }"#;

/// `curl -X POST …/api/jobs/add -H "Content-Type: application/json" -d …`
async fn curl(program: &Process, job_type: &str) -> (u16, Value) {
    let request = program.request(Method::POST, "/api/jobs/add").header("Content-Type", "application/json");
    let answer = request.body(BODY.replace("TYPE", job_type)).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The documented shape: these keys all the way down, and none of another type.
fn must_be_documented(job: &Value) {
    // Our own three come after the documented four.
    let own = ["account", "not_in_this_version", "version"];
    let documented: Vec<&str> = keys(job).into_iter().filter(|key| !own.contains(key)).collect();
    assert_eq!(documented, ["config", "job_id", "recent_logs", "status"], "{job}");
    assert_eq!(keys(job).len(), documented.len() + own.len(), "{job}");
    let (config, status) = (&job["config"], &job["status"]);
    assert_eq!(keys(config), ["description", "job_type", "schedule"], "{job}");
    // Without an interval of whole minutes there is another word beside, which says when it runs.
    let words: &[&str] = match config["schedule"]["interval_minutes"] {
        Value::Null => &["daily", "enabled", "interval_minutes"],
        _ => &["enabled", "interval_minutes"],
    };
    assert_eq!(keys(&config["schedule"]), words, "{job}");
    let state = ["last_duration", "last_error", "last_run", "next_run", "status"];
    assert_eq!(keys(status), state, "{job}");
    let word = status["status"].as_str().unwrap();
    assert!(["IDLE", "RUNNING", "SUCCESS", "FAILED"].contains(&word), "{job}");
    assert!(job["recent_logs"].as_array().unwrap().len() <= 20, "{job}");
}

fn jobs_file(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("data/workers_config.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn the_documented_curl_adds_a_job_that_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let program = Process::start(folder.path(), &WORLD);
    let (status, added) = curl(&program, "order_workflow").await;
    assert_eq!(status, 201, "{added}");
    must_be_documented(&added);
    // The first one of its type is there from the start; this is the next free name.
    let id = added["job_id"].as_str().unwrap().to_owned();
    assert_eq!(id, "order_workflow-2");

    let entry = json!({
        "id": id,
        "job_type": "order_workflow",
        "interval_minutes": 10,
        "enabled": true,
        "description": "Amazon Bestellungen synchronisieren",
    });
    let before = jobs_file(folder.path());
    assert_eq!(keys(&before), ["jobs"]);
    assert!(before["jobs"].as_array().unwrap().contains(&entry), "{before}");
    for job in before["jobs"].as_array().unwrap() {
        let names = keys(job);
        // The nightly one has a time of the day in place of an interval.
        let schedule = if job["id"] == "inventory_workflow-full" { "daily" } else { "interval_minutes" };
        let documented = ["description", "enabled", schedule, "job_type"];
        assert!(documented.iter().all(|name| names.contains(name)), "{job}");
    }

    // `kill -9`.
    drop(program);
    let program = Process::start(folder.path(), &WORLD);
    assert_eq!(jobs_file(folder.path()), before);
    let jobs = program.get("/api/jobs").await;
    let jobs = jobs.as_array().unwrap();
    let names: Vec<&str> = jobs.iter().map(|job| job["job_id"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["inventory_workflow", "inventory_workflow-full", "order_workflow", "order_workflow-2"]
    );
    jobs.iter().for_each(must_be_documented);
    let config = json!({
        "job_type": "order_workflow",
        "schedule": { "interval_minutes": 10, "enabled": true },
        "description": "Amazon Bestellungen synchronisieren",
    });
    assert_eq!(jobs[3]["config"], config);
    let alone = program.get("/api/jobs/order_workflow-2").await;
    must_be_documented(&alone);
    assert_eq!(alone["config"], config);
}

#[tokio::test]
async fn a_type_that_is_documented_for_later_is_refused_by_that_reason() {
    let folder = tempfile::tempdir().unwrap();
    let program = Process::start(folder.path(), &WORLD);
    let before = jobs_file(folder.path());
    // Exactly what the page shows.
    let (status, told) = curl(&program, "amazon_order_workflow").await;
    assert_eq!(status, 422, "{told}");
    let fault = &told["detail"][0];
    assert_eq!(fault["loc"], json!(["body", "job_type"]), "{told}");
    assert!(fault["msg"].as_str().unwrap().contains("not in this version"), "{told}");
    assert_eq!(jobs_file(folder.path()), before, "a refused job leaves no trace");
}

#[tokio::test]
async fn the_program_describes_itself() {
    let folder = tempfile::tempdir().unwrap();
    let program = Process::start(folder.path(), &WORLD);
    let health = program.get("/api/health").await;
    assert_eq!(keys(&health), ["modules", "reasons", "status", "timestamp", "version"]);
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!(env!("CARGO_PKG_VERSION"))));

    let description = program.get("/openapi.json").await;
    for path in ["/api/jobs/add", "/api/jobs/{id}", "/api/logs", "/api/temu/stats", "/api/health"] {
        assert!(description["paths"][path].is_object(), "{path} is not described");
    }
    let page = program.request(Method::GET, "/docs").send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().contains("swagger-ui"));
}
