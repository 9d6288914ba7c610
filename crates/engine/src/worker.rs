//! One attempt of one run: lease, heartbeat, time limit, panic capture, and its end in the journal.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::job::Job;
use marktwerk_domain::log::Level;
use marktwerk_domain::run::{Run, RunState, Trigger};
use marktwerk_store::journal::AttemptEnd;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::chance::Chance;
use crate::conditions::{ConditionCheck, Judgement};
use crate::context::RunContext;
use crate::decide::{Ended, StopReason, Verdict, decide};
use crate::journal::{Capture, Confirmation, Journal};
use crate::lease::{HEARTBEAT, LEASE, Lease};
use crate::metrics;
use crate::supervision::words;
use crate::workflow::Workflow;

/// After a run was asked to stop it may end by itself for this long; then it is cut off.
const STOP_GRACE: Duration = Duration::from_secs(3);

/// The way to stop a run from outside.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    token: CancellationToken,
    reason: Arc<OnceLock<StopReason>>,
}

impl Stop {
    /// Asks the run to stop; the first reason counts.
    pub(crate) fn ask(&self, reason: StopReason) {
        self.reason.get_or_init(|| reason);
        self.token.cancel();
    }
}

/// What a worker is given.
pub(crate) struct Assignment {
    pub(crate) run: Run,
    pub(crate) job: Job,
    pub(crate) workflow: Arc<dyn Workflow>,
    pub(crate) stop: Stop,
    /// Monotonic time before the claim was made.
    pub(crate) claimed_at: Duration,
    pub(crate) time_limit: Duration,
    pub(crate) journal: Journal,
    pub(crate) clock: SharedClock,
    pub(crate) judge: ConditionCheck,
    pub(crate) chance: Chance,
}

/// Works on one attempt from claim to end. Answers whether the run is settled: its end is stored. One whose lease was lost is
/// not: nobody here knows whether another attempt has it. A panic anywhere in it ends the attempt and nothing else.
pub(crate) async fn work(assignment: Assignment) -> bool {
    let Assignment { run, job, workflow, stop, claimed_at, time_limit, journal, clock, judge, chance } =
        assignment;
    let lease = Arc::new(Lease::granted(clock.clone(), claimed_at));
    let capture = Capture::new(journal, clock.clone(), &run);
    let context =
        RunContext::new(run.clone(), clock.clone(), capture.clone(), lease.clone(), stop.token.clone());
    let limits = TimeLimits {
        without_progress: time_limit,
        in_all: job.spec.policies.time_limit_seconds.map(|seconds| Duration::from_secs(seconds.into())),
    };
    let attempt = Attempt { run, job, workflow, stop, clock, judge, chance, lease, capture, context, limits };
    let panic = match AssertUnwindSafe(attempt.go_through()).catch_unwind().await {
        Ok(is_settled) => return is_settled,
        Err(panic) => words(&*panic),
    };
    let (run, job) = (attempt.run.id.0, &attempt.job.id);
    tracing::error!(run, %job, "the program panicked around the workflow; this attempt ends: {panic}");
    let ended = Ended::Panicked(format!("the program panicked around the workflow: {panic}"));
    // Where this panics, too, the run is rescued when its lease has ended.
    AssertUnwindSafe(attempt.end(ended, None)).catch_unwind().await.unwrap_or(false)
}

/// One attempt and all that belongs to it.
struct Attempt {
    run: Run,
    job: Job,
    workflow: Arc<dyn Workflow>,
    stop: Stop,
    clock: SharedClock,
    judge: ConditionCheck,
    chance: Chance,
    lease: Arc<Lease>,
    capture: Capture,
    context: RunContext,
    limits: TimeLimits,
}

