//! A merchant's shop for a test: everything from the sandbox to the engine in one process, on the manual clock.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_connectors::{Budgets, HttpClient, Marketplace, Temu, TemuAccount};
use marktwerk_domain::clock::{ManualClock, SharedClock};
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::{Run, RunState};
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::{Engine, EngineOptions};
use marktwerk_erp::{Erp, Jtl, JtlSettings};
use marktwerk_sandbox::{Control, LineSeed, OrderSeed, Sandbox, SandboxOptions, SandboxTime, WorldOptions};
use marktwerk_store::SharedStore;
use marktwerk_store::orders::{OrderFilter, OrderRecord, OrderStatistics};
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_workflows::WorkflowSettings;
use serde_json::Value;

/// The account's name in these tests.
pub(crate) const ACCOUNT: &str = "sandbox";

/// Everything.
pub(crate) struct Shop {
    pub(crate) engine: Arc<Engine>,
    pub(crate) store: SharedStore,
    pub(crate) world: Control,
    pub(crate) clock: SharedClock,
    _sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

impl Shop {
    /// A quiet world.
    pub(crate) async fn open() -> Self {
        Self::open_in(WorldOptions::quiet(), |temu| Arc::new(temu)).await
    }

    /// A world as wanted, with the marketplace dressed up as wanted.
    pub(crate) async fn open_in(world: WorldOptions, dress: impl Fn(Temu) -> Arc<dyn Marketplace>) -> Self {
        Self::open_dressed(world, dress, |jtl| Arc::new(jtl)).await
    }

    /// A quiet world with the ERP dressed up as wanted.
    pub(crate) async fn open_with_erp(dress: impl Fn(Jtl) -> Arc<dyn Erp>) -> Self {
        Self::open_dressed(WorldOptions::quiet(), |temu| Arc::new(temu), dress).await
    }

