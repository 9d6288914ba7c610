//! A server to be asked, and the world behind it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use async_trait::async_trait;
use jiff::tz::TimeZone;
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::alert::Alert;
use marktwerk_domain::clock::ManualClock;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::judgement::Limits;
use marktwerk_domain::reason::Reason;
use marktwerk_domain::run::{Outcome, Run, RunId, WorkflowResult};
use marktwerk_engine::{
    AlertChannel, Diagnose, Engine, EngineOptions, Probe, ProbeQuestion, ProbeResult, Registry, RunContext,
    Workflow, WorkflowDescription,
};
use marktwerk_server::{
    Person, Role, Server, ServerOptions, USUAL_CONNECTIONS, USUAL_CONNECTIONS_PER_ADDRESS, hash_token,
};
use marktwerk_store::SharedStore;
use marktwerk_store::sqlite::SqliteStore;
use reqwest::{Method, RequestBuilder, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::stock::Shelf;

/// What the workflows do when they run.
pub(crate) struct World {
    /// How many lines a run writes, and which text each has.
    pub(crate) lines: AtomicUsize,
    pub(crate) text: Mutex<String>,
    /// Whether runs fail.
    pub(crate) fails: AtomicBool,
    /// While true, runs wait.
    pub(crate) hold: watch::Sender<bool>,
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
struct OrderParameters {
    #[schemars(range(min = 0, max = 5))]
    parent_order_status: Option<u32>,
    days_back: Option<u32>,
    verbose: Option<bool>,
    orders: Option<String>,
    from: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// Only what changed.
    #[default]
    Quick,
    /// Everything.
    Full,
}

#[derive(Deserialize, JsonSchema, Default)]
#[serde(default, deny_unknown_fields)]
struct InventoryParameters {
    mode: Mode,
    sku: Option<String>,
}

struct Scripted {
    world: Arc<World>,
    description: WorkflowDescription,
}

#[async_trait]
impl Workflow for Scripted {
    fn description(&self) -> WorkflowDescription {
        self.description.clone()
    }

    async fn run(&self, context: &RunContext) -> WorkflowResult {
        let mut hold = self.world.hold.subscribe();
        tokio::select! {
            _ = hold.wait_for(|hold| !hold) => {}
            () = context.stopped() => return Ok(Outcome::Cancel { why: "asked to stop".to_owned() }),
        }
        let text = self.world.text.lock().unwrap().clone();
        for _ in 0..self.world.lines.load(Ordering::Relaxed) {
            context.info(text.clone());
        }
        match self.world.fails.load(Ordering::Relaxed) {
            true => Err(Failure::refused("the marketplace said no")),
            false => Ok(Outcome::Done),
        }
    }
}

struct Outside;

#[async_trait]
impl Diagnose for Outside {
    fn accounts(&self) -> Vec<AccountSummary> {
        let account = |name: &str| AccountSummary {
            name: name.to_owned(),
            marketplace: "temu".to_owned(),
            endpoint: "http://127.0.0.1:9/".to_owned(),
            is_loopback: true,
        };
        vec![account("main"), account("bad")]
    }

    async fn test_account(&self, name: &str) -> Result<AccountHealth, Failure> {
        match name {
            "main" => Ok(AccountHealth { message: "accepted".to_owned(), expires_at: None }),
            _ => Err(Failure::new(FailureClass::Unauthorised, "the token is not good")),
        }
    }

    async fn test_erp(&self) -> Result<Vec<String>, Failure> {
        Ok(vec!["well".to_owned()])
    }

    fn describe(&self) -> String {
        "simulated".to_owned()
    }
}

/// Nothing ever changes out there.
struct Still;

#[async_trait]
impl Probe for Still {
    async fn look(&self, _: &ProbeQuestion) -> Result<ProbeResult, Failure> {
        Ok(ProbeResult { marker: "still".to_owned(), unfinished: None })
    }
}

/// Tells everybody of everything.
struct Post;

#[async_trait]
impl AlertChannel for Post {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn tell(&self, _: &Alert) -> Result<(), Failure> {
        Err(Failure::refused("the webhook answers 410"))
    }
}

/// A running server.
pub(crate) struct TestServer {
    pub(crate) server: Server,
    pub(crate) engine: Arc<Engine>,
    pub(crate) store: SharedStore,
    pub(crate) world: Arc<World>,
    client: reqwest::Client,
}

/// The options of a server on a free port.
pub(crate) fn options() -> ServerOptions {
    ServerOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        public_url: None,
        token_hash: None,
        people: Vec::new(),
        connections: USUAL_CONNECTIONS,
        connections_per_address: USUAL_CONNECTIONS_PER_ADDRESS,
        zone: zone(),
        version: "0.0.0-test",
        notice: Some(Reason::quoted("sandbox: simulated marketplace and ERP")),
        limits: Limits::default(),
        metrics: None,
    }
}

/// The token of an admin, that of `office`, an operator, and that of `warehouse`, a viewer.
pub(crate) const ADMIN: &str = "open sesame";
pub(crate) const OPERATOR: &str = "the office's own token";
pub(crate) const VIEWER: &str = "the warehouse's own token";

/// Hashing takes its time: once for all tests.
static HASHES: LazyLock<[String; 3]> =
    LazyLock::new(|| [ADMIN, OPERATOR, VIEWER].map(|token| hash_token(token).unwrap()));

/// The options of a server that admin, operator and viewer may use.
pub(crate) fn guarded() -> ServerOptions {
    let [admin, operator, viewer] = HASHES.clone();
    let person = |name: &str, role, token_hash| Person { name: name.to_owned(), role, token_hash };
    let people = vec![person("office", Role::Operator, operator), person("warehouse", Role::Viewer, viewer)];
    ServerOptions { token_hash: Some(admin), people, ..options() }
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

/// An engine over a database in memory.
pub(crate) async fn engine(jobs_file: Option<PathBuf>) -> (Arc<Engine>, SharedStore, Arc<World>) {
    let clock = ManualClock::starting_at("2026-02-03T09:00:00Z".parse().unwrap());
    let store: SharedStore = Arc::new(SqliteStore::open_in_memory(zone()).unwrap());
    let world = Arc::new(World {
        lines: AtomicUsize::new(1),
        text: Mutex::new("a line".to_owned()),
        fails: AtomicBool::new(false),
        hold: watch::Sender::new(false),
    });
    let orders = WorkflowDescription {
        aliases: &["sync_orders"],
        marketplace: Some("temu"),
        accounts: vec!["main".to_owned()],
        steps: &["fetch", "import"],
        ..WorkflowDescription::of::<OrderParameters>("order_workflow", "orders")
    };
    let inventory = WorkflowDescription {
        marketplace: Some("temu"),
        accounts: vec!["main".to_owned()],
        ..WorkflowDescription::of::<InventoryParameters>("inventory_workflow", "stock")
    };
    let registry = Registry::new()
        .with(Scripted { world: Arc::clone(&world), description: orders })
        .with(Scripted { world: Arc::clone(&world), description: inventory })
        .with_probe("order_workflow", Arc::new(Still))
        .with_diagnose(Arc::new(Outside))
        .with_stock_desk(Arc::new(Shelf));
    let options = EngineOptions { jobs_file, alerts: vec![Arc::new(Post)], ..EngineOptions::default() };
    let engine = Engine::start(options, store.clone(), clock, registry).await.unwrap();
    (engine, store, world)
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(options()).await
    }

    pub(crate) async fn with(options: ServerOptions) -> Self {
        Self::over(options, None).await
    }

    /// With a jobs file in this folder.
    pub(crate) async fn with_jobs_file(folder: &Path) -> Self {
        Self::over(options(), Some(folder.join("workers_config.json"))).await
    }

    async fn over(options: ServerOptions, jobs_file: Option<PathBuf>) -> Self {
        let (engine, store, world) = engine(jobs_file).await;
        let server = Server::start(options, Arc::clone(&engine)).await.unwrap();
        // One connection per request: an idle one would be a matter of luck.
        let client = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { server, engine, store, world, client }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.server.address()))
    }

    /// The status and the JSON of an answer.
    pub(crate) async fn call(&self, method: Method, path: &str) -> (StatusCode, Value) {
        answer(self.request(method, path)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, value) = self.call(Method::GET, path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {value}");
        value
    }

    pub(crate) async fn post(&self, path: &str) -> Value {
        let (status, value) = self.call(Method::POST, path).await;
        assert!(status.is_success(), "{path}: {status} {value}");
        value
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        let response = self.request(Method::GET, path).header("accept", "text/html").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }

    /// Adds a job that runs so seldom that it runs only when told to.
    pub(crate) async fn add_job(&self, job_type: &str) -> String {
        let body = json!({ "job_type": job_type, "interval_minutes": 525_600 });
        let (status, job) = answer(self.request(Method::POST, "/api/jobs/add").json(&body)).await;
        assert_eq!(status, StatusCode::CREATED, "{job}");
        job["job_id"].as_str().unwrap().to_owned()
    }

    /// Runs a job to its end and answers with the run's number.
    pub(crate) async fn run(&self, job: &str) -> i64 {
        let run = self.post(&format!("/api/jobs/{job}/run-now")).await["run"].as_i64().unwrap();
        self.ended(run).await;
        run
    }

    /// Waits for the end of a run.
    pub(crate) async fn ended(&self, run: i64) -> Run {
        self.reaches(run, |run| run.state.is_ended()).await
    }

    /// Waits until a run stands as asked.
    pub(crate) async fn reaches(&self, run: i64, is_there: impl Fn(&Run) -> bool) -> Run {
        let mut changes = self.store.changes();
        loop {
            let run = self.store.run(RunId(run)).await.unwrap().unwrap();
            if is_there(&run) {
                return run;
            }
            changes.changed().await.unwrap();
        }
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// The names of the fields that a problem is about.
pub(crate) fn errors_of(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().expect("a list of errors");
    errors.iter().map(|error| error["field"].as_str().unwrap()).collect()
}

/// The names of the fields that a 422 is about.
pub(crate) fn fields_of(answer: &Value) -> Vec<&str> {
    let faults = answer["detail"].as_array().expect("a list of faults");
    faults.iter().map(|fault| fault["loc"][1].as_str().unwrap()).collect()
}
