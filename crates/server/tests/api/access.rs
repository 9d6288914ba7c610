//! The access token: for programs, and for people by the login page.

use std::time::Duration;

use marktwerk_server::{ServerOptions, hash_token};
use reqwest::{Method, StatusCode};

use crate::harness::{TestServer, answer, options};

async fn guarded() -> TestServer {
    TestServer::with(ServerOptions { token_hash: Some(hash_token("open sesame").unwrap()), ..options() })
        .await
}

#[tokio::test(start_paused = true)]
async fn programs_bring_the_token() {
    let server = guarded().await;
    let (status, told) = server.call(Method::GET, "/api/jobs").await;
    assert_eq!((status, told["detail"].is_string()), (StatusCode::UNAUTHORIZED, true));
    for path in ["/api/logs", "/api/v1/runs", "/openapi.json", "/docs/", "/ws/logs", "/api/temu/stats"] {
        assert_eq!(server.call(Method::GET, path).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(server.call(Method::POST, "/api/logs/cleanup").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get("/api/health").await["status"], "ok");
    let with = |token: &'static str| server.request(Method::GET, "/api/jobs").bearer_auth(token);
    assert_eq!(answer(with("open sesame")).await.0, StatusCode::OK);
    assert_eq!(answer(with("open sesame")).await.0, StatusCode::OK);
    assert_eq!(answer(with("open says me")).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_token_costs_time() {
    let server = guarded().await;
    let before = server.engine.clock().monotonic();
    let status = answer(server.request(Method::GET, "/api/jobs").bearer_auth("guess")).await.0;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(server.engine.clock().monotonic() - before >= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn people_log_in_and_out() {
    let server = guarded().await;
    let page = server.request(Method::GET, "/").header("accept", "text/html").send().await.unwrap();
    assert_eq!(
        (page.status(), page.headers()["location"].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/login")
    );
    assert!(server.page("/login?lang=en").await.contains("Access token"));

    let wrong = server.request(Method::POST, "/login").form(&[("token", "guess")]).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert!(wrong.headers().get("set-cookie").is_none());

    let login =
        server.request(Method::POST, "/login").form(&[("token", "open sesame")]).send().await.unwrap();
    assert_eq!(login.status(), StatusCode::SEE_OTHER);
    let cookie = login.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let session = cookie.split(';').next().unwrap().to_owned();
    let with_session = |method, path: &str| server.request(method, path).header("cookie", session.clone());
    assert_eq!(answer(with_session(Method::GET, "/api/jobs")).await.0, StatusCode::OK);
    assert_eq!(answer(with_session(Method::GET, "/")).await.0, StatusCode::OK);
    assert_eq!(answer(with_session(Method::POST, "/logout")).await.0, StatusCode::SEE_OTHER);
    assert_eq!(answer(with_session(Method::GET, "/api/jobs")).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_after_twelve_hours() {
    let server = guarded().await;
    let login =
        server.request(Method::POST, "/login").form(&[("token", "open sesame")]).send().await.unwrap();
    let session = login.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    server.engine.clock().sleep(Duration::from_secs(12 * 3_600)).await;
    let request = server.request(Method::GET, "/api/jobs").header("cookie", session);
    assert_eq!(answer(request).await.0, StatusCode::UNAUTHORIZED);
}

#[test]
fn a_hash_is_salted_and_an_empty_token_refused() {
    assert_ne!(hash_token("a").unwrap(), hash_token("a").unwrap());
    assert!(hash_token("a").unwrap().starts_with("$argon2id$"));
    assert!(hash_token(" ").is_err());
}
