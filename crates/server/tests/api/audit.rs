//! `/api/v1/audit`: who changed what, when, and how it was before.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_store::attention::NewAttention;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{ADMIN, OPERATOR, TestServer, VIEWER, answer, errors_of, guarded};

/// Who, what and to what, of each entry of an answer.
fn told(entries: &Value) -> Vec<[&str; 3]> {
    let entries = entries.as_array().unwrap().iter();
    entries.map(|entry| ["who", "action", "subject"].map(|field| entry[field].as_str().unwrap())).collect()
}

#[tokio::test(start_paused = true)]
async fn each_entry_tells_who_what_before_and_after() {
    let server = TestServer::with(guarded()).await;
    let ask = async |token: &str, method: Method, path: &str, body: Value| {
        let request = server.request(method, path).bearer_auth(token);
        let (status, answer) = answer(if body.is_null() { request } else { request.json(&body) }).await;
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    };
    let audit = async |query: &str| {
        let path = format!("/api/v1/audit{query}");
        ask(VIEWER, Method::GET, &path, Value::Null).await
    };
    let job = json!({ "job_type": "order_workflow", "interval_minutes": 5 });
    ask(ADMIN, Method::POST, "/api/v1/jobs", job).await;
    let patch = json!({ "cron": "0 2 * * *", "parameters": { "days_back": 3 } });
    ask(OPERATOR, Method::PATCH, "/api/v1/jobs/order_workflow", patch.clone()).await;
    // Nothing is changed by the same once more.
    ask(OPERATOR, Method::PATCH, "/api/v1/jobs/order_workflow", patch).await;
    ask(OPERATOR, Method::POST, "/api/jobs/order_workflow/toggle?enabled=false", Value::Null).await;
    let run = ask(OPERATOR, Method::POST, "/api/v1/jobs/order_workflow/run", Value::Null).await["id"].clone();
    server.ended(run.as_i64().unwrap()).await;
    let again =
        ask(ADMIN, Method::POST, &format!("/api/v1/runs/{run}/retry"), Value::Null).await["id"].clone();
    ask(ADMIN, Method::POST, "/api/logs/cleanup?days=7", Value::Null).await;

    let all = audit("").await;
    assert_eq!(
        told(&all),
        [
            ["token", "logs_deleted", ""],
            ["token", "run_repeated", "order_workflow"],
            ["office", "run_started", "order_workflow"],
            ["office", "job_paused", "order_workflow"],
            ["office", "job_changed", "order_workflow"],
            ["token", "job_added", "order_workflow"],
        ]
    );
    let [deleted, repeated, started, paused, changed, added] = [0, 1, 2, 3, 4, 5].map(|index| &all[index]);
    assert_eq!((&added["before"], &added["after"]["interval_minutes"]), (&Value::Null, &json!(5)));
    let before = json!({ "cron": null, "interval_minutes": 5, "parameters": null });
    let after = json!({ "cron": "0 2 * * *", "interval_minutes": null, "parameters": { "days_back": 3 } });
    assert_eq!((&changed["before"], &changed["after"]), (&before, &after));
    let (on, off) = (json!({ "enabled": true }), json!({ "enabled": false }));
    assert_eq!((&paused["before"], &paused["after"]), (&on, &off));
    assert_eq!((&started["run"], &started["after"]["parameters"]["days_back"]), (&run, &json!(3)));
    assert_eq!((&repeated["run"], &repeated["before"]["run"]), (&again, &run));
    assert_eq!(deleted["after"]["days"], 7);
    for token in [ADMIN, OPERATOR, VIEWER, "argon2"] {
        assert!(!all.to_string().contains(token), "a secret in the audit");
    }

    let (third, fourth) = (all[2]["id"].clone(), all[3]["id"].clone());
    assert_eq!(audit(&format!("?before={third}&limit=1")).await[0]["id"], fourth);
    let by_office = audit("?who=office&action=job_paused,job_changed&subject=order_workflow").await;
    assert_eq!(by_office.as_array().unwrap().len(), 2);
    assert_eq!(audit(&format!("?run={run}")).await[0]["action"], "run_started");
    assert_eq!(audit("?subject=nothing").await, json!([]));
    let odd = server.request(Method::GET, "/api/v1/audit?action=job&limit=0&run=x").bearer_auth(VIEWER);
    let (status, problem) = answer(odd).await;
    assert_eq!(
        (status, errors_of(&problem)),
        (StatusCode::UNPROCESSABLE_ENTITY, vec!["action", "run", "limit"])
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_leaves_no_entry() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let run = server.run("order_workflow").await;
    for (method, path, body) in [
        (Method::POST, "/api/v1/jobs".to_owned(), json!({ "job_type": "order_workflow", "cron": "never" })),
        (Method::PATCH, "/api/v1/jobs/order_workflow".to_owned(), json!({ "version": 99, "enabled": false })),
        (Method::POST, "/api/v1/jobs/order_workflow/run".to_owned(), json!({ "parameters": { "odd": 1 } })),
        (Method::POST, format!("/api/v1/runs/{run}/cancel"), Value::Null),
        (Method::POST, format!("/api/v1/runs/{run}/retry"), json!({ "from_step": "nothing" })),
        (Method::POST, "/api/v1/jobs/import".to_owned(), json!({ "jobs": [{ "job_type": 5 }] })),
        (Method::POST, "/api/v1/jobs/import?dry_run=true".to_owned(), json!({ "jobs": [] })),
        (Method::POST, "/api/v1/attention/99/decide".to_owned(), json!({ "decision": "done_by_hand" })),
    ] {
        let request = server.request(method, &path);
        answer(if body.is_null() { request } else { request.json(&body) }).await;
    }
    let entries = server.get("/api/v1/audit").await;
    assert_eq!(
        told(&entries),
        [["local", "run_started", "order_workflow"], ["local", "job_added", "order_workflow"]]
    );
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_told_without_what_the_marketplace_wrote() {
    let server = TestServer::start().await;
    let item = NewAttention {
        account: "main".to_owned(),
        kind: AttentionKind::SetAside,
        subject: "PO-9".to_owned(),
        message: "unreadable: the buyer's own words".to_owned(),
        facts: serde_json::Value::Null,
    };
    server.store.raise(&[item], server.engine.clock().now()).await.unwrap();
    let id = server.get("/api/v1/attention").await[0]["id"].clone();
    let path = format!("/api/v1/attention/{id}/decide");
    let decision = json!({ "decision": "done_by_hand" });
    assert_eq!(answer(server.request(Method::POST, &path).json(&decision)).await.0, StatusCode::OK);
    let entries = server.get("/api/v1/audit").await;
    assert_eq!(told(&entries), [["local", "decided", "PO-9"]]);
    let before = json!({ "account": "main", "kind": "set_aside" });
    assert_eq!((&entries[0]["before"], &entries[0]["after"]), (&before, &decision));
    assert!(!entries.to_string().contains("buyer"), "{entries}");
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_the_jobs_file_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("workers_config.json");
    std::fs::write(&file, r#"{"jobs": [{"job_type": "order_workflow", "interval_minutes": 5}]}"#).unwrap();
    let server = TestServer::with_jobs_file(folder.path()).await;
    server.post("/api/jobs/order_workflow/schedule?interval_minutes=7").await;
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"interval_minutes\": 7", "\"interval_minutes\": 9")).unwrap();
    // A change takes the edit over first.
    server.post("/api/jobs/order_workflow/toggle?enabled=false").await;
    let entries = server.get("/api/v1/audit").await;
    assert_eq!(
        told(&entries),
        [
            ["local", "job_paused", "order_workflow"],
            ["jobs file", "job_changed", "order_workflow"],
            ["local", "job_changed", "order_workflow"],
            ["jobs file", "job_added", "order_workflow"],
        ]
    );
    assert_eq!(entries[1]["before"], json!({ "interval_minutes": 7 }));
}
