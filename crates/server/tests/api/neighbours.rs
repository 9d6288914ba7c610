//! Bad neighbours: peers that hold connections, do not read, stop in the middle, or guess. In each case they lose something, and
//! others are served.

use std::time::Duration;

use marktwerk_server::ServerOptions;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::{ADMIN, TestServer, answer, guarded, options};

/// A server with twelve places for this machine.
async fn narrow() -> TestServer {
    TestServer::with(ServerOptions { connections: 16, ..options() }).await
}

/// A connection that keeps little of what it is sent.
async fn connect(server: &TestServer) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket.connect(server.server.address()).await.unwrap()
}

/// What still comes, until the server closes the connection.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut told = Vec::new();
    // A connection that is cut in the middle may be reset.
    let _ = stream.read_to_end(&mut told).await;
    told
}

#[tokio::test(start_paused = true)]
async fn readers_that_never_read_are_cut_off_and_keep_little_of_the_machine() {
    let server = narrow().await;
    let mut greedy = Vec::new();
    for _ in 0..50 {
        let mut stream = connect(&server).await;
        let requests = "GET /assets/app.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(500);
        // Once it is cut off, or nothing of it is read any more, it cannot send all of them.
        let _ = tokio::time::timeout(Duration::from_millis(10), stream.write_all(requests.as_bytes())).await;
        greedy.push(stream);
        assert_eq!(server.get("/api/health").await["status"], "ok");
    }
    let begun = server.engine.clock().monotonic();
    server.engine.clock().sleep(Duration::from_secs(130)).await;
    let mut whole = 0;
    for mut stream in greedy {
        whole = whole.max(rest(&mut stream).await.len());
    }
    assert!(server.engine.clock().monotonic() - begun < Duration::from_secs(135), "all were cut off by then");
    // All 500 answers are six megabytes.
    assert!(whole < 600_000, "{whole} bytes were kept for a peer that reads nothing");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_slow_and_goes_on_has_its_whole_answer() {
    let server = TestServer::start().await;
    let mut stream = connect(&server).await;
    let requests = "GET /assets/app.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(40);
    let last = "GET /assets/app.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all((requests + last).as_bytes()).await.unwrap();
    let (mut read, mut buffer) = (0, vec![0; 50_000]);
    loop {
        server.engine.clock().sleep(Duration::from_secs(20)).await;
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            bytes => read += bytes,
        }
    }
    assert!(read > 41 * 12_000, "{read} bytes");
}

