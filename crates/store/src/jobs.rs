//! Jobs as they stand.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::job::{Job, JobId, JobSpec, RunTarget};

use crate::StoreResult;

/// An edit of a job. Its version rises by one.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEdit {
    /// Which job.
    pub id: JobId,
    /// The version that the editor has seen; `None` changes whatever is stored.
    pub expected_version: Option<i64>,
    /// What it is told to do from now on.
    pub spec: JobSpec,
    /// What its runs are given from now on.
    pub target: RunTarget,
    /// The grid of its planned times from now on.
    pub anchor: Timestamp,
    /// When it is due next.
    pub next_due: NextDue,
}

impl JobEdit {
    /// What brings an archived job back to life.
    pub(crate) fn reviving(job: &Job) -> Self {
        Self {
            id: job.id.clone(),
            expected_version: None,
            spec: job.spec.clone(),
            target: job.target.clone(),
            anchor: job.anchor,
            next_due: NextDue::Becomes(job.next_due),
        }
    }
}

/// What an edit makes of a job's next planned time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextDue {
    /// It stays where it stands when the edit is stored: a firing may have moved it since the editor looked.
    Stays,
    /// It is this one from now on; `None` while paused or without a planned time.
    Becomes(Option<Timestamp>),
}

/// How many jobs there are, archived ones left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Enabled, and none of the following.
    pub enabled: u64,
    /// Enabled, and degraded: their runs fail again and again.
    pub degraded: u64,
    /// Paused by a person.
    pub paused: u64,
    /// Paused by the fuse.
    pub paused_by_fuse: u64,
}

/// What makes the stored jobs equal to a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobTakeover {
    /// Jobs that are told to do something else.
    pub edits: Vec<JobEdit>,
    /// Jobs that are new, or come back from the archive.
    pub added: Vec<Job>,
    /// Jobs that are archived.
    pub archived: Vec<JobId>,
}

/// What tells whether anything of a job has changed; cheaper than reading the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStanding {
    /// Which job.
    pub id: JobId,
    /// Rises with each change of what it is told to do.
    pub version: i64,
    /// When it is due next.
    pub next_due: Option<Timestamp>,
    /// When its latest attempt that has ended began.
    pub last_run: Option<Timestamp>,
}

/// Jobs. Their history changes only with the end of a run ([`crate::journal`]).
#[async_trait]
pub trait JobStore: Send + Sync {
    /// All jobs by id, archived ones only where asked for.
    async fn jobs(&self, with_archived: bool) -> StoreResult<Vec<Job>>;

    /// One job, archived or not.
    async fn job(&self, id: &JobId) -> StoreResult<Option<Job>>;

    /// How many jobs there are; cheaper than reading them.
    async fn job_counts(&self) -> StoreResult<JobCounts>;

    /// How each job that is not archived stands, by id.
    async fn job_standings(&self) -> StoreResult<Vec<JobStanding>>;

    /// A number that rises with each change of what jobs are told to do: added, edited, archived, paused by their fuse. To be
    /// compared with an earlier one of the same opened store; costs about the same however many jobs there are.
    async fn jobs_revision(&self) -> StoreResult<i64>;

    /// Adds jobs, all or none, and answers with them as they stand now. An archived job of the same id comes back to life with its history; a living one is
    /// [`crate::StoreError::Exists`]. `version`, `history` and `health` of the argument are ignored for a revived job (the
    /// version rises, and the fuse's count of consecutive failures is reset).
    async fn insert_jobs(&self, jobs: &[Job]) -> StoreResult<Vec<Job>>;

    /// Changes jobs, all or none, and answers with them as they stand now. `VersionConflict` and `NotFound` change nothing.
    /// If a paused job is enabled again, the fuse's count of consecutive failures is reset. Pausing holds its waiting runs, and
    /// resuming lets them go ([`crate::runs::RunStore::claim`]).
    async fn edit_jobs(&self, edits: &[JobEdit]) -> StoreResult<Vec<Job>>;

    /// Edits, adds and archives jobs as the three other calls do, all or nothing; answers with those that were edited and added, as
    /// they stand now.
    async fn take_over_jobs(&self, takeover: &JobTakeover, now: Timestamp) -> StoreResult<Vec<Job>>;

    /// Gives a job whose next planned time depends on the end of its run that time: where it is of the version for which the time
    /// was computed, has none, is enabled and no run of it is live. Answers whether it did.
    async fn plan_next(&self, id: &JobId, version: i64, next_due: Timestamp) -> StoreResult<bool>;

    /// Takes jobs out of the schedule; their history stays. Their waiting and retrying runs become cancelled; a running attempt goes
    /// on to its end, and nothing follows on it: what would (another attempt, a slice) is cancelled. Unknown ids are ignored.
    async fn archive_jobs(&self, ids: &[JobId], now: Timestamp) -> StoreResult<()>;
}
