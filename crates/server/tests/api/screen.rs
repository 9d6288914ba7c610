//! The plain screen, without its script.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_store::attention::NewAttention;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{TestServer, answer};

#[tokio::test(start_paused = true)]
async fn the_page_shows_how_things_stand_and_escapes_what_others_wrote() {
    let server = TestServer::start().await;
    let evil = "<script>alert(1)</script>";
    let body = json!({ "job_type": "order_workflow", "interval_minutes": 525_600, "description": evil });
    answer(server.request(Method::POST, "/api/jobs/add").json(&body)).await;
    *server.world.text.lock().unwrap() = evil.to_owned();
    server.run("order_workflow").await;
    let item = NewAttention {
        account: "main".to_owned(),
        kind: AttentionKind::SetAside,
        subject: "PO-1".to_owned(),
        message: evil.to_owned(),
        facts: serde_json::Value::Null,
    };
    server.store.raise(&[item], server.engine.clock().now()).await.unwrap();
    let page = server.page("/?lang=de").await;
    assert!(!page.contains(evil), "{page}");
    assert_eq!(page.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count(), 3);
    for expected in [
        "sandbox: simulated marketplace and ERP",
        "data-job=\"order_workflow\"",
        "data-count=\"orders.tracked\"",
        "Erfolgreich",
        "Letzter Lauf",
        "PO-1",
        "name=\"days_back\"",
        "/screen/accounts/main/test",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    // No inline script, no inline style: the policy would refuse them.
    assert!(!page.contains("style=") && !page.contains("onclick") && !page.contains("<script>"));
    assert!(server.page("/temu").await.contains("<h1>TEMU</h1>"));
}

#[tokio::test(start_paused = true)]
async fn the_language_is_chosen_remembered_or_the_browsers() {
    let server = TestServer::start().await;
    let page = |headers: &'static [(&'static str, &'static str)], path: &'static str| {
        let request = headers
            .iter()
            .fold(server.request(Method::GET, path), |request, (name, value)| request.header(*name, *value));
        async move { request.send().await.unwrap() }
    };
    let german = page(&[], "/").await.text().await.unwrap();
    assert!(
        german.contains("<html lang=\"de\">")
            && german.contains("Jetzt starten") == german.contains("data-job")
    );
    assert!(
        page(&[("accept-language", "en-GB,en;q=0.9,de;q=0.8")], "/")
            .await
            .text()
            .await
            .unwrap()
            .contains("lang=\"en\"")
    );
    let chosen = page(&[("accept-language", "de")], "/?lang=en").await;
    assert!(chosen.headers()["set-cookie"].to_str().unwrap().starts_with("marktwerk_language=en;"));
    assert!(
        page(&[("cookie", "a=b; marktwerk_language=en")], "/")
            .await
            .text()
            .await
            .unwrap()
            .contains("<html lang=\"en\">")
    );
}

#[tokio::test(start_paused = true)]
async fn the_buttons_work_without_the_script() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let press = |path: &str, form: &[(&str, &str)]| {
        let request = server.request(Method::POST, path).header("accept", "text/html").form(form);
        async move { request.send().await.unwrap() }
    };
    let pressed = press("/screen/jobs/order_workflow/pause", &[]).await;
    assert_eq!(
        (pressed.status(), pressed.headers()["location"].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/")
    );
    assert_eq!(server.get("/api/jobs").await[0]["config"]["schedule"]["enabled"], false);
    press("/screen/jobs/order_workflow/resume", &[]).await;
    press("/screen/jobs/order_workflow/interval", &[("interval_minutes", "12")]).await;
    let schedule = &server.get("/api/jobs").await[0]["config"]["schedule"];
    assert_eq!(*schedule, json!({ "interval_minutes": 12, "enabled": true }));
    let form = [("days_back", "3"), ("verbose", "true"), ("parent_order_status", "")];
    assert_eq!(press("/screen/jobs/order_workflow/run", &form).await.status(), StatusCode::SEE_OTHER);
    let run = server.get("/api/v1/runs").await[0].clone();
    assert_eq!(run["parameters"], json!({ "days_back": 3, "verbose": true }));
    let refused = press("/screen/jobs/order_workflow/run", &[("days_back", "soon")]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().await.unwrap().contains("days_back"));
    assert!(
        press("/screen/accounts/bad/test", &[]).await.text().await.unwrap().contains("the token is not good")
    );
    // The script is told in one sentence.
    let request =
        server.request(Method::POST, "/screen/accounts/main/test").header("accept", "application/json");
    assert_eq!(answer(request).await.1, json!({ "message": "✓ main: accepted" }));
}

#[tokio::test(start_paused = true)]
async fn assets_are_kept_by_browsers_until_they_change() {
    let server = TestServer::start().await;
    let page = server.page("/").await;
    for (name, kind) in [("app.css", "text/css; charset=utf-8"), ("app.js", "text/javascript; charset=utf-8")]
    {
        let start = page.find(&format!("/assets/{name}?v=")).expect(name);
        let path: String = page[start..].chars().take_while(|letter| *letter != '"').collect();
        let asset = server.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(asset.headers()["content-type"], kind);
        assert!(asset.headers()["cache-control"].to_str().unwrap().contains("immutable"));
        let tag = asset.headers()["etag"].clone();
        let again = server.request(Method::GET, &path).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
}
