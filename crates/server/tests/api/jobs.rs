//! `/api/jobs` as documented.

use std::sync::atomic::Ordering;

use marktwerk_domain::run::RunState;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, answer, fields_of};

#[tokio::test(start_paused = true)]
async fn a_job_is_added_under_the_next_free_name() {
    let server = TestServer::start().await;
    let body = json!({ "job_type": "order_workflow", "interval_minutes": 5, "description": "TEMU Bestellungen", "enabled": true });
    let (status, job) = answer(server.request(Method::POST, "/api/jobs/add").json(&body)).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(job["job_id"], "order_workflow");
    assert_eq!(
        job["config"],
        json!({
            "job_type": "order_workflow",
            "schedule": { "interval_minutes": 5, "enabled": true },
            "description": "TEMU Bestellungen",
        })
    );
    assert_eq!(job["status"]["status"], "IDLE");
    assert_eq!(job["status"]["next_run"], "2026-02-03T10:05:00.000+01:00");
    assert_eq!(job["recent_logs"], json!([]));
    assert_eq!(server.add_job("order_workflow").await, "order_workflow-2");
    let listed = server.get("/api/jobs").await;
    let names: Vec<&Value> = listed.as_array().unwrap().iter().map(|job| &job["job_id"]).collect();
    assert_eq!(names, ["order_workflow", "order_workflow-2"]);
}

