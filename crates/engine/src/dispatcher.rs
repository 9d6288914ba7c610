//! The one place where runs are made and claimed. It owns the timer and the free workers, and takes everything that
//! others want of it as messages, one after the other.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::run::{Run, RunId};
use marktwerk_store::runs::{Claim, Fired, NewRun};
use marktwerk_store::{SharedStore, StoreResult};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::decide::StopReason;
use crate::journal::Journal;
use crate::lease::LEASE;
use crate::timer::{Planner, Timer};
use crate::worker::{self, Assignment, Stop};

/// Wake-ups are hints; this is how often the store is asked without one.
const POLL_EVERY: Duration = Duration::from_secs(5);
/// Between two tries while the database is away.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// Jobs fired in one transaction.
const FIRINGS: usize = 500;

/// What others want of the dispatcher.
pub(crate) enum Command {
    /// Queue a run.
    Enqueue(Box<NewRun>, oneshot::Sender<StoreResult<Run>>),
    /// Cancel a run.
    Cancel(RunId, oneshot::Sender<StoreResult<Run>>),
    /// Jobs stand differently in the store.
    JobsChanged(Vec<Job>),
    /// Jobs were archived.
    JobsArchived(Vec<JobId>),
    /// A worker is free again; and whether the end of its attempt is stored.
    Finished(RunId, bool),
    /// Ask all running runs to stop: the grace of a shutdown is over.
    StopAll,
    /// Answer once nothing new is claimed any more, and what was claimed has its workers. Asked after draining began.
    Drained(oneshot::Sender<()>),
}

/// What the dispatcher needs.
pub(crate) struct Dispatcher {
    pub(crate) store: SharedStore,
    pub(crate) clock: SharedClock,
    pub(crate) planner: Planner,
    pub(crate) timer: Timer,
    pub(crate) journal: Journal,
    pub(crate) node: String,
    pub(crate) workers: usize,
    pub(crate) time_limit: Duration,
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) finished: mpsc::Sender<Command>,
    pub(crate) tracker: TaskTracker,
    /// Cancelled: nothing new is fired or claimed.
    pub(crate) draining: CancellationToken,
    pub(crate) running: HashMap<RunId, Stop>,
    /// When runs that nobody works on any more have lost their leases, and can be rescued; the next one first.
    pub(crate) orphans_at: VecDeque<Timestamp>,
    pub(crate) is_away: bool,
}

