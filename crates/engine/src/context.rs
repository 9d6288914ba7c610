//! Everything of the engine that a workflow may touch: its parameters, its log, its steps, its lease.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::log::Level;
use marktwerk_domain::run::{Epoch, Run};
use marktwerk_domain::step::{StepReport, StepState};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::journal::Capture;
use crate::lease::{Lease, NEEDED};

/// A workflow that has worked for this long ends *more to do* at its next good place.
const SLICE: Duration = Duration::from_secs(600);

/// What a running workflow is given.
#[derive(Clone)]
pub struct RunContext {
    inner: Arc<Inner>,
}

struct Inner {
    run: Run,
    clock: SharedClock,
    capture: Capture,
    lease: Arc<Lease>,
    stop: CancellationToken,
    /// Monotonic milliseconds of the last sign of progress.
    progressed_at: AtomicU64,
    started_at: Duration,
    steps: Mutex<Vec<StepReport>>,
}

impl RunContext {
    pub(crate) fn new(
        run: Run,
        clock: SharedClock,
        capture: Capture,
        lease: Arc<Lease>,
        stop: CancellationToken,
    ) -> Self {
        let started_at = clock.monotonic();
        let inner = Inner {
            run,
            clock,
            capture,
            lease,
            stop,
            progressed_at: AtomicU64::new(millis(started_at)),
            started_at,
            steps: Mutex::new(Vec::new()),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The run that this is an attempt of.
    pub fn run(&self) -> &Run {
        &self.inner.run
    }

    /// The fence of this attempt; every intent carries it.
    pub fn epoch(&self) -> Epoch {
        self.inner.run.epoch
    }

    /// The clock.
    pub fn clock(&self) -> &SharedClock {
        &self.inner.clock
    }

    /// The run's parameters as the workflow's own type. They were validated against its schema when the run was made.
    pub fn parameters<P: DeserializeOwned>(&self) -> Result<P, Failure> {
        serde_json::from_value(Value::Object(self.inner.run.parameters.clone()))
            .map_err(|error| Failure::refused(format!("the parameters of this run cannot be read: {error}")))
    }

    /// Tells that something moved: a page, a batch, a count. Without it a run is cancelled after the time limit.
    pub fn progress(&self) {
        self.inner.progressed_at.store(millis(self.inner.clock.monotonic()), Ordering::Relaxed);
    }

    /// How long ago something moved.
    pub(crate) fn since_progress(&self) -> Duration {
        let progressed_at = Duration::from_millis(self.inner.progressed_at.load(Ordering::Relaxed));
        self.inner.clock.monotonic().saturating_sub(progressed_at)
    }

    /// How long this attempt has worked.
    pub fn elapsed(&self) -> Duration {
        self.inner.clock.monotonic().saturating_sub(self.inner.started_at)
    }

    /// Whether to end at the next good place: cancelled, shutting down, or long enough at work (then *more to do*).
    pub fn should_stop(&self) -> bool {
        self.inner.stop.is_cancelled() || self.elapsed() >= SLICE
    }

    /// Ends when the run should stop at once.
    pub async fn stopped(&self) {
        self.inner.stop.cancelled().await;
    }

    /// To be called after an intent is committed and before the outside write that it announces: whoever has no time left on
    /// his lease must not write, for another may have taken over.
    pub fn ensure_lease(&self) -> Result<(), Failure> {
        if self.inner.stop.is_cancelled() {
            return Err(Failure::transient("the run was asked to stop"));
        }
        if self.inner.lease.remaining() < NEEDED {
            return Err(Failure::transient(
                "the lease of this run is running out: not writing to the outside",
            ));
        }
        Ok(())
    }

    /// Begins a step. End it with [`Step::end`].
    pub async fn begin_step(&self, name: &'static str) -> Step {
        let report = StepReport {
            name: name.to_owned(),
            state: StepState::Running,
            counts: BTreeMap::new(),
            warnings: 0,
            started_at: self.inner.clock.now(),
            ended_at: None,
            error: None,
        };
        let index = {
            let mut steps = self.lock_steps();
            steps.push(report);
            steps.len() - 1
        };
        let step = Step { context: self.clone(), name, index };
        step.debug(format!("{name} began"), Value::Null);
        self.publish_steps().await;
        step
    }

    /// A line of level INFO that belongs to no step. Under pressure it may be dropped, and counted.
    pub fn info(&self, message: impl Into<String>) {
        self.inner.capture.line(Level::Info, None, message.into(), Value::Null);
    }

    /// A line of level WARNING that belongs to no step.
    pub async fn warning(&self, message: impl Into<String>) {
        self.inner.capture.important(Level::Warning, None, message.into(), Value::Null).await;
    }

    pub(crate) fn steps(&self) -> Vec<StepReport> {
        self.lock_steps().clone()
    }

    async fn publish_steps(&self) {
        self.inner.capture.steps(self.steps()).await;
    }

    fn lock_steps(&self) -> std::sync::MutexGuard<'_, Vec<StepReport>> {
        // A panic while the list was held cannot have left it half-written: every change is one assignment.
        self.inner.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A step under way: its lines carry its name, its counts appear on the run.
#[derive(Clone)]
pub struct Step {
    context: RunContext,
    name: &'static str,
    index: usize,
}

impl Step {
    /// The run's context.
    pub fn context(&self) -> &RunContext {
        &self.context
    }

    /// Adds to a count, which is a sign of progress.
    pub fn count(&self, name: &str, by: i64) {
        self.context.progress();
        self.change(|report| *report.counts.entry(name.to_owned()).or_default() += by);
    }

    /// A line of level DEBUG.
    pub fn debug(&self, message: impl Into<String>, fields: Value) {
        self.context.inner.capture.line(Level::Debug, Some(self.name), message.into(), fields);
    }

    /// A line of level INFO. Under pressure it may be dropped, and counted.
    pub fn info(&self, message: impl Into<String>, fields: Value) {
        self.context.progress();
        self.context.inner.capture.line(Level::Info, Some(self.name), message.into(), fields);
    }

    /// A line of level WARNING; never dropped. The run will carry the warnings mark.
    pub async fn warning(&self, message: impl Into<String>, fields: Value) {
        self.change(|report| report.warnings += 1);
        self.context.inner.capture.important(Level::Warning, Some(self.name), message.into(), fields).await;
    }

    /// A line of level ERROR; never dropped.
    pub async fn error(&self, message: impl Into<String>, fields: Value) {
        self.context.inner.capture.important(Level::Error, Some(self.name), message.into(), fields).await;
    }

    /// Ends the step with its result, which is handed back.
    pub async fn end<T>(self, result: Result<T, Failure>) -> Result<T, Failure> {
        let ended_at = self.context.inner.clock.now();
        let error = result.as_ref().err().map(|failure| failure.message.clone());
        self.change(|report| {
            report.state = if error.is_none() { StepState::Done } else { StepState::Failed };
            report.ended_at = Some(ended_at);
            report.error = error.clone();
        });
        self.sum_up(result.as_ref().err().map(|failure| failure.class));
        if let Err(failure) = &result {
            let fields = json!({ "class": failure.class.as_str() });
            match failure.class {
                // Others asked for patience: nothing is wrong.
                FailureClass::RateLimited { .. } => self.info(failure.message.clone(), fields),
                _ => self.error(failure.message.clone(), fields).await,
            }
        }
        self.context.publish_steps().await;
        result
    }

    /// What the step did, in a line of its own. One that failed did not have nothing to do.
    fn sum_up(&self, failed: Option<FailureClass>) {
        let Some(report) = self.context.lock_steps().get(self.index).cloned() else { return };
        let ended_at = report.ended_at.unwrap_or(report.started_at);
        let seconds = ended_at.duration_since(report.started_at).as_secs_f64();
        let counts: Vec<String> =
            report.counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let fields =
            json!({ "counts": report.counts, "duration_seconds": seconds, "warnings": report.warnings });
        let (name, counts) = (self.name, counts.join(", "));
        let end = match failed {
            Some(FailureClass::RateLimited { .. }) => Some("was put off"),
            Some(_) => Some("failed"),
            None => None,
        };
        match (end, counts.is_empty()) {
            (Some(end), true) => self.info(format!("{name} {end} after {seconds:.1} s"), fields),
            (Some(end), false) => {
                self.info(format!("{name} {end} after {seconds:.1} s; until then: {counts}"), fields);
            }
            (None, true) => self.debug(format!("{name} took {seconds:.1} s and had nothing to do"), fields),
            (None, false) => self.info(format!("{name} took {seconds:.1} s: {counts}"), fields),
        }
    }

    fn change(&self, change: impl FnOnce(&mut StepReport)) {
        if let Some(report) = self.context.lock_steps().get_mut(self.index) {
            change(report);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
