//! The two processes of a kill test: the simulated world, and the program that dies.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A process that dies with its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn marktwerk(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    command.current_dir(folder).env_clear().stdout(Stdio::piped());
    command
}

/// Starts it and reads its output until a line answers; the rest of it goes nowhere.
fn start(mut command: Command, answer: impl Fn(&str) -> Option<String>) -> (Process, String) {
    let mut process = Process(command.spawn().unwrap());
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let found = lines.find_map(|line| answer(&line)).expect("the process says where it is");
    std::thread::spawn(move || lines.for_each(drop));
    (process, found)
}

/// The simulated world.
pub(crate) struct World {
    folder: tempfile::TempDir,
    _process: Process,
    facts: Value,
    http: reqwest::Client,
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = marktwerk(folder.path());
        command.args(["sandbox", "--json", "--listen", "127.0.0.1:0", "--data-dir", "world"]).envs([
            ("MARKTWERK_SANDBOX__QUIET", "true"),
            ("MARKTWERK_SANDBOX__SHIP_AFTER_SECONDS", "1"),
            ("MARKTWERK_SANDBOX__LATENCY_MILLISECONDS", "10"),
            ("MARKTWERK_SANDBOX__CALLS_PER_SECOND", "0"),
        ]);
        let (process, facts) = start(command, |line| line.starts_with('{').then(|| line.to_owned()));
        let facts = serde_json::from_str(&facts).unwrap();
        Self { folder, _process: process, facts, http: reqwest::Client::new() }
    }

    /// Pulls a lever.
    async fn control(&self, lever: &str, arguments: Value) -> Value {
        let url = format!("{}/{lever}", self.facts["control"].as_str().unwrap());
        let answer = self.http.post(url).json(&arguments).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or(Value::Null);
        assert!(status.is_success(), "{lever}: {status} {body}");
        body
    }

    /// Orders of articles that JTL knows.
    pub(crate) async fn place(&self, count: usize) {
        for index in 0..count {
            let line = |offset: usize| json!({ "sku": format!("MW-{:04}", 3 + (index + offset) % 20), "quantity": 1 + offset });
            self.control("add_order", json!({ "lines": [line(0), line(1)] })).await;
        }
    }

    /// Some stock changes, so that there is something to push.
    pub(crate) async fn move_stock(&self) {
        for number in 3..9 {
            self.control("receive", json!({ "sku": format!("MW-{number:04}"), "pieces": 100 })).await;
        }
    }

    /// Whether the marketplace refuses the program's token.
    pub(crate) async fn refuse_tokens(&self, refuses: bool) {
        let fault = json!({ "what": { "kind": "token_expired" } });
        let faults = if refuses { vec![fault] } else { Vec::new() };
        self.control("set_faults", json!(faults)).await;
    }

    /// Every order exactly once in JTL, every parcel accepted exactly once.
    pub(crate) async fn must_be_right(&self, count: usize) {
        let orders = self.control("orders", json!({})).await;
        let orders = orders.as_array().unwrap();
        assert_eq!(orders.len(), count);
        for order in orders {
            let number = order["parent_order_sn"].as_str().unwrap();
            let in_jtl = self.control("orders_in_jtl", json!({ "external": number })).await;
            assert_eq!(in_jtl, 1, "order {number} in JTL");
            assert_eq!(order["status"], 4, "order {number} at the marketplace");
        }
        assert_eq!(self.control("dropped", json!({})).await, json!([]));
        assert_eq!(self.control("waiting_rows", json!({})).await, 0);
        let parcels = self.control("shipments", json!({})).await;
        for parcel in parcels.as_array().unwrap() {
            assert_eq!((&parcel["accepted"], &parcel["rejected"]), (&json!(1), &json!(0)), "{parcel}");
        }
    }
}

/// The program.
pub(crate) struct Serving {
    process: Process,
    url: String,
    http: reqwest::Client,
}

