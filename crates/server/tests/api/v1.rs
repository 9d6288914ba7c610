//! `/api/v1`.

use std::sync::atomic::Ordering;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::run::RunState;
use marktwerk_store::attention::NewAttention;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, answer};

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
    let ids = |runs: &Value| -> Vec<i64> {
        runs.as_array().unwrap().iter().map(|run| run["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids(&server.get("/api/v1/runs").await), [again, failed]);
    assert_eq!(ids(&server.get("/api/v1/runs?state=failed,lost&job=order_workflow").await), [failed]);
    assert_eq!(ids(&server.get(&format!("/api/v1/runs?before={again}&limit=1")).await), [failed]);
    for path in ["/api/v1/runs/99", "/api/v1/runs/x"] {
        assert_eq!(server.call(Method::GET, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let response = server.request(Method::GET, "/api/v1/runs?state=odd").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!((&problem["status"], &problem["errors"][0]["loc"][1]), (&json!(422), &json!("state")));
}

#[tokio::test(start_paused = true)]
async fn a_job_is_changed_as_somebody_saw_it_and_removed() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let patch = |body: Value| server.request(Method::PATCH, "/api/v1/jobs/order_workflow").json(&body);
    let (status, job) = answer(
        patch(json!({ "interval_minutes": 9, "description": "neu", "priority": "high",
        "parameters": { "days_back": 3 } }))
        .header("if-match", "\"1\""),
    )
    .await;
    assert_eq!((status, &job["version"]), (StatusCode::OK, &json!(2)), "{job}");
    assert_eq!(
        (&job["config"]["schedule"]["interval_minutes"], &job["config"]["description"]),
        (&json!(9), &json!("neu"))
    );
    for stale in [
        patch(json!({ "enabled": false })).header("if-match", "1"),
        patch(json!({ "enabled": false, "version": 1 })),
    ] {
        let (status, problem) = answer(stale).await;
        assert_eq!(
            (status, &problem["current_version"]),
            (StatusCode::PRECONDITION_FAILED, &json!(2)),
            "{problem}"
        );
    }
    for body in
        [json!({ "priority": "urgent" }), json!({ "parameters": { "dayz": 1 } }), json!({ "colour": 1 })]
    {
        assert_eq!(answer(patch(body.clone())).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    let remove = || server.request(Method::DELETE, "/api/v1/jobs/order_workflow");
    assert_eq!(answer(remove()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(remove()).await.0, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/api/jobs").await, json!([]));
}

#[tokio::test(start_paused = true)]
async fn accounts_are_listed_and_tested() {
    let server = TestServer::start().await;
    let accounts = server.get("/api/v1/accounts").await;
    assert_eq!((&accounts[0]["name"], &accounts[0]["is_loopback"]), (&json!("main"), &json!(true)));
    let good = server.post("/api/v1/accounts/main/test").await;
    assert_eq!((&good["ok"], &good["message"]), (&json!(true), &json!("accepted")));
    let bad = server.post("/api/v1/accounts/bad/test").await;
    assert_eq!((&bad["ok"], &bad["class"]), (&json!(false), &json!("unauthorised")));
    assert_eq!(server.call(Method::POST, "/api/v1/accounts/nobody/test").await.0, StatusCode::NOT_FOUND);
    assert_eq!(server.post("/api/v1/erp/test").await["message"], "well");
}

#[tokio::test(start_paused = true)]
async fn what_needs_a_person_is_listed_and_closed() {
    let server = TestServer::start().await;
    let item = NewAttention {
        account: "main".to_owned(),
        kind: AttentionKind::SetAside,
        subject: "PO-1".to_owned(),
        message: "no address".to_owned(),
    };
    server.store.raise(&[item], server.engine.clock().now()).await.unwrap();
    let listed = server.get("/api/v1/attention").await;
    assert_eq!((&listed[0]["subject"], &listed[0]["kind"]), (&json!("PO-1"), &json!("set_aside")));
    let path = format!("/api/v1/attention/{}/close", listed[0]["id"]);
    server.post(&path).await;
    assert_eq!(server.get("/api/v1/attention").await, json!([]));
    assert_eq!(server.call(Method::POST, "/api/v1/attention/999/close").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn orders_are_listed_by_state() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/api/v1/orders?state=set_aside,unclear&limit=5").await, json!([]));
    assert_eq!(
        server.call(Method::GET, "/api/v1/orders?state=lost").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
