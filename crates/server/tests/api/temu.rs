//! `/api/temu` and `/api/health` as documented.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, fields_of};

#[tokio::test(start_paused = true)]
async fn health_tells_version_and_modules() {
    let server = TestServer::start().await;
    let health = server.get("/api/health").await;
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!("0.0.0-test")));
    assert_eq!(health["timestamp"].as_str().unwrap().len(), "2026-02-03T10:00:00.000+01:00".len());
    let modules: Vec<&String> = health["modules"].as_object().unwrap().keys().collect();
    assert_eq!(modules, ["database", "jobs_file", "scheduler"]);
}

#[tokio::test(start_paused = true)]
async fn the_numbers_are_real() {
    let server = TestServer::start().await;
    let nothing = json!({
        "orders": { "total": 0, "imported": 0, "xml_generated": 0, "uploaded": 0, "tracked": 0 },
        "inventory": { "total_skus": 0, "synced": 0, "pending": 0, "errors": 0 },
        "last_sync": { "orders": null, "inventory": null },
    });
    assert_eq!(server.get("/api/temu/stats").await, nothing);
    server.add_job("order_workflow").await;
    server.run("order_workflow").await;
    let synced = &server.get("/api/temu/stats").await["last_sync"];
    assert!(synced["orders"].as_str().unwrap().ends_with("+01:00"));
    assert_eq!(synced["inventory"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn the_two_workflows_are_started_by_name() {
    let server = TestServer::start().await;
    let (status, told) = server.call(Method::POST, "/api/temu/orders/sync").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(told["detail"].as_str().unwrap().contains("/api/jobs/add"), "{told}");
    server.add_job("order_workflow").await;
    server.add_job("inventory_workflow").await;
    let started = server.post("/api/temu/orders/sync?days_back=3").await;
    assert_eq!(started["status"], "triggered");
    assert_eq!(
        (&started["workflow"], &started["job_id"]),
        (&json!("order_workflow"), &json!("order_workflow"))
    );
    assert_eq!(started["params"], json!({ "days_back": 3 }));
    server.ended(started["run"].as_i64().unwrap()).await;
    let started = server.post("/api/temu/inventory/sync?mode=full").await;
    let run = server.ended(started["run"].as_i64().unwrap()).await;
    assert_eq!(Value::Object(run.parameters), json!({ "mode": "full" }));
    let (status, told) = server.call(Method::POST, "/api/temu/inventory/sync?mode=slow").await;
    assert_eq!((status, fields_of(&told)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["mode"]));
}
