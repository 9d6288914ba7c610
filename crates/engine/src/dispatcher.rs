//! The one place where runs are made and claimed. It owns the timer and the free workers, and takes everything that
//! others want of it as messages, one after the other.

mod claiming;
mod comparing;
mod correcting;
mod firing;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::run::{Epoch, Run, RunId};
use marktwerk_store::jobs::JobStanding;
use marktwerk_store::runs::{Limits, NewRun, RANKS};
use marktwerk_store::{SharedStore, StoreResult};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chance::Chance;
use crate::conditions::{ConditionCheck, Judged};
use crate::decide::StopReason;
use crate::journal::Journal;
use crate::metrics;
use crate::planner::Planner;
use crate::steps::ClockWatch;
use crate::timer::Timer;
use crate::vitals::Vitals;
use crate::worker::Stop;

/// Wake-ups are hints; this is how often the store is asked without one.
const POLL_EVERY: Duration = Duration::from_secs(5);
/// Between two tries while the database is away.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// What others want of the dispatcher.
pub(crate) enum Command {
    /// Queue a run, with entries of the audit.
    Enqueue(Box<NewRun>, Vec<AuditEntry>, oneshot::Sender<StoreResult<Run>>),
    /// Cancel a run, with entries of the audit.
    Cancel(RunId, Vec<AuditEntry>, oneshot::Sender<StoreResult<Run>>),
    /// Jobs stand differently in the store.
    JobsChanged(Vec<Job>),
    /// Jobs were archived.
    JobsArchived(Vec<JobId>),
    /// How all jobs stand in the store, as it was after every earlier message about them.
    Compare(Vec<JobStanding>),
    /// A worker is free again.
    Finished(Finished),
    /// The conditions of a job whose time has come were asked.
    Judged(JobId, StoreResult<Judged>),
    /// Ask all running runs to stop: the grace of a shutdown is over.
    StopAll,
    /// Answer once nothing new is claimed any more, and what was claimed has its workers. Asked after draining began.
    Drained(oneshot::Sender<()>),
}

