//! A job: what runs, for which account, when, and with which policies.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::health::JobHealth;
use crate::policy::Policies;
use crate::retry::RetryPolicy;
use crate::schedule::Schedule;

/// Parameters of a workflow, validated against its JSON Schema.
pub type Parameters = Map<String, Value>;

/// A job's stable name: its job type, with a hyphen and a suffix where that is taken.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub String);

impl JobId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first free name for another job of `job_type`: the type itself, then `-2`, `-3` and so on.
    pub fn first_free(job_type: &str, is_taken: impl Fn(&str) -> bool) -> Self {
        let mut name = job_type.to_owned();
        let mut number = 1_u64;
        while is_taken(&name) {
            number += 1;
            name = format!("{job_type}-{number}");
        }
        Self(name)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Which waiting run goes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Before all others.
    High,
    /// The usual.
    #[default]
    Medium,
    /// When nothing else waits.
    Low,
}

impl Priority {
    /// 0 high, 1 medium, 2 low: the order in which a queue sorts.
    pub fn rank(self) -> i64 {
        self as i64
    }

    /// The priority of a stored rank; anything unknown is the lowest.
    pub fn from_rank(rank: i64) -> Self {
        match rank {
            0 => Self::High,
            1 => Self::Medium,
            _ => Self::Low,
        }
    }
}

/// What a job is told to do; what an edit changes and the jobs file keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The registered name of the workflow.
    pub job_type: String,
    /// The name that the jobs file uses for it (an old name is echoed as written).
    pub written_type: String,
    /// The marketplace account that it works for, by name.
    pub account: String,
    /// When it runs by itself.
    pub schedule: Schedule,
    /// A paused job keeps its schedule and does not run by it.
    pub enabled: bool,
    /// For people.
    pub description: String,
    /// Given to each run, where the start does not say otherwise.
    pub parameters: Parameters,
    /// Which of its runs go first.
    pub priority: Priority,
    /// What happens after a failed attempt.
    pub retry: RetryPolicy,
    /// What happens when things do not go by the clock.
    pub policies: Policies,
}

/// What a run of the job is given, resolved when the job was saved: so that whoever makes one, the store at the end of another
/// run included, makes the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTarget {
    /// The account that it works for, by name.
    pub account: String,
    /// Runs with the same lane never run at the same time (an account's jobs that write).
    pub lane: Option<String>,
    /// The names of the parameters that the workflow knows: what a causing run can hand on.
    pub accepts: Vec<String>,
}

/// A job as it stands in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its stable name.
    pub id: JobId,
    /// What it is told to do.
    pub spec: JobSpec,
    /// What its runs are given.
    pub target: RunTarget,
    /// Counts edits; an edit names the version that it has seen.
    pub version: i64,
    /// The grid of its planned times starts here.
    pub anchor: Timestamp,
    /// When it is due next; `None` while paused, without planned times, or until its run ends where it is counted from there.
    pub next_due: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// An archived job has left the jobs file; its history stays.
    pub archived: bool,
    /// How its runs went so far.
    pub history: JobHistory,
    /// Whether that calls for a person.
    pub health: JobHealth,
}

/// What is remembered of a job's runs, changed in the same transaction that ends one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JobHistory {
    /// When its last ended run that counts (succeeded, failed, lost) or its latest attempt began.
    pub last_run: Option<Timestamp>,
    /// How long that took, seconds.
    pub last_duration: Option<f64>,
    /// The last error text; cleared by a success.
    pub last_error: Option<String>,
    /// Whether the last ended run that counts succeeded.
    pub last_succeeded: Option<bool>,
    /// When its last success ended.
    pub last_success_at: Option<Timestamp>,
    /// What its probe saw before its last success.
    pub last_marker: Option<String>,
    /// Runs that ended failed or lost, in a row.
    pub failures_in_a_row: u32,
}

/// The documented status words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum JobStatus {
    /// Never ran.
    Idle,
    /// A run is running.
    Running,
    /// The last ended run that counts succeeded.
    Success,
    /// The last ended run that counts failed or was lost, or a run waits for its next attempt.
    Failed,
}

impl JobStatus {
    /// The status of a job with this history and these live runs.
    pub fn of(history: &JobHistory, is_running: bool) -> Self {
        match (is_running, history.last_succeeded) {
            (true, _) => Self::Running,
            (false, None) => Self::Idle,
            (false, Some(true)) => Self::Success,
            (false, Some(false)) => Self::Failed,
        }
    }

    /// The word in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "IDLE",
            Self::Running => "RUNNING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_gets_the_next_free_suffix() {
        let taken = ["order_workflow", "order_workflow-2"];
        let is_taken = |name: &str| taken.contains(&name);
        assert_eq!(JobId::first_free("order_workflow", is_taken).as_str(), "order_workflow-3");
        assert_eq!(JobId::first_free("inventory_workflow", is_taken).as_str(), "inventory_workflow");
    }

    #[test]
    fn the_status_follows_the_last_run_that_counts() {
        let mut history = JobHistory::default();
        assert_eq!(JobStatus::of(&history, false), JobStatus::Idle);
        assert_eq!(JobStatus::of(&history, true), JobStatus::Running);
        history.last_succeeded = Some(false);
        assert_eq!(JobStatus::of(&history, false), JobStatus::Failed);
    }
}
