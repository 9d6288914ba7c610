//! The ground of a play: sandboxes, connectors, JTL, store and engine in one process, on the manual clock. The real product, as the
//! program composes it; only the files lie in memory where the machine offers that.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_connectors::{Budgets, HttpClient, Marketplace, Temu, TemuAccount};
use marktwerk_domain::clock::{ManualClock, SharedClock};
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::judgement::Limits;
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_domain::run::{Run, RunId};
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::{Engine, EngineOptions};
use marktwerk_erp::{Erp, Jtl, JtlSettings};
use marktwerk_sandbox::{Control, Sandbox, SandboxOptions, SandboxTime, WorldOptions};
use marktwerk_store::SharedStore;
use marktwerk_store::logs::LogFilter;
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_workflows::WorkflowSettings;
use serde_json::Value;

use crate::world::World;

/// A play begins on a Monday morning.
const BEGINS: &str = "2026-11-02T08:00:00Z";
/// The files of the sandbox cost nothing where this is a file system in memory.
const MEMORY: &str = "/dev/shm";

/// An account and its marketplace.
pub(crate) struct Account {
    pub(crate) name: &'static str,
    pub(crate) market: Control,
}

/// Everything that a play stands on.
pub(crate) struct Ground {
    pub(crate) clock: SharedClock,
    pub(crate) store: SharedStore,
    pub(crate) accounts: Vec<Account>,
    pub(crate) jtl_file: PathBuf,
    pub(crate) limits: Limits,
    engine: Arc<Engine>,
    marketplaces: Vec<Arc<dyn Marketplace>>,
    erp: Arc<dyn Erp>,
    sandboxes: Vec<Sandbox>,
    _folder: tempfile::TempDir,
}

/// Where a play stores what the product stores.
#[derive(Clone)]
pub(crate) enum Database {
    /// SQLite in memory.
    Memory,
    /// A database that is empty.
    Given(SharedStore),
}

