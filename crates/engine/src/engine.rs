//! The engine as its owner sees it: started, asked, shut down.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::concern::{Concern, ConcernCode};
use marktwerk_domain::job::Job;
use marktwerk_domain::reason::Reason;
use marktwerk_domain::run::{Run, Trigger};
use marktwerk_store::runs::{Limits, NewRun, RANKS};
use marktwerk_store::{SharedStore, StoreResult};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alerts::{self, AlertChannel};
use crate::book::{self, Book};
use crate::chance::Chance;
use crate::conditions::ConditionCheck;
use crate::dispatcher::{Command, Dispatcher};
use crate::error::EngineError;
use crate::journal::Journal;
use crate::lookout::{self, LookoutOptions};
use crate::metrics;
use crate::planner::Planner;
use crate::prune::{self, Retention};
use crate::registry::Registry;
use crate::steps::ClockWatch;
use crate::supervision::Supervision;
use crate::timer::Timer;
use crate::vitals::Vitals;
use crate::workflow::WorkflowDescription;

/// Commands that wait at the most.
const COMMANDS: usize = 1_000;
/// After its grace a shutdown waits this long for runs that were asked to stop; longer than they have for it, and with the last
/// tries of the journal still within the patience of the program.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// How the engine works.
#[derive(Clone)]
pub struct EngineOptions {
    /// Runs at the same time.
    pub workers: usize,
    /// The zone of jobs that name none.
    pub zone: TimeZone,
    /// What else limits runs at the same time; the jobs' own limits are added.
    pub limits: Limits,
    /// A waiting run rises by one priority after this long.
    pub rises_every: Duration,
    /// Where alerts are sent.
    pub alerts: Vec<Arc<dyn AlertChannel>>,
    /// A run in which nothing moves for this long is stopped.
    pub time_limit: Duration,
    /// A shutdown gives running runs this long.
    pub shutdown_grace: Duration,
    /// A demonstration runs short intervals this often, whatever the jobs say; that is written nowhere.
    pub pace: Option<Duration>,
    /// A demonstration also runs every enabled job at start.
    pub run_at_start: bool,
    /// How long history stays.
    pub retention: Retention,
    /// Other processes may work on the same store: their runs are left alone as long as they hold their leases, and rescued when
    /// they do not. By this name, which stays the same over restarts, the store knows this one. Without a name nobody else works
    /// there, and whatever somebody holds at the start was left by an earlier process.
    pub shares_store_as: Option<String>,
    /// What is looked for that stops the shop; nothing is where it is `None`.
    pub lookout: Option<LookoutOptions>,
    /// `workers_config.json`; none in tests that need none.
    pub jobs_file: Option<PathBuf>,
    /// What falls by chance (jitter, the node's name) falls as this says: for simulations that have to come out the same again.
    pub seed: Option<u64>,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            workers: 8,
            zone: TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC),
            limits: Limits::default(),
            rises_every: Duration::from_secs(600),
            alerts: Vec::new(),
            time_limit: Duration::from_secs(900),
            shutdown_grace: Duration::from_secs(10),
            pace: None,
            run_at_start: false,
            retention: Retention::default(),
            shares_store_as: None,
            lookout: None,
            jobs_file: None,
            seed: None,
        }
    }
}

/// The engine.
pub struct Engine {
    pub(crate) store: SharedStore,
    pub(crate) clock: SharedClock,
    pub(crate) registry: Arc<Registry>,
    pub(crate) planner: Planner,
    /// Where jobs are changed.
    pub(crate) book: Arc<Book>,
    /// Where alerts are sent.
    pub(crate) alerts: Vec<Arc<dyn AlertChannel>>,
    pub(crate) vitals: Arc<Vitals>,
    /// Somebody tries every few seconds whether something can be stored.
    watches_writes: bool,
    journal: Journal,
    commands: mpsc::Sender<Command>,
    /// Held while a start by hand looks for one that waits already.
    pub(crate) starting: tokio::sync::Mutex<()>,
    draining: CancellationToken,
    close_journal: CancellationToken,
    tracker: TaskTracker,
    supervision: Supervision,
    tasks: Mutex<Vec<JoinHandle<()>>>,
    journal_task: Mutex<Option<JoinHandle<()>>>,
    shutdown_grace: Duration,
}

