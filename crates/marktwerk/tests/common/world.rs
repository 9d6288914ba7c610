//! The simulated world as a process of its own, so that killing the program does not kill it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A process that dies with its test.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn marktwerk(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    command.current_dir(folder).env_clear().stdout(Stdio::piped());
    command
}

/// Starts it and reads its output until a line answers; the rest of it goes nowhere.
pub(crate) fn start(mut command: Command, answer: impl Fn(&str) -> Option<String>) -> (Process, String) {
    let mut process = Process(command.spawn().unwrap());
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let found = lines.find_map(|line| answer(&line)).expect("the process says where it is");
    std::thread::spawn(move || lines.for_each(drop));
    (process, found)
}

/// The simulated world.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
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

    /// What tells the program where its marketplace and its JTL are.
    pub(crate) fn variables(&self) -> [(&'static str, &str); 5] {
        let fact = |name: &str| self.facts[name].as_str().unwrap();
        [
            ("TEMU_APP_KEY", fact("app_key")),
            ("TEMU_APP_SECRET", fact("app_secret")),
            ("TEMU_ACCESS_TOKEN", fact("access_token")),
            ("TEMU_API_ENDPOINT", fact("endpoint")),
            ("MARKTWERK_ERP__JTL__URL", fact("jtl_url")),
        ]
    }

    /// Pulls a lever.
    pub(crate) async fn control(&self, lever: &str, arguments: Value) -> Value {
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
