//! The world by itself: orders come and change, the worker works, a restart forgets nothing.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_sandbox::{
    Fault, FaultKind, Faults, OrderSeed, Sandbox, SandboxError, SandboxOptions, SandboxTime, WorldOptions,
};
use serde_json::{Value, json};

use crate::world::{NOON, StillClock, World, order_xml};

fn paused_time() -> SandboxTime {
    let start = tokio::time::Instant::now();
    SandboxTime {
        now_ms: Arc::new(move || NOON * 1000 + i64::try_from(start.elapsed().as_millis()).expect("time")),
        sleep: Arc::new(|duration| Box::pin(tokio::time::sleep(duration))),
    }
}

/// The orders after ten minutes of a lively world, as text.
async fn ten_minutes(seed: u64) -> Vec<Value> {
    let directory = tempfile::tempdir().expect("directory");
    let options = SandboxOptions { seed, ..SandboxOptions::new(directory.path(), paused_time()) };
    let world = WorldOptions { cancel_share: 0.3, readdress_share: 0.3, ..WorldOptions::default() };
    let sandbox = Sandbox::start(SandboxOptions { world, ..options }).await.expect("sandbox");
    tokio::time::sleep(Duration::from_secs(600)).await;
    let orders = sandbox.control().orders().expect("orders");
    sandbox.shutdown().await;
    orders
        .iter()
        .map(|order| json!([order.parent_order_sn, order.status, order.address, order.lines]))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_lively_world_is_the_same_for_the_same_seed() {
    let first = ten_minutes(7).await;
    assert!((45..70).contains(&first.len()), "{} orders", first.len());
    for status in [2, 3] {
        assert!(first.iter().any(|order| order[1] == status), "no order with status {status}");
    }
    assert_eq!(ten_minutes(7).await, first);
    assert_ne!(ten_minutes(8).await, first);
}

#[tokio::test(start_paused = true)]
async fn the_worker_takes_and_ships_by_itself() {
    let directory = tempfile::tempdir().expect("directory");
    let options =
        SandboxOptions { marketplace: false, ..SandboxOptions::new(directory.path(), paused_time()) };
    let sandbox =
        Sandbox::start(SandboxOptions { world: WorldOptions::quiet(), ..options }).await.expect("sandbox");
    let control = sandbox.control();
    assert!(matches!(control.add_orders(1), Err(SandboxError::NoMarketplace)));
    let jtl = rusqlite::Connection::open(sandbox.jtl_database()).expect("jtl");
    let insert = "INSERT INTO tXMLBestellImport(cText, nPlattform, nRechnung) VALUES (?1, 5, 0)";
    control.pause_worker();
    jtl.execute(insert, [order_xml("PO-076-1", "FOREIGN")]).expect("insert");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(control.waiting_rows().expect("rows"), 1);
    control.resume_worker();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(control.orders_in_jtl("PO-076-1").expect("orders"), 1);
    tokio::time::sleep(Duration::from_secs(7)).await;
    let sent: i64 = jtl
        .query_row("SELECT COUNT(*) FROM tVersand WHERE dVersendet IS NOT NULL", [], |row| row.get(0))
        .expect("parcels");
    assert_eq!(sent, 1);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn pending_orders_are_confirmed_and_a_restart_forgets_nothing() {
    let options =
        WorldOptions { pending_for: Duration::from_secs(5), initial_orders: 3, ..WorldOptions::quiet() };
    let World { directory, clock, sandbox, control, .. } = World::with(options.clone()).await;
    let sn = control.add_order(OrderSeed::default()).expect("order");
    assert_eq!(control.order(&sn).expect("order").status, 1);
    let before = control.orders().expect("orders");
    assert_eq!(before.len(), 4);
    drop(control);
    sandbox.shutdown().await;
    clock.advance(6);
    let again = SandboxOptions { world: options, ..SandboxOptions::new(directory.path(), clock.time()) };
    let sandbox = Sandbox::start(again).await.expect("sandbox");
    let control = sandbox.control();
    assert_eq!(control.orders().expect("orders"), before);
    control.work_now().expect("work");
    let order = control.order(&sn).expect("order");
    assert_eq!((order.status, order.confirmed_at), (2, Some(clock.seconds())));
    control.set_stock("MW-0001", 1, 123).expect("set");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_levers_work_over_http_too() {
    let world = World::quiet().await;
    let client = reqwest::Client::new();
    let pull = async |lever: &str, body: Value| {
        let url = format!("{}/control/{lever}", world.sandbox.base_url());
        let answer = client.post(url).body(body.to_string()).send().await.expect("answer");
        let status = answer.status().as_u16();
        (status, serde_json::from_str::<Value>(&answer.text().await.expect("text")).expect("json"))
    };
    let (_, numbers) = pull("add_orders", json!({"count": 2})).await;
    assert_eq!(numbers.as_array().map(Vec::len), Some(2));
    let (_, sn) =
        pull("add_order", json!({"lines": [{"sku": "MW-0003", "quantity": 2}], "currency": "EUR"})).await;
    let (_, order) = pull("order", json!({"order": sn})).await;
    assert_eq!(order["lines"][0]["original_quantity"], 2);
    let faults = json!([{"what": {"kind": "too_many_requests", "retry_after_seconds": 1}, "times": 1}]);
    assert_eq!(pull("set_faults", faults).await.0, 200);
    assert_eq!(world.send("{}".to_owned()).await.expect("answer").status(), 429);
    assert_eq!(pull("set_stock", json!({"sku": "MW-0001", "warehouse": 2, "pieces": 9})).await.0, 200);
    assert_eq!(pull("jtl_stock", json!({"sku": "MW-0001"})).await.1["by_warehouse"][1], 9.0);
    let (status, error) = pull("cancel", json!({"order": "PO-0"})).await;
    assert_eq!((status, &error["error"]), (400, &json!("the sandbox knows no order \"PO-0\"")));
    assert_eq!(pull("dance", json!({})).await.0, 400);
}

#[tokio::test]
async fn two_programs_share_the_file() {
    let world = World::quiet().await;
    let clock = StillClock::new();
    assert_eq!(clock.seconds(), NOON);
    let jtl = world.jtl();
    jtl.execute_batch("BEGIN IMMEDIATE").expect("begin");
    let row = "INSERT INTO tXMLBestellImport(cText, nPlattform) VALUES ('x', 5) RETURNING kXMLBestellImport";
    let id: i64 = jtl.query_row(row, [], |row| row.get(0)).expect("insert");
    assert_eq!(id, 1);
    jtl.execute_batch("ROLLBACK").expect("rollback");
    assert_eq!(world.control.waiting_rows().expect("rows"), 0);
}

#[tokio::test(start_paused = true)]
async fn stock_moves_by_itself() {
    let directory = tempfile::tempdir().expect("directory");
    let world = WorldOptions { stock_moves_every: Some(Duration::from_secs(20)), ..WorldOptions::quiet() };
    let options = SandboxOptions { world, ..SandboxOptions::new(directory.path(), paused_time()) };
    let sandbox = Sandbox::start(options).await.expect("sandbox");
    let control = sandbox.control();
    let all = || -> Vec<f64> {
        let available = |number| control.jtl_stock(&format!("MW-{number:04}")).expect("stock").available;
        (1..=40).map(available).collect()
    };
    let before = all();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let changed = all().iter().zip(&before).filter(|(after, before)| after != before).count();
    assert!((5..=30).contains(&changed), "{changed} articles changed");
    assert!(all().iter().all(|pieces| *pieces >= 0.0));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn the_end_waits_for_nobody() {
    let world = World::quiet().await;
    let url = world.sandbox.temu_endpoint();
    let fault = Fault::new(FaultKind::Slow { milliseconds: 60_000 });
    world.control.set_faults(Faults::one(fault)).expect("faults");
    // The clock stands still, so this call would never be answered.
    let client = reqwest::Client::new();
    let waiting = tokio::spawn(client.post(&url).body("{}").send());
    while world.control.calls().expect("calls").is_empty() {
        tokio::task::yield_now().await;
    }
    world.sandbox.shutdown().await;
    assert!(waiting.await.expect("task").is_ok_and(|answer| answer.status() == 503));
    assert!(client.post(&url).body("{}").send().await.is_err(), "nobody listens any more");
}
