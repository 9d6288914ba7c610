//! Looks every few seconds whether something stops the shop that no failing run tells of: a disk that is full, credentials that are refused
//! or end, a JTL-Worker that stands still, orders past their limit. What is found is for the health answer; people are told once of each
//! cause, and once that it is over.
//!
//! It also writes a few bytes each time: nothing else shows in a quiet hour that nothing can be stored any more.

mod causes;
mod outcry;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::job::Job;
use marktwerk_domain::judgement::Limits;
use marktwerk_store::changes::Changes;
use marktwerk_store::{SharedStore, StoreError, StoreResult};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::causes::{Cause, Causes};
use self::outcry::Outcry;
use crate::alerts;
use crate::engine::Engine;
use crate::vitals::Vitals;

/// The fact that is written each time.
const PROBE: &str = "health.probe";
/// How often it is looked whether people are to be told without the database.
const OUTCRY_EVERY: Duration = Duration::from_secs(5);
/// A write that takes longer has failed.
const WRITE_LIMIT: Duration = Duration::from_secs(15);
/// The disk of a share that hangs does not answer.
const DISK_LIMIT: Duration = Duration::from_secs(5);
/// The outside is asked this often whether the worker takes its rows.
const WORKER_EVERY: Duration = Duration::from_secs(60);
/// Credentials are looked at this long after the start, and then once a day.
const CREDENTIALS_FIRST: Duration = Duration::from_secs(300);
const CREDENTIALS_EVERY: Duration = Duration::from_secs(86_400);

/// Jobs are read again after this long although nothing shows that one has changed.
const JOBS_FOR: Duration = Duration::from_secs(300);

/// Answers how many bytes are free; blocking.
pub type FreeSpace = Arc<dyn Fn() -> Option<u64> + Send + Sync>;

/// What is looked for, and from when on it is told.
#[derive(Clone)]
pub struct LookoutOptions {
    /// Time between two looks.
    pub every: Duration,
    /// The disk of the data folder, where there is one.
    pub free_space: Option<FreeSpace>,
    /// Less free space than this is told, bytes.
    pub disk_low: u64,
    /// Rows that wait for the JTL-Worker for longer are told.
    pub worker: Duration,
    /// Credentials that end sooner are told.
    pub credentials: Duration,
    /// How long before its deadline an order needs a person.
    pub before_deadline: SignedDuration,
    /// Entries of the attention list of these kinds are told; those of credentials and of the worker always are.
    pub attention: Vec<AttentionKind>,
    /// Of every job.
    pub all_jobs: JobAlerts,
    /// By job id, in place of it.
    pub jobs: BTreeMap<String, JobAlerts>,
}

/// From when on people are told of a job, beside the fuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobAlerts {
    /// This many runs failed in a row.
    pub failures: Option<u32>,
    /// No run succeeded for this long although the job is enabled.
    pub without_success: Option<Duration>,
}

impl Default for LookoutOptions {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(20),
            free_space: None,
            disk_low: 500_000_000,
            worker: Duration::from_secs(300),
            credentials: Duration::from_secs(14 * 86_400),
            before_deadline: Limits::default().before_deadline,
            attention: Vec::new(),
            all_jobs: JobAlerts::default(),
            jobs: BTreeMap::new(),
        }
    }
}

impl LookoutOptions {
    fn of_job(&self, id: &str) -> JobAlerts {
        self.jobs.get(id).copied().unwrap_or(self.all_jobs)
    }
}

/// Looks until it is aborted. `node` is this process, where others share the store.
pub(crate) async fn run(
    engine: Weak<Engine>,
    store: SharedStore,
    clock: SharedClock,
    options: LookoutOptions,
    node: Option<String>,
) {
    let Some((vitals, channels)) =
        engine.upgrade().map(|engine| (Arc::clone(&engine.vitals), engine.alerts.clone()))
    else {
        return;
    };
    let mut pulse = Pulse {
        store: store.clone(),
        clock: clock.clone(),
        free_space: options.free_space.clone(),
        vitals: Arc::clone(&vitals),
        asked: None,
    };
    let mut outcry = Outcry::new(channels, clock.clone(), Arc::clone(&vitals));
    let started_at = clock.now();
    let credentials_at = clock.monotonic() + CREDENTIALS_FIRST;
    let every = options.every;
    let mut lookout = Lookout {
        engine,
        store: store.clone(),
        clock: clock.clone(),
        options,
        node,
        vitals: Arc::clone(&vitals),
        started_at,
        worker_at: Duration::ZERO,
        credentials_at,
        known_jobs: None,
    };
    // Each goes on while another one waits for somebody.
    let pulsing = async {
        loop {
            pulse.probe().await;
            clock.sleep(every).await;
        }
    };
    let crying = async {
        loop {
            outcry.follow(vitals.cannot_write()).await;
            clock.sleep(OUTCRY_EVERY).await;
        }
    };
    let looking = async {
        let mut changes = store.changes();
        loop {
            let seen = changes.borrow_and_update().attention;
            let next = clock.monotonic() + every;
            lookout.look().await;
            // What comes onto the list meanwhile is looked at at once, but only once until the next time.
            tokio::select! {
                biased;
                () = entries_changed(&mut changes, seen) => lookout.look().await,
                () = clock.sleep(next.saturating_sub(clock.monotonic())) => {}
            }
            clock.sleep(next.saturating_sub(clock.monotonic())).await;
        }
    };
    tokio::join!(pulsing, crying, looking);
}

