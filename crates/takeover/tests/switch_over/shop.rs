//! A merchant's shop: the simulated marketplace and JTL, and Marktwerk on a store of its own as often as it is started.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use marktwerk_connectors::{Budgets, HttpClient, Marketplace, Temu, TemuAccount};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::clock::{ManualClock, SharedClock};
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::{Run, RunState};
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::{Engine, EngineOptions};
use marktwerk_erp::{Erp, Jtl, JtlSettings};
use marktwerk_sandbox::{Control, LineSeed, OrderSeed, Sandbox, SandboxOptions, SandboxTime, WorldOptions};
use marktwerk_store::SharedStore;
use marktwerk_store::logs::LogFilter;
use marktwerk_store::orders::OrderRecord;
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_takeover::testing::OldTables;
use marktwerk_takeover::{Options, Report, take_over};
use marktwerk_workflows::WorkflowSettings;

const ACCOUNT: &str = "sandbox";

/// The outside world.
pub(crate) struct Shop {
    pub(crate) world: Control,
    pub(crate) erp: Arc<dyn Erp>,
    pub(crate) clock: SharedClock,
    sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

/// A program on a store of its own.
pub(crate) struct Program {
    pub(crate) store: SharedStore,
    engine: Arc<Engine>,
}

impl Shop {
    /// Nothing moves by itself but the JTL-Worker; parcels leave when the test says so.
    pub(crate) async fn open() -> Self {
        let clock: SharedClock = ManualClock::starting_at("2026-11-02T09:00:00Z".parse().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let world =
            WorldOptions { ship_after: Duration::from_secs(90 * 24 * 3_600), ..WorldOptions::quiet() };
        let (now, sleep) = (clock.clone(), clock.clone());
        let time = SandboxTime {
            now_ms: Arc::new(move || now.now().as_millisecond()),
            sleep: Arc::new(move |duration| sleep.sleep(duration)),
        };
        let options = SandboxOptions { world, ..SandboxOptions::new(folder.path(), time) };
        let sandbox = Sandbox::start(options).await.unwrap();
        let url = format!("sqlite:{}", sandbox.jtl_database().display());
        let erp = Arc::new(Jtl::open(JtlSettings { url, ..JtlSettings::default() }).await.unwrap());
        Self { world: sandbox.control(), erp, clock, sandbox, _folder: folder }
    }

    /// Starts the program on a new, empty store.
    pub(crate) async fn start(&self) -> Program {
        let credentials = Sandbox::credentials();
        let account = TemuAccount {
            name: ACCOUNT.to_owned(),
            endpoint: self.sandbox.temu_endpoint(),
            app_key: credentials.app_key.to_owned(),
            app_secret: credentials.app_secret.to_owned().into(),
            access_token: credentials.access_token.to_owned().into(),
            calls_per_second: None,
        };
        let budgets = Budgets::new(self.clock.clone());
        let temu = Temu::new(account, self.clock.clone(), &budgets, HttpClient::new().unwrap());
        let marketplaces: Vec<Arc<dyn Marketplace>> = vec![Arc::new(temu)];
        let store: SharedStore = Arc::new(SqliteStore::open_in_memory(zone()).unwrap());
        let settings = WorkflowSettings::default();
        let registry = marktwerk_workflows::registry(marketplaces, self.erp.clone(), store.clone(), settings);
        let options = EngineOptions::default();
        let engine = Engine::start(options, store.clone(), self.clock.clone(), registry).await.unwrap();
        let job = JobDraft { enabled: false, ..JobDraft::every_minutes("order_workflow", 5) };
        engine.on_behalf_of("test").add_job(job).await.unwrap();
        Program { store, engine }
    }

    pub(crate) fn place(&self) -> String {
        let lines = vec![LineSeed::new("MW-0003", 1), LineSeed::new("MW-0004", 2)];
        self.world.add_order(OrderSeed { lines, ..OrderSeed::default() }).unwrap()
    }

    pub(crate) async fn wait(&self, seconds: u64) {
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    /// Takes over into the program's store. The old database is another process: time passes by itself meanwhile.
    pub(crate) async fn take_over(&self, old: &OldTables, program: &Program, is_dry_run: bool) -> Report {
        let options = Options {
            account: ACCOUNT.to_owned(),
            window: SignedDuration::from_hours(24 * 30),
            zone: zone(),
            is_dry_run,
        };
        tokio::time::resume();
        let now = self.clock.now();
        let report = take_over(old.address(), &options, &*self.erp, &*program.store, now).await.unwrap();
        tokio::time::pause();
        report
    }

    /// How many confirmations of the order the marketplace got: accepted and refused.
    pub(crate) fn told(&self, number: &str) -> (u32, u32) {
        let shipments = self.world.shipments().unwrap();
        let of_order = shipments.iter().find(|shipment| shipment.parent_order_sn == number);
        of_order.map_or((0, 0), |shipment| (shipment.accepted, shipment.rejected))
    }
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

impl Program {
    /// Runs the order workflow and expects success.
    pub(crate) async fn sync_orders(&self) {
        let run = self.run().await;
        assert_eq!(run.state, RunState::Succeeded, "{:?}\n{}", run.error, self.log().await);
    }

    /// Runs the order workflow to its end.
    pub(crate) async fn run(&self) -> Run {
        let run = self
            .engine
            .on_behalf_of("test")
            .run_now(&JobId("order_workflow".to_owned()), Parameters::new())
            .await
            .unwrap();
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

    pub(crate) async fn order(&self, number: &str) -> OrderRecord {
        let order = self.store.order(ACCOUNT, number).await.unwrap();
        order.unwrap_or_else(|| panic!("no order {number}"))
    }

    pub(crate) async fn state(&self, number: &str) -> OrderState {
        self.order(number).await.state
    }

    /// The kinds of entries on the attention list that an order has.
    pub(crate) async fn attention(&self, number: &str) -> Vec<AttentionKind> {
        let items = self.store.attentions().await.unwrap();
        items.into_iter().filter(|item| item.subject == number).map(|item| item.kind).collect()
    }

    pub(crate) async fn log(&self) -> String {
        let filter = LogFilter { after: Some(0), limit: 100_000, ..LogFilter::default() };
        let rows = self.store.logs(&filter).await.unwrap();
        rows.iter().map(|row| format!("{} {}\n", row.level, row.message)).collect()
    }
}
