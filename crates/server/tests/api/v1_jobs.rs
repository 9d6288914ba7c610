//! Jobs of `/api/v1`.

use std::sync::atomic::Ordering;

use marktwerk_domain::run::RunState;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, answer, errors_of};

fn ids(jobs: &Value) -> Vec<&str> {
    jobs.as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect()
}

async fn add(server: &TestServer, body: Value) -> Value {
    let (status, job) = answer(server.request(Method::POST, "/api/v1/jobs").json(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{job}");
    job
}

/// Three jobs: one each five minutes, a paused one of stock, one that follows on the first.
async fn three(server: &TestServer) {
    add(server, json!({ "job_type": "order_workflow", "interval_minutes": 525_600 })).await;
    add(server, json!({ "job_type": "inventory_workflow", "manual": true, "enabled": false })).await;
    let after = json!([{ "job": "order_workflow", "on": "failure" }]);
    add(server, json!({ "job_type": "sync_orders", "id": "rescue", "manual": true, "after": after })).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_is_added_as_it_would_be_written_and_answered_with_how_it_stands() {
    let server = TestServer::start().await;
    let body = json!({
        "job_type": "order_workflow", "cron": "30 2,14 * * MON-FRI", "description": "nachts", "priority": "high",
        "time_zone": "Europe/Berlin", "overlap": "queue_one", "grace": "5m", "conditions": ["new_data"],
        "retry": { "attempts": 5 }, "parameters": { "days_back": 3 },
    });
    let response = server.request(Method::POST, "/api/v1/jobs").json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["location"], "/api/v1/jobs/order_workflow");
    assert_eq!(response.headers()["etag"], "\"1\"");
    let job: Value = response.json().await.unwrap();
    let mut expected = body.as_object().unwrap().clone();
    expected.insert("id".to_owned(), json!("order_workflow"));
    expected.insert("enabled".to_owned(), json!(true));
    expected.insert("grace".to_owned(), json!(300));
    let mut own = job.as_object().unwrap().clone();
    let state = own.remove("state").unwrap();
    assert_eq!(own.remove("version"), Some(json!(1)));
    own["retry"] = json!({ "attempts": own["retry"]["attempts"] });
    assert_eq!(own, expected);
    assert_eq!(state["status"], "IDLE");
    assert_eq!(state["account"], "main");
    assert_eq!(state["health"], json!({ "mark": "ok", "trouble": null, "in_a_row": 0 }));
    assert_eq!(state["schedule"]["de"], "montags bis freitags um 02:30 und 14:30 Uhr");
    assert_eq!(state["next_run"], "2026-02-03T14:30:00.000+01:00");
    assert_eq!(server.get("/api/v1/jobs/order_workflow").await, job);
    // A job can be sent back as it was read.
    let request = server.request(Method::PATCH, "/api/v1/jobs/order_workflow").json(&job);
    assert_eq!(answer(request).await, (StatusCode::OK, job));
}

#[tokio::test(start_paused = true)]
async fn jobs_are_listed_by_what_they_are_and_in_pages() {
    let server = TestServer::start().await;
    three(&server).await;
    let list = async |query: &str| server.get(&format!("/api/v1/jobs?{query}")).await;
    assert_eq!(ids(&list("").await), ["inventory_workflow", "order_workflow", "rescue"]);
    assert_eq!(ids(&list("job_type=sync_orders").await), ["order_workflow", "rescue"]);
    assert_eq!(ids(&list("account=main&enabled=true&limit=1").await), ["order_workflow"]);
    assert_eq!(ids(&list("after=order_workflow").await), ["rescue"]);
    assert_eq!(ids(&list("enabled=false").await), ["inventory_workflow"]);
    assert_eq!(ids(&list("health=degraded,paused").await), [""; 0]);
    assert_eq!(ids(&list("ids=rescue,nobody").await), ["rescue"]);
    server.run("order_workflow").await;
    assert_eq!(ids(&list("status=success,failed").await), ["order_workflow"]);
    let followed = &list("ids=order_workflow").await[0]["state"]["followed_by"];
    assert_eq!(*followed, json!([{ "job": "rescue", "on": "failure" }]));
    for (query, field) in [
        ("job_type=x", "job_type"),
        ("status=odd", "status"),
        ("health=fine", "health"),
        ("color=1", "color"),
    ] {
        let (status, problem) = server.call(Method::GET, &format!("/api/v1/jobs?{query}")).await;
        assert_eq!((status, errors_of(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec![field]), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_changed_as_somebody_saw_it_and_removed() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let patch = |body: Value| server.request(Method::PATCH, "/api/v1/jobs/order_workflow").json(&body);
    let change = json!({ "interval_minutes": 9, "description": "neu", "priority": "high", "parameters": { "days_back": 3 } });
    let (status, job) = answer(patch(change).header("if-match", "\"1\"")).await;
    assert_eq!((status, &job["version"]), (StatusCode::OK, &json!(2)), "{job}");
    assert_eq!((&job["interval_minutes"], &job["description"]), (&json!(9), &json!("neu")));
    for stale in [
        patch(json!({ "enabled": false })).header("if-match", "1"),
        patch(json!({ "enabled": false, "version": 1 })),
        server.request(Method::POST, "/api/v1/jobs/order_workflow/pause").header("if-match", "\"1\""),
        server.request(Method::DELETE, "/api/v1/jobs/order_workflow").header("if-match", "\"1\""),
    ] {
        let (status, problem) = answer(stale).await;
        assert_eq!(
            (status, &problem["current_version"]),
            (StatusCode::PRECONDITION_FAILED, &json!(2)),
            "{problem}"
        );
        assert_eq!((&problem["type"], &problem["current"]), (&json!("urn:marktwerk:problem:outdated"), &job));
    }
    // What is taken back to its default is not written any more.
    let (_, job) = answer(patch(json!({ "priority": null, "daily": "02:00" }))).await;
    assert_eq!(
        (&job["priority"], &job["interval_minutes"], &job["daily"]),
        (&Value::Null, &Value::Null, &json!(["02:00"]))
    );
    let pause = server.post("/api/v1/jobs/order_workflow/pause").await;
    assert_eq!((&pause["enabled"], &pause["state"]["next_run"]), (&json!(false), &Value::Null));
    assert_eq!(server.post("/api/v1/jobs/order_workflow/resume").await["enabled"], true);
    let remove = || server.request(Method::DELETE, "/api/v1/jobs/order_workflow");
    assert_eq!(answer(remove()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(answer(remove()).await.0, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/api/jobs").await, json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_run_is_started_with_parameters_of_its_own() {
    let server = TestServer::start().await;
    three(&server).await;
    let body = json!({ "parameters": { "mode": "full" } });
    let request = server.request(Method::POST, "/api/v1/jobs/inventory_workflow/run").json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let place = response.headers()["location"].to_str().unwrap().to_owned();
    let run: Value = response.json().await.unwrap();
    assert_eq!((&run["trigger"], &run["parameters"]), (&json!("manual"), &json!({ "mode": "full" })));
    assert_eq!(server.get(&place).await["id"], run["id"]);
    server.post("/api/v1/jobs/order_workflow/run").await;
    for body in
        [json!({ "mode": "full" }), json!({ "parameters": { "mode": "slow" } }), json!({ "parameters": [] })]
    {
        let request = server.request(Method::POST, "/api/v1/jobs/inventory_workflow/run").json(&body);
        assert_eq!(answer(request).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn planned_times_are_told_before_and_after_saving() {
    let server = TestServer::start().await;
    let body = json!({ "job_type": "order_workflow", "cron": "30 2 25 10 *", "enabled": false });
    let request = server.request(Method::POST, "/api/v1/jobs/preview?count=2").json(&body);
    let (status, preview) = answer(request).await;
    assert_eq!(status, StatusCode::OK, "{preview}");
    // In the night in which the hour from two comes twice, it is the first of both.
    let times = json!(["2026-10-25T02:30:00.000+02:00", "2027-10-25T02:30:00.000+02:00"]);
    assert_eq!(preview, json!({ "time_zone": "Europe/Berlin", "times": times }));
    assert_eq!(server.get("/api/v1/jobs").await, json!([]));
    add(&server, body).await;
    let saved = server.get("/api/v1/jobs/order_workflow/preview?count=2").await;
    assert_eq!(saved, preview);
    assert_eq!(
        server.get("/api/v1/jobs/order_workflow/preview").await["times"].as_array().unwrap().len(),
        10
    );
    let (status, problem) = server.call(Method::GET, "/api/v1/jobs/order_workflow/preview?count=0").await;
    assert_eq!((status, errors_of(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["count"]));
    let body = json!({ "job_type": "order_workflow", "manual": true, "time_zone": "Asia/Tokyo" });
    let request = server.request(Method::POST, "/api/v1/jobs/preview").json(&body);
    assert_eq!(answer(request).await.1, json!({ "time_zone": "Asia/Tokyo", "times": [] }));
}

#[tokio::test(start_paused = true)]
async fn many_jobs_are_told_at_once_after_a_look() {
    let server = TestServer::start().await;
    three(&server).await;
    let bulk =
        async |body: Value| answer(server.request(Method::POST, "/api/v1/jobs/bulk").json(&body)).await;
    let pause = json!({ "action": "pause", "filter": { "job_type": ["order_workflow"] }, "dry_run": true });
    let (status, told) = bulk(pause.clone()).await;
    assert_eq!(
        (status, &told["count"], &told["ids"]),
        (StatusCode::OK, &json!(2), &json!(["order_workflow", "rescue"]))
    );
    assert_eq!(ids(&server.get("/api/v1/jobs?enabled=false").await).len(), 1);
    let (_, told) = bulk(json!({ "action": "pause", "filter": { "job_type": "order_workflow" } })).await;
    assert_eq!((&told["count"], &told["dry_run"]), (&json!(2), &json!(false)));
    assert_eq!(ids(&server.get("/api/v1/jobs?enabled=false").await).len(), 3);
    // Nothing is left to be paused, all can be resumed.
    assert_eq!(bulk(pause).await.1["count"], 0);
    assert_eq!(bulk(json!({ "action": "resume", "filter": {} })).await.1["count"], 3);

    let (status, told) =
        bulk(json!({ "action": "run", "filter": { "account": "main" }, "parameters": { "days_back": 1 } }))
            .await;
    assert_eq!(
        (status, told["runs"].as_array().unwrap().len(), &told["under_way"]),
        (StatusCode::ACCEPTED, 2, &json!(0))
    );
    let told = bulk(json!({ "action": "run", "filter": {}, "parameters": { "days_back": 1 } })).await.1;
    assert_eq!((&told["count"], told["runs"].as_array().unwrap().len()), (&json!(3), 2));
    assert_eq!(told["refused"][0]["id"], "inventory_workflow");

    // One job follows on another: all or none.
    let (status, problem) =
        bulk(json!({ "action": "remove", "filter": { "ids": ["order_workflow", "inventory_workflow"] } }))
            .await;
    assert_eq!((status, errors_of(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["after"]), "{problem}");
    assert_eq!(ids(&server.get("/api/v1/jobs").await).len(), 3);
    assert_eq!(bulk(json!({ "action": "remove", "filter": {} })).await.1["count"], 3);
    assert_eq!(server.get("/api/v1/jobs").await, json!([]));

    for (body, field) in [
        (json!({ "filter": {} }), "action"),
        (json!({ "action": "pause" }), "filter"),
        (json!({ "action": "explode", "filter": {} }), "action"),
        (json!({ "action": "pause", "filter": { "colour": 1 } }), "filter.colour"),
        (json!({ "action": "pause", "filter": { "status": "odd" } }), "filter.status"),
        (json!({ "action": "pause", "filter": {}, "parameters": {} }), "parameters"),
    ] {
        let (status, problem) = bulk(body.clone()).await;
        assert_eq!((status, errors_of(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec![field]), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn all_jobs_go_out_and_come_in_as_the_jobs_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with_jobs_file(folder.path()).await;
    three(&server).await;
    let file = || std::fs::read_to_string(folder.path().join("workers_config.json")).unwrap();
    let exported =
        server.request(Method::GET, "/api/v1/jobs/export").send().await.unwrap().text().await.unwrap();
    assert_eq!(exported, file());
    let import = async |query: &str, body: &str| {
        let path = format!("/api/v1/jobs/import{query}");
        answer(server.request(Method::POST, &path).body(body.to_owned())).await
    };
    let document = r#"{"jobs": [{"job_type": "order_workflow", "interval_minutes": 7},
        {"job_type": "inventory_workflow", "manual": true, "enabled": false},
        {"job_type": "fetch_invoices", "interval_minutes": 60, "colour": "red"}]}"#;
    let changes = |dry_run: bool| {
        json!({ "dry_run": dry_run, "added": ["fetch_invoices"], "changed": ["order_workflow"], "removed": ["rescue"],
            "unchanged": 1 })
    };
    assert_eq!(import("?dry_run=true", document).await, (StatusCode::OK, changes(true)));
    assert_eq!(file(), exported);
    assert_eq!(import("", document).await, (StatusCode::OK, changes(false)));
    assert!(file().contains("\"colour\": \"red\"") && file().contains("\"interval_minutes\": 7"));
    // What is documented and not built yet is kept, as in the file.
    assert_eq!(server.get("/api/v1/jobs/fetch_invoices").await["state"]["not_in_this_version"], true);
    assert_eq!(import("", &exported).await.1["removed"], json!(["fetch_invoices"]));
    assert_eq!(file(), exported);
    // What others have written into the file comes back with an export.
    let with_note = exported.replacen('{', "{\n  \"note\": \"of the office\",", 1);
    std::fs::write(folder.path().join("workers_config.json"), with_note).unwrap();
    let exported =
        server.request(Method::GET, "/api/v1/jobs/export").send().await.unwrap().text().await.unwrap();
    assert!(exported.contains("of the office"), "{exported}");
    assert_eq!(import("", &exported).await.0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn job_types_tell_what_a_job_can_be_told() {
    let server = TestServer::start().await;
    let types = server.get("/api/v1/job-types").await;
    let find = |name: &str| types.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone();
    let orders = find("order_workflow");
    assert_eq!((&orders["aliases"], &orders["accounts"]), (&json!(["sync_orders"]), &json!(["main"])));
    assert_eq!(orders["steps"], json!(["fetch", "import"]));
    let all = json!(["new_data", "account_healthy", "erp_reachable", "window", "succeeded_within"]);
    assert_eq!((&orders["conditions"], &orders["in_this_version"]), (&all, &json!(true)));
    assert!(orders["parameters"]["properties"]["days_back"].is_object());
    assert_eq!(
        find("inventory_workflow")["conditions"],
        json!(["account_healthy", "erp_reachable", "window", "succeeded_within"])
    );
    assert_eq!(find("amazon_order_workflow")["in_this_version"], false);
}

#[tokio::test(start_paused = true)]
async fn a_fuse_is_seen_in_the_list_and_in_the_alerts() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.world.fails.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        server.run("order_workflow").await;
    }
    let paused = &server.get("/api/v1/jobs?health=paused").await[0];
    assert_eq!(
        (&paused["enabled"], &paused["state"]["health"]["trouble"]),
        (&json!(false), &json!("blocked"))
    );
    let alerts = server.get("/api/v1/alerts?limit=5").await;
    assert_eq!((&alerts[0]["change"], &alerts[0]["job_id"]), (&json!("paused"), &json!("order_workflow")));
    assert_eq!(alerts[0]["run"], 5);
    server.post("/api/v1/jobs/order_workflow/resume").await;
    assert_eq!(ids(&server.get("/api/v1/jobs?health=degraded").await), ["order_workflow"]);
    server.world.fails.store(false, Ordering::Relaxed);
    let run = server.run("order_workflow").await;
    assert_eq!(server.ended(run).await.state, RunState::Succeeded);
    assert_eq!(server.get("/api/v1/alerts").await[0]["change"], "recovered");
    assert_eq!(ids(&server.get("/api/v1/jobs?health=ok").await), ["order_workflow"]);
    let told = server.post("/api/v1/alerts/test").await;
    assert_eq!(told, json!([{ "channel": "webhook", "ok": false, "error": "the webhook answers 410" }]));
}
