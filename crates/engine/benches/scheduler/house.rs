//! An engine over a new file, with one job type that does nothing but say when it began.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::health::JobHealth;
use marktwerk_domain::job::{Job, JobHistory, JobId, JobSpec, RunTarget};
use marktwerk_domain::policy::Policies;
use marktwerk_domain::run::{Outcome, RunState, WorkflowResult};
use marktwerk_domain::schedule::Schedule;
use marktwerk_engine::{Engine, EngineOptions, Registry, RunContext, Workflow, WorkflowDescription};
use marktwerk_store::SharedStore;
use marktwerk_store::runs::{QueueLength, RunFilter};
use marktwerk_store::sqlite::SqliteStore;
use tokio::sync::mpsc;

use crate::clock::clock;

/// Says when it began, and which planned time it stands for.
pub(crate) type Begun = (Timestamp, Timestamp);

pub(crate) struct Empty {
    begun: mpsc::UnboundedSender<Begun>,
    clock: SharedClock,
}

#[async_trait]
impl Workflow for Empty {
    fn description(&self) -> WorkflowDescription {
        WorkflowDescription::of::<serde_json::Map<String, serde_json::Value>>("empty", "Does nothing")
    }

    async fn run(&self, context: &RunContext) -> WorkflowResult {
        // Nobody may be listening.
        let _ = self.begun.send((self.clock.now(), context.run().planned_at));
        Ok(Outcome::Done)
    }
}

pub(crate) struct House {
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: SharedClock,
    pub(crate) begun: mpsc::UnboundedReceiver<Begun>,
}

/// A new folder that is gone with the value.
pub(crate) fn folder() -> tempfile::TempDir {
    let beside = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    tempfile::tempdir_in(beside).unwrap()
}

pub(crate) fn open(path: &Path) -> SharedStore {
    Arc::new(SqliteStore::open(path, TimeZone::get("Europe/Berlin").unwrap()).unwrap())
}

impl House {
    pub(crate) async fn start(store: SharedStore, workers: usize) -> Self {
        Self::start_with(store, workers, |registry| registry).await
    }

    pub(crate) async fn start_with(
        store: SharedStore,
        workers: usize,
        more: impl FnOnce(Registry) -> Registry,
    ) -> Self {
        let clock = clock();
        let (sender, begun) = mpsc::unbounded_channel();
        let registry = more(Registry::new().with(Empty { begun: sender, clock: clock.clone() }));
        let options = EngineOptions { workers, ..EngineOptions::default() };
        let engine = Engine::start(options, store, clock.clone(), registry).await.unwrap();
        Self { engine, clock, begun }
    }

    /// Ends when nothing waits and nothing is at work.
    pub(crate) async fn is_done(&self) {
        let store = self.engine.store();
        loop {
            let waiting = store.queue_lengths().await.unwrap();
            let running = RunFilter { states: vec![RunState::Running], limit: 1, ..RunFilter::default() };
            if waiting == [QueueLength::default(); 3] && store.runs(&running).await.unwrap().is_empty() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

/// Jobs every `seconds`, first due one after the other within the first interval after `start`.
pub(crate) fn jobs(count: usize, seconds: u32, start: Timestamp) -> Vec<Job> {
    let spread = f64::from(seconds) * 1_000.0 / count as f64;
    let job = |number: usize| {
        let first = start + SignedDuration::from_millis((spread * number as f64) as i64);
        Job {
            id: JobId(format!("empty-{number}")),
            spec: JobSpec {
                job_type: "empty".to_owned(),
                written_type: "empty".to_owned(),
                account: String::new(),
                schedule: Schedule::every_seconds(seconds),
                enabled: true,
                description: String::new(),
                parameters: Default::default(),
                priority: Default::default(),
                retry: Default::default(),
                policies: Policies::default(),
            },
            target: RunTarget::default(),
            version: 1,
            anchor: first - SignedDuration::from_secs(i64::from(seconds)),
            next_due: Some(first),
            created_at: start,
            archived: false,
            history: JobHistory::default(),
            health: JobHealth::default(),
        }
    };
    (0..count).map(job).collect()
}

pub(crate) async fn insert(store: &SharedStore, jobs: &[Job]) {
    for some in jobs.chunks(5_000) {
        store.insert_jobs(some).await.unwrap();
    }
}
