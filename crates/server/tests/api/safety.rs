//! Strangers, floods and refusals to start.

use std::sync::Arc;

use marktwerk_server::{Server, ServerError, ServerOptions};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{TestServer, answer, engine, options};

#[tokio::test(start_paused = true)]
async fn a_foreign_host_name_is_misdirected() {
    let server =
        TestServer::with(ServerOptions { public_url: Some("https://markt.example".to_owned()), ..options() })
            .await;
    for (host, expected) in [
        ("localhost:8000", StatusCode::OK),
        ("127.0.0.1", StatusCode::OK),
        ("[::1]:8000", StatusCode::OK),
        ("markt.example", StatusCode::OK),
        ("evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("127.0.0.1.evil.example", StatusCode::MISDIRECTED_REQUEST),
    ] {
        let (status, _) = answer(server.request(Method::GET, "/api/jobs").header("host", host)).await;
        assert_eq!(status, expected, "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_page_may_not_write() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let own = format!("http://{}", server.server.address());
    for (origin, expected) in [
        (own.as_str(), StatusCode::OK),
        ("http://evil.example", StatusCode::FORBIDDEN),
        ("http://localhost:3000", StatusCode::FORBIDDEN),
        ("null", StatusCode::FORBIDDEN),
    ] {
        let request = server
            .request(Method::POST, "/api/jobs/order_workflow/toggle?enabled=true")
            .header("origin", origin);
        assert_eq!(answer(request).await.0, expected, "{origin}");
    }
    let read = server
        .request(Method::GET, "/api/jobs")
        .header("origin", "http://evil.example")
        .send()
        .await
        .unwrap();
    assert!(read.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test(start_paused = true)]
async fn every_answer_carries_its_headers() {
    let server = TestServer::start().await;
    for path in ["/", "/api/jobs", "/api/nothing", "/docs/"] {
        let response = server.request(Method::GET, path).send().await.unwrap();
        let header =
            |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("x-content-type-options").unwrap(), "nosniff", "{path}");
        let policy = header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}");
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe-eval"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_has_a_limit_whether_it_tells_its_length_or_not() {
    let server = TestServer::start().await;
    let large = vec![b'x'; 65 * 1024];
    let (status, _) = answer(server.request(Method::POST, "/api/jobs/add").body(large.clone())).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    let pieces = large.chunks(1024).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>();
    let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    let (status, _) = answer(server.request(Method::POST, "/api/jobs/add").body(body)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn unknown_addresses_and_methods_are_told() {
    let server = TestServer::start().await;
    let (status, told) = server.call(Method::GET, "/api/nothing").await;
    assert_eq!((status, told["detail"].is_string()), (StatusCode::NOT_FOUND, true));
    let (status, told) = server.call(Method::DELETE, "/api/jobs").await;
    assert_eq!((status, told["detail"].is_string()), (StatusCode::METHOD_NOT_ALLOWED, true));
    let (_, told) = server.call(Method::GET, "/api/v1/nothing").await;
    assert_eq!(told["type"], json!("urn:marktwerk:problem:not-found"));
}

#[tokio::test(start_paused = true)]
async fn a_taken_port_and_an_open_door_stop_the_start() {
    let server = TestServer::start().await;
    let taken = ServerOptions { listen: server.server.address(), ..options() };
    let error = Server::start(taken, Arc::clone(&server.engine)).await.unwrap_err();
    assert!(matches!(error, ServerError::AddressInUse(_)));
    assert_eq!(
        error.to_string(),
        format!(
            "another program listens on {}: stop it, or choose another address with --listen or [server] listen",
            server.server.address()
        )
    );
    let (engine, _, _) = engine(None).await;
    let open = ServerOptions { listen: "0.0.0.0:0".parse().unwrap(), ..options() };
    let error = Server::start(open, engine).await.unwrap_err();
    assert!(matches!(error, ServerError::NoToken(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_nobody_answers() {
    let server = TestServer::start().await;
    let request = server.request(Method::GET, "/api/health");
    let TestServer { server, .. } = server;
    server.shutdown().await;
    assert!(request.send().await.unwrap_err().is_connect());
}

#[tokio::test(start_paused = true)]
async fn a_head_has_a_limit_of_time_and_size() {
    let server = TestServer::start().await;
    let mut slow = TcpStream::connect(server.server.address()).await.unwrap();
    slow.write_all(b"GET /api/health HTTP/1.1\r\nHost: local").await.unwrap();
    let mut told = Vec::new();
    slow.read_to_end(&mut told).await.unwrap();
    assert!(told.is_empty() || told.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&told));
    let large = server
        .request(Method::GET, "/api/health")
        .header("x-large", "x".repeat(60_000))
        .send()
        .await
        .unwrap();
    assert_eq!(large.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_cuts_off_who_does_not_end() {
    let server = TestServer::start().await;
    let mut stuck = TcpStream::connect(server.server.address()).await.unwrap();
    stuck
        .write_all(b"POST /api/jobs/add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        .await
        .unwrap();
    server.get("/api/health").await;
    let before = server.engine.clock().monotonic();
    let TestServer { server, engine, .. } = server;
    server.shutdown().await;
    assert!(engine.clock().monotonic() - before < std::time::Duration::from_secs(10));
    let mut told = Vec::new();
    let _ = stuck.read_to_end(&mut told).await;
    assert!(told.is_empty(), "{}", String::from_utf8_lossy(&told));
}
