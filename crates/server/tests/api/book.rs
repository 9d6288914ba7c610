//! Changes of jobs over HTTP: whole although callers go, told truly although the jobs file does not follow.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use futures::StreamExt;
use marktwerk_store::runs::RunFilter;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{TestServer, answer, fields_of};

fn file(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("workers_config.json")).unwrap()).unwrap()
}

/// 300 callers send a job and close after 0 to 20 ms, whether there is an answer or not.
#[tokio::test(start_paused = true)]
async fn whatever_is_stored_fires_although_its_caller_has_gone() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with_jobs_file(folder.path()).await;
    let clock = server.engine.clock().clone();
    let body = json!({ "job_type": "inventory_workflow", "interval_minutes": 1 }).to_string();
    let request = format!(
        "POST /api/jobs/add HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        server.server.address(),
        body.len()
    );
    for number in 0..300_u64 {
        let mut caller = TcpStream::connect(server.server.address()).await.unwrap();
        caller.write_all(request.as_bytes()).await.unwrap();
        match number % 21 {
            0 => {}
            // At every stage of the work.
            1..=10 => {
                for _ in 0..number % 21 {
                    tokio::task::yield_now().await;
                }
            }
            milliseconds => clock.sleep(Duration::from_millis(milliseconds)).await,
        }
    }
    clock.sleep(Duration::from_secs(5)).await;
    let jobs = server.get("/api/jobs").await;
    let stored: BTreeSet<&str> =
        jobs.as_array().unwrap().iter().map(|job| job["job_id"].as_str().unwrap()).collect();
    assert!(stored.len() > 200, "{} of 300 requests arrived whole", stored.len());
    assert_eq!(file(folder.path())["jobs"].as_array().unwrap().len(), stored.len());
    clock.sleep(Duration::from_secs(120)).await;
    let runs = server.store.runs(&RunFilter { limit: 10_000, ..RunFilter::default() }).await.unwrap();
    let fired: BTreeSet<&str> = runs.iter().map(|run| run.job_id.as_str()).collect();
    assert_eq!(stored, fired);
}