impl Engine {
    /// Rescues what an earlier process left, reads jobs and jobs file, and begins to work.
    pub async fn start(
        options: EngineOptions,
        store: SharedStore,
        clock: SharedClock,
        registry: Registry,
    ) -> Result<Arc<Self>, EngineError> {
        let registry = Arc::new(registry);
        let shares_store = options.shares_store_as.is_some();
        let chance = Chance::of(options.seed);
        let node = format!("{:016x}", chance.number());
        metrics::started(options.workers);
        let rescued = store.rescue(&node, !shares_store, clock.now()).await?;
        metrics::rescued(&store, &rescued).await;
        for rescued in rescued {
            let (run, job, state) = (rescued.run.0, &rescued.job_id, rescued.state.as_str());
            tracing::warn!(run, %job, "an earlier process died during this run; it is {state} now");
        }
        let planner = Planner { registry: Arc::clone(&registry), zone: options.zone, pace: options.pace };
        let close_journal = CancellationToken::new();
        let supervision = Supervision::default();
        let (journal, writer) = Journal::new(store.clone(), clock.clone(), close_journal.clone());
        let journal_task = supervision.vital("journal", is_cancelled(&close_journal), writer.run());
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let draining = CancellationToken::new();
        let vitals = Arc::new(Vitals::new(clock.clone()));
        let tracker = TaskTracker::new();
        let book = Book::new(
            (store.clone(), clock.clone(), planner.clone()),
            commands.clone(),
            draining.clone(),
            options.jobs_file,
            options.shares_store_as.as_deref(),
        );
        let engine = Arc::new(Self {
            store: store.clone(),
            clock: clock.clone(),
            registry: Arc::clone(&registry),
            planner: planner.clone(),
            book: Arc::clone(&book),
            alerts: options.alerts,
            vitals: Arc::clone(&vitals),
            watches_writes: options.lookout.is_some(),
            journal: journal.clone(),
            commands: commands.clone(),
            starting: tokio::sync::Mutex::default(),
            draining: draining.clone(),
            close_journal,
            tracker: tracker.clone(),
            supervision: supervision.clone(),
            tasks: Mutex::new(Vec::new()),
            journal_task: Mutex::new(Some(journal_task)),
            shutdown_grace: options.shutdown_grace,
        });
        let (mut jobs, realigned) = book.open(&supervision).await?;

        for job in jobs.iter().filter(|job| job.spec.enabled) {
            if let Some(obstacle) = planner.obstacle(&job.spec) {
                tracing::warn!("the job {} cannot run and rests: {obstacle}", job.id);
            }
        }

        let mut timer = Timer::new(planner.clone());
        store.jobs(true).await?.into_iter().for_each(|job| timer.put(job));
        let dispatcher = Dispatcher {
            store: store.clone(),
            clock: clock.clone(),
            planner: planner.clone(),
            timer,
            journal,
            node: node.clone(),
            workers: options.workers,
            time_limit: options.time_limit,
            commands: receiver,
            finished: commands,
            tracker,
            draining: draining.clone(),
            running: BTreeMap::new(),
            limits: options.limits,
            limits_in_force: None,
            rises_every: options.rises_every,
            turns: [0; RANKS],
            chance: chance.clone(),
            judge: ConditionCheck { store: store.clone(), clock: clock.clone(), planner: planner.clone() },
            judging: Arc::new(Semaphore::new(options.workers.max(1))),
            to_plan: jobs.iter().map(|job| job.id.clone()).collect(),
            orphans_at: VecDeque::from_iter(shares_store.then(|| clock.now())),
            shares_store,
            watch: ClockWatch::new(&clock),
            to_correct: true,
            realigned,
            is_away: false,
            vitals,
        };
        engine.keep(supervision.vital("dispatcher", is_cancelled(&draining), dispatcher.run()));
        let leader = shares_store.then_some(node);
        let looker = leader.clone();
        let (weak, time) = (Arc::downgrade(&engine), clock.clone());
        let begin = {
            let (weak, store, time) = (weak.clone(), store.clone(), time.clone());
            move || alerts::run(weak.clone(), store.clone(), time.clone(), chance.clone(), leader.clone())
        };
        engine.keep(supervision.keep("alerts", clock.clone(), begin));
        if let Some(options) = options.lookout {
            let (weak, store, time) = (weak.clone(), store.clone(), time.clone());
            let begin = move || {
                lookout::run(weak.clone(), store.clone(), time.clone(), options.clone(), looker.clone())
            };
            engine.keep(supervision.keep("lookout", clock.clone(), begin));
        }
        let begin = {
            let (book, time) = (Arc::downgrade(&book), time.clone());
            move || book::compare(book.clone(), time.clone())
        };
        engine.keep(supervision.keep("comparison of jobs", clock.clone(), begin));
        let begin = {
            let (book, time) = (Arc::downgrade(&book), time.clone());
            move || book::watch(book.clone(), time.clone())
        };
        engine.keep(supervision.keep("jobs file", clock.clone(), begin));
        let retention = options.retention;
        let begin = move || prune::run(store.clone(), time.clone(), retention);
        engine.keep(supervision.keep("retention", clock.clone(), begin));
        if options.run_at_start {
            // The first one queued may be claimed at once and take its lane.
            jobs.sort_by(|one, other| (one.spec.priority, &one.id).cmp(&(other.spec.priority, &other.id)));
            let now = clock.now();
            for job in jobs.iter().filter(|job| planner.in_force(&job.spec, job.anchor).is_some()) {
                engine.queue(planner.new_run(job, Trigger::StartUp, now, now), Vec::new()).await?;
            }
        }
        Ok(engine)
    }

