//! One execution of a job, its attempts, and how it ends.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::job::{JobId, Parameters, Priority};
use crate::step::StepReport;

/// A run's number, unique over all jobs and rising.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Fences a worker: every claim raises it, and what carries an older one has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub i64);

/// Why a run exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Its planned time came.
    Schedule,
    /// A person or a program asked for it.
    Manual,
    /// The program started (sandbox only).
    StartUp,
    /// A person repeats an earlier run.
    Again,
    /// A slice of work that an earlier run left over.
    MoreToDo,
    /// A run of another job ended.
    Chain,
}

impl Trigger {
    /// The word stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::StartUp => "start_up",
            Self::Again => "again",
            Self::MoreToDo => "more_to_do",
            Self::Chain => "chain",
        }
    }
}

/// Where a run stands. Exactly one closing line is written when it reaches an ended state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// In the queue since `created_at`; it may be claimed from `ready_at` on. Nothing of it has happened yet.
    Waiting,
    /// A worker holds its lease since the attempt's `started_at`. Lines, steps and counts grow.
    Running,
    /// An attempt failed, was lost or was sent back; the next one may be claimed from `ready_at` on.
    Retrying,
    /// The workflow said *done*; `ended_at` is set. `warnings` tells whether something of it needs a look.
    Succeeded,
    /// The last permitted attempt failed, or the failure is of a kind that another try does not change; `ended_at` and
    /// `error` are set.
    Failed,
    /// A person or the workflow itself ended it; `ended_at` and the reason are set. Does not count as failure.
    Cancelled,
    /// It never began (the job was busy, the time was too late, a condition did not hold); `ended_at` and the reason are set.
    Skipped,
    /// Its process died during the last permitted attempt; `ended_at` is when that was found out.
    Lost,
}

impl RunState {
    /// Whether the run is over.
    pub fn is_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running | Self::Retrying)
    }

    /// The word stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Lost => "lost",
        }
    }
}

/// A run as it stands in the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The job that it is a run of.
    pub job_id: JobId,
    /// The job's type when the run was made.
    pub job_type: String,
    /// The job's account when the run was made.
    pub account: String,
    /// Why it exists.
    pub trigger: Trigger,
    /// The run that it repeats, continues or follows on.
    pub caused_by: Option<RunId>,
    /// The time that it stands for.
    pub planned_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Not before this may it be claimed.
    pub ready_at: Timestamp,
    /// Where it stands.
    pub state: RunState,
    /// Which waiting run goes first.
    pub priority: Priority,
    /// What the workflow is given.
    pub parameters: Parameters,
    /// The step that it begins with, where it repeats a run from there.
    pub from_step: Option<String>,
    /// What the job's probe saw before the run was made; its success makes it the job's.
    pub marker: Option<String>,
    /// Attempts that count against the retry policy.
    pub attempts_used: u32,
    /// The number of the latest attempt, counted from 1; 0 before the first.
    pub attempt: u32,
    /// The latest claim's fence.
    pub epoch: Epoch,
    /// When the first attempt began.
    pub started_at: Option<Timestamp>,
    /// When the latest attempt began.
    pub attempt_started_at: Option<Timestamp>,
    /// When it reached an ended state.
    pub ended_at: Option<Timestamp>,
    /// Warnings of the latest attempt.
    pub warnings: u32,
    /// Why it failed, was skipped or cancelled, for people.
    pub error: Option<String>,
    /// The steps of the latest attempt.
    pub steps: Vec<StepReport>,
    /// Late planned times that this run stands for besides its own, or equal skips that this row counts.
    pub merged: u32,
    /// A person has asked to cancel it.
    pub cancel_requested: bool,
    /// The number of its last log line.
    pub last_line: i64,
}

impl Run {
    /// The id of this execution in `scheduler_logs.job_id`: `<job>_<run number>`.
    pub fn execution_id(&self) -> String {
        execution_id(&self.job_id, self.id)
    }
}

/// The id of an execution in `scheduler_logs.job_id`.
pub fn execution_id(job: &JobId, run: RunId) -> String {
    format!("{job}_{run}")
}

/// How one attempt went, as it is kept for the history of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counted from 1 within the run.
    pub number: u32,
    /// Its fence.
    pub epoch: Epoch,
    /// The process that worked on it (random per process start).
    pub node: String,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How: running, succeeded, failed, lost, timed_out, cancelled, put_back.
    pub outcome: String,
    /// Why, for people.
    pub error: Option<String>,
}

/// What a workflow answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is done.
    Done,
    /// What is committed stays, and the next slice is queued at once; no attempt is used.
    MoreToDo,
    /// It should end without counting as a failure.
    Cancel {
        /// Why, for people.
        why: String,
    },
    /// It should be tried again at a given time; no attempt is used.
    Snooze {
        /// Not before.
        until: Timestamp,
        /// Why, for people.
        why: String,
    },
}

/// What a workflow ends with: an outcome, or the failure of this attempt.
pub type WorkflowResult = Result<Outcome, Failure>;