/// A worker's last word.
pub(crate) struct Finished {
    pub(crate) run: RunId,
    pub(crate) epoch: Epoch,
    pub(crate) job: JobId,
    /// Whether the end of its attempt is stored.
    pub(crate) is_settled: bool,
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
    /// Attempts of this process: a run that was rescued may have two for a moment.
    pub(crate) running: BTreeMap<(RunId, Epoch), Stop>,
    /// Limits that the settings name; those of the jobs are added.
    pub(crate) limits: Limits,
    /// The limits in force from both; rebuilt when a job changes.
    pub(crate) limits_in_force: Option<Arc<Limits>>,
    /// A waiting run rises by one priority after this long.
    pub(crate) rises_every: Duration,
    /// When a run of each priority was claimed last.
    pub(crate) turns: [u64; RANKS],
    pub(crate) chance: Chance,
    pub(crate) judge: ConditionCheck,
    /// So many conditions are asked at the same time.
    pub(crate) judging: Arc<Semaphore>,
    /// Jobs whose next planned time depends on the end of a run, and may have come to it.
    pub(crate) to_plan: BTreeSet<JobId>,
    /// When runs that nobody works on any more have lost their leases, and can be rescued; the next one first.
    pub(crate) orphans_at: VecDeque<Timestamp>,
    /// Whether other processes work on the same store, whose leases may end at any time.
    pub(crate) shares_store: bool,
    pub(crate) watch: ClockWatch,
    /// Times that lie too far ahead are to be looked for.
    pub(crate) to_correct: bool,
    /// Jobs whose due time was computed again at the start because it lay too far ahead, and nobody was told yet.
    pub(crate) realigned: usize,
    pub(crate) is_away: bool,
    pub(crate) vitals: Arc<Vitals>,
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
                next = self.carry_out(command).await;
            }
        }
    }

    /// Fires what is due, claims what is ready, and says when to look again.
    async fn turn(&mut self) -> Timestamp {
        let result = self.fire_and_claim().await;
        self.vitals.looked();
        match result {
            Ok(wake_at) => {
                if self.is_away {
                    tracing::info!("the database is back; runs are claimed again");
                    self.is_away = false;
                    metrics::database_away(false);
                }
                wake_at
            }
            Err(error) => {
                if !self.is_away {
                    tracing::error!("nothing is fired or claimed until this is over: {error}");
                    self.is_away = true;
                    metrics::database_away(true);
                }
                later(self.clock.now(), RETRY_EVERY)
            }
        }
    }

    async fn fire_and_claim(&mut self) -> StoreResult<Timestamp> {
        let now = self.clock.now();
        self.follow_the_clock(now).await?;
        self.rescue_orphans(now).await?;
        self.fire(now).await?;
        self.plan_after_the_end().await?;
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

    fn put(&mut self, job: Job) {
        let limit = |job: &Job| job.spec.policies.max_instances;
        if self.timer.job(&job.id).map_or(1, limit) != limit(&job) {
            self.limits_in_force = None;
        }
        let id = job.id.clone();
        self.timer.put(job);
        // Whoever changed it may have counted by a clock that stood ahead and was put right meanwhile.
        // Beside other processes, whose clocks differ, only what this one changed is looked at: see `Command::JobsChanged`.
        self.to_correct |= !self.shares_store && self.timer.lies_ahead(&id, self.clock.now());
    }

    /// Queues a run, and with it those that others want queued at the same time: they share a commit. Answers with the command
    /// after them.
    async fn enqueue(
        &mut self,
        run: NewRun,
        entries: Vec<AuditEntry>,
        answer: oneshot::Sender<StoreResult<Run>>,
    ) -> Option<Command> {
        let mut wanted = vec![(run, self.store.audited(entries), answer)];
        let mut next = None;
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Enqueue(run, entries, answer) => {
                    wanted.push((*run, self.store.audited(entries), answer));
                }
                other => {
                    next = Some(other);
                    break;
                }
            }
        }
        let now = self.clock.now();
        let queued = wanted.iter().map(|(run, store, _)| store.enqueue(run, now));
        let queued = futures::future::join_all(queued).await;
        for ((_, _, answer), queued) in wanted.into_iter().zip(queued) {
            // Whoever asked may have gone; the run is queued all the same.
            let _ = answer.send(queued);
        }
        next
    }

    /// Carries a command out; answers with the one after it, where one waits.
    async fn carry_out(&mut self, command: Command) -> Option<Command> {
        match command {
            Command::Enqueue(run, entries, answer) => return self.enqueue(*run, entries, answer).await,
            Command::Cancel(id, entries, answer) => {
                let now = self.clock.now();
                let cancelled = self.store.audited(entries).cancel(id, "cancelled on request", now).await;
                if let Ok(run) = &cancelled {
                    metrics::cancelled(run, now);
                    self.stop(id, StopReason::Cancelled);
                    self.to_plan.insert(run.job_id.clone());
                }
                let _ = answer.send(cancelled);
            }
            Command::JobsChanged(jobs) => {
                for job in jobs {
                    // Its next time may have been planned after it was read, while this message was on its way.
                    let id = job.id.clone();
                    self.to_plan.insert(id.clone());
                    self.put(job);
                    self.to_correct |= self.timer.lies_ahead(&id, self.clock.now());
                }
            }
            Command::Compare(stored) => self.compare(&stored).await,
            Command::JobsArchived(ids) => ids.iter().for_each(|id| self.timer.silence(id)),
            Command::Finished(Finished { run, epoch, job, is_settled }) => {
                self.running.remove(&(run, epoch));
                if !is_settled {
                    self.expect_orphan();
                }
                self.to_plan.insert(job);
            }
            Command::Judged(id, judgement) => self.judged(&id, judgement).await,
            Command::StopAll => {
                self.running.values().for_each(|stop| stop.ask(StopReason::ShuttingDown));
            }
            Command::Drained(answer) => {
                // Commands come after a turn, and while draining there is no other turn.
                let _ = answer.send(());
            }
        }
        self.commands.try_recv().ok()
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Never longer than a turn may be away: the wall clock may have been put back since `until` was computed.
async fn sleep(clock: &SharedClock, until: Option<Timestamp>) {
    match until {
        Some(until) => {
            let left = Duration::try_from(until.duration_since(clock.now())).unwrap_or(Duration::ZERO);
            clock.sleep(left.min(POLL_EVERY)).await;
        }
        None => std::future::pending().await,
    }
}