/// Ends when the attention list is another one than it was.
async fn entries_changed(changes: &mut watch::Receiver<Changes>, seen: u64) {
    while changes.borrow_and_update().attention == seen {
        if changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

struct Lookout {
    engine: Weak<Engine>,
    store: SharedStore,
    clock: SharedClock,
    options: LookoutOptions,
    node: Option<String>,
    vitals: Arc<Vitals>,
    started_at: Timestamp,
    /// Monotonic times of the next questions to the outside.
    worker_at: Duration,
    credentials_at: Duration,
    /// When they were read, at which count of changes.
    known_jobs: Option<(Duration, u64, Vec<Job>)>,
}

/// Tries whether something can be stored, and what is free on the disk.
struct Pulse {
    store: SharedStore,
    clock: SharedClock,
    free_space: Option<FreeSpace>,
    vitals: Arc<Vitals>,
    /// A question to the disk that has no answer yet: another one would only wait behind it.
    asked: Option<JoinHandle<Option<u64>>>,
}

impl Pulse {
    async fn probe(&mut self) {
        let now = self.clock.now().to_string();
        let written = tokio::select! {
            biased;
            written = self.store.set_fact(PROBE, &now) => written.map_err(|error| error.to_string()),
            () = self.clock.sleep(WRITE_LIMIT) => Err("a write did not come to its end in time".to_owned()),
        };
        self.vitals.wrote(written);
        let Some(free_space) = self.free_space.clone() else { return };
        let mut asked =
            self.asked.take().unwrap_or_else(|| tokio::task::spawn_blocking(move || free_space()));
        tokio::select! {
            biased;
            free = &mut asked => {
                if let Some(free) = free.ok().flatten() {
                    self.vitals.has_free_space(free);
                }
            }
            // A disk that does not answer has not become emptier: what was known last holds.
            () = self.clock.sleep(DISK_LIMIT) => {
                tracing::warn!("the disk of the data folder does not say how much of it is free");
                self.asked = Some(asked);
            }
        }
    }
}

impl Lookout {
    async fn look(&mut self) {
        let Some(engine) = self.engine.upgrade() else { return };
        self.vitals.dropped(engine.dropped_lines() + engine.supervision().report().lost_lines);
        self.ask_the_outside(&engine).await;
        match self.find(&engine).await {
            Ok(()) => {}
            // The dispatcher's to say, and the probe's.
            Err(StoreError::Unavailable(_)) => {}
            Err(error) => tracing::warn!("what needs to be told is looked for again: {error}"),
        }
    }

    async fn find(&mut self, engine: &Engine) -> StoreResult<()> {
        let jobs = self.jobs().await?;
        let causes = Causes {
            options: &self.options,
            now: self.clock.now(),
            started_at: self.started_at,
            zone: engine.planner.zone.clone(),
            free_space: self.vitals.free_space(),
            attentions: self.store.attentions().await?,
            jobs,
            credentials: self.credentials(engine).await?,
        };
        let all = causes.all(engine.registry());
        self.vitals.found(all.iter().filter_map(Cause::concern).collect());
        if alerts::holds_lease(&self.store, &self.clock, self.node.as_deref()).await? {
            causes::tell(&self.store, &all, self.clock.now(), &engine.planner.zone).await?;
        }
        Ok(())
    }

    /// The jobs; they are many, so that they are read only where one has changed, or another process may have changed one.
    async fn jobs(&mut self) -> StoreResult<Vec<Job>> {
        let changes = self.store.changes().borrow().jobs;
        let now = self.clock.monotonic();
        if let Some((read_at, seen, jobs)) = &self.known_jobs
            && *seen == changes
            && now.saturating_sub(*read_at) < JOBS_FOR
        {
            return Ok(jobs.clone());
        }
        let jobs = self.store.jobs(false).await?;
        self.known_jobs = Some((now, changes, jobs.clone()));
        Ok(jobs)
    }

    /// When the credentials of each account end, as it was told last.
    async fn credentials(&self, engine: &Engine) -> StoreResult<Vec<(String, Timestamp)>> {
        let mut known = Vec::new();
        for account in accounts(engine) {
            let end = self.store.fact(&end_name(&account)).await?;
            known.extend(end.and_then(|end| end.parse().ok()).map(|end| (account, end)));
        }
        Ok(known)
    }

    /// What only the outside knows: the worker each minute, the credentials once a day.
    async fn ask_the_outside(&mut self, engine: &Engine) {
        let Some(diagnose) = engine.registry().diagnose() else { return };
        let now = self.clock.monotonic();
        if now >= self.worker_at {
            self.worker_at = now + WORKER_EVERY;
            // A JTL that is away fails the runs, which tell it.
            if let Err(failure) = diagnose.look_after_worker(self.options.worker, self.clock.now()).await {
                tracing::debug!("whether the JTL-Worker takes its rows is not known: {failure}");
            }
        }
        if now >= self.credentials_at {
            self.credentials_at = now + CREDENTIALS_EVERY;
            for account in accounts(engine) {
                let Ok(health) = diagnose.test_account(&account).await else { continue };
                let end = health.expires_at.map(|end| end.to_string()).unwrap_or_default();
                if let Err(error) = self.store.set_fact(&end_name(&account), &end).await {
                    tracing::debug!("the end of credentials is not stored: {error}");
                }
            }
        }
    }
}

fn accounts(engine: &Engine) -> Vec<String> {
    let accounts = engine.registry().diagnose().map(|diagnose| diagnose.accounts()).unwrap_or_default();
    accounts.into_iter().map(|account| account.name).collect()
}

/// The fact that holds when an account's credentials end; empty where the marketplace names no end.
fn end_name(account: &str) -> String {
    format!("credentials.end.{account}")
}
