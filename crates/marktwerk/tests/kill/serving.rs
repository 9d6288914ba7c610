//! The program that dies.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Process, World, marktwerk, start};

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(100);

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
        command.envs(world.variables());
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
