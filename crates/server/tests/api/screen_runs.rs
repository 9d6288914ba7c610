//! The plain screen: schedules in words, the health of jobs, and the pages of runs.

use std::sync::atomic::Ordering;

use marktwerk_domain::run::RunState;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, answer};

async fn add(server: &TestServer, body: Value) {
    let (status, job) = answer(server.request(Method::POST, "/api/v1/jobs").json(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{job}");
}

/// Presses a button without the script: where it leads, or the page of a refusal.
async fn press(server: &TestServer, path: &str, form: &[(&str, &str)]) -> Result<String, String> {
    let response = server.request(Method::POST, path).form(form).send().await.unwrap();
    match response.headers().get("location") {
        Some(place) => Ok(place.to_str().unwrap().to_owned()),
        None => Err(response.text().await.unwrap()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_shows_its_schedule_in_words_its_priority_and_its_health() {
    let server = TestServer::start().await;
    add(&server, json!({ "job_type": "order_workflow", "cron": "0 8 * * MON-FRI", "priority": "high" }))
        .await;
    let after = json!([{ "job": "order_workflow", "on": "always" }]);
    add(&server, json!({ "job_type": "inventory_workflow", "manual": true, "after": after })).await;
    let german = server.page("/?lang=de").await;
    for expected in ["montags bis freitags um 08:00 Uhr", "nach order_workflow (immer)", "hohe Priorität"] {
        assert!(german.contains(expected), "{expected}");
    }
    assert!(server.page("/?lang=en").await.contains("Monday to Friday at 08:00"));
    assert!(german.contains("data-health=\"ok\"") && !german.contains("data-health=\"paused\""));
    server.world.fails.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        server.run("order_workflow").await;
    }
    let page = server.page("/?lang=de").await;
    assert!(page.contains("data-health=\"paused\"") && page.contains("Sicherung ausgelöst"), "{page}");
    assert!(page.contains("Last error: the marketplace said no") && page.contains("href=\"/runs/"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn a_page_of_a_run_tells_its_story_and_repeats_it() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    add(&server, json!({ "job_type": "inventory_workflow", "manual": true, "after": ["order_workflow"] }))
        .await;
    let evil = "<script>alert(1)</script>";
    *server.world.text.lock().unwrap() = evil.to_owned();
    let run = server.run("order_workflow").await;
    let page = server.page(&format!("/runs/{run}?lang=de")).await;
    let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;";
    for expected in
        ["Erfolgreich", "Versuch 1", escaped, "Löste aus", "inventory_workflow", "<option value=\"import\">"]
    {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(!page.contains(evil) && !page.contains("http-equiv"), "{page}");
    let caused = server.get(&format!("/api/v1/runs?caused_by={run}")).await[0]["id"].as_i64().unwrap();
    let page = server.page(&format!("/runs/{caused}?lang=en")).await;
    assert!(page.contains("Caused by") && page.contains(&format!("href=\"/runs/{run}\"")), "{page}");

    server.world.hold.send_replace(true);
    let fresh =
        press(&server, &format!("/screen/runs/{run}/retry"), &[("from_step", "import")]).await.unwrap();
    let number: i64 = fresh.trim_start_matches("/runs/").parse().unwrap();
    assert_eq!(
        server.reaches(number, |run| run.state == RunState::Running).await.from_step.as_deref(),
        Some("import")
    );
    // A run that lives is looked at again and again, and can be ended.
    let page = server.page(&fresh).await;
    assert!(page.contains("http-equiv=\"refresh\"") && page.contains("/cancel\""), "{page}");
    assert_eq!(press(&server, &format!("/screen{fresh}/cancel"), &[]).await, Ok(fresh.clone()));
    assert_eq!(server.ended(number).await.state, RunState::Cancelled);
    assert!(
        press(&server, &format!("/screen{fresh}/cancel"), &[])
            .await
            .unwrap_err()
            .contains("nothing to cancel")
    );
    let refused = press(&server, &format!("/screen{fresh}/retry"), &[("from_step", "odd")]).await;
    assert!(refused.unwrap_err().contains("`odd` is not a step"));
    let missing = server.request(Method::GET, "/runs/999").send().await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn the_list_of_runs_counts_skips_and_tells_why() {
    let server = TestServer::start().await;
    add(&server, json!({ "job_type": "order_workflow", "every": "1h", "conditions": ["new_data"] })).await;
    server.add_job("inventory_workflow").await;
    server.run("inventory_workflow").await;
    server.engine.clock().sleep(std::time::Duration::from_secs(4 * 3_600)).await;
    let mut changes = server.store.changes();
    let skipped = loop {
        let skipped = server.get("/api/v1/runs?state=skipped").await;
        if skipped[0]["merged"].as_i64().is_some_and(|merged| merged >= 1) {
            break skipped[0].clone();
        }
        changes.changed().await.unwrap();
    };
    let page = server.page("/runs?lang=de&state=skipped").await;
    let reason = skipped["reason"].as_str().unwrap();
    assert!(
        page.contains("Übersprungen") && page.contains(reason) && page.contains("weitere gleiche"),
        "{page}"
    );
    assert!(!page.contains(">inventory_workflow</td>"), "{page}");
    assert!(server.page("/runs?job=inventory_workflow").await.contains(">inventory_workflow</td>"));
    let odd = server.request(Method::GET, "/runs?state=odd").send().await.unwrap();
    assert_eq!(odd.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
