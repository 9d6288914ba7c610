//! A merchant's shop for a test: everything from the sandbox to the engine in one process, on the manual clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use marktwerk_connectors::{Budgets, HttpClient, Marketplace, Temu, TemuAccount};
use marktwerk_domain::alert::Alert;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::clock::{ManualClock, SharedClock};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::health::HealthChange;
use marktwerk_domain::history::Author;
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::judgement::{Choice, Decision, Limits};
use marktwerk_domain::order::{Order, OrderState};
use marktwerk_domain::run::{Run, RunId, RunState};
use marktwerk_domain::stock::StockEntry;
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::{AlertChannel, Engine, EngineOptions, ProbeQuestion, ProbeResult};
use marktwerk_erp::{Erp, HandOver, Jtl, JtlSettings};
use marktwerk_sandbox::{Control, LineSeed, OrderSeed, Sandbox, SandboxOptions, SandboxTime, WorldOptions};
use marktwerk_store::SharedStore;
use marktwerk_store::judging::{self, Occasion};
use marktwerk_store::logs::LogFilter;
use marktwerk_store::orders::{OrderFilter, OrderRecord, OrderStatistics};
use marktwerk_store::runs::RunFilter;
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_store::stock::StockDecision;
use marktwerk_workflows::{WorkflowSettings, numbers};
use serde_json::{Value, json};

/// The account's name in these tests.
pub(crate) const ACCOUNT: &str = "sandbox";
/// The name of the other one, where there are two.
pub(crate) const SECOND: &str = "second";

/// A person's ear: keeps what is told.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<Mutex<Vec<Alert>>>);

#[async_trait]
impl AlertChannel for Ear {
    fn name(&self) -> &'static str {
        "ear"
    }

    async fn tell(&self, alert: &Alert) -> Result<(), Failure> {
        self.0.lock().unwrap().push(alert.clone());
        Ok(())
    }
}

/// Everything.
pub(crate) struct Shop {
    pub(crate) engine: Arc<Engine>,
    pub(crate) store: SharedStore,
    pub(crate) world: Control,
    pub(crate) clock: SharedClock,
    ear: Ear,
    marketplaces: Vec<Arc<dyn Marketplace>>,
    erp: Arc<dyn Erp>,
    sandbox: Sandbox,
    /// The other account's marketplace, where there are two.
    other: Option<Sandbox>,
    _folder: tempfile::TempDir,
}

impl Shop {
    /// A quiet world.
    pub(crate) async fn open() -> Self {
        Self::open_in(WorldOptions::quiet(), |temu| Arc::new(temu)).await
    }

    /// A world as wanted, with the marketplace dressed up as wanted.
    pub(crate) async fn open_in(world: WorldOptions, dress: impl Fn(Temu) -> Arc<dyn Marketplace>) -> Self {
        Self::open_dressed(world, dress, JtlSettings::default(), |jtl| Arc::new(jtl), false).await
    }

    /// A quiet world whose JTL ships only when a test says so.
    pub(crate) async fn open_patient() -> Self {
        let world = WorldOptions { ship_after: Duration::from_secs(8_640_000), ..WorldOptions::quiet() };
        Self::open_in(world, |temu| Arc::new(temu)).await
    }

    /// A quiet world with the ERP dressed up as wanted.
    pub(crate) async fn open_with_erp(dress: impl Fn(Jtl) -> Arc<dyn Erp>) -> Self {
        let world = WorldOptions::quiet();
        Self::open_dressed(world, |temu| Arc::new(temu), JtlSettings::default(), dress, false).await
    }

    /// A merchant with two accounts, each at a marketplace of its own, and one JTL that ships nothing by itself.
    pub(crate) async fn open_pair() -> Self {
        let world = WorldOptions { ship_after: Duration::from_secs(8_640_000), ..WorldOptions::quiet() };
        let settings = JtlSettings::default();
        Self::open_dressed(world, |temu| Arc::new(temu), settings, |jtl| Arc::new(jtl), true).await
    }

    /// A quiet world whose merchant has set JTL up like this.
    pub(crate) async fn open_with_settings(settings: JtlSettings) -> Self {
        let world = WorldOptions::quiet();
        Self::open_dressed(world, |temu| Arc::new(temu), settings, |jtl| Arc::new(jtl), false).await
    }