impl Attempt {
    async fn go_through(&self) -> bool {
        let Self { run, job, workflow, stop, clock, judge, lease, capture, context, limits, .. } = self;
        let heart = Heart {
            context: context.clone(),
            capture: capture.clone(),
            lease: lease.clone(),
            stop: stop.clone(),
        };
        let heartbeat = AbortOnDropHandle::new(tokio::spawn(heart.beat_on(clock.clone(), *limits)));
        let judgement = tokio::select! {
            biased;
            judgement = chained(run, job, judge) => judgement,
            () = stop.token.cancelled() => Judgement::FREE,
        };
        let (ended, marker) = match judgement {
            Judgement::Skip { reason } => (Ended::NotStarted(reason), None),
            Judgement::Start { marker } => {
                metrics::attempt_began(run);
                capture.line(Level::Info, None, opening(run), serde_json::Value::Null);
                (supervise(&**workflow, context, stop, clock).await, marker.or_else(|| run.marker.clone()))
            }
        };
        drop(heartbeat);
        if lease.is_lost() {
            metrics::lease_lost();
            tracing::warn!(
                run = run.id.0,
                "this attempt has lost its lease; what it did since has no effect, and a run without a lease is rescued"
            );
            return false;
        }
        self.end(ended, marker).await
    }

    /// Stores the end; whether it is stored.
    async fn end(&self, ended: Ended, marker: Option<String>) -> bool {
        let Self { run, job, stop, clock, judge, chance, capture, context, .. } = self;
        let now = clock.now();
        let verdict = decide(ended, run, &job.spec.retry, now, chance.part());
        let follow_up = verdict.has_more_to_do.then(|| judge.planner.follow_up(job, run, now));
        let duration_seconds = context.elapsed().as_secs_f64();
        let error_text = if verdict.level == Level::Info { None } else { verdict.error.clone() };
        let closing = crate::journal::Closing { status: verdict.status, duration_seconds, error_text };
        let message = closing_message(run, &verdict, context, now, duration_seconds);
        let line = capture.closing_line(verdict.level, message, closing).await;
        if verdict.state != RunState::Skipped {
            metrics::attempt_took(run, duration_seconds);
        }
        let end = AttemptEnd {
            state: verdict.state,
            outcome: verdict.outcome,
            error: verdict.error,
            ended_at: now,
            ready_at: verdict.ready_at,
            uses_attempt: verdict.uses_attempt,
            warnings: capture.warnings(),
            line,
            steps: context.steps(),
            marker: marker.filter(|_| follow_up.is_none()),
            follow_up,
            trouble: verdict.trouble,
        };
        let is_stored = capture.end(end).await == Confirmation::Stored;
        if is_stored {
            let state = match stop.reason.get() {
                // The store lets no run wait for another attempt that somebody wants cancelled.
                Some(StopReason::Cancelled | StopReason::Superseded) if !verdict.state.is_ended() => {
                    RunState::Cancelled
                }
                _ => verdict.state,
            };
            metrics::attempt_ended(run, state, verdict.outcome);
        } else {
            tracing::error!(
                run = run.id.0,
                "the end of this run could not be stored; it will be rescued as lost"
            );
        }
        is_stored
    }
}

/// The conditions of a job hold for runs that follow on others, too; those of a schedule were asked before the run was made, and
/// a person need not ask.
async fn chained(run: &Run, job: &Job, judge: &ConditionCheck) -> Judgement {
    if run.trigger != Trigger::Chain || run.attempt > 1 {
        return Judgement::FREE;
    }
    judge.judge(job, &run.parameters).await.unwrap_or_else(|error| {
        // The journal holds what cannot be stored; a run that starts without need does no harm.
        tracing::warn!(run = run.id.0, "its conditions could not be asked, so it starts: {error}");
        Judgement::FREE
    })
}

/// Runs the workflow until it answers, panics, or is cut off after it was asked to stop.
async fn supervise(workflow: &dyn Workflow, context: &RunContext, stop: &Stop, clock: &SharedClock) -> Ended {
    let mut work = std::pin::pin!(AssertUnwindSafe(workflow.run(context)).catch_unwind());
    let answer = tokio::select! {
        biased;
        answer = &mut work => answer,
        () = stop.token.cancelled() => {
            tokio::select! {
                biased;
                answer = &mut work => answer,
                () = clock.sleep(STOP_GRACE) => return Ended::Stopped(reason(stop)),
            }
        }
    };
    match answer {
        // A workflow that finished in spite of the wish has finished.
        Ok(Ok(outcome))
            if !(stop.token.is_cancelled() && outcome == marktwerk_domain::run::Outcome::MoreToDo) =>
        {
            Ended::Answered(Ok(outcome))
        }
        Ok(_) if stop.token.is_cancelled() => Ended::Stopped(reason(stop)),
        Ok(result) => Ended::Answered(result),
        Err(panic) => Ended::Panicked(format!("the workflow panicked: {}", words(&*panic))),
    }
}