    /// The store behind it.
    pub fn store(&self) -> &SharedStore {
        &self.store
    }

    /// The clock that it goes by.
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// The job types that it knows.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The long-lived tasks: who starts one besides the engine's has it watched here.
    pub fn supervision(&self) -> &Supervision {
        &self.supervision
    }

    /// Why no run of this job can do anything, for people; `None` where nothing is in the way.
    pub fn obstacle(&self, job: &Job) -> Option<String> {
        self.planner.obstacle(&job.spec)
    }

    /// The signs of life of this process.
    pub fn vitals(&self) -> &Vitals {
        &self.vitals
    }

    /// What is wrong now, the worst first. Asks nobody.
    pub fn concerns(&self) -> Vec<Concern> {
        let report = self.supervision.report();
        self.vitals.dropped(self.dropped_lines() + report.lost_lines);
        let mut concerns = self.vitals.concerns(self.watches_writes, &report);
        concerns.extend(self.jobs_file_warning().map(|warning| Concern {
            code: ConcernCode::JobsFileUnreadable,
            subject: String::new(),
            details: Reason::new([
                format!("The jobs file and the database do not say the same: {warning}"),
                format!("Jobs-Datei und Datenbank sagen nicht dasselbe: „{warning}“"),
            ]),
            since: self.clock.now(),
        }));
        concerns.sort_by_key(|concern| concern.code);
        concerns
    }

    /// Carries work out beside its caller, who may go away. The shutdown waits a few seconds for it.
    pub fn carry_out(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.book.carry_out(work);
    }

    /// Log lines dropped under pressure since the start.
    pub fn dropped_lines(&self) -> u64 {
        self.journal.dropped()
    }

    /// Stops taking work, gives running runs their grace, puts back what is cut off, stores what is left to store.
    pub async fn shutdown(&self) {
        self.vitals.drains();
        self.draining.cancel();
        self.tracker.close();
        let is_idle = tokio::select! {
            biased;
            () = self.drained() => true,
            () = self.clock.sleep(self.shutdown_grace) => false,
        };
        if !is_idle {
            let stopped = async {
                self.tell(Command::StopAll).await;
                self.drained().await;
            };
            tokio::select! {
                biased;
                () = stopped => {}
                // Their ends wait for a database that is away; what the journal cannot store either is lost then.
                () = self.clock.sleep(LAST_WAIT) => {
                    tracing::error!("{} runs did not come to an end that is stored", self.tracker.len());
                }
            }
        }
        self.book.close().await;
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        self.close_journal.cancel();
        let journal = self.journal_task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(journal) = journal
            && let Err(error) = journal.await
        {
            tracing::error!("the journal's writer ended badly: {error}");
        }
    }

    /// Ends when every worker is done and there will be no other. The dispatcher has to say so: a claim that it waits for makes
    /// workers of which the tracker does not know yet.
    async fn drained(&self) {
        let (answer, receiver) = oneshot::channel();
        self.tell(Command::Drained(answer)).await;
        // A dispatcher that is gone makes no workers either.
        let _ = receiver.await;
        self.tracker.wait().await;
    }

    /// Whether nothing is queued, running or to be retried: a test's question.
    pub async fn is_idle(&self) -> StoreResult<bool> {
        use marktwerk_domain::run::RunState;
        let filter = marktwerk_store::runs::RunFilter {
            states: vec![RunState::Waiting, RunState::Running, RunState::Retrying],
            limit: 1,
            ..Default::default()
        };
        Ok(self.store.runs(&filter).await?.is_empty())
    }

    /// Queues a run, with the entries of the audit that are stored with it.
    pub(crate) async fn queue(&self, run: NewRun, entries: Vec<AuditEntry>) -> Result<Run, EngineError> {
        self.ask(|answer| Command::Enqueue(Box::new(run), entries, answer)).await
    }

    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<StoreResult<T>>) -> Command,
    ) -> Result<T, EngineError> {
        if self.draining.is_cancelled() {
            return Err(EngineError::ShuttingDown);
        }
        let (answer, receiver) = oneshot::channel();
        self.tell(command(answer)).await;
        Ok(receiver.await.map_err(|_| EngineError::ShuttingDown)??)
    }

    /// Tells the dispatcher; one that is gone needs to know nothing any more.
    pub(crate) async fn tell(&self, command: Command) {
        let _ = self.commands.send(command).await;
    }

    pub(crate) fn runnable(&self, job_type: &str) -> Result<&WorkflowDescription, EngineError> {
        self.registry
            .description(job_type)
            .ok_or_else(|| EngineError::invalid("job_type", format!("`{job_type}` is not in this version")))
    }

    fn keep(&self, task: JoinHandle<()>) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }
}

/// Whether a task was told to end.
fn is_cancelled(token: &CancellationToken) -> impl Fn() -> bool + Send + 'static {
    let token = token.clone();
    move || token.is_cancelled()
}