impl Serving {
    pub(crate) async fn start(world: &World, crash_at: Option<&str>) -> Self {
        let mut command = marktwerk(world.folder.path());
        command.args(["--listen", "127.0.0.1:0", "--data-dir", "data"]);
        if let Some(point) = crash_at {
            command.args(["--crash-at", point]);
        }
        let fact = |name: &str| world.facts[name].as_str().unwrap();
        command.envs([
            ("TEMU_APP_KEY", fact("app_key")),
            ("TEMU_APP_SECRET", fact("app_secret")),
            ("TEMU_ACCESS_TOKEN", fact("access_token")),
            ("TEMU_API_ENDPOINT", fact("endpoint")),
            ("MARKTWERK_ERP__JTL__URL", fact("jtl_url")),
        ]);
        let (process, url) = start(command, |line| {
            let url = line.strip_prefix("Marktwerk is ready: ")?.split(' ').next()?;
            Some(url.trim_end_matches('/').to_owned())
        });
        let program = Self { process, url, http: reqwest::Client::new() };
        // Work that died with the program comes back at once.
        for job in ["order_workflow", "inventory_workflow", "inventory_workflow-full"] {
            program
                .patch(&format!("/api/v1/jobs/{job}"), json!({ "retry": { "first_delay_seconds": 1 } }))
                .await;
        }
        program
    }

    /// As a power cut: no signal that could be handled.
    pub(crate) fn kill(self) {
        drop(self.process);
    }

    async fn get(&self, path: &str) -> Option<Value> {
        self.http.get(format!("{}{path}", self.url)).send().await.ok()?.json().await.ok()
    }

    /// Asks for a change, which must be accepted.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.accepted(self.http.post(format!("{}{path}", self.url)).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Value {
        self.accepted(self.http.patch(format!("{}{path}", self.url)).json(&body)).await
    }

    async fn accepted(&self, request: reqwest::RequestBuilder) -> Value {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{status}: {body}");
        body
    }

    /// The runs of a job, newest first.
    pub(crate) async fn runs(&self, job: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/runs?job={job}")).await.unwrap();
        answer["runs"].as_array().or(answer.as_array()).cloned().unwrap_or_default()
    }

    /// What the page of a run tells.
    pub(crate) async fn details(&self, run: &Value) -> Value {
        self.get(&format!("/api/v1/runs/{run}")).await.unwrap()
    }

    /// Starts the order job; the program may die in the middle of it.
    pub(crate) async fn start_orders(&self) {
        let url = format!("{}/api/temu/orders/sync", self.url);
        let _ = self.http.post(url).send().await;
    }

    async fn start_stock(&self) {
        let url = format!("{}/api/temu/inventory/sync?mode=full", self.url);
        let _ = self.http.post(url).send().await;
    }

    /// Gives it everything to do until it dies at its point.
    pub(crate) async fn dies_at(&mut self, point: &str) {
        let deadline = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < deadline {
            self.start_orders().await;
            self.start_stock().await;
            for _ in 0..20 {
                if self.process.0.try_wait().unwrap().is_some() {
                    return;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        panic!("the program never came to {point}");
    }

    /// Runs until so many orders are reported.
    pub(crate) async fn finish(&self, count: usize) {
        let deadline = std::time::Instant::now() + PATIENCE;
        let mut statistics = Value::Null;
        while std::time::Instant::now() < deadline {
            self.start_orders().await;
            for _ in 0..10 {
                tokio::time::sleep(LOOK_EVERY).await;
                statistics = self.get("/api/temu/stats").await.unwrap()["orders"].clone();
                if statistics["tracked"] == count {
                    return;
                }
            }
        }
        let attention = self.get("/api/v1/attention").await;
        panic!("not all of {count} orders are reported: {statistics}\n{attention:?}");
    }

    /// Waits for the last runs and looks that none is left behind.
    pub(crate) async fn must_have_no_open_run(&self) {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let mut open = Vec::new();
            for state in ["waiting", "running", "retrying"] {
                let runs = self.get(&format!("/api/v1/runs?state={state}")).await.unwrap();
                open.extend(runs["runs"].as_array().or(runs.as_array()).cloned().unwrap_or_default());
            }
            if open.is_empty() {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "these runs are stuck: {open:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
