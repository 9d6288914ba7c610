//! What goes over the wire: a recorder stands between the program and the marketplace. Each body that it sees is checked by
//! this test's own code, and a second order run over an unchanged world asks for the list and writes nothing.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

#[path = "common/shop.rs"]
mod shop;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use marktwerk_domain::job::JobId;
use marktwerk_sandbox::{LineSeed, OrderSeed, Sandbox, WorldOptions};
use md5::{Digest, Md5};
use reqwest::Method;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::value::RawValue;
use shop::Shop;

const LIST: &str = "bg.order.list.v2.get";

/// Bodies as they were sent, with their content types.
type Tape = Arc<Mutex<Vec<(String, String)>>>;

#[derive(Clone)]
struct Recorder {
    tape: Tape,
    beyond: String,
    http: reqwest::Client,
}

/// Stands in the way to `beyond` and answers with its own address.
fn record(beyond: String, tape: &Tape) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let recorder = Recorder { tape: Arc::clone(tape), beyond, http };
    let routes = Router::new().route("/openapi/router", post(pass)).with_state(recorder);
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    format!("http://{address}/openapi/router")
}

async fn pass(State(recorder): State<Recorder>, headers: HeaderMap, body: Bytes) -> Bytes {
    let kind = headers["content-type"].to_str().unwrap().to_owned();
    recorder.tape.lock().unwrap().push((kind, String::from_utf8(body.to_vec()).unwrap()));
    let answer = recorder.http.post(&recorder.beyond).body(body).send().await.unwrap();
    answer.bytes().await.unwrap()
}

/// The top-level members of a body with their text as it was sent; strings without quotes and escapes.
fn members(body: &str) -> BTreeMap<String, String> {
    let raw: BTreeMap<String, Box<RawValue>> = serde_json::from_str(body).unwrap();
    let text =
        |raw: &RawValue| serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned());
    raw.iter().map(|(key, raw)| (key.clone(), text(raw))).collect()
}

/// Secret, then each key with its value in the keys' order, then the secret again.
fn sign(members: &BTreeMap<String, String>, secret: &str) -> String {
    let signed = members.iter().filter(|(key, _)| *key != "sign");
    let text: String = signed.map(|(key, value)| format!("{key}{value}")).collect();
    Md5::digest(format!("{secret}{text}{secret}")).iter().map(|byte| format!("{byte:02X}")).collect()
}

/// What was recorded since the last time, by type of call.
fn rewind(tape: &Tape) -> BTreeMap<String, Vec<String>> {
    let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (kind, body) in tape.lock().unwrap().drain(..) {
        assert_eq!(kind, "application/json");
        calls.entry(members(&body)["type"].clone()).or_default().push(body);
    }
    calls
}

/// Orders of articles that JTL knows.
fn place(shop: &Shop, count: usize) {
    for index in 0..count {
        let lines = vec![LineSeed::new(format!("MW-{:04}", 3 + index % 20), 2)];
        shop.world.add_order(OrderSeed { lines, ..OrderSeed::default() }).unwrap();
    }
}

/// Orders until what was placed is reported and our own reports have been read back.
async fn settle(shop: &Shop) {
    for _ in 0..3 {
        shop.run(&shop::orders(), "").await;
        shop.wait(Duration::from_secs(60)).await;
    }
    shop.run(&shop::orders(), "").await;
}

/// Every row of every table, but for the run itself, its log, and what a job remembers of its last run.
fn everything(database: &Connection) -> BTreeMap<String, Vec<Vec<Cell>>> {
    // A run that a person starts is in the audit too.
    let own = ["runs", "attempts", "scheduler_logs", "sqlite_sequence", "audit"];
    let history = ["last_run", "last_duration", "last_error", "last_succeeded", "failures_in_a_row"];
    let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut all = BTreeMap::new();
    for name in names.into_iter().filter(|name| !own.contains(&name.as_str())) {
        let mut query = database.prepare(&format!("SELECT * FROM {name} ORDER BY 1, 2")).unwrap();
        let columns: Vec<String> = query.column_names().map(str::to_owned).collect();
        let kept: Vec<usize> = (0..columns.len())
            .filter(|index| name != "jobs" || !history.contains(&columns[*index].as_str()))
            .collect();
        let rows = query.query_map([], |row| kept.iter().map(|index| row.get(*index)).collect());
        all.insert(name, rows.unwrap().map(Result::unwrap).collect());
    }
    all
}

#[tokio::test(start_paused = true)]
async fn each_request_on_the_wire_carries_the_right_signature() {
    let tape = Tape::default();
    let shop = Shop::open(WorldOptions::quiet(), |beyond| record(beyond, &tape)).await;
    shop.pause_jobs().await;
    place(&shop, 10);
    settle(&shop).await;
    shop.world.receive("MW-0005", 3).unwrap();
    shop.run(&JobId("inventory_workflow-full".to_owned()), "").await;
    let credentials = Sandbox::credentials();
    let now = shop.program.engine().clock().now().as_second();
    let calls = rewind(&tape);
    for call in [
        LIST,
        "bg.order.shippinginfo.v2.get",
        "bg.order.amount.query",
        "bg.logistics.shipment.v2.confirm",
        "bg.local.goods.stock.edit",
    ] {
        assert!(calls.contains_key(call), "{call} was never made: {:?}", calls.keys());
    }
    for body in calls.values().flatten() {
        let members = members(body);
        assert_eq!(members["sign"], sign(&members, credentials.app_secret), "{body}");
        assert_eq!(members["app_key"], credentials.app_key);
        assert_eq!(members["access_token"], credentials.access_token);
        assert!(!body.contains(credentials.app_secret), "the secret is never sent");
        // Within the hour that the test lived through.
        let asked: i64 = members["timestamp"].parse().unwrap();
        assert!((now - 3_600..=now).contains(&asked), "{body}");
    }
    let reported = shop.ask(Method::GET, "/api/temu/stats").await["orders"]["tracked"].take();
    assert_eq!(reported, 10);
    shop.program.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_run_over_an_unchanged_world_asks_for_the_list_and_writes_nothing() {
    let tape = Tape::default();
    let shop = Shop::open(WorldOptions::quiet(), |beyond| record(beyond, &tape)).await;
    shop.pause_jobs().await;
    place(&shop, 120);
    settle(&shop).await;
    let database = shop.database();
    let before = everything(&database);
    assert_eq!(before["orders"].len(), 120);
    assert!(before.contains_key("facts") && before.contains_key("order_counts"), "{:?}", before.keys());
    rewind(&tape);

    shop.run(&shop::orders(), "").await;
    let calls = rewind(&tape);
    assert_eq!(calls.keys().collect::<Vec<_>>(), [LIST]);
    // 120 orders are two pages, and a page is no more than a hundred.
    assert!(calls[LIST].len() <= 3, "{}", calls[LIST].len());
    for (table, rows) in everything(&database) {
        assert_eq!(rows, before[&table], "{table} changed");
    }

    // The same comparison sees a change where there is one.
    shop.world.touch(&shop.world.orders().unwrap()[0].parent_order_sn).unwrap();
    shop.run(&shop::orders(), "").await;
    assert_ne!(everything(&database)["orders"], before["orders"]);
    shop.program.shutdown().await;
}
