//! People: each with a token of their own, for programs and for the login page, and what a role may do.

use std::sync::Arc;

use marktwerk_server::{Person, Role, Server, ServerError, ServerOptions};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{ADMIN, OPERATOR, TestServer, VIEWER, answer, engine, guarded, options};

async fn add_job(server: &TestServer, token: &str) -> (StatusCode, Value) {
    let body = json!({ "job_type": "order_workflow", "interval_minutes": 525_600 });
    answer(server.request(Method::POST, "/api/jobs/add").bearer_auth(token).json(&body)).await
}

/// The cookie of a login.
async fn log_in(server: &TestServer, token: &str) -> String {
    let login = server.request(Method::POST, "/login").form(&[("token", token)]).send().await.unwrap();
    assert_eq!(login.status(), StatusCode::SEE_OTHER);
    login.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn an_operator_does_the_daily_work_and_an_admin_the_rest() {
    let server = TestServer::with(guarded()).await;
    assert_eq!(add_job(&server, OPERATOR).await.0, StatusCode::FORBIDDEN);
    assert_eq!(add_job(&server, ADMIN).await.0, StatusCode::CREATED);
    let job = "/api/v1/jobs/order_workflow";
    let patch = json!({ "interval_minutes": 30, "parameters": { "days_back": 3 } });
    let request = server.request(Method::PATCH, job).bearer_auth(OPERATOR).json(&patch);
    assert_eq!(answer(request).await.0, StatusCode::OK);
    let bulk = |token: &str, body: Value| {
        answer(server.request(Method::POST, "/api/v1/jobs/bulk").bearer_auth(token).json(&body))
    };
    let pause = json!({ "action": "pause", "filter": {} });
    assert_eq!(bulk(OPERATOR, pause).await.1["count"], 1);
    for dry_run in [true, false] {
        let remove = json!({ "action": "remove", "filter": {}, "dry_run": dry_run });
        let (status, told) = bulk(OPERATOR, remove).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert_eq!(told["type"], "urn:marktwerk:problem:forbidden");
    }
    assert_eq!(server.store.jobs(false).await.unwrap().len(), 1);
    let (status, removed) = bulk(ADMIN, json!({ "action": "remove", "filter": {} })).await;
    assert_eq!((status, &removed["count"]), (StatusCode::OK, &json!(1)));
    assert!(server.store.jobs(false).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_session_is_the_persons_whose_token_opened_it() {
    let server = TestServer::with(guarded()).await;
    add_job(&server, ADMIN).await;
    let warehouse = log_in(&server, VIEWER).await;
    let office = log_in(&server, OPERATOR).await;
    let page = async |cookie: &str| {
        let request = server.request(Method::GET, "/?lang=en").header("cookie", cookie);
        request.header("accept", "text/html").send().await.unwrap().text().await.unwrap()
    };
    let seen = page(&warehouse).await;
    assert!(seen.contains("warehouse (viewer)") && seen.contains("data-role=\"viewer\""), "{seen}");
    assert!(page(&office).await.contains("office (operator)"));
    let press = |cookie: &str| {
        let request = server.request(Method::POST, "/screen/jobs/order_workflow/pause");
        request.header("cookie", cookie).header("accept", "application/json")
    };
    let (status, told) = answer(press(&warehouse)).await;
    let why = "this needs the role operator, and warehouse has the role viewer";
    assert_eq!((status, told), (StatusCode::FORBIDDEN, json!({ "message": why })));
    assert_eq!(answer(press(&office)).await.0, StatusCode::OK);
    let log = server.request(Method::GET, "/api/v1/audit?limit=1").header("cookie", warehouse);
    let (_, entries) = answer(log).await;
    assert_eq!((&entries[0]["who"], &entries[0]["action"]), (&json!("office"), &json!("job_paused")));
}

#[tokio::test(start_paused = true)]
async fn people_alone_are_access_control_too() {
    let people = guarded().people;
    let server = TestServer::with(ServerOptions { people: people.clone(), ..options() }).await;
    assert_eq!(server.call(Method::GET, "/api/jobs").await.0, StatusCode::UNAUTHORIZED);
    let with = |token: &str| answer(server.request(Method::GET, "/api/jobs").bearer_auth(token));
    assert_eq!(with(ADMIN).await.0, StatusCode::UNAUTHORIZED);
    for _ in 0..2 {
        assert_eq!(with(VIEWER).await.0, StatusCode::OK);
        assert_eq!(with(OPERATOR).await.0, StatusCode::OK);
    }
    let (engine, _, _) = engine(None).await;
    let person = Person { name: "office".to_owned(), role: Role::Admin, token_hash: "$2b$12$abc".to_owned() };
    let broken = ServerOptions { people: vec![person], ..options() };
    let error = Server::start(broken, Arc::clone(&engine)).await.unwrap_err();
    assert!(matches!(error, ServerError::BadSetting { setting: "[[server.people]] token", .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn without_access_control_every_caller_is_an_admin() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let (status, _) = server.call(Method::DELETE, "/api/v1/jobs/order_workflow").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let entries = server.get("/api/v1/audit").await;
    let told: Vec<(&str, &str)> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["who"].as_str().unwrap(), entry["action"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("local", "job_removed"), ("local", "job_added")]);
    assert!(!server.page("/").await.contains("local ("));
}
