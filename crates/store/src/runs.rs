//! Runs: made and claimed by the dispatcher alone, through the compare-and-swaps of this page. From
//! claim to end they are changed by the journal's writer alone ([`crate::journal`]).

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::job::{JobId, Parameters, Priority};
use marktwerk_domain::run::{Attempt, Run, RunId, RunState, Trigger};

use crate::StoreResult;

/// A run to be queued.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// The job that it is a run of.
    pub job_id: JobId,
    /// The job's type.
    pub job_type: String,
    /// The job's account.
    pub account: String,
    /// Runs with the same lane never run at the same time (an account's jobs that write); `None` keeps out of nobody's way
    /// but of other runs of the same job.
    pub lane: Option<String>,
    /// Why it exists.
    pub trigger: Trigger,
    /// The run that it repeats or continues.
    pub caused_by: Option<RunId>,
    /// The time that it stands for.
    pub planned_at: Timestamp,
    /// Not before this may it be claimed.
    pub ready_at: Timestamp,
    /// Which waiting run goes first.
    pub priority: Priority,
    /// What the workflow is given.
    pub parameters: Parameters,
    /// Late planned times merged into this one.
    pub merged: u32,
}

/// A job whose time has come: advance its schedule by compare-and-swap and queue the run, in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// The due time that the caller saw; where another is stored, nothing happens.
    pub seen_due: Timestamp,
    /// The next one.
    pub next_due: Timestamp,
    /// The run.
    pub run: NewRun,
}

/// What became of a firing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fired {
    /// The run waits.
    Queued(RunId),
    /// A run of the job is waiting, running or retrying: this one was recorded as skipped, with its closing line; a streak of
    /// skips is one run that counts them in `merged`. Also where the planned time had its run already (an edit moved the
    /// schedule back): then it is that run, and nothing was added.
    Skipped(RunId),
    /// The schedule stood elsewhere (edited, paused, archived): nothing happened.
    Stale,
}

/// Who claims, and until when.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The claimer, random per process start.
    pub node: String,
    /// Now.
    pub now: Timestamp,
    /// Until when the lease holds.
    pub lease_until: Timestamp,
    /// How many runs at the most.
    pub limit: usize,
}

/// What became of a run whose process died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescued {
    /// Which run.
    pub run: RunId,
    /// Its job.
    pub job_id: JobId,
    /// Retrying, Lost where no attempt was left, or Cancelled where somebody had asked for it (with its closing line then).
    pub state: RunState,
}

/// Which runs to read, newest first.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Only of this job.
    pub job: Option<JobId>,
    /// Only in one of these states; empty means all.
    pub states: Vec<RunState>,
    /// Only runs with a smaller number: the cursor of the next page.
    pub before: Option<RunId>,
    /// How many at the most.
    pub limit: usize,
}

/// Runs.
#[async_trait]
pub trait RunStore: Send + Sync {
    /// Fires in one transaction; answers in the order of the argument.
    async fn fire(&self, firings: &[Firing], now: Timestamp) -> StoreResult<Vec<Fired>>;

    /// Queues a run by hand, as a start-up run, a repetition or a continuation. A second run of trigger *schedule* for one
    /// planned time of a job is [`crate::StoreError::Exists`].
    async fn enqueue(&self, run: &NewRun, now: Timestamp) -> StoreResult<Run>;

    /// Claims ready runs (waiting or retrying, `ready_at` reached): by priority, then `ready_at`, then number; never two of one
    /// job or one lane at a time. Sets running, raises epoch and attempt number, opens the attempt. Sorted as claimed.
    async fn claim(&self, claim: &Claim) -> StoreResult<Vec<Run>>;

    /// When the next waiting or retrying run becomes ready; `None` with an empty queue. May be in the past: a run that waits
    /// for its lane.
    async fn next_ready(&self) -> StoreResult<Option<Timestamp>>;

    /// The earliest `next_due` of all enabled jobs.
    async fn next_due(&self) -> StoreResult<Option<Timestamp>>;

    /// Records running runs as lost whose lease ended before `now` or, with `void_others`, that belong to a node other than
    /// `node` (an embedded database has one process: what another left is void at once). Retried at once where the retry
    /// policy of the job leaves an attempt, ended as *lost* with a closing line where not.
    async fn rescue(&self, node: &str, void_others: bool, now: Timestamp) -> StoreResult<Vec<Rescued>>;

    /// Asks to cancel: a waiting or retrying run ends at once as cancelled, with its closing line; a running one carries the
    /// wish. Answers with the run as it stands then; ended runs stay as they are.
    async fn cancel(&self, run: RunId, reason: &str, now: Timestamp) -> StoreResult<Run>;

    /// One run.
    async fn run(&self, id: RunId) -> StoreResult<Option<Run>>;

    /// Runs, newest first.
    async fn runs(&self, filter: &RunFilter) -> StoreResult<Vec<Run>>;

    /// A run's attempts, first to last.
    async fn attempts(&self, id: RunId) -> StoreResult<Vec<Attempt>>;

    /// Deletes ended runs that ended before `before`, with their attempts, but each job's last one.
    async fn prune_runs(&self, before: Timestamp) -> StoreResult<u64>;
}