fn reason(stop: &Stop) -> StopReason {
    stop.reason.get().copied().unwrap_or(StopReason::ShuttingDown)
}

fn opening(run: &Run) -> String {
    let trigger = run.trigger.as_str();
    let merged = match run.merged {
        0 => String::new(),
        late => format!(", standing for {late} earlier times that were missed"),
    };
    format!("{} started ({trigger}, attempt {}{merged})", run.job_type, run.attempt)
}

fn closing_message(
    run: &Run,
    verdict: &Verdict,
    context: &RunContext,
    now: Timestamp,
    seconds: f64,
) -> String {
    let job_type = &run.job_type;
    let error = verdict.error.as_deref().unwrap_or_default();
    match verdict.state {
        RunState::Succeeded => {
            let counts: Vec<String> = context
                .steps()
                .iter()
                .flat_map(|step| {
                    step.counts
                        .iter()
                        .map(|(name, count)| format!("{} {name} {count}", step.name))
                        .collect::<Vec<_>>()
                })
                .collect();
            let more = if verdict.has_more_to_do { ", more to do" } else { "" };
            let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
            format!("{job_type} finished in {seconds:.1} s{more}{counts}")
        }
        RunState::Retrying => {
            let wait = verdict.ready_at.map_or(0, |at| at.duration_since(now).as_secs());
            format!("{job_type}: attempt {} ended: {error}; the next attempt begins in {wait} s", run.attempt)
        }
        RunState::Waiting if verdict.outcome == "put_back" => {
            format!("{job_type}: put back, the program is shutting down")
        }
        RunState::Waiting => format!("{job_type}: snoozed: {error}"),
        RunState::Cancelled => format!("{job_type}: cancelled: {error}"),
        RunState::Skipped => format!("{job_type}: skipped, {error}"),
        _ => format!("{job_type} failed: {error}"),
    }
}

/// How long an attempt may take.
#[derive(Clone, Copy)]
struct TimeLimits {
    /// While nothing moves.
    without_progress: Duration,
    /// In all, where its job has such a limit.
    in_all: Option<Duration>,
}

/// Keeps the lease alive and watches the time limits.
struct Heart {
    context: RunContext,
    capture: Capture,
    lease: Arc<Lease>,
    stop: Stop,
}

impl Heart {
    /// Beats until it is aborted or the lease is lost, whatever happens in between.
    async fn beat_on(self, clock: SharedClock, limits: TimeLimits) {
        while let Err(panic) = AssertUnwindSafe(self.beat(&clock, limits)).catch_unwind().await {
            tracing::error!("the heartbeat of a run panicked, and goes on: {}", words(&*panic));
        }
    }

    async fn beat(&self, clock: &SharedClock, limits: TimeLimits) {
        let took_too_long = async {
            match limits.in_all {
                Some(limit) => clock.sleep(limit).await,
                None => std::future::pending().await,
            }
            self.stop.ask(StopReason::TookTooLong);
            // The lease is held until the attempt has ended.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            () = took_too_long => {}
            () = self.keep_lease(clock, limits.without_progress) => {}
        }
    }

    async fn keep_lease(&self, clock: &SharedClock, without_progress: Duration) {
        loop {
            clock.sleep(HEARTBEAT).await;
            if self.context.since_progress() >= without_progress {
                self.stop.ask(StopReason::TimedOut);
            }
            let sent_at = clock.monotonic();
            let now = clock.now();
            let lease_until = now.checked_add(LEASE).unwrap_or(jiff::Timestamp::MAX);
            match self.capture.heartbeat(now, lease_until).await {
                Confirmation::Stored => self.lease.renewed(sent_at),
                Confirmation::Fenced => {
                    self.lease.lose();
                    self.stop.ask(StopReason::LeaseLost);
                    return;
                }
                Confirmation::Failed => {}
            }
        }
    }
}