#[tokio::test(start_paused = true)]
async fn slow_heads_and_slow_bodies_and_idle_connections_leave_room_for_others() {
    let server = narrow().await;
    let begun = server.engine.clock().monotonic();
    let beginnings = [
        "",
        "GET /api/health HTTP/1.1\r\nHost: local",
        "POST /api/jobs/add HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    ];
    let mut held = Vec::new();
    for beginning in beginnings.iter().cycle().take(300) {
        let mut stream = TcpStream::connect(server.server.address()).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        held.push(stream);
        if held.len() % 10 == 0 {
            assert_eq!(server.get("/api/health").await["status"], "ok");
        }
    }
    assert!(server.engine.clock().monotonic() - begun < Duration::from_secs(1), "nobody waited");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_is_told_so() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.server.address()).await.unwrap();
    let request = "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    stream.write_all(request.as_bytes()).await.unwrap();
    let told = String::from_utf8(rest(&mut stream).await).unwrap();
    assert!(told.starts_with("HTTP/1.1 408"), "{told}");
    assert!(told.contains("urn:marktwerk:problem:stopped"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_right_is_let_in_while_others_guess() {
    let server = TestServer::with(guarded()).await;
    let ask =
        |token: String| tokio::spawn(server.request(Method::GET, "/api/jobs").bearer_auth(token).send());
    let guesses: Vec<_> = (0..60).map(|number| ask(format!("guess {number}"))).collect();
    // Nobody has shown a token since the start, so it has to be hashed behind the guesses.
    assert_eq!(ask(ADMIN.to_owned()).await.unwrap().unwrap().status(), StatusCode::OK);
    let login = server.request(Method::POST, "/login").form(&[("token", ADMIN)]).send().await.unwrap();
    assert_eq!(login.status(), StatusCode::SEE_OTHER);
    for guess in guesses {
        assert_eq!(guess.await.unwrap().unwrap().status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_site_may_not_write_whatever_it_says_of_its_origin() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    for (site, expected) in [
        ("same-origin", StatusCode::OK),
        ("none", StatusCode::OK),
        ("cross-site", StatusCode::FORBIDDEN),
        ("same-site", StatusCode::FORBIDDEN),
    ] {
        let toggle = server.request(Method::POST, "/api/jobs/order_workflow/toggle?enabled=true");
        let (status, told) = answer(toggle.header("sec-fetch-site", site)).await;
        assert_eq!(status, expected, "{site}: {told}");
        let read = server.request(Method::GET, "/api/jobs").header("sec-fetch-site", site);
        assert_eq!(answer(read).await.0, StatusCode::OK, "{site}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_says_it_is_not_json_is_not_read() {
    let server = TestServer::start().await;
    let job = json!({ "job_type": "order_workflow", "interval_minutes": 5 }).to_string();
    let cases = [
        ("application/json", StatusCode::CREATED),
        ("application/json; charset=utf-8", StatusCode::CREATED),
        ("application/merge-patch+json", StatusCode::CREATED),
        ("text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("text/json", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/x-www-form-urlencoded", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("multipart/form-data; boundary=x", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ];
    for path in ["/api/jobs/add", "/api/v1/jobs"] {
        for (kind, expected) in cases {
            let request = server.request(Method::POST, path).header("content-type", kind).body(job.clone());
            let (status, told) = answer(request).await;
            assert_eq!(status, expected, "{path} {kind}: {told}");
        }
        // As programs have always sent it.
        let (status, told) = answer(server.request(Method::POST, path).body(job.clone())).await;
        assert_eq!(status, StatusCode::CREATED, "{path}: {told}");
    }
    let (status, told) = answer(
        server.request(Method::POST, "/api/v1/jobs/import").header("content-type", "text/plain").body("[]"),
    )
    .await;
    assert_eq!(
        (status, &told["type"]),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, &json!("urn:marktwerk:problem:wrong-type"))
    );
    // Nothing at all is of no type.
    let run =
        server.request(Method::POST, "/api/v1/jobs/order_workflow/run").header("content-type", "text/plain");
    assert_eq!(answer(run).await.0, StatusCode::ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_names_nothing_is_not_one_that_names_everything() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.run("order_workflow").await;
    let cases: [(&str, &str, Value); 9] = [
        ("jobs", "remove", json!({ "ids": null })),
        ("jobs", "remove", json!({ "ids": [] })),
        ("jobs", "remove", json!({ "account": [] })),
        ("jobs", "remove", json!({ "health": [] })),
        ("jobs", "remove", json!({ "enabled": null })),
        ("jobs", "remove", Value::Null),
        ("runs", "retry", json!({ "state": [] })),
        ("runs", "retry", json!({ "trigger": null })),
        ("runs", "retry", json!({ "job": null })),
    ];
    for (what, action, filter) in cases {
        let body = json!({ "action": action, "filter": filter });
        let request = server.request(Method::POST, &format!("/api/v1/{what}/bulk")).json(&body);
        let (status, told) = answer(request).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{what} {filter}: {told}");
    }
    assert_eq!(server.get("/api/jobs").await.as_array().unwrap().len(), 1);
    assert_eq!(server.get("/api/v1/runs").await.as_array().unwrap().len(), 1);
    let null = json!({ "job_type": "order_workflow", "interval_minutes": 5, "enabled": null });
    let (status, told) = answer(server.request(Method::POST, "/api/jobs/add").json(&null)).await;
    assert_eq!(
        (status, told["detail"][0]["loc"][1].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("enabled"))
    );
}
