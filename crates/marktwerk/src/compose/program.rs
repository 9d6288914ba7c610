//! The running program: what is started in which order, and its end in the opposite one.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::reason::Reason;
use marktwerk_engine::jobs_file::JobsDocument;
use marktwerk_engine::prune::Retention;
use marktwerk_engine::supervision::Ended;
use marktwerk_engine::{Engine, EngineOptions};
use marktwerk_sandbox::Sandbox;
use marktwerk_server::{Person, Server, ServerError, ServerOptions, token_hash};
use marktwerk_store::SharedStore;
use marktwerk_store::data_folder::DataFolder;
use marktwerk_store::files::network_mount;
use marktwerk_workflows::WorkflowSettings;

use super::alerts;
use super::belonging;
use super::databases::{Opened, open_store};
use super::error::StartError;
use super::first_jobs;
use super::health;
use super::judging::Judging;
use super::limits::limits;
use super::outside::{self, Outside};
use super::own_name::OwnName;
use super::presence::Presence;
use crate::config::{self, AccountRules, Secret, Settings};
use crate::metrics;

/// A demonstration shows something each minute.
const DEMONSTRATION_PACE: Duration = Duration::from_secs(60);

/// The whole program, running.
pub struct Program {
    server: Server,
    engine: Arc<Engine>,
    store: SharedStore,
    judging: Judging,
    sandbox: Option<Sandbox>,
    notice: Option<Reason>,
    _upkeep: metrics::Upkeep,
    presence: Presence,
    _name: Option<OwnName>,
    /// Given back last: the data folder, and the sandbox's within it.
    _folders: (DataFolder, Option<DataFolder>),
}

impl Program {
    /// Starts everything. What is missing is a [`StartError`]; then nothing goes on running.
    pub async fn start(settings: Settings, clock: SharedClock) -> anyhow::Result<Self> {
        Self::begin(settings, clock).await.map_err(|error| StartError::from_causes(&error).into())
    }

    async fn begin(settings: Settings, clock: SharedClock) -> anyhow::Result<Self> {
        let purpose = format!("marktwerk on {}", settings.server.listen);
        let folder = DataFolder::lock(&settings.data_dir, &purpose)?;
        refuse_taken_address(settings.server.listen)?;
        outside::insist_on_account(&settings)?;
        // The engine reads it when the schema has been brought up to date; a broken one should stop the start before.
        let jobs_file = settings.jobs_file();
        // Aside: a share that hangs must not keep a signal waiting.
        tokio::task::spawn_blocking(move || JobsDocument::open(&jobs_file)).await??;
        warn_of_share(&settings);
        let Opened { store, file } = open_store(&settings, &purpose).await?;
        let name = match settings.sqlserver.store {
            Some(_) => Some(OwnName::take(&store, &clock, &folder).await?),
            None => None,
        };
        let outside = Outside::open(&settings, &clock).await?;
        let shares_store_as = name.as_ref().map(|name| name.name().to_owned());
        let started = Self::begin_work(&settings, shares_store_as, clock.clone(), &store, &outside).await;
        let (engine, server) = match started {
            Ok(started) => started,
            Err(error) => {
                if let Some(sandbox) = outside.sandbox {
                    sandbox.shutdown().await;
                }
                return Err(error);
            }
        };
        let Outside { sandbox, sandbox_folder, notice, .. } = outside;
        let supervision = engine.supervision();
        let upkeep = metrics::keep_up(supervision, &clock)?;
        let judging = Judging::start(supervision, store.clone(), clock, settings.orders.limits());
        let presence = Presence::watch(&[&folder], file)?;
        Ok(Self {
            server,
            engine,
            store,
            judging,
            sandbox,
            notice,
            _upkeep: upkeep,
            presence,
            _name: name,
            _folders: (folder, sandbox_folder),
        })
    }

