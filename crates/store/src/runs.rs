//! Runs: made and claimed by the dispatcher alone, through the compare-and-swaps of this page. From
//! claim to end they are changed by the journal's writer alone ([`crate::journal`]).

use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use marktwerk_domain::job::{JobId, Parameters, Priority};
use marktwerk_domain::policy::Overlap;
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
    /// Runs with the same lane never run at the same time (an account's jobs that write); `None`: excluded only by other runs of the same
    /// but of other runs of the same job.
    pub lane: Option<String>,
    /// Why it exists.
    pub trigger: Trigger,
    /// The run that it repeats, continues or follows on.
    pub caused_by: Option<RunId>,
    /// The time that it stands for.
    pub planned_at: Timestamp,
    /// Not before this may it be claimed.
    pub ready_at: Timestamp,
    /// Which waiting run goes first.
    pub priority: Priority,
    /// What the workflow is given.
    pub parameters: Parameters,
    /// The step that it begins with, where it repeats a run from there.
    pub from_step: Option<String>,
    /// What the job's probe saw before it.
    pub marker: Option<String>,
    /// Late planned times merged into this one.
    pub merged: u32,
}

/// A job whose time has come: advance its schedule by compare-and-swap and queue its runs, in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// The job.
    pub job_id: JobId,
    /// The due time that the caller saw; where another is stored, nothing happens.
    pub seen_due: Timestamp,
    /// The next one; `None` where there is none before the end of a run.
    pub next_due: Option<Timestamp>,
    /// Planned times that do not become runs, oldest first. Recorded before the runs.
    pub skips: Vec<Skip>,
    /// The runs, oldest first; each is subject to the overlap policy. With *skip* only what was live before the firing counts:
    /// missed times that are made up for together run one after the other.
    pub runs: Vec<NewRun>,
    /// What happens while `max_instances` runs of the job are live (waiting, running, retrying, and not asked to cancel). A
    /// time is merged only into a run of the schedule that has not begun and has the same account and parameters. Only runs
    /// that have begun are cancelled to make room, the oldest first: a person's run in the queue stays.
    pub overlap: Overlap,
    /// Live runs of the job that are not in the way of another.
    pub max_instances: u32,
}

/// Planned times that do not become runs: one row in the history, with its closing line. Where the job's newest run was skipped
/// for the same reason, that row counts them too (`merged`).
#[derive(Debug, Clone, PartialEq)]
pub struct Skip {
    /// The row: the latest of the times, with the others in `merged`.
    pub run: NewRun,
    /// Why, for people; equal where the cause is.
    pub reason: String,
}

/// What became of a firing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fired {
    /// The schedule has moved on. What was skipped or merged stands in the history; a planned time that had its run already (an
    /// edit moved the schedule back) got no other.
    Done {
        /// Runs that wait now.
        queued: Vec<RunId>,
        /// Running runs that carry the wish to cancel now, because a later time takes their place.
        cancelling: Vec<RunId>,
    },
    /// The schedule stood elsewhere (edited, paused, archived): nothing happened.
    Stale,
}

/// Ranks of [`Priority`], high first.
pub const RANKS: usize = 3;

/// How many runs may be at work at the same time, over all nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Of a job, where it is not one.
    pub per_job: HashMap<String, u32>,
    /// Of a job type, where there is a limit.
    pub per_type: HashMap<String, u32>,
    /// Of an account, where there is a limit. (Writing jobs of an account exclude each other by their lane.)
    pub per_account: Option<u32>,
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
    /// What else limits them.
    pub limits: Arc<Limits>,
    /// A waiting run rises by one priority each time this long has passed.
    pub rises_every: Duration,
    /// For each priority by rank: when a run of it was claimed last, as a rising number. Where runs of several priorities have
    /// risen to the same class, the one that has waited longest for its turn goes first.
    pub turns: [u64; RANKS],
}

/// How many runs wait, by priority.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueLength {
    /// Waiting and retrying runs.
    pub runs: u64,
    /// The earliest `ready_at` among them.
    pub oldest_ready: Option<Timestamp>,
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
    /// Only for one of these reasons; empty means all.
    pub triggers: Vec<Trigger>,
    /// Only runs planned at this time or later.
    pub planned_from: Option<Timestamp>,
    /// Only runs planned before this time.
    pub planned_before: Option<Timestamp>,
    /// Only runs that may be claimed after this time.
    pub ready_after: Option<Timestamp>,
    /// Only runs that this one has caused.
    pub caused_by: Option<RunId>,
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

    /// Claims ready runs (waiting or retrying, `ready_at` reached): by priority as it has risen, then in turns between the
    /// priorities that have risen to it, then by `ready_at`, then number; never more than the limits allow, and never two of one
    /// lane at a time. What is at a limit is passed over, and what is held is not there: the waiting runs of a paused job, except
    /// those of a person (started or repeated by hand, and the slices that follow on them). Sets running, raises epoch and attempt number, opens the attempt.
    /// Sorted as claimed.
    async fn claim(&self, claim: &Claim) -> StoreResult<Vec<Run>>;

    /// When the next waiting or retrying run that is not held becomes ready; `None` with an empty queue. May be in the past: a run that waits
    /// for its lane.
    async fn next_ready(&self) -> StoreResult<Option<Timestamp>>;

    /// The earliest `next_due` of all enabled jobs.
    async fn next_due(&self) -> StoreResult<Option<Timestamp>>;

    /// Records running runs as lost whose lease ended before `now` (where several processes share the database: before its own
    /// clock's now) or, with `void_others`, that belong to a node other than
    /// `node` (an embedded database has one process: what another left is void at once). Retried after the retry policy's delay
    /// where that leaves an attempt, ended as *lost* with a closing line where not; runs of an archived job are not retried.
    async fn rescue(&self, node: &str, void_others: bool, now: Timestamp) -> StoreResult<Vec<Rescued>>;

    /// Asks to cancel: a waiting or retrying run ends at once as cancelled, with its closing line; a running one carries the
    /// wish. Answers with the run as it stands then; ended runs stay as they are.
    async fn cancel(&self, run: RunId, reason: &str, now: Timestamp) -> StoreResult<Run>;

    /// Lets waiting and retrying runs be claimed from `ready_at` on that would have to wait longer; answers with their number.
    async fn bring_forward(&self, runs: &[RunId], ready_at: Timestamp) -> StoreResult<u64>;

    /// The queue by rank of priority, without what is held.
    async fn queue_lengths(&self) -> StoreResult<[QueueLength; RANKS]>;

    /// One run.
    async fn run(&self, id: RunId) -> StoreResult<Option<Run>>;

    /// Runs, newest first.
    async fn runs(&self, filter: &RunFilter) -> StoreResult<Vec<Run>>;

    /// A run's attempts, first to last.
    async fn attempts(&self, id: RunId) -> StoreResult<Vec<Attempt>>;

    /// Deletes ended runs that ended before `before`, with their attempts, but each job's last one.
    async fn prune_runs(&self, before: Timestamp) -> StoreResult<u64>;
}
