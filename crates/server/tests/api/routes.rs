//! All routes at once: each is closed to strangers and to a role that is too low, in the words of its part of the interface, and
//! what changes something says who did it. A new route that changes something has to be added to [`change`].

use std::collections::BTreeSet;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_server::{Permission, Role, permissions};
use marktwerk_store::attention::NewAttention;
use marktwerk_store::audit::AuditFilter;
use marktwerk_store::runs::RunFilter;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::harness::{ADMIN, OPERATOR, TestServer, VIEWER, answer, guarded};
use crate::v1_orders::store as store_order;

/// Changes nothing of ours: asks others, and tells what they answered.
const TESTS: [&str; 4] = [
    "/api/v1/alerts/test",
    "/api/v1/accounts/{name}/test",
    "/api/v1/erp/test",
    "/screen/accounts/{name}/test",
];

/// Two jobs, of which the second is paused, an ended run, one under way, and an entry of the attention list. `admin` prepares the
/// requests.
async fn furnish(server: &TestServer, admin: impl Fn(RequestBuilder) -> RequestBuilder) {
    for (job_type, enabled) in [("order_workflow", true), ("inventory_workflow", false)] {
        let body = json!({ "job_type": job_type, "interval_minutes": 525_600, "enabled": enabled });
        let (status, told) = answer(admin(server.request(Method::POST, "/api/jobs/add")).json(&body)).await;
        assert_eq!(status, StatusCode::CREATED, "{told}");
    }
    let start = async || {
        let request = server.request(Method::POST, "/api/jobs/order_workflow/run-now");
        answer(admin(request)).await.1["run"].as_i64().unwrap()
    };
    let ended = start().await;
    server.ended(ended).await;
    server.world.hold.send_replace(true);
    let live = start().await;
    server.reaches(live, |run| run.attempt > 0).await;
    assert_eq!((ended, live), (1, 2));
    let item = NewAttention {
        account: "main".to_owned(),
        kind: AttentionKind::SetAside,
        subject: "without a number".to_owned(),
        message: "an entry of the order list cannot be read".to_owned(),
        facts: serde_json::Value::Null,
    };
    server.store.raise(&[item], server.engine.clock().now()).await.unwrap();
    store_order(server, "main", "PO-1", |_| ()).await;
}

/// Everything that a request could change.
async fn world(server: &TestServer) -> Vec<Value> {
    let store = &server.store;
    let jobs = store.jobs(true).await.unwrap().into_iter().map(|job| json!([job.id, job.spec, job.archived]));
    let filter = RunFilter { limit: 100, ..RunFilter::default() };
    let runs = store.runs(&filter).await.unwrap().into_iter();
    let runs = runs.map(|run| json!([run.id, run.state.as_str(), run.cancel_requested]));
    let entries = store.attentions().await.unwrap().into_iter().map(|item| json!(item.id));
    let audit = entries_of_audit(server).await.into_iter().map(Value::from);
    jobs.chain(runs).chain(entries).chain(audit).collect()
}

async fn entries_of_audit(server: &TestServer) -> Vec<String> {
    let filter = AuditFilter { limit: 1_000, ..AuditFilter::default() };
    server.store.audit(&filter).await.unwrap().into_iter().map(|entry| entry.who).collect()
}

/// The address of a route in the furnished world.
fn address(path: &str) -> String {
    let id = match path {
        "/api/v1/runs/{id}/retry" | "/screen/runs/{id}/retry" => "1",
        _ if path.contains("/runs/") => "2",
        _ if path.contains("/attention/") => "1",
        _ if path.ends_with("/resume") => "inventory_workflow",
        _ => "order_workflow",
    };
    path.replace("{id}", id)
        .replace("{name}", "main")
        .replace("{account}", "main")
        .replace("{number}", "PO-1")
        .replace("{sku}", "A-1")
        .replace("{*rest}", "swagger-ui.css")
}