    async fn begin_work(
        settings: &Settings,
        shares_store_as: Option<String>,
        clock: SharedClock,
        store: &SharedStore,
        outside: &Outside,
    ) -> anyhow::Result<(Arc<Engine>, Server)> {
        let accounts: Vec<&str> =
            outside.marketplaces.iter().map(|marketplace| marketplace.account().name.as_str()).collect();
        // What can be refused without a trace is asked first.
        let running = Arc::new(OnceLock::new());
        let metrics = metrics::source(store, &clock, &outside.marketplaces, &running)?;
        let server =
            ServerOptions { metrics: Some(metrics), ..server_options(settings, outside.notice.clone())? };
        let mut workflows = WorkflowSettings::default();
        workflows.orders.first_days = settings.orders.first_days;
        workflows.orders.limits = settings.orders.limits();
        workflows.orders.carriers = of_accounts(settings, |account| account.carriers.clone());
        workflows.inventory.offering.buffer = settings.inventory.buffer;
        workflows.inventory.of_accounts =
            of_accounts(settings, |account| account.stock.offering(settings.inventory.buffer));
        workflows.credentials_from = health::credentials_from(settings);
        let mut prefixes: BTreeMap<String, String> =
            accounts.iter().map(|name| ((*name).to_owned(), String::new())).collect();
        prefixes.extend(of_accounts(settings, |account| account.order_number_prefix.clone()));
        workflows.orders.numbering = marktwerk_workflows::numbers::remember(&**store, &prefixes).await?;
        let registry = marktwerk_workflows::registry(
            outside.marketplaces.clone(),
            Arc::clone(&outside.erp),
            store.clone(),
            workflows,
        );
        let limits = limits(settings, &registry)?;
        belonging::insist(store, settings, outside.erp.is_simulated()).await?;
        let names: Vec<String> = accounts.iter().map(|name| (*name).to_owned()).collect();
        for gone in marktwerk_workflows::accounts::notice_gone(&**store, &names, clock.now()).await? {
            tracing::warn!(
                "the account {gone} has orders or listings and is not in the settings: see the attention list"
            );
        }
        let jobs_file = settings.jobs_file();
        first_jobs::write(&jobs_file, store, &outside.marketplaces).await?;
        let scheduler = &settings.scheduler;
        let is_demonstration = settings.is_demonstration();
        let options = EngineOptions {
            workers: scheduler.workers,
            zone: settings.time_zone.clone(),
            limits,
            rises_every: Duration::from_secs(scheduler.rises_after_minutes.saturating_mul(60)),
            alerts: alerts::channels(&settings.alerts, &alerts::sender(settings), &clock),
            time_limit: Duration::from_secs(scheduler.time_limit_minutes.saturating_mul(60)),
            shutdown_grace: Duration::from_secs(scheduler.shutdown_grace_seconds),
            pace: is_demonstration.then_some(DEMONSTRATION_PACE),
            run_at_start: is_demonstration,
            retention: Retention {
                logs: scheduler.keep_logs_days,
                runs: scheduler.keep_runs_days,
                buyers: scheduler.keep_buyers_days,
                audit: scheduler.keep_audit_days,
            },
            shares_store_as,
            lookout: Some(health::lookout(settings)),
            jobs_file: Some(jobs_file),
            seed: None,
        };
        let engine = Engine::start(options, store.clone(), clock, registry).await?;
        // It is set here alone.
        let _ = running.set(Arc::downgrade(&engine));
        match Server::start(server, Arc::clone(&engine)).await {
            Ok(server) => Ok((engine, server)),
            Err(error) => {
                engine.shutdown().await;
                Err(error.into())
            }
        }
    }

    /// Where the screen is.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The scheduler.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The database.
    pub fn store(&self) -> &SharedStore {
        &self.store
    }

    /// The simulated world, where there is one.
    pub fn sandbox(&self) -> Option<&Sandbox> {
        self.sandbox.as_ref()
    }

    /// What is simulated, in one line.
    pub fn notice(&self) -> Option<&Reason> {
        self.notice.as_ref()
    }

    /// Where the levers of the simulated world are, if there is one.
    pub fn levers(&self) -> Option<String> {
        self.sandbox.as_ref().map(Sandbox::control_url)
    }

    /// Completes when a part has ended that the program cannot do without; then it should end, too, and be started again.
    pub async fn vital_end(&self) -> Ended {
        self.engine.supervision().vital_end().await
    }

    /// Answers when the data folder, the database or a lock was removed or replaced, with a sentence for people. The process is to end
    /// at once then, and not by [`Program::shutdown`], which would store where nobody sees it.
    pub async fn lost(&self) -> String {
        self.presence.lost().await
    }

    /// No new visitors, no new runs, a grace for running ones, and then the world that they work on.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
        drop(self.judging);
        self.engine.shutdown().await;
        if let Some(sandbox) = self.sandbox {
            sandbox.shutdown().await;
        }
    }
}

/// It may work, and loses data one day.
fn warn_of_share(settings: &Settings) {
    let path = match settings.sqlserver.store {
        Some(_) => settings.data_dir.clone(),
        None => settings.database(),
    };
    if let Some(share) = network_mount(&path) {
        tracing::warn!("{} lies on {share}: put it on a local disk; see `marktwerk doctor`", path.display());
    }
}

/// The server binds at the very end, when runs have begun already; a taken port should stop the start before.
fn refuse_taken_address(address: SocketAddr) -> anyhow::Result<()> {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) => {
            let reason = match error.kind() {
                std::io::ErrorKind::AddrInUse => "another program listens there already".to_owned(),
                _ => error.to_string(),
            };
            anyhow::bail!(
                "cannot listen on {address}: {reason}; stop that program, or choose another address with --listen or [server] listen"
            )
        }
    }
}

fn server_options(settings: &Settings, notice: Option<Reason>) -> anyhow::Result<ServerOptions> {
    let hash = |token: &Secret| token_hash(token.expose());
    let person = |person: &config::Person| -> Result<Person, ServerError> {
        Ok(Person { name: person.name.clone(), role: person.role, token_hash: hash(&person.token)? })
    };
    Ok(ServerOptions {
        listen: settings.server.listen,
        public_url: settings.server.public_url.clone(),
        token_hash: settings.server.token.as_ref().map(hash).transpose()?,
        people: settings.server.people.iter().map(person).collect::<Result<_, _>>()?,
        connections: settings.server.connections,
        connections_per_address: settings.server.connections_per_address,
        zone: settings.time_zone.clone(),
        version: env!("CARGO_PKG_VERSION"),
        notice,
        limits: settings.orders.limits(),
        metrics: None,
    })
}

/// What is set for each account alone.
fn of_accounts<T>(settings: &Settings, rule: impl Fn(&AccountRules) -> T) -> BTreeMap<String, T> {
    settings.of_accounts.iter().map(|(name, rules)| (name.clone(), rule(rules))).collect()
}