impl Dispatcher {
    /// Works until it is aborted, which the engine does once every worker is done.
    pub(crate) async fn run(mut self) {
        loop {
            let wake_at = if self.draining.is_cancelled() { None } else { Some(self.turn().await) };
            let command = tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    Some(command) => Some(command),
                    None => return,
                },
                () = sleep(&self.clock, wake_at) => None,
                () = self.draining.cancelled(), if wake_at.is_some() => None,
            };
            let mut next = command;
            while let Some(command) = next {
                self.carry_out(command).await;
                next = self.commands.try_recv().ok();
            }
        }
    }

    /// Fires what is due, claims what is ready, and says when to look again.
    async fn turn(&mut self) -> Timestamp {
        match self.fire_and_claim().await {
            Ok(wake_at) => {
                if self.is_away {
                    tracing::info!("the database is back; runs are claimed again");
                    self.is_away = false;
                }
                wake_at
            }
            Err(error) => {
                if !self.is_away {
                    tracing::error!("nothing is fired or claimed until this is over: {error}");
                    self.is_away = true;
                }
                later(self.clock.now(), RETRY_EVERY)
            }
        }
    }

    async fn fire_and_claim(&mut self) -> StoreResult<Timestamp> {
        let now = self.clock.now();
        self.rescue_orphans(now).await?;
        self.fire(now).await?;
        let mut wake_at = later(now, POLL_EVERY);
        if let Some(due) = self.timer.next_due() {
            wake_at = wake_at.min(due);
        }
        if self.store.next_ready().await?.is_some_and(|ready| ready <= now) {
            self.claim().await?;
        }
        // What is ready and was not claimed waits for a worker or a lane, and a finished run wakes us.
        if let Some(ready) = self.store.next_ready().await?.filter(|ready| *ready > now) {
            wake_at = wake_at.min(ready);
        }
        Ok(wake_at)
    }

    /// A run whose end could not be stored would stand as running for ever.
    async fn rescue_orphans(&mut self, now: Timestamp) -> StoreResult<()> {
        if self.orphans_at.front().is_some_and(|at| *at <= now) {
            let rescued = self.store.rescue(&self.node, false, now).await?;
            if !rescued.is_empty() {
                tracing::warn!("{} runs whose ends could not be stored were rescued", rescued.len());
            }
            self.orphans_at.retain(|at| *at > now);
        }
        Ok(())
    }

    /// Nobody here works on a run any more, and it may stand as running: its lease ends a lease from now at the latest.
    fn expect_orphan(&mut self) {
        // The store rescues what ended before now, not what ends now.
        self.orphans_at.push_back(later(self.clock.now(), LEASE + Duration::from_secs(1)));
    }

    async fn fire(&mut self, now: Timestamp) -> StoreResult<()> {
        loop {
            let firings = self.timer.due(now, FIRINGS);
            if firings.is_empty() {
                return Ok(());
            }
            let fired = self.store.fire(&firings, now).await?;
            for (firing, fired) in firings.iter().zip(fired) {
                match fired {
                    Fired::Queued(_) | Fired::Skipped(_) => {
                        self.timer.fired(&firing.run.job_id, firing.next_due)
                    }
                    Fired::Stale => self.reload(&firing.run.job_id).await?,
                }
            }
        }
    }

    /// The store knows better where this job stands.
    async fn reload(&mut self, id: &JobId) -> StoreResult<()> {
        match self.store.job(id).await? {
            Some(job) if !job.archived => self.timer.put(job),
            _ => self.timer.silence(id),
        }
        Ok(())
    }

    async fn claim(&mut self) -> StoreResult<()> {
        let free = self.workers.saturating_sub(self.running.len());
        if free == 0 {
            return Ok(());
        }
        let claimed_at = self.clock.monotonic();
        let now = self.clock.now();
        let claim = Claim { node: self.node.clone(), now, lease_until: later(now, LEASE), limit: free };
        for run in self.store.claim(&claim).await? {
            self.assign(run, claimed_at);
        }
        Ok(())
    }

    /// Gives a claimed run to a worker.
    fn assign(&mut self, run: Run, claimed_at: Duration) {
        let id = run.id;
        let Some(job) = self.timer.job(&run.job_id).cloned() else {
            tracing::error!(run = id.0, job = %run.job_id, "a run of a job that nobody knows; it will be rescued as lost");
            self.expect_orphan();
            return;
        };
        let workflow = self
            .planner
            .registry
            .workflow(&run.job_type)
            .unwrap_or_else(|| Arc::new(crate::registry::NotInThisVersion(run.job_type.clone())));
        let stop = Stop::default();
        if run.cancel_requested {
            stop.ask(StopReason::Cancelled);
        }
        let assignment = Assignment {
            run,
            job,
            workflow,
            stop: stop.clone(),
            claimed_at,
            time_limit: self.time_limit,
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            planner: self.planner.clone(),
        };
        self.running.insert(id, stop);
        let finished = self.finished.clone();
        self.tracker.spawn(async move {
            let is_settled = worker::work(assignment).await;
            // A closed channel means that the engine is gone.
            let _ = finished.send(Command::Finished(id, is_settled)).await;
        });
    }

    async fn carry_out(&mut self, command: Command) {
        match command {
            Command::Enqueue(run, answer) => {
                let queued = self.store.enqueue(&run, self.clock.now()).await;
                let _ = answer.send(queued);
            }
            Command::Cancel(id, answer) => {
                let cancelled = self.store.cancel(id, "cancelled on request", self.clock.now()).await;
                if let (Ok(_), Some(stop)) = (&cancelled, self.running.get(&id)) {
                    stop.ask(StopReason::Cancelled);
                }
                let _ = answer.send(cancelled);
            }
            Command::JobsChanged(jobs) => jobs.into_iter().for_each(|job| self.timer.put(job)),
            Command::JobsArchived(ids) => ids.iter().for_each(|id| self.timer.silence(id)),
            Command::Finished(id, is_settled) => {
                self.running.remove(&id);
                if !is_settled {
                    self.expect_orphan();
                }
            }
            Command::StopAll => self.running.values().for_each(|stop| stop.ask(StopReason::ShuttingDown)),
            Command::Drained(answer) => {
                // Commands come after a turn, and while draining there is no other turn.
                let _ = answer.send(());
            }
        }
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

async fn sleep(clock: &SharedClock, until: Option<Timestamp>) {
    match until {
        Some(until) => clock.sleep_until(until).await,
        None => std::future::pending().await,
    }
}
