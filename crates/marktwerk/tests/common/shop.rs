//! The whole program inside its test, with a simulated world beside it, both on a clock that the test moves: it stands still
//! while anything is in flight.

use std::time::Duration;

use marktwerk::compose::{Program, sandbox_options};
use marktwerk::config::{SandboxSection, Settings};
use marktwerk_connectors::TemuAccount;
use marktwerk_domain::clock::{ManualClock, SharedClock};
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{Run, RunId, RunState};
use marktwerk_sandbox::{Control, Sandbox, WorldOptions};
use marktwerk_store::runs::RunFilter;
use reqwest::Method;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Map, Value};

/// A program, and the world that it works on.
pub(crate) struct Shop {
    pub(crate) program: Program,
    pub(crate) world: Control,
    pub(crate) clock: SharedClock,
    http: reqwest::Client,
    pub(crate) settings: Settings,
    _sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

impl Shop {
    /// Opens it in the morning. `way` gets the marketplace's address and says under which one the program calls it.
    pub(crate) async fn open(world: WorldOptions, way: impl FnOnce(String) -> String) -> Self {
        let clock: SharedClock = ManualClock::starting_at("2026-11-02T08:00:00Z".parse().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let section = SandboxSection { world: Some(world), ..SandboxSection::default() };
        let options = sandbox_options(folder.path().join("world"), &section, &clock);
        let sandbox = Sandbox::start(options).await.unwrap();
        let credentials = Sandbox::credentials();
        let mut settings = Settings { data_dir: folder.path().join("data"), ..Settings::default() };
        settings.server.listen.set_port(0);
        settings.jtl.url = format!("sqlite:{}", sandbox.jtl_database().display());
        settings.accounts = vec![
            TemuAccount {
                name: "shop".to_owned(),
                endpoint: way(sandbox.temu_endpoint()),
                app_key: credentials.app_key.to_owned(),
                app_secret: credentials.app_secret.into(),
                access_token: credentials.access_token.into(),
                calls_per_second: None,
            }
            .into(),
        ];
        let program = Program::start(settings.clone(), clock.clone()).await.unwrap();
        // One connection per request: an idle one would be a matter of luck.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        let world = sandbox.control();
        Self { program, world, clock, http, settings, _sandbox: sandbox, _folder: folder }
    }

    /// Lets time pass.
    pub(crate) async fn wait(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    /// From now on jobs run when they are told to; what waited by then would wait for as long as they are paused, and is cancelled.
    pub(crate) async fn pause_jobs(&self) {
        let jobs = self.program.engine().jobs().await.unwrap();
        let jobs: Vec<JobId> = jobs.into_iter().map(|job| job.id).collect();
        let pause = Map::from_iter([("enabled".to_owned(), false.into())]);
        self.program.engine().on_behalf_of("test").change_jobs(&jobs, &pause, None).await.unwrap();
        let mut changes = self.program.store().changes();
        let states = vec![RunState::Waiting, RunState::Retrying];
        let waiting = RunFilter { states, limit: 100, ..RunFilter::default() };
        for run in self.program.store().runs(&waiting).await.unwrap() {
            // One that is at work by now comes to its end.
            let _ = self.program.engine().on_behalf_of("test").cancel(run.id).await;
        }
        while !self.program.engine().is_idle().await.unwrap() {
            changes.changed().await.unwrap();
        }
    }

    /// What the program answers, which has to be well.
    pub(crate) async fn ask(&self, method: Method, path: &str) -> Value {
        let address = format!("http://{}{path}", self.program.address());
        let answer = self.http.request(method, address).send().await.unwrap();
        let (status, told) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {told}");
        serde_json::from_str(&told).unwrap()
    }

    /// Starts a job as a person does and waits for the end of its run, which has to be well.
    pub(crate) async fn run(&self, job: &JobId, query: &str) -> Run {
        let told = self.ask(Method::POST, &format!("/api/jobs/{job}/run-now{query}")).await;
        let number = RunId(told["run"].as_i64().unwrap());
        let mut changes = self.program.store().changes();
        loop {
            let run = self.program.store().run(number).await.unwrap().unwrap();
            if run.state.is_ended() {
                assert_eq!(run.state, RunState::Succeeded, "{:?}", run.error);
                return run;
            }
            changes.changed().await.unwrap();
        }
    }

    /// The program's database as any other program reads it.
    pub(crate) fn database(&self) -> Connection {
        Connection::open_with_flags(self.settings.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }
}

/// The job that brings orders.
pub(crate) fn orders() -> JobId {
    JobId("order_workflow".to_owned())
}