#[tokio::test(start_paused = true)]
async fn an_old_name_is_echoed_as_it_was_written() {
    let server = TestServer::start().await;
    let body = json!({ "job_type": "sync_orders", "interval_minutes": 5 });
    let (_, job) = answer(server.request(Method::POST, "/api/jobs/add").json(&body)).await;
    assert_eq!(
        (&job["job_id"], &job["config"]["job_type"]),
        (&json!("order_workflow"), &json!("sync_orders"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_added_is_refused_by_field() {
    let server = TestServer::start().await;
    let cases = [
        (json!({ "interval_minutes": 5 }), vec!["job_type"]),
        (json!({ "job_type": "order_workflow" }), vec!["interval_minutes"]),
        (json!({ "job_type": "order_workflow", "interval_minutes": 0 }), vec!["interval_minutes"]),
        (json!({ "job_type": "order_workflow", "interval_minutes": 525_601 }), vec!["interval_minutes"]),
        (json!({ "job_type": "order_workflow", "interval_minutes": "soon" }), vec!["interval_minutes"]),
        (json!({ "job_type": "order_workflow", "interval_minutes": 5.5 }), vec!["interval_minutes"]),
        (json!({ "job_type": "nonsense", "interval_minutes": 5 }), vec!["job_type"]),
        (json!({ "job_type": "amazon_order_workflow", "interval_minutes": 5 }), vec!["job_type"]),
        (
            json!({ "job_type": "order_workflow", "interval_minutes": 5, "enabled": "perhaps" }),
            vec!["enabled"],
        ),
        (json!({ "job_type": "order_workflow", "interval_minutes": 5, "intervall": 5 }), vec!["intervall"]),
        (json!({ "enabled": 7, "colour": "red" }), vec!["job_type", "interval_minutes", "enabled", "colour"]),
    ];
    for (body, expected) in cases {
        let (status, told) = answer(server.request(Method::POST, "/api/jobs/add").json(&body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(fields_of(&told), expected, "{body}");
        assert_eq!(told["detail"][0]["loc"][0], "body");
    }
    for body in ["", "[]", "{\"job_type\":", "null"] {
        let request = server
            .request(Method::POST, "/api/jobs/add")
            .header("content-type", "application/json")
            .body(body);
        let (status, told) = answer(request).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert_eq!(told["detail"][0]["loc"][0], "body", "{told}");
    }
    assert_eq!(server.get("/api/jobs").await, json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_job_shows_how_its_runs_went() {
    let server = TestServer::start().await;
    let id = server.add_job("order_workflow").await;
    server.world.hold.send_replace(true);
    let triggered = server.post(&format!("/api/jobs/{id}/run-now")).await;
    let run = triggered["run"].as_i64().unwrap();
    server.reaches(run, |run| run.state == RunState::Running).await;
    assert_eq!(server.get(&format!("/api/jobs/{id}")).await["status"]["status"], "RUNNING");
    server.world.hold.send_replace(false);
    server.ended(run).await;
    let job = server.get(&format!("/api/jobs/{id}")).await;
    assert_eq!(job["status"]["status"], "SUCCESS");
    assert!(job["status"]["last_run"].as_str().unwrap().ends_with("+01:00"));
    assert!(job["status"]["last_duration"].is_f64());
    let lines = job["recent_logs"].as_array().unwrap();
    assert_eq!(lines[0]["status"], "SUCCESS");
    assert_eq!(lines[0]["job_id"], format!("{id}_{run}"));

    server.world.fails.store(true, Ordering::Relaxed);
    server.run(&id).await;
    let job = server.get(&format!("/api/jobs/{id}")).await;
    assert_eq!(job["status"]["status"], "FAILED");
    assert_eq!(job["status"]["last_error"], "the marketplace said no");
}

#[tokio::test(start_paused = true)]
async fn parameters_of_a_start_are_typed_echoed_or_told_to_be_ignored() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.add_job("inventory_workflow").await;
    let query = "parent_order_status=2&days_back=7&verbose=false&log_to_db=true&mode=quick";
    let started = server.post(&format!("/api/jobs/order_workflow/run-now?{query}")).await;
    let given = json!({ "parent_order_status": 2, "days_back": 7, "verbose": false, "log_to_db": true, "mode": "quick" });
    assert_eq!(started["status"], "triggered");
    assert_eq!(started["job_id"], "order_workflow");
    assert_eq!(started["params"], given);
    assert_eq!(started["ignored"], json!(["log_to_db", "mode"]));
    let run = server.ended(started["run"].as_i64().unwrap()).await;
    assert_eq!(
        Value::Object(run.parameters),
        json!({ "parent_order_status": 2, "days_back": 7, "verbose": false })
    );
    let started = server.post(&format!("/api/jobs/inventory_workflow/run-now?{query}")).await;
    assert_eq!(started["ignored"], json!(["days_back", "log_to_db", "parent_order_status", "verbose"]));
    let body = json!({ "days_back": 7 });
    let started =
        answer(server.request(Method::POST, "/api/jobs/order_workflow/run-now").json(&body)).await.1;
    assert_eq!((&started["params"], &started["ignored"]), (&json!({}), &json!(["days_back"])), "{started}");
    server.ended(started["run"].as_i64().unwrap()).await;
    for (path, body, ignored) in [
        ("/api/jobs/order_workflow/run-now", "days_back=7", "body"),
        ("/api/jobs/order_workflow/run-now", "{bad", "body"),
        ("/api/temu/orders/sync", r#"{"x": 1}"#, "x"),
    ] {
        let started = answer(server.request(Method::POST, path).body(body)).await.1;
        assert_eq!(started["ignored"], json!([ignored]), "{path} {body}: {started}");
        server.ended(started["run"].as_i64().unwrap()).await;
    }
    // They hold for that run only.
    let run = server.run("order_workflow").await;
    assert_eq!(server.ended(run).await.parameters.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn bad_starts_are_refused() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let cases = [
        ("days_back=soon", "days_back"),
        ("days_back=0", "days_back"),
        ("mode=slow", "mode"),
        ("verbose=perhaps", "verbose"),
        ("dayz_back=7", "dayz_back"),
        ("days_back=7&days_back=8", "days_back"),
        // Only the workflow's own schema knows this bound.
        ("parent_order_status=9", "parent_order_status"),
    ];
    for (query, field) in cases {
        let (status, told) =
            server.call(Method::POST, &format!("/api/jobs/order_workflow/run-now?{query}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(fields_of(&told), [field], "{query}");
        assert_eq!(told["detail"][0]["loc"][0], "query");
    }
    for (query, words) in [
        ("mode=fast", "mode must be quick or full, not `fast`"),
        ("dayz=7", "no parameter dayz; it takes parent_order_status, days_back, verbose, log_to_db, mode"),
        ("days_back=soon", "days_back must be a whole number, not \"soon\""),
    ] {
        let (_, told) = server.call(Method::POST, &format!("/api/jobs/order_workflow/run-now?{query}")).await;
        let message = told["detail"][0]["msg"].as_str().unwrap();
        assert!(message.starts_with(words), "{message}");
    }
    for path in [
        "/api/jobs/nobody/run-now",
        "/api/jobs/nobody/toggle?enabled=true",
        "/api/jobs/nobody/schedule?interval_minutes=5",
    ] {
        assert_eq!(server.call(Method::POST, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let (status, told) = server.call(Method::GET, "/api/jobs/nobody").await;
    assert_eq!((status, &told["detail"]), (StatusCode::NOT_FOUND, &json!("there is no job `nobody`")));
    assert!(
        server
            .store
            .runs(&marktwerk_store::runs::RunFilter { limit: 9, ..Default::default() })
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_paused_job_can_be_started_and_stays_paused() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let toggled = server.post("/api/jobs/order_workflow/toggle?enabled=false").await;
    assert_eq!(toggled, json!({ "status": "toggled", "job_id": "order_workflow", "enabled": false }));
    server.run("order_workflow").await;
    let job = server.get("/api/jobs/order_workflow").await;
    assert_eq!(job["config"]["schedule"]["enabled"], false);
    assert_eq!(job["status"]["next_run"], Value::Null);
    let (status, told) = server.call(Method::POST, "/api/jobs/order_workflow/toggle").await;
    assert_eq!((status, fields_of(&told)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["enabled"]));
}

#[tokio::test(start_paused = true)]
async fn an_interval_is_changed() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let scheduled = server.post("/api/jobs/order_workflow/schedule?interval_minutes=10").await;
    assert_eq!(scheduled, json!({ "status": "updated", "job_id": "order_workflow", "interval_minutes": 10 }));
    assert_eq!(server.get("/api/jobs/order_workflow").await["config"]["schedule"]["interval_minutes"], 10);
    for query in ["", "?interval_minutes=0", "?interval_minutes=525601", "?interval_minutes=x"] {
        let (status, told) =
            server.call(Method::POST, &format!("/api/jobs/order_workflow/schedule{query}")).await;
        assert_eq!(
            (status, fields_of(&told)),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["interval_minutes"]),
            "{query}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_schedule_that_is_no_interval_has_a_field_of_its_own_until_it_is_one() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let cases = [
        (json!({ "cron": "*/30 6-22 * * *" }), json!({ "cron": "*/30 6-22 * * *" })),
        (json!({ "daily": ["14:30", "02:00"] }), json!({ "daily": ["02:00", "14:30"] })),
        (json!({ "every": "90s" }), json!({ "every": 90 })),
        (json!({ "manual": true }), json!({ "manual": true })),
    ];
    for (patch, own) in cases {
        let request = server.request(Method::PATCH, "/api/v1/jobs/order_workflow").json(&patch);
        assert_eq!(answer(request).await.0, StatusCode::OK, "{patch}");
        let mut expected = json!({ "interval_minutes": null, "enabled": true });
        expected.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        assert_eq!(server.get("/api/jobs").await[0]["config"]["schedule"], expected);
    }
    server.post("/api/jobs/order_workflow/schedule?interval_minutes=10").await;
    let schedule = &server.get("/api/jobs/order_workflow").await["config"]["schedule"];
    assert_eq!(*schedule, json!({ "interval_minutes": 10, "enabled": true }));
}