impl Ground {
    pub(crate) async fn open(world: &World, database: Database) -> Self {
        let begins: Timestamp = BEGINS.parse().unwrap();
        let clock: SharedClock = ManualClock::starting_at(begins);
        let folder = tempfile::tempdir_in(MEMORY).or_else(|_| tempfile::tempdir()).unwrap();
        let mut sandboxes = Vec::new();
        for index in 0..world.accounts {
            let options = SandboxOptions {
                world: quiet(world),
                seed: world.seed.wrapping_mul(2).wrapping_add(index as u64),
                ..SandboxOptions::new(folder.path().join(index.to_string()), sandbox_time(&clock))
            };
            sandboxes.push(Sandbox::start(options).await.unwrap());
        }
        let budgets = Budgets::new(clock.clone());
        let names = ["first", "second"];
        let mut marketplaces: Vec<Arc<dyn Marketplace>> = Vec::new();
        for (name, sandbox) in names.into_iter().zip(&sandboxes) {
            let credentials = Sandbox::credentials();
            let account = TemuAccount {
                name: name.to_owned(),
                endpoint: sandbox.temu_endpoint(),
                app_key: credentials.app_key.to_owned(),
                app_secret: credentials.app_secret.to_owned().into(),
                access_token: credentials.access_token.to_owned().into(),
                calls_per_second: None,
            };
            marketplaces.push(Arc::new(Temu::new(
                account,
                clock.clone(),
                &budgets,
                HttpClient::new().unwrap(),
            )));
        }
        let jtl_file = sandboxes[0].jtl_database().to_owned();
        let url = format!("sqlite:{}", jtl_file.display());
        let erp: Arc<dyn Erp> =
            Arc::new(Jtl::open(JtlSettings { url, ..JtlSettings::default() }).await.unwrap());
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let store = match database {
            Database::Memory => Arc::new(SqliteStore::open_in_memory(zone).unwrap()),
            Database::Given(store) => store,
        };
        let engine = start(&marketplaces, &erp, &store, &clock, world.seed).await;
        let accounts: Vec<Account> = names
            .into_iter()
            .zip(&sandboxes)
            .map(|(name, sandbox)| Account { name, market: sandbox.control() })
            .collect();
        for account in &accounts {
            for job_type in ["order_workflow", "inventory_workflow"] {
                let retry = RetryPolicy { attempts: 2, ..RetryPolicy::default() };
                let job = JobDraft {
                    id: Some(job(job_type, account.name)),
                    account: account.name.to_owned(),
                    // The play starts each run itself.
                    enabled: false,
                    retry: Some(retry),
                    ..JobDraft::every_minutes(job_type, 60)
                };
                engine.on_behalf_of("play").add_job(job).await.unwrap();
            }
        }
        let limits = Limits::default();
        Self {
            clock,
            store,
            accounts,
            jtl_file,
            limits,
            engine,
            marketplaces,
            erp,
            sandboxes,
            _folder: folder,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The levers of JTL, which all accounts share.
    pub(crate) fn jtl(&self) -> &Control {
        &self.accounts[0].market
    }

    /// Starts a job of an account and waits for the end of its run.
    pub(crate) async fn run(&self, job_type: &str, account: usize, parameters: Value) -> Run {
        let parameters: Parameters = parameters.as_object().cloned().unwrap_or_default();
        let job = JobId(job(job_type, self.accounts[account].name));
        let run = self.engine.on_behalf_of("play").run_now(&job, parameters).await.unwrap();
        self.ended(run.id).await
    }

    async fn ended(&self, id: RunId) -> Run {
        let mut changes = self.store.changes();
        loop {
            changes.borrow_and_update();
            let run = self.store.run(id).await.unwrap().unwrap();
            if run.state.is_ended() {
                return run;
            }
            changes.changed().await.unwrap();
        }
    }

    /// The program ends in order and is started again on the same database.
    pub(crate) async fn restart(&mut self, seed: u64) {
        self.engine.shutdown().await;
        self.engine = start(&self.marketplaces, &self.erp, &self.store, &self.clock, seed).await;
    }

    /// The newest lines of the log, for a story that ends badly.
    pub(crate) async fn log(&self, lines: usize) -> String {
        let filter = LogFilter { after: Some(0), limit: 1_000_000, ..LogFilter::default() };
        let rows = self.store.logs(&filter).await.unwrap();
        let newest = rows.iter().rev().take(lines).rev();
        newest
            .map(|row| format!("    {} {} {}\n", row.level, row.step.as_deref().unwrap_or("-"), row.message))
            .collect()
    }

    pub(crate) async fn close(self) {
        self.engine.shutdown().await;
        for sandbox in self.sandboxes {
            sandbox.shutdown().await;
        }
    }
}

fn job(job_type: &str, account: &str) -> String {
    format!("{job_type}-{account}")
}

async fn start(
    marketplaces: &[Arc<dyn Marketplace>],
    erp: &Arc<dyn Erp>,
    store: &SharedStore,
    clock: &SharedClock,
    seed: u64,
) -> Arc<Engine> {
    let settings = WorkflowSettings::default();
    let registry = marktwerk_workflows::registry(marketplaces.to_vec(), erp.clone(), store.clone(), settings);
    let options = EngineOptions { seed: Some(seed), workers: 2, ..EngineOptions::default() };
    Engine::start(options, store.clone(), clock.clone(), registry).await.unwrap()
}

/// A world in which nothing happens at the marketplace unless the play does it, and in which JTL ships what is open.
fn quiet(world: &World) -> WorldOptions {
    WorldOptions {
        initial_articles: world.articles,
        market_every: Duration::from_secs(600),
        worker_every: Duration::from_secs(600),
        ship_after: world.ship_after,
        split_share: 0.2,
        ..WorldOptions::quiet()
    }
}

fn sandbox_time(clock: &SharedClock) -> SandboxTime {
    let (now, sleep) = (clock.clone(), clock.clone());
    SandboxTime {
        now_ms: Arc::new(move || now.now().as_millisecond()),
        sleep: Arc::new(move |duration| sleep.sleep(duration)),
    }
}