/// A request that changes something by this route: what comes after the address, and the body.
fn change(permission: &Permission) -> (&'static str, Option<Value>) {
    match (permission.method.as_str(), permission.path.as_str()) {
        ("POST", "/api/jobs/add") => {
            ("", Some(json!({ "job_type": "order_workflow", "interval_minutes": 5 })))
        }
        ("POST", "/api/jobs/{id}/schedule") => ("?interval_minutes=7", None),
        ("POST", "/api/jobs/{id}/toggle") => ("?enabled=false", None),
        ("POST", "/api/v1/jobs") => ("", Some(json!({ "job_type": "order_workflow", "cron": "0 2 * * *" }))),
        ("POST", "/api/v1/jobs/import") => ("", Some(json!({ "jobs": [] }))),
        ("POST", "/api/v1/jobs/bulk") => ("", Some(json!({ "action": "pause", "filter": {} }))),
        ("POST", "/api/v1/runs/bulk") => ("", Some(json!({ "action": "cancel", "filter": {} }))),
        ("PATCH", "/api/v1/jobs/{id}") => ("", Some(json!({ "description": "every night" }))),
        (
            "POST",
            "/api/v1/attention/{id}/decide"
            | "/screen/attention/{id}/decide"
            | "/api/v1/orders/{number}/decide"
            | "/screen/orders/{account}/{number}/decide",
        ) => ("", Some(json!({ "decision": "done_by_hand" }))),
        ("POST", "/api/v1/stock/{sku}/push") => ("?account=main", None),
        ("POST", "/screen/stock/push") => ("", Some(json!({ "sku": "A-1" }))),
        ("POST", "/api/v1/orders/fetch") => ("", Some(json!({ "orders": ["PO-1"] }))),
        ("POST", "/screen/jobs/{id}/interval") => ("", Some(json!({ "interval_minutes": "8" }))),
        (
            "POST",
            "/api/jobs/{id}/run-now"
            | "/api/logs/cleanup"
            | "/api/temu/orders/sync"
            | "/api/temu/inventory/sync"
            | "/api/v1/jobs/{id}/pause"
            | "/api/v1/jobs/{id}/resume"
            | "/api/v1/jobs/{id}/run"
            | "/api/v1/runs/{id}/cancel"
            | "/api/v1/runs/{id}/retry"
            | "/screen/runs/{id}/cancel"
            | "/screen/runs/{id}/retry"
            | "/screen/jobs/{id}/run"
            | "/screen/jobs/{id}/pause"
            | "/screen/jobs/{id}/resume"
            | "/api/v1/orders/{number}/send",
        )
        | ("DELETE", "/api/v1/jobs/{id}") => ("", None),
        _ => panic!(
            "{permission:?} is new: say here how it is called, so that its entry in the audit is tested"
        ),
    }
}

/// The request of a route with what it needs.
fn request(server: &TestServer, permission: &Permission) -> RequestBuilder {
    let is_test = TESTS.contains(&permission.path.as_str());
    let changes = permission.role > Some(Role::Viewer) && !is_test;
    let (query, body) = if changes { change(permission) } else { ("", None) };
    let request = server.request(permission.method.clone(), &format!("{}{query}", address(&permission.path)));
    match body {
        body if permission.path.starts_with("/screen/") => request.form(&body.unwrap_or_else(|| json!({}))),
        Some(body) => request.json(&body),
        None => request,
    }
}