    async fn open_dressed(
        world: WorldOptions,
        dress: impl Fn(Temu) -> Arc<dyn Marketplace>,
        settings: JtlSettings,
        dress_erp: impl Fn(Jtl) -> Arc<dyn Erp>,
        has_second: bool,
    ) -> Self {
        let clock: SharedClock = ManualClock::starting_at("2026-11-02T09:00:00Z".parse().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let time = sandbox_time(&clock);
        let other = if has_second {
            let options = SandboxOptions::new(folder.path().join("other"), time.clone());
            let options = SandboxOptions { world: world.clone(), seed: 2, ..options };
            Some(Sandbox::start(options).await.unwrap())
        } else {
            None
        };
        let options = SandboxOptions { world, ..SandboxOptions::new(folder.path(), time) };
        let sandbox = Sandbox::start(options).await.unwrap();
        let budgets = Budgets::new(clock.clone());
        let connect = |name: &str, sandbox: &Sandbox| {
            let credentials = Sandbox::credentials();
            let account = TemuAccount {
                name: name.to_owned(),
                endpoint: sandbox.temu_endpoint(),
                app_key: credentials.app_key.to_owned(),
                app_secret: credentials.app_secret.to_owned().into(),
                access_token: credentials.access_token.to_owned().into(),
                calls_per_second: None,
            };
            Temu::new(account, clock.clone(), &budgets, HttpClient::new().unwrap())
        };
        let url = format!("sqlite:{}", sandbox.jtl_database().display());
        let jtl = Jtl::open(JtlSettings { url, ..settings }).await.unwrap();
        assert_eq!(jtl.check().await.unwrap(), Vec::<String>::new(), "the ERP's self-test");
        let erp = dress_erp(jtl);
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let store: SharedStore = Arc::new(SqliteStore::open_in_memory(zone).unwrap());
        let mut marketplaces: Vec<Arc<dyn Marketplace>> = vec![dress(connect(ACCOUNT, &sandbox))];
        marketplaces.extend(other.as_ref().map(|other| dress(connect(SECOND, other))));
        let accounts: Vec<String> = marketplaces.iter().map(|one| one.account().name.clone()).collect();
        let ear = Ear::default();
        let registry = marktwerk_workflows::registry(
            marketplaces.clone(),
            erp.clone(),
            store.clone(),
            WorkflowSettings::default(),
        );
        let options = EngineOptions { alerts: vec![Arc::new(ear.clone())], ..EngineOptions::default() };
        let engine = Engine::start(options, store.clone(), clock.clone(), registry).await.unwrap();
        for account in accounts {
            for job_type in ["order_workflow", "inventory_workflow"] {
                // Paused: the tests start what they want.
                let id = (account != ACCOUNT).then(|| format!("{job_type}-{account}"));
                let draft = JobDraft::every_minutes(job_type, 5);
                let job = JobDraft { id, account: account.clone(), enabled: false, ..draft };
                engine.on_behalf_of("test").add_job(job).await.unwrap();
            }
        }
        let world = sandbox.control();
        Self { engine, store, world, clock, ear, marketplaces, erp, sandbox, other, _folder: folder }
    }

    /// The program is started again with other settings.
    pub(crate) async fn restart_with(&mut self, settings: WorkflowSettings) {
        self.engine.shutdown().await;
        let registry = marktwerk_workflows::registry(
            self.marketplaces.clone(),
            self.erp.clone(),
            self.store.clone(),
            settings,
        );
        let options = EngineOptions { alerts: vec![Arc::new(self.ear.clone())], ..EngineOptions::default() };
        self.engine = Engine::start(options, self.store.clone(), self.clock.clone(), registry).await.unwrap();
    }

    /// The program is started again with these prefixes of order numbers.
    pub(crate) async fn restart_with_prefixes(&mut self, prefixes: &[(&str, &str)]) {
        let prefixes = prefixes.iter().map(|(account, prefix)| ((*account).to_owned(), (*prefix).to_owned()));
        let mut settings = WorkflowSettings::default();
        settings.orders.numbering = numbers::remember(&*self.store, &prefixes.collect()).await.unwrap();
        self.restart_with(settings).await;
    }

    /// The other account's marketplace.
    pub(crate) fn other_world(&self) -> Control {
        self.other.as_ref().expect("a shop with two accounts").control()
    }

    /// Runs the workflow of each account and expects success: all orders, or all stock.
    pub(crate) async fn sync_both(&self, job_type: &str) {
        for job in [job_type.to_owned(), format!("{job_type}-{SECOND}")] {
            let run = self.run(&job, Value::Null).await;
            assert_eq!(run.state, RunState::Succeeded, "{job}: {:?}\n{}", run.error, self.log().await);
        }
    }

    /// A person decides about the one open entry of a kind.
    pub(crate) async fn decide_on_stock(&self, kind: AttentionKind, decision: StockDecision) {
        let items = self.store.attentions().await.unwrap();
        let item = items.iter().find(|item| item.kind == kind).expect("an open entry");
        marktwerk_store::stock::decide(&*self.store, item.id, &decision, self.clock.now()).await.unwrap();
    }

    /// The open entries of a kind.
    pub(crate) async fn entries(&self, kind: AttentionKind) -> Vec<StockEntry> {
        let items = self.store.attentions().await.unwrap();
        let of_kind = items.iter().filter(|item| item.kind == kind);
        of_kind.map(|item| StockEntry::from_facts(&item.facts).expect("facts")).collect()
    }

    /// All pieces of an article lie in warehouse 1 from now on.
    pub(crate) fn set_pieces(&self, sku: &str, pieces: i64) {
        self.world.set_stock(sku, 1, pieces).unwrap();
        self.world.set_stock(sku, 2, 0).unwrap();
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
        let run = self.engine.on_behalf_of("test").run_now(&JobId(job.to_owned()), parameters).await.unwrap();
        self.ended(run.id).await
    }

    /// Repeats a run from a step and waits for the end of the repetition.
    pub(crate) async fn again(&self, run: &Run, from_step: &str) -> Run {
        let run =
            self.engine.on_behalf_of("test").run_again(run.id, Some(from_step.to_owned())).await.unwrap();
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

    /// Runs the order workflow and expects success.
    pub(crate) async fn sync_orders(&self) -> Run {
        let run = self.run("order_workflow", Value::Null).await;
        assert_eq!(run.state, RunState::Succeeded, "{:?}\n{}", run.error, self.log().await);
        run
    }

    /// The marketplace's list knows whole seconds: a change is seen in the next one.
    pub(crate) async fn next_run(&self) {
        self.wait(5).await;
        self.sync_orders().await;
    }

    /// An order of two pieces in a currency that JTL is not given.
    pub(crate) fn place_in_francs(&self) -> String {
        let lines = vec![LineSeed::new("MW-0003", 2)];
        let seed = OrderSeed { currency: Some("CHF".to_owned()), lines, ..OrderSeed::default() };
        self.world.add_order(seed).unwrap()
    }

    /// Runs the inventory workflow and expects success. Nothing is published before orders were read once.
    pub(crate) async fn sync_stock(&self, mode: &str) -> Run {
        if self.store.fact(&format!("orders.cursor.{ACCOUNT}")).await.unwrap().is_none() {
            self.sync_orders().await;
        }
        let run = self.run("inventory_workflow", json!({ "mode": mode })).await;
        assert_eq!(run.state, RunState::Succeeded, "{:?}\n{}", run.error, self.log().await);
        run
    }

    /// Lets a job run by itself from now on, with these fields of its draft changed too. The clock stops between its times.
    pub(crate) async fn schedule(&self, job: &str, minutes: i64, fields: Value) {
        let mut patch = json!({ "enabled": true, "interval_minutes": minutes }).as_object().cloned().unwrap();
        patch.extend(fields.as_object().cloned().unwrap_or_default());
        self.engine.on_behalf_of("test").change_job(&JobId(job.to_owned()), &patch, None).await.unwrap();
        self.wait(30).await;
    }

    /// What the probe of a job type sees now.
    pub(crate) async fn look(&self, job_type: &str, parameters: Value) -> Result<ProbeResult, Failure> {
        let question = ProbeQuestion {
            account: ACCOUNT.to_owned(),
            parameters: parameters.as_object().cloned().unwrap(),
            now: self.clock.now(),
        };
        self.engine.registry().probe(job_type).unwrap().look(&question).await
    }

    /// The runs of a job, newest first.
    pub(crate) async fn runs(&self, job: &str) -> Vec<Run> {
        let filter = RunFilter { job: Some(JobId(job.to_owned())), limit: 10_000, ..RunFilter::default() };
        self.store.runs(&filter).await.unwrap()
    }

    /// The newest run of a job.
    pub(crate) async fn newest(&self, job: &str) -> Run {
        self.runs(job).await.into_iter().next().unwrap_or_else(|| panic!("{job} has no run"))
    }

    /// What people were told of a job, oldest first.
    pub(crate) fn told(&self, job: &str) -> Vec<HealthChange> {
        let told = self.ear.0.lock().unwrap();
        told.iter().filter(|alert| alert.job_id.as_str() == job).filter_map(|alert| alert.change).collect()
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
    pub(crate) async fn attention(&self, kind: AttentionKind) -> Vec<String> {
        let items = self.store.attentions().await.unwrap();
        items.into_iter().filter(|item| item.kind == kind).map(|item| item.subject).collect()
    }

    /// A person enters an order in JTL; its worker takes it.
    pub(crate) async fn enter_by_hand(&self, order: &Order) {
        let url = format!("sqlite:{}", self.sandbox.jtl_database().display());
        let jtl = Jtl::open(JtlSettings { url, ..JtlSettings::default() }).await.unwrap();
        let document = jtl.render(order, &order.number, ACCOUNT, None).unwrap().document;
        let (account, number) = (ACCOUNT.to_owned(), order.number.clone());
        let row = HandOver { account, number, also: Vec::new(), document, receipt: None };
        jtl.hand_over(&[row]).await.unwrap();
        self.wait(5).await;
    }

    /// A person decides on an entry.
    pub(crate) async fn decide(&self, id: i64, decision: Decision) {
        let choice = Choice { decision, by: "office".to_owned(), carrier: None, until: None };
        let outcomes =
            judging::decide_entry(&*self.store, id, &choice, None, &self.occasion()).await.unwrap();
        assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()), "{outcomes:?}");
    }

    /// A person at this moment.
    pub(crate) fn occasion(&self) -> Occasion {
        let by = Author::Person("office".to_owned());
        Occasion { now: self.clock.now(), by, limits: Limits::default() }
    }

    /// Calls of one type since the last reset.
    pub(crate) fn calls(&self, call: &str) -> u64 {
        self.world.calls().unwrap().get(call).copied().unwrap_or(0)
    }

    /// The whole log as text.
    pub(crate) async fn log(&self) -> String {
        let filter = LogFilter { after: Some(0), limit: 100_000, ..LogFilter::default() };
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
