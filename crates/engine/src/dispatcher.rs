//! The one place where runs are made and claimed. It owns the timer and the free workers, and takes everything that
//! others want of it as messages, one after the other.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::run::{Epoch, Run, RunId};
use marktwerk_store::runs::{Claim, Fired, Firing, Limits, NewRun, RANKS};
use marktwerk_store::{SharedStore, StoreResult};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::conditions::{Judge, Judgement};
use crate::decide::StopReason;
use crate::journal::Journal;
use crate::lease::LEASE;
use crate::planner::Planner;
use crate::timer::Timer;
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
    /// A worker is free again.
    Finished(Finished),
    /// The conditions of a job whose time has come were asked.
    Judged(JobId, StoreResult<Judgement>),
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
    pub(crate) running: HashMap<(RunId, Epoch), Stop>,
    /// Limits that the settings name; those of the jobs are added.
    pub(crate) limits: Limits,
    /// What is in force of both; made anew when a job changes.
    pub(crate) limits_in_force: Option<Arc<Limits>>,
    /// After so long a waiting run counts as one priority higher.
    pub(crate) rises_every: Duration,
    /// When a run of each priority was claimed last.
    pub(crate) turns: [u64; RANKS],
    pub(crate) judge: Judge,
    /// So many conditions are asked at the same time.
    pub(crate) judging: Arc<Semaphore>,
    /// Jobs whose next planned time depends on the end of a run, and may have come to it.
    pub(crate) to_plan: HashSet<JobId>,
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

    /// A run whose end could not be stored would stand as running for ever.
    /// A run whose end could not be stored would stand as running for ever.
    async fn rescue_orphans(&mut self, now: Timestamp) -> StoreResult<()> {
        if self.orphans_at.front().is_some_and(|at| *at <= now) {
            let rescued = self.store.rescue(&self.node, false, now).await?;
            if !rescued.is_empty() {
                tracing::warn!("{} runs whose ends could not be stored were rescued", rescued.len());
            }
            self.orphans_at.retain(|at| *at > now);
            self.to_plan.extend(rescued.into_iter().map(|rescued| rescued.job_id));
        }
        Ok(())
    }

    /// Nobody here works on a run any more, and it may stand as running: its lease ends a lease from now at the latest.
    fn expect_orphan(&mut self) {
        // The store rescues what ended before now, not what ends now.
        self.orphans_at.push_back(later(self.clock.now(), LEASE + Duration::from_secs(1)));
    }

    /// Fires what is due; jobs with conditions are asked about first.
    async fn fire(&mut self, now: Timestamp) -> StoreResult<()> {
        loop {
            let due = self.timer.due(now, FIRINGS);
            if due.is_empty() {
                return Ok(());
            }
            let mut firings = Vec::with_capacity(due.len());
            for (id, _) in due {
                if self.timer.job(&id).is_some_and(|job| !job.spec.policies.conditions.is_empty()) {
                    self.ask(&id);
                } else if let Some(firing) = self.timer.firing(&id, now, &Judgement::FREE, rand::random()) {
                    firings.push(firing);
                } else {
                    // Due without a timetable: the store knows better.
                    self.reload(&id).await?;
                }
            }
            self.fire_all(&firings, now).await?;
        }
    }

    async fn fire_all(&mut self, firings: &[Firing], now: Timestamp) -> StoreResult<()> {
        if firings.is_empty() {
            return Ok(());
        }
        let fired = self.store.fire(firings, now).await?;
        for (firing, fired) in firings.iter().zip(fired) {
            match fired {
                Fired::Done { queued: _, cancelling } => {
                    self.timer.fired(&firing.job_id, firing.next_due);
                    cancelling.iter().for_each(|run| self.stop(*run, StopReason::Superseded));
                    self.to_plan.insert(firing.job_id.clone());
                }
                Fired::Stale => self.reload(&firing.job_id).await?,
            }
        }
        Ok(())
    }

    /// Asks a job's conditions without holding up the others; the answer comes as a command.
    fn ask(&mut self, id: &JobId) {
        let Some(job) = self.timer.job(id).cloned() else { return };
        self.timer.ask(id);
        let (judge, judging, answers) =
            (self.judge.clone(), Arc::clone(&self.judging), self.finished.clone());
        let (draining, clock) = (self.draining.clone(), self.clock.clone());
        self.tracker.spawn(async move {
            let judged = async {
                // The semaphore is never closed.
                let _turn = judging.acquire().await;
                let judgement = judge.judge(&job, &job.spec.parameters).await;
                if judgement.is_err() {
                    // The database is away: the job is asked about again, but not without a rest.
                    clock.sleep(RETRY_EVERY).await;
                }
                judgement
            };
            tokio::select! {
                judgement = judged => {
                    // A closed channel means that the engine is gone.
                    let _ = answers.send(Command::Judged(job.id, judgement)).await;
                }
                () = draining.cancelled() => {}
            }
        });
    }

    /// Fires a job whose conditions were asked: unless it was changed meanwhile, for then it is due by its new times.
    async fn judged(&mut self, id: &JobId, judgement: StoreResult<Judgement>) -> StoreResult<()> {
        self.timer.answered(id);
        let judgement = judgement?;
        let now = self.clock.now();
        match self.timer.firing(id, now, &judgement, rand::random()) {
            Some(firing) => self.fire_all(&[firing], now).await,
            None => Ok(()),
        }
    }

    /// Jobs whose next time depends on the end of their run get it where no run of them is live any more.
    async fn plan_after_the_end(&mut self) -> StoreResult<()> {
        while let Some(id) = self.to_plan.iter().next().cloned() {
            if let Some(next_due) = self.timer.after_the_end(&id, self.clock.now())
                && self.store.plan_next(&id, next_due).await?
            {
                self.timer.fired(&id, Some(next_due));
            }
            self.to_plan.remove(&id);
        }
        Ok(())
    }

    /// The store knows better where this job stands.
    async fn reload(&mut self, id: &JobId) -> StoreResult<()> {
        match self.store.job(id).await? {
            Some(job) if !job.archived => self.put(job),
            _ => self.timer.silence(id),
        }
        Ok(())
    }

    fn put(&mut self, job: Job) {
        self.limits_in_force = None;
        self.timer.put(job);
    }

    /// The limits of the settings and those of the jobs.
    fn limits(&mut self) -> Arc<Limits> {
        let (timer, own) = (&self.timer, &self.limits);
        let limits = self
            .limits_in_force
            .get_or_insert_with(|| Arc::new(Limits { per_job: timer.job_limits().per_job, ..own.clone() }));
        Arc::clone(limits)
    }

    async fn claim(&mut self) -> StoreResult<()> {
        let free = self.workers.saturating_sub(self.running.len());
        if free == 0 {
            return Ok(());
        }
        let claimed_at = self.clock.monotonic();
        let now = self.clock.now();
        let claim = Claim {
            node: self.node.clone(),
            now,
            lease_until: later(now, LEASE),
            limit: free,
            limits: self.limits(),
            rises_every: self.rises_every,
            turns: self.turns,
        };
        for run in self.store.claim(&claim).await? {
            if let Ok(rank) = usize::try_from(run.priority.rank()) {
                self.turns[rank] = self.turns.iter().max().map_or(1, |latest| latest + 1);
            }
            self.assign(run, claimed_at);
        }
        Ok(())
    }

    /// Gives a claimed run to a worker.
    fn assign(&mut self, run: Run, claimed_at: Duration) {
        let (id, epoch) = (run.id, run.epoch);
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
        let job_id = job.id.clone();
        let assignment = Assignment {
            run,
            job,
            workflow,
            stop: stop.clone(),
            claimed_at,
            time_limit: self.time_limit,
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            judge: self.judge.clone(),
        };
        self.running.insert((id, epoch), stop);
        let finished = self.finished.clone();
        self.tracker.spawn(async move {
            let is_settled = worker::work(assignment).await;
            let word = Finished { run: id, epoch, job: job_id, is_settled };
            // A closed channel means that the engine is gone.
            let _ = finished.send(Command::Finished(word)).await;
        });
    }

    /// Asks the attempts of a run to stop.
    fn stop(&self, run: RunId, reason: StopReason) {
        self.running.iter().filter(|((id, _), _)| *id == run).for_each(|(_, stop)| stop.ask(reason));
    }

    async fn carry_out(&mut self, command: Command) {
        match command {
            Command::Enqueue(run, answer) => {
                let queued = self.store.enqueue(&run, self.clock.now()).await;
                let _ = answer.send(queued);
            }
            Command::Cancel(id, answer) => {
                let cancelled = self.store.cancel(id, "cancelled on request", self.clock.now()).await;
                if let Ok(run) = &cancelled {
                    self.stop(id, StopReason::Cancelled);
                    self.to_plan.insert(run.job_id.clone());
                }
                let _ = answer.send(cancelled);
            }
            Command::JobsChanged(jobs) => jobs.into_iter().for_each(|job| self.put(job)),
            Command::JobsArchived(ids) => ids.iter().for_each(|id| self.timer.silence(id)),
            Command::Finished(Finished { run, epoch, job, is_settled }) => {
                self.running.remove(&(run, epoch));
                if !is_settled {
                    self.expect_orphan();
                }
                self.to_plan.insert(job);
            }
            Command::Judged(id, judgement) => {
                if let Err(error) = self.judged(&id, judgement).await {
                    // The next turn meets the same trouble and says so; the job is still due, and is asked about again.
                    tracing::debug!("{id} was not fired after its conditions were asked: {error}");
                }
            }
            Command::StopAll => {
                self.running.values().for_each(|stop| stop.ask(StopReason::ShuttingDown));
            }
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
