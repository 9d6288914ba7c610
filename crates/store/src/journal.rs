//! What happens to a run between claim and end, written by one writer in batches: lines, heartbeats,
//! steps and the end with its consequences. Everything carries the attempt's epoch, and nothing has an effect
//! once that is outdated.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::health::Trouble;
use marktwerk_domain::log::LogLine;
use marktwerk_domain::run::{Epoch, RunId, RunState};
use marktwerk_domain::step::StepReport;

use crate::StoreResult;
use crate::runs::NewRun;

/// One thing that a running attempt tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which run.
    pub run: RunId,
    /// The attempt's fence.
    pub epoch: Epoch,
    /// What it tells.
    pub entry: Entry,
}

/// What a running attempt tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A log line.
    Line(LogLine),
    /// It is alive: the lease holds until then.
    Heartbeat {
        /// When it said so.
        at: Timestamp,
        /// The new end of the lease.
        lease_until: Timestamp,
    },
    /// Its steps as they stand.
    Steps(Vec<StepReport>),
    /// The attempt ended.
    End(Box<AttemptEnd>),
}

/// The end of an attempt and its consequences: one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptEnd {
    /// What the run becomes: an ended state, *retrying* (another attempt follows), or *waiting* (put back, or snoozed).
    pub state: RunState,
    /// The attempt's outcome, a word for its history.
    pub outcome: &'static str,
    /// Why, for people; `None` on success.
    pub error: Option<String>,
    /// When.
    pub ended_at: Timestamp,
    /// With *retrying* or *waiting*: not before.
    pub ready_at: Option<Timestamp>,
    /// Whether this attempt counts against the retry policy.
    pub uses_attempt: bool,
    /// Lines of level WARNING and ERROR in this attempt.
    pub warnings: u32,
    /// The last line of the attempt: the closing line where the run ends (with status and duration), a plain one otherwise.
    pub line: LogLine,
    /// The steps as they ended.
    pub steps: Vec<StepReport>,
    /// A run that follows from the end (more to do). The jobs that follow on this one wait for its end.
    pub follow_up: Option<NewRun>,
    /// The trouble of a run that failed, for its job's fuse.
    pub trouble: Option<Trouble>,
    /// What the job's probe saw before the run; with a success that leaves nothing over it becomes the job's.
    pub marker: Option<String>,
}

/// What a committed batch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The highest `log_id` stored.
    pub highest_log_id: Option<i64>,
    /// Runs whose records had no effect: their lease is lost.
    pub fenced: Vec<RunId>,
}

/// The journal's side of the store.
#[async_trait]
pub trait JournalStore: Send + Sync {
    /// Commits records in their order, all or none. A record whose run is not running under its epoch has no effect and is
    /// reported as fenced. An end also changes the job's history: succeeded, failed, lost and retrying count, cancelled, put
    /// back and skipped do not; and its health, which may pause the job and store an alert. The final end of a run queues one run
    /// of each job that follows on it. Where a run that was asked to cancel would wait for another attempt, it becomes cancelled
    /// instead, with a closing line by the store; where it leaves a follow-up, that one does.
    async fn commit(&self, records: &[Record]) -> StoreResult<Committed>;
}
