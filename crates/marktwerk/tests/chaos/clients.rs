//! Clients that change jobs and often do not wait for the answer.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

use crate::ledger::{Ledger, Standing};

/// Jobs of one client at the most.
const JOBS: usize = 3;

/// One client. Nobody else changes its jobs, whose ids begin with its name.
pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) ledger: Ledger,
    dice: ChaCha8Rng,
    http: reqwest::Client,
    url: String,
    made: u32,
}

/// What became of a change.
enum Outcome {
    Done,
    Refused(u16, Value),
    /// No answer, or one that says that the server failed.
    Unknown,
}

impl Client {
    pub(crate) fn new(number: usize, (http, url): (reqwest::Client, String), dice: ChaCha8Rng) -> Self {
        Self { name: format!("c{number}-"), ledger: Ledger::default(), dice, http, url, made: 0 }
    }

    /// Changes this and that until it is told to stop. While somebody else holds the gate it rests.
    pub(crate) async fn play(mut self, gate: Arc<RwLock<()>>, over: CancellationToken) -> Self {
        while !over.is_cancelled() {
            {
                let _open = gate.read().await;
                self.act().await;
            }
            tokio::time::sleep(Duration::from_millis(self.dice.random_range(0..120))).await;
        }
        self
    }

    async fn act(&mut self) {
        let jobs: Vec<(String, Standing)> = self
            .ledger
            .settled()
            .into_iter()
            .filter_map(|(id, standing)| Some((id.clone(), standing?.clone())))
            .collect();
        if jobs.len() < JOBS && self.dice.random_bool(0.5) {
            return self.add().await;
        }
        if jobs.is_empty() {
            return;
        }
        let (id, standing) = jobs[self.dice.random_range(0..jobs.len())].clone();
        let at = format!("/api/v1/jobs/{id}");
        match self.dice.random_range(0..10) {
            0 => self.change(&id, Method::DELETE, &at, None, None).await,
            1 | 2 => {
                let paused = Standing { enabled: false, ..standing };
                self.change(&id, Method::POST, &format!("{at}/pause"), None, Some(paused)).await;
            }
            3 | 4 => {
                let resumed = Standing { enabled: true, ..standing };
                self.change(&id, Method::POST, &format!("{at}/resume"), None, Some(resumed)).await;
            }
            5 => {
                let bulk = json!({ "action": "pause", "filter": { "ids": [id] } });
                let paused = Standing { enabled: false, ..standing };
                self.change(&id, Method::POST, "/api/v1/jobs/bulk", Some(bulk), Some(paused)).await;
            }
            6 => {
                // It changes nothing of the job itself.
                let _ = self.ask(Method::POST, &format!("{at}/run"), Some(json!({}))).await;
            }
            _ => {
                let every = self.dice.random_range(5..16);
                let description = format!("changed {}", self.dice.random_range(0..1_000_000));
                let body = json!({ "every": every, "description": description });
                let changed = Standing { every, description, ..standing };
                self.change(&id, Method::PATCH, &at, Some(body), Some(changed)).await;
            }
        }
    }

    async fn add(&mut self) {
        self.made += 1;
        let id = format!("{}{}x", self.name, self.made);
        let every = self.dice.random_range(5..16);
        let enabled = self.dice.random_bool(0.8);
        let description = format!("made {}", self.dice.random_range(0..1_000_000));
        let job = json!({
            "id": id, "job_type": "inventory_workflow", "parameters": { "mode": "quick" }, "every": every, "enabled": enabled,
            "description": description, "retry": { "attempts": 2, "first_delay_seconds": 1, "longest_delay_seconds": 2 },
        });
        let standing = Standing { every, enabled, description };
        self.change(&id, Method::POST, "/api/v1/jobs", Some(job), Some(standing)).await;
    }

    /// Asks for a change of one of its jobs and notes what is known of it then.
    async fn change(
        &mut self,
        id: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
        to: Option<Standing>,
    ) {
        match self.ask(method.clone(), path, body).await {
            Outcome::Done => self.ledger.is_now(id, to),
            Outcome::Unknown => self.ledger.may_be(id, to),
            Outcome::Refused(status, told) => {
                // Somebody else's change in the same moment is the one thing that may be in its way.
                assert!(status == 409, "{method} {path} of {id}, which was acknowledged: {status}: {told}");
            }
        }
    }

    /// Every third time it does not wait for the answer.
    async fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> Outcome {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let patience = match self.dice.random_range(0..3) {
            0 => Duration::from_millis(self.dice.random_range(0..20)),
            _ => Duration::from_secs(60),
        };
        let Ok(Ok(answer)) = tokio::time::timeout(patience, request.send()).await else {
            return Outcome::Unknown;
        };
        let status = answer.status();
        match status.as_u16() {
            200..300 => Outcome::Done,
            // A request that took too long may have been carried out.
            408 => Outcome::Unknown,
            400..500 => Outcome::Refused(status.as_u16(), answer.json().await.unwrap_or_default()),
            _ => Outcome::Unknown,
        }
    }
}
