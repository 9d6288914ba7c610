//! `scheduler_logs`, as documented and with our own columns behind.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::log::{Level, LogRow};
use serde::{Deserialize, Serialize};

use crate::StoreResult;

/// Whose lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogSource {
    /// Exactly the runs of one job: `job_id` is `<job>_<digits>`.
    Job(String),
    /// Exactly this `job_id`: one execution.
    Execution(String),
    /// `job_id` begins with this; every character is literal.
    Prefix(String),
    /// A SQL LIKE pattern with `%`; `_` is literal.
    Pattern(String),
    /// Any of these.
    AnyOf(Vec<LogSource>),
    /// Exactly this job type.
    JobType(String),
}

/// Which lines to read.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// Whose; `None` means everybody's.
    pub source: Option<LogSource>,
    /// Only of these levels; empty means every level.
    pub levels: Vec<Level>,
    /// Only lines at or after this time.
    pub since: Option<Timestamp>,
    /// Only lines stored after this `log_id`, ascending. Without it: the newest first, in the order of storage.
    pub after: Option<i64>,
    /// Only lines stored before this `log_id`: the next page, whatever is stored meanwhile.
    pub before: Option<i64>,
    /// How many at the most.
    pub limit: usize,
    /// How many to pass over (without `after`).
    pub offset: usize,
}

/// How runs went, from their closing lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LogStatistics {
    /// Closing lines of status SUCCESS or FAILED.
    pub total_runs: u64,
    /// Of status SUCCESS.
    pub successful_runs: u64,
    /// Of status FAILED.
    pub failed_runs: u64,
    /// Percent of `total_runs`, 0 without runs.
    pub success_rate: f64,
    /// Seconds over all of them; `None` without runs.
    pub avg_duration: Option<f64>,
    /// Seconds.
    pub max_duration: Option<f64>,
}

/// Lines.
#[async_trait]
pub trait LogStore: Send + Sync {
    /// Lines as the filter says.
    async fn logs(&self, filter: &LogFilter) -> StoreResult<Vec<LogRow>>;

    /// The highest `log_id` stored; 0 without lines.
    async fn highest_log_id(&self) -> StoreResult<i64>;

    /// How many lines are stored after `after` and up to `until`.
    async fn count_logs(&self, after: i64, until: i64) -> StoreResult<u64>;

    /// How the runs that ended at or after `since` went.
    async fn log_statistics(
        &self,
        source: Option<&LogSource>,
        since: Timestamp,
    ) -> StoreResult<LogStatistics>;

    /// Deletes lines older than `before`; answers with their number.
    async fn delete_logs(&self, before: Timestamp) -> StoreResult<u64>;
}
