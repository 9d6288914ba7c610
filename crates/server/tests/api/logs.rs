//! `/api/logs` as documented.

use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, fields_of};

const HEADER: &str = "log_id,job_id,job_type,level,message,timestamp,duration_seconds,status,error_text\r\n";

fn executions(rows: &Value) -> Vec<&str> {
    let mut names: Vec<&str> =
        rows.as_array().unwrap().iter().map(|row| row["job_id"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[tokio::test(start_paused = true)]
async fn a_job_id_means_a_job_an_execution_a_marketplace_a_pattern_or_a_prefix() {
    let server = TestServer::start().await;
    for job_type in ["order_workflow", "order_workflow", "inventory_workflow"] {
        server.add_job(job_type).await;
    }
    let first = server.run("order_workflow").await;
    let again = server.run("order_workflow").await;
    let second = server.run("order_workflow-2").await;
    let stock = server.run("inventory_workflow").await;
    let (first, again) = (format!("order_workflow_{first}"), format!("order_workflow_{again}"));
    let (second, stock) = (format!("order_workflow-2_{second}"), format!("inventory_workflow_{stock}"));
    let cases: [(&str, Vec<&str>); 9] = [
        ("order_workflow", vec![&first, &again]),
        ("order_workflow-2", vec![&second]),
        (&first, vec![&first]),
        ("temu_orders", vec![&second, &first, &again]),
        ("temu_inventory", vec![&stock]),
        ("temu", vec![&stock, &second, &first, &again]),
        ("order", vec![&second, &first, &again]),
        ("%25workflow-2%25", vec![&second]),
        ("orderXworkflow", vec![]),
    ];
    for (job_id, expected) in cases {
        let rows = server.get(&format!("/api/logs?job_id={job_id}&level=&limit=100&offset=&after=")).await;
        assert_eq!(executions(&rows), expected, "{job_id}");
    }
}

#[tokio::test(start_paused = true)]
async fn rows_come_newest_first_and_after_a_cursor_ascending() {
    let server = TestServer::start().await;
    server.world.lines.store(8, Ordering::Relaxed);
    server.add_job("order_workflow").await;
    server.run("order_workflow").await;
    let ids = |rows: &Value| -> Vec<i64> {
        rows.as_array().unwrap().iter().map(|row| row["log_id"].as_i64().unwrap()).collect()
    };
    let newest = ids(&server.get("/api/logs").await);
    assert!(newest.len() >= 10 && newest.is_sorted_by(|a, b| a > b), "{newest:?}");
    assert_eq!(ids(&server.get("/api/logs?limit=2&offset=1").await), newest[1..3]);
    let mut ascending = newest.clone();
    ascending.reverse();
    assert_eq!(ids(&server.get("/api/logs?after=0&limit=1000").await), ascending);
    assert_eq!(ids(&server.get(&format!("/api/logs?after={}&limit=1", ascending[0])).await), ascending[1..2]);
    assert_eq!(ids(&server.get(&format!("/api/logs?after={}", newest[0])).await), [0_i64; 0]);
    let row = &server.get("/api/logs?limit=1").await[0];
    assert_eq!((&row["level"], &row["status"]), (&json!("INFO"), &json!("SUCCESS")));
    assert!(row["timestamp"].as_str().unwrap().ends_with("+01:00"));
}

#[tokio::test(start_paused = true)]
async fn levels_and_job_types_are_filtered_and_bad_queries_refused() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.world.fails.store(true, Ordering::Relaxed);
    server.run("order_workflow").await;
    let errors = server.get("/api/logs?level=ERROR").await;
    assert_eq!(errors[0]["error_text"], "the marketplace said no");
    assert!(errors.as_array().unwrap().iter().all(|row| row["level"] == "ERROR"));
    assert_eq!(server.get("/api/logs?level=error").await, errors);
    let several = server.get("/api/logs?level=ERROR,info&limit=1000").await;
    let levels: std::collections::BTreeSet<&str> =
        several.as_array().unwrap().iter().map(|row| row["level"].as_str().unwrap()).collect();
    assert!(levels.contains("INFO") && levels.is_subset(&["ERROR", "INFO"].into()), "{levels:?}");
    assert_eq!(server.get("/api/logs?job_type=inventory_workflow").await, json!([]));
    let cases = [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("offset=-1", "offset"),
        ("after=x", "after"),
        ("after=1&offset=1", "offset"),
        ("after=1000000", "after"),
        ("level=LOUD", "level"),
        ("levle=ERROR", "levle"),
        ("job_id=a&job_type=b", "job_type"),
    ];
    for (query, field) in cases {
        let (status, told) = server.call(Method::GET, &format!("/api/logs?{query}")).await;
        assert_eq!((status, fields_of(&told)), (StatusCode::UNPROCESSABLE_ENTITY, vec![field]), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn statistics_count_closing_lines() {
    let server = TestServer::start().await;
    let nothing = json!({
        "total_runs": 0, "successful_runs": 0, "failed_runs": 0, "success_rate": 0.0, "avg_duration": null, "max_duration": null,
    });
    assert_eq!(server.get("/api/logs/stats").await, nothing);
    server.add_job("order_workflow").await;
    server.run("order_workflow").await;
    server.world.fails.store(true, Ordering::Relaxed);
    server.run("order_workflow").await;
    let numbers = server.get("/api/logs/stats?job_id=order_workflow&days=7").await;
    assert_eq!([&numbers["total_runs"], &numbers["successful_runs"], &numbers["failed_runs"]], [2, 1, 1]);
    assert_eq!(numbers["success_rate"], 50.0);
    assert!(numbers["avg_duration"].is_f64() && numbers["max_duration"].is_f64());
    assert_eq!(server.get("/api/logs/stats?job_id=inventory_workflow").await, nothing);
    assert_eq!(server.call(Method::GET, "/api/logs/stats?days=0").await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(start_paused = true)]
async fn an_export_is_rows_or_csv_that_is_safe_to_open() {
    let server = TestServer::start().await;
    let empty = server.get("/api/logs/export?format=csv").await;
    assert_eq!(
        (&empty["status"], &empty["format"], &empty["data"]),
        (&json!("ok"), &json!("csv"), &json!(HEADER))
    );
    assert_eq!(server.get("/api/logs/export").await["data"], json!([]));

    *server.world.text.lock().unwrap() = "=HYPERLINK(\"x\"), said \"he\"\nand left".to_owned();
    server.add_job("order_workflow").await;
    server.run("order_workflow").await;
    let csv = server.get("/api/logs/export?format=csv&job_id=temu_orders&days=7").await;
    let text = csv["data"].as_str().unwrap();
    assert!(text.starts_with(HEADER), "{text}");
    assert!(text.contains(",\"'=HYPERLINK(\"\"x\"\"), said \"\"he\"\"\nand left\","), "{text}");
    let rows = server.get("/api/logs/export?format=json").await;
    assert_eq!(rows["data"], server.get("/api/logs").await);
    assert_eq!(
        server.call(Method::GET, "/api/logs/export?format=xml").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test(start_paused = true)]
async fn a_cleanup_deletes_what_is_older() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.run("order_workflow").await;
    assert_eq!(server.post("/api/logs/cleanup?days=30").await, json!({ "status": "ok", "deleted": 0 }));
    let stored = server.get("/api/logs").await.as_array().unwrap().len();
    server.engine.clock().sleep(Duration::from_secs(2 * 86_400)).await;
    assert_eq!(server.post("/api/logs/cleanup?days=1").await, json!({ "status": "ok", "deleted": stored }));
    assert_eq!(server.get("/api/logs").await, json!([]));
    assert_eq!(
        server.call(Method::POST, "/api/logs/cleanup?days=0").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test(start_paused = true)]
async fn exports_are_written_as_they_are_read_and_four_at_a_time() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.world.lines.store(2_500, Ordering::Relaxed);
    *server.world.text.lock().unwrap() = "x".repeat(8_000);
    server.run("order_workflow").await;
    let stored = server.store.highest_log_id().await.unwrap();
    let ask = async |format: &str| {
        let request = server.request(Method::GET, &format!("/api/logs/export?format={format}"));
        request.send().await.unwrap()
    };
    // Twenty megabytes each, of which nobody reads anything yet.
    let mut exports = Vec::new();
    for _ in 0..3 {
        exports.push(ask("json").await);
    }
    let csv = ask("csv").await;
    let fifth = ask("json").await;
    assert_eq!(fifth.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(fifth.headers().contains_key("retry-after"));
    assert_eq!(server.get("/api/health").await["status"], "ok");
    for export in &exports {
        assert_eq!(export.status(), StatusCode::OK);
        assert_eq!(export.headers()["transfer-encoding"], "chunked", "its length is not known before");
    }
    let rows: Value = exports.pop().unwrap().json().await.unwrap();
    let ids: Vec<i64> =
        rows["data"].as_array().unwrap().iter().map(|row| row["log_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, (1..=stored).rev().collect::<Vec<_>>(), "each line once, newest first");
    assert_eq!((&rows["status"], &rows["truncated"]), (&json!("ok"), &json!(false)));
    let csv: Value = csv.json().await.unwrap();
    assert_eq!(csv["data"].as_str().unwrap().lines().count() as i64, stored + 1);
    // Their places are free.
    drop(exports);
    assert_eq!(ask("json").await.status(), StatusCode::OK);
}
