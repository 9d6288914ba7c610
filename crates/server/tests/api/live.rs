//! `/ws/logs`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use marktwerk_server::ServerOptions;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::harness::{TestServer, answer, options};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(server: &TestServer, query: &str) -> Socket {
    let address = format!("ws://{}/ws/logs{query}", server.server.address());
    connect_async(address).await.unwrap().0
}

/// The next message that is not a job list, unless that is what is asked for.
async fn next(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let Message::Text(text) = socket.next().await.expect("an open socket").unwrap() else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        if message["type"] == kind {
            return message["data"].clone();
        }
        assert_eq!(message["type"], "jobs_update", "while waiting for {kind}: {message}");
    }
}

/// All lines up to the closing line of a run.
async fn until_closing(socket: &mut Socket) -> Vec<i64> {
    let mut ids = Vec::new();
    loop {
        let row = next(socket, "log").await;
        ids.push(row["log_id"].as_i64().unwrap());
        if !row["status"].is_null() {
            return ids;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_come_on_connect_and_at_every_change() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let mut socket = connect(&server, "").await;
    assert_eq!(next(&mut socket, "jobs_update").await, server.get("/api/jobs").await);
    server.post("/api/jobs/order_workflow/schedule?interval_minutes=7").await;
    loop {
        let jobs = next(&mut socket, "jobs_update").await;
        if jobs[0]["config"]["schedule"]["interval_minutes"] == 7 {
            break;
        }
    }
    // What a client says is passed over.
    socket.send(Message::text("hello")).await.unwrap();
    server.run("order_workflow").await;
    loop {
        let Message::Text(text) = socket.next().await.unwrap().unwrap() else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        if message["type"] == "jobs_update" && message["data"][0]["status"]["status"] == "SUCCESS" {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_line_comes_once_and_in_order_whoever_else_does_not_read() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    // Enough to fill the buffers of a connection that nobody reads.
    server.world.lines.store(1_500, Ordering::Relaxed);
    *server.world.text.lock().unwrap() = "x".repeat(8_000);
    let lazy = connect(&server, "").await;
    let mut socket = connect(&server, "").await;
    let run = server.post("/api/jobs/order_workflow/run-now").await["run"].as_i64().unwrap();
    let ids = until_closing(&mut socket).await;
    server.ended(run).await;
    let mut stored: Vec<i64> = Vec::new();
    loop {
        let page = server.get(&format!("/api/logs?after={}&limit=1000", stored.last().unwrap_or(&0))).await;
        let page = page.as_array().unwrap().clone();
        if page.is_empty() {
            break;
        }
        stored.extend(page.iter().map(|row| row["log_id"].as_i64().unwrap()));
    }
    assert!(stored.len() > 1_500);
    assert_eq!(ids, stored);
    // A shutdown waits for nobody for ever, and says goodbye to whoever reads.
    let before = server.engine.clock().monotonic();
    let TestServer { server, engine, .. } = server;
    let goodbye = tokio::spawn(async move {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.reason.to_string()),
                Some(Ok(_)) => {}
                _ => return None,
            }
        }
    });
    server.shutdown().await;
    assert_eq!(goodbye.await.unwrap().as_deref(), Some("shutting down"));
    assert!(engine.clock().monotonic() - before < Duration::from_secs(5));
    drop(lazy);
}

#[tokio::test(start_paused = true)]
async fn a_reader_goes_on_where_it_was() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    let mut socket = connect(&server, "").await;
    server.run("order_workflow").await;
    let seen = until_closing(&mut socket).await;
    drop(socket);
    server.run("order_workflow").await;
    let last = seen.last().unwrap();
    let mut socket = connect(&server, &format!("?after={last}")).await;
    let missed = until_closing(&mut socket).await;
    assert_eq!(missed.first(), Some(&(last + 1)));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_fell_behind_is_told_and_goes_on() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.world.lines.store(2_500, Ordering::Relaxed);
    server.run("order_workflow").await;
    let stored = server.store.highest_log_id().await.unwrap();
    let mut socket = connect(&server, "?after=3").await;
    assert_eq!(next(&mut socket, "lagged").await, json!({ "after": 3, "dropped": stored - 3 }));
    server.world.lines.store(1, Ordering::Relaxed);
    server.run("order_workflow").await;
    assert_eq!(until_closing(&mut socket).await.first(), Some(&(stored + 1)));
}

#[tokio::test(start_paused = true)]
async fn lines_are_filtered_by_job_type() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    server.add_job("inventory_workflow").await;
    let mut socket = connect(&server, "?job_type=sync_orders").await;
    server.run("inventory_workflow").await;
    server.run("order_workflow").await;
    assert_eq!(next(&mut socket, "log").await["job_type"], "order_workflow");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_page_gets_no_socket() {
    let server = TestServer::start().await;
    for (origin, status) in [("http://evil.example", 403), ("null", 403)] {
        let mut request = format!("ws://{}/ws/logs", server.server.address()).into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        match connect_async(request).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), status),
            other => panic!("{origin}: {other:?}"),
        }
    }
    let (status, told) = answer(server.request(reqwest::Method::GET, "/ws/logs?before=1")).await;
    assert_eq!((status.as_u16(), &told["detail"][0]["loc"][1]), (422, &json!("before")));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_only_pings_is_closed() {
    let server = TestServer::start().await;
    let mut socket = connect(&server, "").await;
    for _ in 0..10_000 {
        if socket.feed(Message::Ping("x".repeat(100).into())).await.is_err() {
            break;
        }
    }
    let _ = socket.flush().await;
    let mut pongs = 0;
    let reason = loop {
        match socket.next().await {
            Some(Ok(Message::Pong(_))) => pongs += 1,
            Some(Ok(Message::Close(frame))) => break frame.map(|frame| frame.reason.to_string()),
            Some(Ok(_)) => {}
            // The goodbye may be lost with a connection whose pings nobody reads any more.
            Some(Err(_)) | None => break None,
        }
    };
    assert!(pongs <= 100, "{pongs} answers");
    assert!(reason.is_none_or(|reason| reason == "too many messages"));
    assert_eq!(server.get("/api/health").await["status"], "ok");
}

#[tokio::test(start_paused = true)]
async fn sockets_leave_room_for_requests() {
    let server = TestServer::with(ServerOptions { connections: 16, ..options() }).await;
    let mut sockets = Vec::new();
    let refused = loop {
        match connect_async(format!("ws://{}/ws/logs", server.server.address())).await {
            Ok((socket, _)) => sockets.push(socket),
            Err(Error::Http(response)) => break response.status(),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!((sockets.len(), refused.as_u16()), (6, 429));
    assert_eq!(server.get("/api/health").await["status"], "ok");
}