#[tokio::test(start_paused = true)]
async fn strangers_are_let_in_nowhere_but_where_everybody_is() {
    let server = TestServer::with(guarded()).await;
    let open: Vec<String> = permissions()
        .into_iter()
        .filter(|permission| permission.role.is_none())
        .map(|permission| permission.path)
        .collect();
    assert_eq!(open, ["/api/health", "/assets/app.css", "/assets/app.js", "/login", "/login"]);
    for permission in permissions() {
        let status = request(&server, &permission).send().await.unwrap().status();
        let page = request(&server, &permission).header("accept", "text/html").send().await.unwrap();
        if permission.role.is_none() {
            assert_ne!(status, StatusCode::FORBIDDEN, "{permission:?}");
            continue;
        }
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{permission:?}");
        if permission.method == Method::GET {
            let to = page.headers()["location"].to_str().unwrap();
            assert_eq!((page.status(), to), (StatusCode::SEE_OTHER, "/login"), "{permission:?}");
        } else {
            assert_eq!(page.status(), StatusCode::UNAUTHORIZED, "{permission:?}");
        }
    }
    for path in ["/nothing", "/api/nothing", "/api/v1/nothing"] {
        assert_eq!(server.call(Method::GET, path).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_too_low_is_refused_and_changes_nothing() {
    let server = TestServer::with(guarded()).await;
    furnish(&server, |request| request.bearer_auth(ADMIN)).await;
    let before = world(&server).await;
    let mut refused = 0;
    for (token, role) in [(VIEWER, Role::Viewer), (OPERATOR, Role::Operator)] {
        for permission in permissions().into_iter().filter(|permission| permission.role > Some(role)) {
            let (status, told) = answer(request(&server, &permission).bearer_auth(token)).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{permission:?}: {told}");
            must_say_why(&permission, role, &told);
            refused += 1;
        }
    }
    assert!(refused > 30, "{refused}");
    assert_eq!(world(&server).await, before);
}

/// The refusal in the form of each part of the interface.
fn must_say_why(permission: &Permission, role: Role, told: &Value) {
    let needed = permission.role.unwrap();
    let name = if role == Role::Viewer { "warehouse" } else { "office" };
    let why = format!("this needs the role {needed}, and {name} has the role {role}");
    if permission.path.starts_with("/api/v1/") {
        assert_eq!(told["type"], "urn:marktwerk:problem:forbidden", "{told}");
        assert_eq!((&told["detail"], &told["status"]), (&json!(why), &json!(403)), "{told}");
        assert!(told["meaning"].is_string() && told["remedy"].is_string(), "{told}");
    } else if permission.path.starts_with("/screen/") {
        let page = told.as_str().unwrap();
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains(&why), "{page}");
    } else {
        assert_eq!(*told, json!({ "detail": why }), "{permission:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_may_read_reads_everything() {
    let server = TestServer::with(guarded()).await;
    furnish(&server, |request| request.bearer_auth(ADMIN)).await;
    let before = world(&server).await;
    let reads = permissions().into_iter().filter(|permission| permission.role == Some(Role::Viewer));
    for permission in reads.filter(|permission| permission.path != "/logout") {
        let (status, told) = answer(request(&server, &permission).bearer_auth(VIEWER)).await;
        let is_refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
        assert!(!is_refused && !status.is_server_error(), "{permission:?}: {status} {told}");
    }
    assert_eq!(world(&server).await, before);
    let unknown = server.request(Method::GET, "/api/nothing").bearer_auth(VIEWER);
    assert_eq!(answer(unknown).await.0, StatusCode::NOT_FOUND);
    let wrong = server.request(Method::DELETE, "/api/jobs").bearer_auth(VIEWER);
    assert_eq!(answer(wrong).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(start_paused = true)]
async fn every_change_says_who_made_it() {
    let changing = permissions().into_iter().filter(|permission| permission.role > Some(Role::Viewer));
    for permission in changing {
        let server = TestServer::start().await;
        furnish(&server, |request| request).await;
        let before = entries_of_audit(&server).await.len();
        let response = request(&server, &permission).send().await.unwrap();
        let status = response.status();
        assert!(status.is_success() || status.is_redirection(), "{permission:?}: {status}");
        let after = entries_of_audit(&server).await;
        if TESTS.contains(&permission.path.as_str()) {
            assert_eq!(after.len(), before, "{permission:?}");
        } else {
            assert!(after.len() > before, "{permission:?} changed something and nobody knows who");
            assert!(after.iter().all(|who| who == "local"), "{permission:?}: {after:?}");
        }
    }
}

#[test]
fn the_description_names_the_role_of_each_operation() {
    let document = marktwerk_server::openapi_document("0.0.0-test");
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["security"], json!([{ "token": [] }, { "session": [] }]));
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let role = operation["x-role"].as_str();
            let answers = operation["responses"].as_object().unwrap();
            assert_eq!(role.is_none(), operation["security"] == json!([]), "{method} {path}");
            assert_eq!(answers.contains_key("401"), role.is_some(), "{method} {path}");
            // A page of another origin may read nothing of an answer, and may not even ask for a change.
            assert_eq!(answers.contains_key("403"), method != "get", "{method} {path}");
            described.insert((method.to_uppercase(), path.clone(), role.map(str::to_owned)));
        }
    }
    let declared: BTreeSet<_> = permissions()
        .into_iter()
        .map(|permission| {
            let role = permission.role.map(|role| role.as_str().to_owned());
            (permission.method.to_string(), permission.path, role)
        })
        .collect();
    let missing: Vec<_> = described.difference(&declared).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let left_out: Vec<_> =
        declared.difference(&described).filter(|(_, path, _)| path.starts_with("/api/")).collect();
    assert!(left_out.is_empty(), "{left_out:?}");
}

/// The table of `docs/ACCESS.md`.
#[test]
fn the_page_about_access_lists_every_route() {
    let row = |permission: &Permission| {
        let role = permission.role.map_or("everybody", Role::as_str);
        format!("| `{} {}` | {role} |", permission.method, permission.path)
    };
    let mut routes = permissions();
    routes.sort_by(|one, other| (&one.path, one.method.as_str()).cmp(&(&other.path, other.method.as_str())));
    let expected: Vec<String> = routes.iter().map(row).collect();
    let page = include_str!("../../../../docs/ACCESS.md");
    let found: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| `") && line.contains(" /")).collect();
    assert_eq!(found, expected, "docs/ACCESS.md should have these lines:\n{}", expected.join("\n"));
}
