//! The world and the program as processes, and what the operating system says of the latter.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// What one run took.
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    pub(crate) calls: u64,
    pub(crate) cpu_milliseconds: f64,
    pub(crate) peak_megabytes: f64,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(
    folder: &Path,
    arguments: &[&str],
    settings: &[(&str, &str)],
    is_ready: fn(&str) -> bool,
) -> (Process, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(settings.iter().copied())
        .stdout(Stdio::piped());
    let mut process = Process(command.spawn().unwrap());
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ready = lines.find(|line| is_ready(line)).expect("the process says where it is");
    std::thread::spawn(move || lines.for_each(drop));
    (process, ready)
}

/// The simulated world; nothing moves in it by itself.
pub(crate) struct World {
    folder: tempfile::TempDir,
    _process: Process,
    facts: Value,
    http: reqwest::Client,
}

impl World {
    pub(crate) async fn start(latency: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let latency = latency.to_string();
        let settings = [
            ("MARKTWERK_SANDBOX__QUIET", "true"),
            ("MARKTWERK_SANDBOX__SHIP_AFTER_SECONDS", "1"),
            ("MARKTWERK_SANDBOX__LATENCY_MILLISECONDS", latency.as_str()),
            ("MARKTWERK_SANDBOX__CALLS_PER_SECOND", "0"),
        ];
        let arguments = ["sandbox", "--json", "--listen", "127.0.0.1:0", "--data-dir", "world"];
        let (process, facts) = start(folder.path(), &arguments, &settings, |line| line.starts_with('{'));
        Self {
            folder,
            _process: process,
            facts: serde_json::from_str(&facts).unwrap(),
            http: reqwest::Client::new(),
        }
    }

    /// Where the program's database is to be.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("data").join("marktwerk.db")
    }

    async fn control(&self, lever: &str, arguments: Value) -> Value {
        let url = format!("{}/{lever}", self.facts["control"].as_str().unwrap());
        let answer = self.http.post(url).json(&arguments).send().await.unwrap();
        assert!(answer.status().is_success(), "{lever}");
        answer.json().await.unwrap_or(Value::Null)
    }

    pub(crate) async fn place(&self, count: u32) {
        for index in 0..count {
            let line =
                |offset: u32| json!({ "sku": format!("MW-{:04}", 3 + (index + offset) % 20), "quantity": 1 });
            self.control("add_order", json!({ "lines": [line(0), line(1)] })).await;
        }
    }

    async fn calls(&self) -> u64 {
        let calls = self.control("calls", json!({})).await;
        calls.as_object().unwrap().values().filter_map(Value::as_u64).sum()
    }
}

/// The program under measurement.
pub(crate) struct Program {
    process: Process,
    url: String,
    http: reqwest::Client,
    /// How often the run is looked at. Each look is work for the program, which counts as its own: a run that the limit makes long is
    /// looked at rarely.
    looks_every: Duration,
}

impl Program {
    pub(crate) async fn start(world: &World, calls_per_second: Option<u32>) -> Self {
        let fact = |name: &str| world.facts[name].as_str().unwrap();
        let settings = format!(
            "[erp.jtl]\nurl = {:?}\n[[accounts]]\nname = \"bench\"\nmarketplace = \"temu\"\napp_key = {:?}\n\
             app_secret = {:?}\naccess_token = {:?}\nendpoint = {:?}\ncalls_per_second = {}\n",
            fact("jtl_url"),
            fact("app_key"),
            fact("app_secret"),
            fact("access_token"),
            fact("endpoint"),
            calls_per_second.unwrap_or(0),
        );
        std::fs::write(world.folder.path().join("marktwerk.toml"), settings).unwrap();
        let arguments = ["--listen", "127.0.0.1:0", "--data-dir", "data"];
        let (process, ready) =
            start(world.folder.path(), &arguments, &[], |line| line.starts_with("Marktwerk is ready: "));
        let url = ready.split(' ').nth(3).unwrap().trim_end_matches('/').to_owned();
        let looks_every = Duration::from_millis(if calls_per_second.is_some() { 2_000 } else { 100 });
        Self { process, url, http: reqwest::Client::new(), looks_every }
    }

    async fn get(&self, path: &str) -> Value {
        self.http.get(format!("{}{path}", self.url)).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn statistics(&self) -> Value {
        self.get("/api/temu/stats").await["orders"].clone()
    }

    /// One order run from its start to its end, by its own times.
    pub(crate) async fn run_orders(&self, world: &World) -> Measured {
        let (calls, cpu) = (world.calls().await, self.cpu_milliseconds());
        let url = format!("{}/api/temu/orders/sync", self.url);
        let started: Value = self.http.post(url).send().await.unwrap().json().await.unwrap();
        let id = started["run"].as_i64().or(started["run"]["id"].as_i64()).expect("the answer names the run");
        let run = loop {
            let run = self.get(&format!("/api/v1/runs/{id}")).await;
            let run = if run["run"].is_object() { run["run"].clone() } else { run };
            match run["state"].as_str().unwrap() {
                "waiting" | "running" => tokio::time::sleep(self.looks_every).await,
                "succeeded" => break run,
                _ => panic!("the run did not succeed: {run}"),
            }
        };
        let time = |name: &str| -> jiff::Timestamp { run[name].as_str().unwrap().parse().unwrap() };
        Measured {
            seconds: time("ended_at").duration_since(time("started_at")).as_secs_f64(),
            calls: world.calls().await - calls,
            cpu_milliseconds: self.cpu_milliseconds() - cpu,
            peak_megabytes: self.peak_megabytes(),
        }
    }

    /// User and system time of the process so far; the kernel counts in hundredths of a second.
    fn cpu_milliseconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.0.id())).unwrap();
        let after_name = stat.rsplit(')').next().unwrap();
        let ticks: Vec<f64> =
            after_name.split_whitespace().skip(11).take(2).map(|field| field.parse().unwrap()).collect();
        ticks.iter().sum::<f64>() * 10.0
    }

    fn peak_megabytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes / 1_024.0
    }
}
