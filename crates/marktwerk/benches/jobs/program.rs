//! The simulated world and the program as processes, and what the operating system says of the latter.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// After a start, until what it had to do is done.
const REST: Duration = Duration::from_secs(3);
/// A program of before may take long.
const PATIENCE: Duration = Duration::from_secs(300);

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &str, folder: &Path, arguments: &[&str], begin: &str) -> (Process, String) {
    let quiet = [("MARKTWERK_SANDBOX__QUIET", "true"), ("MARKTWERK_LOG", "warn")];
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env_clear().envs(quiet).stdout(Stdio::piped());
    let mut process = Process(command.spawn().unwrap());
    let mut lines = BufReader::new(process.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ready = lines.find(|line| line.starts_with(begin)).expect("the process says where it is");
    std::thread::spawn(move || lines.for_each(drop));
    (process, ready)
}

/// A simulated world in which nothing moves.
pub(crate) struct World {
    _folder: tempfile::TempDir,
    _process: Process,
    facts: Value,
}

impl World {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ["sandbox", "--json", "--listen", "127.0.0.1:0", "--data-dir", "world"];
        let (process, facts) = start(env!("CARGO_BIN_EXE_marktwerk"), folder.path(), &arguments, "{");
        Self { _folder: folder, _process: process, facts: serde_json::from_str(&facts).unwrap() }
    }
}

/// The program under measurement.
pub(crate) struct Program {
    process: Process,
    address: SocketAddr,
    http: reqwest::Client,
}

impl Program {
    pub(crate) async fn start(world: &World, program: &str, folder: &Path) -> Self {
        let fact = |name: &str| world.facts[name].as_str().unwrap();
        let settings = format!(
            "[erp.jtl]\nurl = {:?}\n[[accounts]]\nname = \"bench\"\nmarketplace = \"temu\"\napp_key = {:?}\n\
             app_secret = {:?}\naccess_token = {:?}\nendpoint = {:?}\n",
            fact("jtl_url"),
            fact("app_key"),
            fact("app_secret"),
            fact("access_token"),
            fact("endpoint"),
        );
        std::fs::write(folder.join("marktwerk.toml"), settings).unwrap();
        let arguments = ["--listen", "127.0.0.1:0", "--data-dir", "data"];
        let (process, ready) = start(program, folder, &arguments, "Marktwerk is ready: ");
        let url = ready.split(' ').nth(3).unwrap();
        let address = url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        Self { process, address, http }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn rest(&self) {
        tokio::time::sleep(REST).await;
    }

    pub(crate) async fn get(&self, path: &str) {
        let url = format!("http://{}{path}", self.address);
        let answer = self.http.get(url).header("accept", "text/html, application/json").send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().await.unwrap();
    }

    /// Changes a job's description.
    pub(crate) async fn patch(&self, path: &str, description: &str) {
        let url = format!("http://{}{path}", self.address);
        let answer = self.http.patch(url).json(&json!({ "description": description })).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    pub(crate) async fn add(&self) {
        let url = format!("http://{}/api/jobs/add", self.address);
        let job = json!({ "job_type": "inventory_workflow", "interval_minutes": 525_600 });
        let answer = self.http.post(url).json(&job).send().await.unwrap();
        assert!(answer.status().is_success(), "add: {}", answer.text().await.unwrap());
    }

    /// What it holds in memory now.
    pub(crate) fn megabytes(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes / 1_024.0
    }

    /// Ends it as an operator would.
    pub(crate) async fn stop(self) {
        let id = self.process.0.id().to_string();
        let killed = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(killed.success());
        let mut process = self.process;
        tokio::task::spawn_blocking(move || process.0.wait().map(drop)).await.unwrap().unwrap();
    }
}