    async fn open_dressed(
        world: WorldOptions,
        dress: impl Fn(Temu) -> Arc<dyn Marketplace>,
        dress_erp: impl Fn(Jtl) -> Arc<dyn Erp>,
    ) -> Self {
        let clock: SharedClock = ManualClock::starting_at("2026-11-02T09:00:00Z".parse().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let time = sandbox_time(&clock);
        let options = SandboxOptions { world, ..SandboxOptions::new(folder.path(), time) };
        let sandbox = Sandbox::start(options).await.unwrap();
        let credentials = Sandbox::credentials();
        let account = TemuAccount {
            name: ACCOUNT.to_owned(),
            endpoint: sandbox.temu_endpoint(),
            app_key: credentials.app_key.to_owned(),
            app_secret: credentials.app_secret.to_owned().into(),
            access_token: credentials.access_token.to_owned().into(),
            calls_per_second: None,
        };
        let budgets = Budgets::new(clock.clone());
        let temu = Temu::new(account, clock.clone(), &budgets, HttpClient::new().unwrap());
        let url = format!("sqlite:{}", sandbox.jtl_database().display());
        let erp = dress_erp(Jtl::open(JtlSettings { url, ..JtlSettings::default() }).await.unwrap());
        assert_eq!(erp.check().await.unwrap(), Vec::<String>::new(), "the ERP's self-test");
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let store: SharedStore = Arc::new(SqliteStore::open_in_memory(zone).unwrap());
        let marketplaces: Vec<Arc<dyn Marketplace>> = vec![dress(temu)];
        let registry =
            marktwerk_workflows::registry(marketplaces, erp, store.clone(), WorkflowSettings::default());
        let engine =
            Engine::start(EngineOptions::default(), store.clone(), clock.clone(), registry).await.unwrap();
        for job_type in ["order_workflow", "inventory_workflow"] {
            // Paused: the tests start what they want.
            let job = JobDraft { enabled: false, ..JobDraft::every_minutes(job_type, 5) };
            engine.add_job(job).await.unwrap();
        }
        Self { engine, store, world: sandbox.control(), clock, _sandbox: sandbox, _folder: folder }
    }

    /// Places so many orders of articles that JTL knows, one line each.
    pub(crate) fn place(&self, count: usize) -> Vec<String> {
        let seed = |index: usize| OrderSeed {
            lines: vec![LineSeed::new(format!("MW-{:04}", 3 + index % 20), 1)],
            ..OrderSeed::default()
        };
        (0..count).map(|index| self.world.add_order(seed(index)).unwrap()).collect()
    }

    /// Starts a job and waits for the end of its run.
    pub(crate) async fn run(&self, job: &str, parameters: Value) -> Run {
        let parameters: Parameters = parameters.as_object().cloned().unwrap_or_default();
        let run = self.engine.run_now(&JobId(job.to_owned()), parameters).await.unwrap();
        let mut changes = self.store.changes();
        loop {
            changes.borrow_and_update();
            let run = self.store.run(run.id).await.unwrap().unwrap();
            if run.state.is_ended() {
                return run;
            }
            changes.changed().await.unwrap();
        }
    }

    /// Runs the order workflow and expects success.
    pub(crate) async fn sync_orders(&self) -> Run {
        let run = self.run("order_workflow", Value::Null).await;
        assert_eq!(run.state, RunState::Succeeded, "{:?}\n{}", run.error, self.log().await);
        run
    }

    /// Runs the inventory workflow and expects success. Nothing is published before orders were read once.
    pub(crate) async fn sync_stock(&self, mode: &str) -> Run {
        if self.store.fact(&format!("orders.cursor.{ACCOUNT}")).await.unwrap().is_none() {
            self.sync_orders().await;
        }
        let run = self.run("inventory_workflow", serde_json::json!({ "mode": mode })).await;
        assert_eq!(run.state, RunState::Succeeded, "{:?}\n{}", run.error, self.log().await);
        run
    }

    /// Lets time pass: the simulated world does what it does.
    pub(crate) async fn wait(&self, seconds: u64) {
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    /// Orders until what was placed is shipped by JTL and reported: import, wait for JTL, report.
    pub(crate) async fn ship_everything(&self) {
        self.sync_orders().await;
        self.wait(60).await;
    }

    pub(crate) async fn order(&self, number: &str) -> OrderRecord {
        self.store.order(ACCOUNT, number).await.unwrap().unwrap_or_else(|| panic!("no order {number}"))
    }

    pub(crate) async fn orders_in(&self, states: &[OrderState]) -> Vec<OrderRecord> {
        let filter = OrderFilter { states: states.to_vec(), limit: 10_000, ..OrderFilter::default() };
        self.store.orders_in(&filter).await.unwrap()
    }

    pub(crate) async fn statistics(&self) -> OrderStatistics {
        self.store.order_statistics(&[]).await.unwrap()
    }

    /// The subjects on the attention list of one kind.
    pub(crate) async fn attention(&self, kind: marktwerk_domain::attention::AttentionKind) -> Vec<String> {
        let items = self.store.attentions().await.unwrap();
        items.into_iter().filter(|item| item.kind == kind).map(|item| item.subject).collect()
    }

    /// Calls of one type since the last reset.
    pub(crate) fn calls(&self, call: &str) -> u64 {
        self.world.calls().unwrap().get(call).copied().unwrap_or(0)
    }

    /// The whole log as text.
    pub(crate) async fn log(&self) -> String {
        let filter = marktwerk_store::logs::LogFilter { after: Some(0), limit: 10_000, ..Default::default() };
        let rows = self.store.logs(&filter).await.unwrap();
        rows.iter()
            .map(|row| format!("{} {} {}\n", row.level, row.step.as_deref().unwrap_or("-"), row.message))
            .collect()
    }
}

fn sandbox_time(clock: &SharedClock) -> SandboxTime {
    let (now, sleep) = (clock.clone(), clock.clone());
    SandboxTime {
        now_ms: Arc::new(move || now.now().as_millisecond()),
        sleep: Arc::new(move |duration| sleep.sleep(duration)),
    }
}