/// As long as this stands, nothing can be written beside the jobs file.
fn block(folder: &Path) -> std::path::PathBuf {
    let block = folder.join("workers_config.json.new");
    std::fs::create_dir(&block).unwrap();
    block
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_is_answered_as_done_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with_jobs_file(folder.path()).await;
    let block = block(folder.path());
    let job = json!({ "job_type": "order_workflow", "interval_minutes": 5 });
    for _ in 0..3 {
        let response = server.request(Method::POST, "/api/jobs/add").json(&job).send().await.unwrap();
        assert_eq!((response.status(), response.headers().get("retry-after")), (StatusCode::CREATED, None));
        let added: Value = response.json().await.unwrap();
        let warning = added["warning"].as_str().expect("a warning");
        assert!(
            warning.contains("cannot be written") && warning.contains("stored and in force"),
            "{warning}"
        );
    }
    assert_eq!(server.get("/api/jobs").await.as_array().unwrap().len(), 3);
    for (method, path, body) in [
        (Method::POST, "/api/v1/jobs", json!({ "job_type": "inventory_workflow", "manual": true })),
        (Method::PATCH, "/api/v1/jobs/order_workflow", json!({ "description": "other" })),
        (Method::POST, "/api/v1/jobs/order_workflow/pause", json!({})),
        (Method::POST, "/api/jobs/order_workflow/toggle?enabled=true", json!({})),
        (Method::POST, "/api/jobs/order_workflow/schedule?interval_minutes=7", json!({})),
        (Method::POST, "/api/v1/jobs/bulk", json!({ "action": "pause", "filter": {} })),
    ] {
        let (status, told) = answer(server.request(method, path).json(&body)).await;
        assert!(status.is_success() && told["warning"].is_string(), "{path}: {status} {told}");
    }
    let removed = server.request(Method::DELETE, "/api/v1/jobs/order_workflow-2").send().await.unwrap();
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    assert!(removed.headers()["warning"].to_str().unwrap().contains("cannot be written"));
    let screen = server
        .request(Method::POST, "/screen/jobs/order_workflow/resume")
        .header("accept", "application/json");
    let (status, told) = answer(screen).await;
    assert!(status.is_success() && told["message"].as_str().unwrap().contains("cannot be written"), "{told}");
    assert_eq!(server.get("/api/health").await["modules"]["jobs_file"]["status"], "warning");

    std::fs::remove_dir(block).unwrap();
    server.engine.clock().sleep(Duration::from_secs(3)).await;
    assert_eq!(file(folder.path())["jobs"].as_array().unwrap().len(), 3);
    let job = server.get("/api/v1/jobs/order_workflow").await;
    let (status, told) =
        answer(server.request(Method::PATCH, "/api/v1/jobs/order_workflow").json(&job)).await;
    assert_eq!((status, &told["warning"]), (StatusCode::OK, &Value::Null), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_stands_twice_is_refused_with_its_place() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let send = async |method: Method, path: &str, body: &str| {
        let request =
            server.request(method, path).header("content-type", "application/json").body(body.to_owned());
        answer(request).await
    };
    let twice = "{\"job_type\": \"order_workflow\",\n \"interval_minutes\": 5, \"interval_minutes\": 50}";
    let (status, told) = send(Method::POST, "/api/jobs/add", twice).await;
    assert_eq!((status, fields_of(&told)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["2:25"]), "{told}");
    for (method, path, body, place) in [
        (Method::POST, "/api/v1/jobs", twice.to_owned(), "line 2, column 25: "),
        (Method::POST, "/api/v1/jobs/import", format!("[{twice}]"), "line 2, column 25: "),
        (
            Method::PATCH,
            "/api/v1/jobs/order_workflow",
            "{\"parameters\": {\"ä\": 1, \"ä\": 2}}".to_owned(),
            "line 1, column 25: ",
        ),
        (
            Method::POST,
            "/api/v1/jobs/bulk",
            "{\"action\": \"pause\", \"filter\": {}, \"filter\": {\"ids\": []}}".to_owned(),
            "line 1, column 35: ",
        ),
    ] {
        let (status, told) = send(method, path, &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {told}");
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.starts_with(place) && detail.contains("is given twice"), "{path}: {detail}");
    }
    assert_eq!(server.get("/api/v1/jobs").await.as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn ids_that_are_no_address_or_a_runs_are_refused() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.run("order_workflow").await;
    for id in [".", "..", "order_workflow_1"] {
        let job = json!({ "id": id, "job_type": "order_workflow", "manual": true });
        let (status, told) = answer(server.request(Method::POST, "/api/v1/jobs").json(&job)).await;
        assert_eq!(
            (status, &told["errors"][0]["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("id")),
            "{told}"
        );
        let import = server.request(Method::POST, "/api/v1/jobs/import").json(&json!([job]));
        let (status, told) = answer(import).await;
        assert_eq!(
            (status, &told["errors"][0]["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("id")),
            "{told}"
        );
    }
    assert_ne!(server.get("/api/logs?job_id=order_workflow_1").await, json!([]));
}

/// Among 1,000 jobs a change sends one, and not all of them.
#[tokio::test(start_paused = true)]
async fn an_open_page_is_sent_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let jobs: Vec<Value> = (0..1_000)
        .map(|number| json!({ "id": format!("job-{number}"), "job_type": "inventory_workflow", "manual": true }))
        .collect();
    std::fs::write(folder.path().join("workers_config.json"), json!(jobs).to_string()).unwrap();
    let server = TestServer::with_jobs_file(folder.path()).await;
    let address = format!("ws://{}/ws/logs?jobs=changes", server.server.address());
    let (mut socket, _) = connect_async(address).await.unwrap();
    let mut next = async || loop {
        if let Message::Text(text) = socket.next().await.expect("an open socket").unwrap() {
            return text.as_str().to_owned();
        }
    };
    let all: Value = serde_json::from_str(&next().await).unwrap();
    assert_eq!((all["data"].as_array().unwrap().len(), &all["all"]), (1_000, &json!(true)));

    let mut bytes = 0;
    for number in 0..40 {
        let id = format!("job-{number}");
        server.run(&id).await;
        loop {
            let text = next().await;
            bytes += text.len();
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["type"] != "jobs_update" {
                continue;
            }
            assert_eq!(message["all"], false);
            let told = message["data"].as_array().unwrap();
            assert!(told.iter().all(|job| job["job_id"] == id.as_str()), "{text}");
            if told.iter().any(|job| job["status"]["status"] == "SUCCESS") {
                break;
            }
        }
    }
    assert!(bytes < 200_000, "{bytes} bytes for 40 runs");
    let removed = server.request(Method::DELETE, "/api/v1/jobs/job-7").send().await.unwrap();
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    let told: Value = serde_json::from_str(&next().await).unwrap();
    assert_eq!((&told["removed"], &told["data"]), (&json!(["job-7"]), &json!([])));
}

/// A page of the system in use before takes each list for the whole one.
#[tokio::test(start_paused = true)]
async fn whoever_does_not_ask_for_changes_is_sent_whole_lists_at_a_pace() {
    let folder = tempfile::tempdir().unwrap();
    let jobs: Vec<Value> = (0..200)
        .map(|number| json!({ "id": format!("job-{number}"), "job_type": "inventory_workflow", "manual": true }))
        .collect();
    std::fs::write(folder.path().join("workers_config.json"), json!(jobs).to_string()).unwrap();
    let server = TestServer::with_jobs_file(folder.path()).await;
    let address = format!("ws://{}/ws/logs", server.server.address());
    let (mut socket, _) = connect_async(address).await.unwrap();
    let mut lists = 0;
    let mut is_done = |text: &str, id: &str| {
        let message: Value = serde_json::from_str(text).unwrap();
        if message["type"] != "jobs_update" {
            return false;
        }
        lists += 1;
        let told = message["data"].as_array().unwrap();
        assert_eq!(told.len(), 200, "all of them, each time");
        told.iter().any(|job| job["job_id"] == id && job["status"]["status"] == "SUCCESS")
    };
    for number in 0..10 {
        server.run(&format!("job-{number}")).await;
    }
    loop {
        if let Message::Text(text) = socket.next().await.expect("an open socket").unwrap()
            && is_done(text.as_str(), "job-9")
        {
            break;
        }
    }
    assert!(lists <= 12, "{lists} lists for ten runs");
}
