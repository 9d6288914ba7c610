//! Runs of `/api/v1`.

use std::sync::atomic::Ordering;

use marktwerk_domain::run::RunState;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, answer, errors_of};

fn ids(runs: &Value) -> Vec<i64> {
    runs.as_array().unwrap().iter().map(|run| run["id"].as_i64().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn runs_are_listed_shown_cancelled_and_repeated() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.world.fails.store(true, Ordering::Relaxed);
    let failed = server.run("order_workflow").await;
    let shown = server.get(&format!("/api/v1/runs/{failed}")).await;
    assert_eq!((&shown["state"], &shown["error"]), (&json!("failed"), &json!("the marketplace said no")));
    assert_eq!(shown["attempts"][0]["outcome"], "failed");
    server.world.fails.store(false, Ordering::Relaxed);
    server.world.hold.send_replace(true);
    let (status, again) = server.call(Method::POST, &format!("/api/v1/runs/{failed}/retry")).await;
    assert_eq!(
        (status, &again["trigger"], &again["caused_by"]),
        (StatusCode::ACCEPTED, &json!("again"), &json!(failed))
    );
    let again = again["id"].as_i64().unwrap();
    server.reaches(again, |run| run.state == RunState::Running).await;
    let (status, problem) = server.call(Method::POST, &format!("/api/v1/runs/{again}/retry")).await;
    assert_eq!((status, &problem["type"]), (StatusCode::CONFLICT, &json!("urn:marktwerk:problem:conflict")));
    let (status, _) = server.call(Method::POST, &format!("/api/v1/runs/{again}/cancel")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(server.ended(again).await.state, RunState::Cancelled);
    assert_eq!(ids(&server.get("/api/v1/runs").await), [again, failed]);
    assert_eq!(ids(&server.get("/api/v1/runs?state=failed,lost&job=order_workflow").await), [failed]);
    // The same words in capitals.
    assert_eq!(ids(&server.get("/api/v1/runs?state=FAILED,Lost&trigger=Manual").await), [failed]);
    assert_eq!(ids(&server.get(&format!("/api/v1/runs?before={again}&limit=1")).await), [failed]);
    for path in ["/api/v1/runs/99", "/api/v1/runs/x"] {
        assert_eq!(server.call(Method::GET, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let response = server.request(Method::GET, "/api/v1/runs?state=odd").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!((&problem["status"], &problem["errors"][0]["field"]), (&json!(422), &json!("state")));
}

#[tokio::test(start_paused = true)]
async fn a_repetition_begins_with_a_step() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let first = server.run("order_workflow").await;
    let retry = async |body: Value| {
        answer(server.request(Method::POST, &format!("/api/v1/runs/{first}/retry")).json(&body)).await
    };
    let (status, again) = retry(json!({ "from_step": "import" })).await;
    assert_eq!((status, &again["from_step"]), (StatusCode::ACCEPTED, &json!("import")));
    for body in [json!({ "from_step": "export" }), json!({ "from_step": 3 }), json!({ "from": "import" })] {
        let (status, problem) = retry(body.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(errors_of(&problem)[0].starts_with("from"), "{problem}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_caused_what_is_shown_both_ways() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let body = json!({ "job_type": "inventory_workflow", "manual": true, "after": ["order_workflow"] });
    answer(server.request(Method::POST, "/api/v1/jobs").json(&body)).await;
    let cause = server.run("order_workflow").await;
    let caused = server.get(&format!("/api/v1/runs?caused_by={cause}")).await[0].clone();
    assert_eq!((&caused["job_id"], &caused["trigger"]), (&json!("inventory_workflow"), &json!("chain")));
    let number = caused["id"].as_i64().unwrap();
    server.ended(number).await;
    let link =
        |id: i64, job: &str| json!({ "id": id, "job_id": job, "trigger": "chain", "state": "succeeded" });
    let shown = server.get(&format!("/api/v1/runs/{cause}")).await;
    assert_eq!(
        (&shown["cause"], &shown["caused"]),
        (&Value::Null, &json!([link(number, "inventory_workflow")]))
    );
    let shown = server.get(&format!("/api/v1/runs/{number}")).await;
    assert_eq!((&shown["cause"], &shown["caused"]), (&link(cause, "order_workflow"), &json!([])));
    assert_eq!(ids(&server.get("/api/v1/runs?trigger=manual,again").await), [cause]);
    assert_eq!(ids(&server.get("/api/v1/runs?from=2026-02-03T10:00:00%2B01:00").await), [number, cause]);
    assert_eq!(ids(&server.get("/api/v1/runs?to=2026-02-03T09:00:00Z").await), [0; 0]);
    for (query, field) in [("trigger=odd", "trigger"), ("from=soon", "from"), ("caused_by=x", "caused_by")] {
        let (status, problem) = server.call(Method::GET, &format!("/api/v1/runs?{query}")).await;
        assert_eq!((status, errors_of(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec![field]), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_skip_tells_its_reason_and_a_cancelled_run_too() {
    let server = TestServer::start().await;
    let body = json!({ "job_type": "order_workflow", "every": "1h", "conditions": ["new_data"] });
    answer(server.request(Method::POST, "/api/v1/jobs").json(&body)).await;
    // Nothing changes outside: after the first success each hour is skipped, and the skips are one row.
    let clock = server.engine.clock();
    clock.sleep(std::time::Duration::from_secs(3 * 3_600 + 60)).await;
    let mut changes = server.store.changes();
    let skipped = loop {
        let skipped = server.get("/api/v1/runs?state=skipped").await;
        if skipped[0]["merged"].as_i64().is_some_and(|merged| merged >= 1) {
            break skipped;
        }
        changes.changed().await.unwrap();
    };
    assert_eq!(skipped.as_array().unwrap().len(), 1, "{skipped}");
    assert!(
        skipped[0]["reason"].as_str().unwrap().contains("new") && skipped[0]["error"].is_null(),
        "{skipped}"
    );
    assert_eq!(skipped[0]["started_at"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn many_runs_are_cancelled_and_repeated_at_once_after_a_look() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.world.hold.send_replace(true);
    let mut runs = Vec::new();
    for days in 1..=3 {
        // Each with parameters of its own: those with the same would be one.
        let path = format!("/api/jobs/order_workflow/run-now?days_back={days}");
        runs.push(server.post(&path).await["run"].as_i64().unwrap());
    }
    server.reaches(runs[0], |run| run.state == RunState::Running).await;
    let bulk =
        async |body: Value| answer(server.request(Method::POST, "/api/v1/runs/bulk").json(&body)).await;
    let filter = json!({ "job": "order_workflow" });
    let (status, told) = bulk(json!({ "action": "cancel", "filter": filter, "dry_run": true })).await;
    assert_eq!((status, &told["count"], &told["ids"]), (StatusCode::OK, &json!(3), &json!([3, 2, 1])));
    let waiting = json!({ "action": "cancel", "filter": { "state": "waiting,succeeded" }, "dry_run": true });
    assert_eq!(bulk(waiting).await.1["ids"], json!([3, 2]));
    let (status, told) = bulk(json!({ "action": "cancel", "filter": filter })).await;
    assert_eq!((status, &told["count"], &told["under_way"]), (StatusCode::ACCEPTED, &json!(3), &json!(0)));
    for run in runs {
        let ended = server.ended(run).await;
        assert_eq!(ended.state, RunState::Cancelled);
        let shown = server.get(&format!("/api/v1/runs/{run}")).await;
        assert!(shown["reason"].is_string() && shown["error"].is_null(), "{shown}");
    }
    assert_eq!(bulk(json!({ "action": "cancel", "filter": {} })).await.1["count"], 0);
    server.world.hold.send_replace(false);
    let told = bulk(json!({ "action": "retry", "filter": { "state": ["cancelled"] } })).await.1;
    assert_eq!((&told["count"], &told["runs"]), (&json!(3), &json!([4, 5, 6])));
    for (body, field) in [
        (json!({ "action": "retry" }), "filter"),
        (json!({ "action": "pause", "filter": {} }), "action"),
        (json!({ "action": "retry", "filter": { "state": "odd" } }), "filter.state"),
    ] {
        let (status, problem) = bulk(body.clone()).await;
        assert_eq!((status, errors_of(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec![field]), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_by_hand_joins_one_that_waits_already() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.world.hold.send_replace(true);
    let start = async |query: &str| server.post(&format!("/api/jobs/order_workflow/run-now{query}")).await;
    let first = start("").await;
    assert_eq!((&first["run"], &first["joined"]), (&json!(1), &json!(false)));
    server.reaches(1, |run| run.state == RunState::Running).await;
    // What runs has begun with what there was then, so the second one is its own.
    let second = start("").await;
    assert_eq!((&second["run"], &second["joined"]), (&json!(2), &json!(false)));
    for _ in 0..20 {
        let again = start("").await;
        assert_eq!((&again["run"], &again["joined"]), (&json!(2), &json!(true)));
    }
    let told = server.post("/api/v1/jobs/order_workflow/run").await;
    assert_eq!((&told["id"], &told["joined"], &told["state"]), (&json!(2), &json!(true), &json!("waiting")));
    // With other parameters it is another run.
    let other = start("?days_back=3").await;
    assert_eq!((&other["run"], &other["joined"]), (&json!(3), &json!(false)));
    let together = futures::future::join_all((0..5).map(|_| start("?days_back=4"))).await;
    assert!(together.iter().all(|told| told["run"] == 4), "{together:?}");
    let audit = server.get("/api/v1/audit?action=run_started&run=2&limit=500").await;
    let joined = audit.as_array().unwrap().iter().filter(|entry| entry["after"]["joined"] == true).count();
    assert_eq!(joined, 21, "each of them is in the audit");
    server.world.hold.send_replace(false);
    for run in 1..=4 {
        server.ended(run).await;
    }
}
