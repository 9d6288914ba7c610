//! The audit: who changed what, when, and how it was before. Entries carry settings of jobs, numbers of runs and orders, and words
//! of fixed lists; never a secret, and nothing of a buyer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::job::JobId;
use crate::run::RunId;

/// The author of a change: a person or a program, by the name that access control uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// The person or program of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// An edit of the jobs file by hand; the file does not say whose. No person has this name, because it contains a space.
    pub fn jobs_file() -> Self {
        Self("jobs file".to_owned())
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Actor {
    fn from(name: &str) -> Self {
        Self::named(name)
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// A job was added, or came back from the archive.
    JobAdded,
    /// Fields of a job were changed.
    JobChanged,
    /// A job was told not to run by itself.
    JobPaused,
    /// A job was told to run by itself again.
    JobResumed,
    /// A job was taken out of the schedule.
    JobRemoved,
    /// A run was queued by hand.
    RunStarted,
    /// An ended run was queued once more.
    RunRepeated,
    /// A run was asked to end.
    RunCancelled,
    /// Old log lines were deleted by hand.
    LogsDeleted,
    /// An entry of the attention list was decided on.
    Decided,
}

impl AuditAction {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::JobAdded,
        Self::JobChanged,
        Self::JobPaused,
        Self::JobResumed,
        Self::JobRemoved,
        Self::RunStarted,
        Self::RunRepeated,
        Self::RunCancelled,
        Self::LogsDeleted,
        Self::Decided,
    ];

    /// The word stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobAdded => "job_added",
            Self::JobChanged => "job_changed",
            Self::JobPaused => "job_paused",
            Self::JobResumed => "job_resumed",
            Self::JobRemoved => "job_removed",
            Self::RunStarted => "run_started",
            Self::RunRepeated => "run_repeated",
            Self::RunCancelled => "run_cancelled",
            Self::LogsDeleted => "logs_deleted",
            Self::Decided => "decided",
        }
    }

    /// The action of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// One entry of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number, rising; 0 before it is stored.
    pub id: i64,
    /// When it was done.
    pub at: Timestamp,
    /// The author.
    pub who: String,
    /// What was done.
    pub action: AuditAction,
    /// What it was done to: a job's id, or the order or article number of an entry of the attention list. Empty for log lines.
    pub subject: String,
    /// The run that it is about. An entry that is stored with the queueing of a run gets that run's number by itself.
    pub run: Option<RunId>,
    /// How it was before, a JSON object: of a change the changed fields alone.
    pub before: Option<Value>,
    /// How it is afterwards, a JSON object: of a change the changed fields alone.
    pub after: Option<Value>,
}

impl AuditEntry {
    /// An entry to be stored.
    pub fn new(at: Timestamp, actor: &Actor, action: AuditAction, subject: impl Into<String>) -> Self {
        let (who, subject) = (actor.0.clone(), subject.into());
        Self { id: 0, at, who, action, subject, run: None, before: None, after: None }
    }

    /// An entry about a job or its runs.
    pub fn of_job(at: Timestamp, actor: &Actor, action: AuditAction, job: &JobId) -> Self {
        Self::new(at, actor, action, job.as_str())
    }

    /// The same with how it was before.
    #[must_use]
    pub fn before(self, before: Value) -> Self {
        Self { before: Some(before), ..self }
    }

    /// The same with how it is afterwards.
    #[must_use]
    pub fn after(self, after: Value) -> Self {
        Self { after: Some(after), ..self }
    }

    /// The same about a run.
    #[must_use]
    pub fn of_run(self, run: RunId) -> Self {
        Self { run: Some(run), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_is_known_by_the_word_that_is_stored() {
        for action in AuditAction::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
            assert_eq!(AuditAction::from_word(action.as_str()), Some(action));
        }
        assert_eq!(AuditAction::from_word("job"), None);
    }
}
