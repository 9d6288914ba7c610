//! What people get wrong: each time one clear error that names the field and the reason, and nothing is changed, neither in the
//! jobs nor in the file.

use std::path::Path;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, answer};

/// Two jobs, the second after the first, over a jobs file.
async fn chained(folder: &Path) -> TestServer {
    let server = TestServer::with_jobs_file(folder).await;
    for body in [
        json!({ "job_type": "order_workflow", "interval_minutes": 5 }),
        json!({ "job_type": "inventory_workflow", "manual": true, "after": "order_workflow" }),
    ] {
        let (status, job) = answer(server.request(Method::POST, "/api/v1/jobs").json(&body)).await;
        assert_eq!(status, StatusCode::CREATED, "{job}");
    }
    server
}

/// What must not change.
async fn state(server: &TestServer, folder: &Path) -> (Value, String) {
    let file = std::fs::read_to_string(folder.join("workers_config.json")).unwrap();
    (server.get("/api/v1/jobs").await, file)
}

/// The field of a refusal and its reason.
fn told(problem: &Value) -> (String, String) {
    let error = &problem["errors"][0];
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (text("field"), text("reason"))
}

#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_be_is_refused_by_field_when_it_is_added_and_when_it_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let server = chained(folder.path()).await;
    let before = state(&server, folder.path()).await;
    let cases = [
        (json!({ "cron": "0 0 31 2 *" }), "cron", "never"),
        (json!({ "cron": "*/0 * * * *" }), "cron", "minute"),
        (json!({ "cron": "0 0 * *" }), "cron", "field"),
        (json!({ "daily": ["25:00"] }), "daily", "times of the day"),
        (json!({ "interval_minutes": 5, "time_zone": "Europe/Atlantis" }), "time_zone", "Europe/Atlantis"),
        (json!({ "interval_minutes": 0 }), "interval_minutes", "from 1 to 525600, not 0"),
        (json!({ "interval_minutes": 1_000_000_000 }), "interval_minutes", "not 1000000000"),
        (json!({ "interval_minutes": "five" }), "interval_minutes", "\"five\""),
        (json!({ "every": 0 }), "every", "from 1 to"),
        (json!({ "every": "soon" }), "every", "`soon`"),
        (
            json!({ "interval_minutes": 5, "cron": "0 * * * *" }),
            "interval_minutes",
            "interval_minutes and cron",
        ),
        (json!({ "manual": true, "after": [{ "job": "ghost" }] }), "after", "there is no job `ghost`"),
        (
            json!({ "manual": true, "after": [{ "job": "order_workflow", "on": "sunday" }] }),
            "after[0]",
            "sunday",
        ),
        (
            json!({ "manual": true, "conditions": [{ "succeeded_within": { "job": "ghost", "minutes": 5 } }] }),
            "conditions",
            "there is no job `ghost`",
        ),
        (json!({ "manual": true, "conditions": ["full_moon"] }), "conditions[0]", "full_moon"),
        (json!({ "manual": true, "parameters": { "parent_order_status": 9 } }), "parent_order_status", "9"),
        (json!({ "manual": true, "parameters": { "dayz_back": 9 } }), "parameters", "dayz_back"),
        (
            json!({ "manual": true, "account": "elsewhere" }),
            "account",
            "`elsewhere` is not configured; there is main",
        ),
        (json!({ "manual": true, "max_instances": 0 }), "max_instances", "from 1 to 100"),
        (json!({ "manual": true, "priority": "urgent" }), "priority", "urgent"),
        (json!({ "manual": true, "overlap": "fight" }), "overlap", "fight"),
        (json!({ "manual": true, "retry": { "attempts": 0 } }), "retry.attempts", "from 1 to 100"),
        (json!({ "manual": true, "retry": { "atempts": 3 } }), "retry.atempts", "atempts"),
        (json!({ "manual": true, "description": "x".repeat(2_001) }), "description", "2001 characters"),
        (json!({ "manual": true, "colour": "red" }), "colour", "is not a field of a job"),
    ];
    for (body, field, reason) in cases {
        let mut whole = json!({ "job_type": "order_workflow", "id": "another" });
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        for request in [
            server.request(Method::POST, "/api/v1/jobs").json(&whole),
            server.request(Method::PATCH, "/api/v1/jobs/order_workflow").json(&body),
        ] {
            let (status, problem) = answer(request).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {problem}");
            let (told_field, told_reason) = told(&problem);
            assert!(told_field.starts_with(field.split('[').next().unwrap()), "{body}: {problem}");
            assert!(told_reason.contains(reason), "{body}: {problem}");
            assert_eq!(problem["meaning"], "Nothing was changed.");
        }
        assert_eq!(state(&server, folder.path()).await, before, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn chains_that_come_back_and_ids_that_are_taken_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = chained(folder.path()).await;
    let before = state(&server, folder.path()).await;
    let patch = json!({ "after": [{ "job": "inventory_workflow" }] });
    let (status, problem) =
        answer(server.request(Method::PATCH, "/api/v1/jobs/order_workflow").json(&patch)).await;
    assert_eq!(
        (status, told(&problem).0),
        (StatusCode::UNPROCESSABLE_ENTITY, "after".to_owned()),
        "{problem}"
    );
    assert!(told(&problem).1.contains("order_workflow → inventory_workflow → order_workflow"), "{problem}");

    let twice = json!({ "job_type": "order_workflow", "id": "order_workflow", "manual": true });
    let (status, problem) = answer(server.request(Method::POST, "/api/v1/jobs").json(&twice)).await;
    assert_eq!((status, told(&problem).0), (StatusCode::CONFLICT, "id".to_owned()), "{problem}");
    assert_eq!(problem["type"], "urn:marktwerk:problem:taken");

    let patch = json!({ "id": "renamed" });
    let (status, problem) =
        answer(server.request(Method::PATCH, "/api/v1/jobs/order_workflow").json(&patch)).await;
    assert_eq!((status, told(&problem).0), (StatusCode::UNPROCESSABLE_ENTITY, "id".to_owned()), "{problem}");

    let (status, problem) = server.call(Method::DELETE, "/api/v1/jobs/order_workflow").await;
    assert_eq!(
        (status, told(&problem).0),
        (StatusCode::UNPROCESSABLE_ENTITY, "after".to_owned()),
        "{problem}"
    );
    assert!(told(&problem).1.contains("`inventory_workflow` still names it"), "{problem}");
    assert_eq!(state(&server, folder.path()).await, before);
}

#[tokio::test(start_paused = true)]
async fn bodies_that_are_too_large_broken_or_something_else_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = chained(folder.path()).await;
    let before = state(&server, folder.path()).await;
    let send = async |path: &str, body: String| {
        let response = server.request(Method::POST, path).body(body).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
        (response.status(), response.json::<Value>().await.unwrap())
    };
    let huge = json!({ "job_type": "order_workflow", "manual": true, "description": "x".repeat(1_000_000) });
    let (status, problem) = send("/api/v1/jobs", huge.to_string()).await;
    assert_eq!((status, told(&problem).0), (StatusCode::PAYLOAD_TOO_LARGE, "body".to_owned()), "{problem}");
    // A document of all jobs may be as large; its descriptions may not.
    let (status, problem) = send("/api/v1/jobs/import", json!([huge]).to_string()).await;
    assert_eq!((status, told(&problem).0), (StatusCode::UNPROCESSABLE_ENTITY, "description".to_owned()));
    assert!(told(&problem).1.contains("1000000 characters"), "{}", told(&problem).1);

    for path in ["/api/v1/jobs", "/api/v1/jobs/preview", "/api/v1/jobs/import", "/api/v1/jobs/bulk"] {
        let (status, problem) = send(path, "{\"job_type\": \"a\",\n  \"daily\": [,]}".to_owned()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with("line 2, column 13: "), "{path}: {problem}");
        let (status, _) = send(path, "7".to_owned()).await;
        assert!(status.is_client_error(), "{path}");
    }
    let doubled = r#"{"jobs": [{"job_type": "order_workflow", "id": "a", "manual": true},
        {"job_type": "order_workflow", "id": "a", "manual": true}]}"#;
    let (status, problem) = send("/api/v1/jobs/import", doubled.to_owned()).await;
    assert_eq!((status, told(&problem).0), (StatusCode::UNPROCESSABLE_ENTITY, "id".to_owned()), "{problem}");
    assert!(told(&problem).1.contains("line 2, column"), "{problem}");
    assert_eq!(state(&server, folder.path()).await, before);
}

#[tokio::test(start_paused = true)]
async fn a_jobs_file_that_was_edited_and_is_broken_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let server = chained(folder.path()).await;
    let broken = "{\"jobs\": [";
    std::fs::write(folder.path().join("workers_config.json"), broken).unwrap();
    let document = json!([{ "job_type": "order_workflow", "manual": true }]);
    for request in [
        server.request(Method::POST, "/api/v1/jobs/import").json(&document),
        server.request(Method::POST, "/api/v1/jobs").json(&document[0]),
    ] {
        let (status, problem) = answer(request).await;
        assert_eq!(
            (status, &problem["type"]),
            (StatusCode::CONFLICT, &json!("urn:marktwerk:problem:conflict"))
        );
        assert!(problem["detail"].as_str().unwrap().contains("workers_config.json:1:"), "{problem}");
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("workers_config.json")).unwrap(), broken);
}
