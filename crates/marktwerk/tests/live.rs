//! The live channel of the whole program: one client reads all the time, another one stops. The first sees each stored line
//! once and in order, whatever the other does; the other is told exactly what it missed, and can have it.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

#[path = "common/shop.rs"]
mod shop;

use std::time::Duration;

use futures::StreamExt;
use marktwerk_domain::job::JobId;
use marktwerk_engine::jobs::JobDraft;
use marktwerk_sandbox::WorldOptions;
use reqwest::Method;
use serde_json::{Value, json};
use shop::Shop;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// What a client that stops reading takes in meanwhile.
const SMALL_BUFFER: u32 = 4_096;
/// Orders of the burst: each one writes several lines.
const BURST: u32 = 1_200;

/// A client, and what it has seen.
struct Client {
    socket: WebSocketStream<TcpStream>,
    lines: Vec<Value>,
    /// Each with the number of lines seen before it.
    lagged: Vec<(usize, Value)>,
}

impl Client {
    async fn connect(shop: &Shop, buffer: Option<u32>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let address = shop.program.address();
        let stream = socket.connect(address).await.unwrap();
        let (socket, _) = client_async(format!("ws://{address}/ws/logs?jobs=changes"), stream).await.unwrap();
        Self { socket, lines: Vec::new(), lagged: Vec::new() }
    }

    /// Reads until what it has seen is enough.
    async fn read(mut self, is_enough: impl Fn(&Self) -> bool) -> Self {
        while !is_enough(&self) {
            let Message::Text(text) = self.socket.next().await.expect("an open socket").unwrap() else {
                continue;
            };
            let mut message: Value = serde_json::from_str(&text).unwrap();
            let data = message["data"].take();
            match message["type"].as_str().unwrap() {
                "log" => self.lines.push(data),
                "lagged" => self.lagged.push((self.lines.len(), data)),
                other => assert_eq!(other, "jobs_update"),
            }
        }
        self
    }

    /// The last line of the test's last run.
    fn has_seen_the_end(&self) -> bool {
        self.lines
            .last()
            .is_some_and(|line| line["job_type"] == "inventory_workflow" && !line["status"].is_null())
    }
}

fn id(line: &Value) -> i64 {
    line["log_id"].as_i64().unwrap()
}

/// The lines after `after`, page by page.
async fn stored(shop: &Shop, mut after: i64) -> Vec<Value> {
    let mut lines = Vec::new();
    loop {
        let page = shop.ask(Method::GET, &format!("/api/logs?after={after}&limit=1000")).await;
        let page = page.as_array().unwrap();
        let Some(last) = page.last() else { return lines };
        after = id(last);
        lines.extend_from_slice(page);
    }
}

/// As many changes of many jobs as fill what lies between the program and a client that does not read.
async fn fill_the_way(shop: &Shop) {
    let engine = shop.program.engine();
    let mut jobs = Vec::new();
    for _ in 0..40 {
        let job = JobDraft::every_minutes("order_workflow", 525_600);
        jobs.push(engine.on_behalf_of("test").add_job(job).await.unwrap().id);
    }
    for number in 0..20 {
        let patch = json!({ "description": format!("{}{number}", "🚚".repeat(1_900)) });
        engine.on_behalf_of("test").change_jobs(&jobs, patch.as_object().unwrap(), None).await.unwrap();
        // Changes are sent four times a second at the most.
        shop.wait(Duration::from_millis(300)).await;
    }
}

/// A cursor of another database, or of lines that were deleted.
#[tokio::test(start_paused = true)]
async fn who_begins_beyond_the_end_is_told_and_goes_on_from_there() {
    let shop = Shop::open(WorldOptions::quiet(), |endpoint| endpoint).await;
    shop.pause_jobs().await;
    shop.run(&shop::orders(), "").await;
    let end = stored(&shop, 0).await.last().map_or(0, id);
    let address = shop.program.address();
    let stream = TcpStream::connect(address).await.unwrap();
    let beyond = format!("ws://{address}/ws/logs?after={}", end + 1_000);
    let (mut socket, _) = client_async(beyond, stream).await.unwrap();
    let mut told = Vec::new();
    let mut is_started = false;
    loop {
        let Message::Text(text) = socket.next().await.unwrap().unwrap() else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        match message["type"].as_str().unwrap() {
            "log" => {
                assert_eq!(id(&message["data"]), end + 1, "the first line after the end");
                break;
            }
            "jobs_update" => {}
            _ => told.push(message),
        }
        if !told.is_empty() && !is_started {
            is_started = true;
            shop.run(&shop::orders(), "").await;
        }
    }
    let expected = serde_json::json!({ "type": "beyond", "data": { "after": end + 1_000, "end": end } });
    assert_eq!(told, [expected]);
    shop.program.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn who_reads_misses_nothing_and_who_stops_is_told_what_it_missed() {
    let shop = Shop::open(WorldOptions::quiet(), |endpoint| endpoint).await;
    shop.pause_jobs().await;
    let start = stored(&shop, 0).await.last().map_or(0, id);
    let stopped = Client::connect(&shop, Some(SMALL_BUFFER)).await;
    let reader = Client::connect(&shop, None).await;
    let reading = tokio::spawn(reader.read(Client::has_seen_the_end));
    // A run whose lines are on their way to both, and then a burst whose lines find one way blocked.
    shop.run(&shop::orders(), "").await;
    fill_the_way(&shop).await;
    shop.world.add_orders(BURST).unwrap();
    shop.run(&shop::orders(), "?verbose=true").await;
    let stopped = stopped.read(|client| !client.lagged.is_empty()).await;
    shop.run(&JobId("inventory_workflow".to_owned()), "").await;
    let stopped = stopped.read(Client::has_seen_the_end).await;
    let reader = reading.await.unwrap();

    let all = stored(&shop, start).await;
    assert!(all.len() > 2 * BURST as usize, "only {} lines", all.len());
    let sql = "SELECT log_id FROM scheduler_logs WHERE log_id > ?1 ORDER BY log_id";
    let database = shop.database();
    let mut table = database.prepare(sql).unwrap();
    let table: Vec<i64> = table.query_map([start], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(all.iter().map(id).collect::<Vec<_>>(), table);
    assert_eq!(reader.lagged, []);
    assert!(reader.lines == all, "{} lines seen of {}", reader.lines.len(), all.len());

    let [(seen, told)] = &stopped.lagged[..] else { panic!("told once, not {:?}", stopped.lagged) };
    let (before, after) = stopped.lines.split_at(*seen);
    assert!(!before.is_empty() && !after.is_empty(), "{} lines before, {} after", before.len(), after.len());
    assert_eq!(told["after"], id(before.last().unwrap()));
    let dropped = told["dropped"].as_u64().unwrap() as usize;
    let missed = &stored(&shop, told["after"].as_i64().unwrap()).await[..dropped];
    assert!([before, missed, after].concat() == all, "{seen} lines, {told}, {} lines", after.len());
    shop.program.shutdown().await;
}
