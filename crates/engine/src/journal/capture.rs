//! The lines of one attempt: numbered here, so that (run, line) names a line for ever.

use jiff::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::log::{ClosingStatus, Level, LogLine};
use marktwerk_domain::run::{Epoch, Run, RunId};
use marktwerk_domain::step::StepReport;
use marktwerk_store::journal::{AttemptEnd, Entry, Record};
use serde_json::{Value, json};

use super::writer::{Confirmation, Journal};

/// One attempt's way into the journal.
#[derive(Clone)]
pub(crate) struct Capture {
    inner: Arc<Inner>,
}

struct Inner {
    journal: Journal,
    clock: SharedClock,
    run: RunId,
    epoch: Epoch,
    attempt: u32,
    execution: String,
    job_type: String,
    last_line: AtomicI64,
    warnings: AtomicU32,
    dropped: AtomicU64,
}

/// What a closing line carries besides its text.
pub(crate) struct Closing {
    pub(crate) status: Option<ClosingStatus>,
    pub(crate) duration_seconds: f64,
    pub(crate) error_text: Option<String>,
}

impl Capture {
    pub(crate) fn new(journal: Journal, clock: SharedClock, run: &Run) -> Self {
        let inner = Inner {
            journal,
            clock,
            run: run.id,
            epoch: run.epoch,
            attempt: run.attempt,
            execution: run.execution_id(),
            job_type: run.job_type.clone(),
            last_line: AtomicI64::new(run.last_line),
            warnings: AtomicU32::new(0),
            dropped: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// A line that may be dropped under pressure: then it is counted, and the count is said by the next line that gets through.
    pub(crate) fn line(&self, level: Level, step: Option<&str>, message: String, fields: Value) {
        let line = self.number(level, step, message, fields);
        if self.inner.journal.try_send(self.record(Entry::Line(line))) {
            return;
        }
        self.inner.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// A line that is never dropped; waits where the journal is busy.
    pub(crate) async fn important(&self, level: Level, step: Option<&str>, message: String, fields: Value) {
        self.say_what_was_dropped().await;
        self.inner.warnings.fetch_add(1, Ordering::Relaxed);
        let line = self.number(level, step, message, fields);
        self.inner.journal.send(self.record(Entry::Line(line))).await;
    }

    /// The steps as they stand.
    pub(crate) async fn steps(&self, steps: Vec<StepReport>) {
        self.inner.journal.send(self.record(Entry::Steps(steps))).await;
    }

    /// Renews the lease.
    pub(crate) async fn heartbeat(&self, at: Timestamp, lease_until: Timestamp) -> Confirmation {
        self.inner.journal.confirm(self.record(Entry::Heartbeat { at, lease_until })).await
    }

    /// Stores the end; ends when it is stored.
    pub(crate) async fn end(&self, end: AttemptEnd) -> Confirmation {
        self.inner.journal.confirm(self.record(Entry::End(Box::new(end)))).await
    }

    /// Makes the attempt's last line.
    pub(crate) async fn closing_line(&self, level: Level, message: String, closing: Closing) -> LogLine {
        self.say_what_was_dropped().await;
        let mut line = self.number(level, None, message, Value::Null);
        line.status = closing.status;
        line.duration_seconds = Some(closing.duration_seconds);
        line.error_text = closing.error_text;
        line
    }

    pub(crate) fn warnings(&self) -> u32 {
        self.inner.warnings.load(Ordering::Relaxed)
    }

    async fn say_what_was_dropped(&self) {
        let dropped = self.inner.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let message = format!(
                "{dropped} lines of level INFO or DEBUG were dropped here: the journal was under pressure"
            );
            let line = self.number(Level::Warning, None, message, json!({ "dropped": dropped }));
            self.inner.journal.send(self.record(Entry::Line(line))).await;
        }
    }

    fn record(&self, entry: Entry) -> Record {
        Record { run: self.inner.run, epoch: self.inner.epoch, entry }
    }

    fn number(&self, level: Level, step: Option<&str>, message: String, fields: Value) -> LogLine {
        let inner = &self.inner;
        print_line(level, &inner.job_type, &inner.execution, step, &message);
        LogLine {
            execution: inner.execution.clone(),
            job_type: inner.job_type.clone(),
            level,
            message,
            at: inner.clock.now(),
            duration_seconds: None,
            status: None,
            error_text: None,
            run: inner.run,
            attempt: inner.attempt,
            step: step.map(str::to_owned),
            line: inner.last_line.fetch_add(1, Ordering::Relaxed) + 1,
            fields,
        }
    }
}

/// The process's own output carries the job type on each line of a run, so that `grep order_workflow` finds it.
fn print_line(level: Level, job_type: &str, execution: &str, step: Option<&str>, message: &str) {
    let step = step.unwrap_or("-");
    match level {
        Level::Debug => tracing::debug!(target: "run", job_type, execution, step, "{message}"),
        Level::Info => tracing::info!(target: "run", job_type, execution, step, "{message}"),
        Level::Warning => tracing::warn!(target: "run", job_type, execution, step, "{message}"),
        Level::Error => tracing::error!(target: "run", job_type, execution, step, "{message}"),
    }
}
