//! How a job's runs have been ending lately, and when that calls for a person: the fuse.
//!
//! Five runs in a row whose failure another run will not change (refused, unauthorised, unreadable) pause the job. Five that may
//! pass by themselves (an outage, a time limit) only mark it as degraded: six hours of outage pause nothing.

use serde::{Deserialize, Serialize};

use crate::failure::FailureClass;
use crate::job::JobId;

/// Runs in a row that blow the fuse.
pub const FUSE: u32 = 5;

/// What kind of trouble a failed run was in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Another run will not change it.
    Blocked,
    /// It may pass by itself.
    Outage,
}

impl Trouble {
    /// The trouble that a failure of `class` means. A mistake in this program counts, too: somebody has to hear of it.
    pub fn of(class: FailureClass) -> Self {
        match class {
            FailureClass::Refused | FailureClass::Unauthorised | FailureClass::Unreadable => Self::Blocked,
            FailureClass::Transient
            | FailureClass::TimedOut
            | FailureClass::RateLimited { .. }
            | FailureClass::Defect => Self::Outage,
        }
    }
}

/// How a job's runs have been ending lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobHealth {
    /// The trouble of its last failed run.
    pub trouble: Option<Trouble>,
    /// Runs in a row that ended in this trouble.
    pub in_a_row: u32,
    /// People were told, and have not been told since that it is over.
    pub alarm: Option<Alarm>,
}

/// Why people were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// The fuse has paused the job.
    Paused,
    /// The job's runs fail again and again; its schedule goes on.
    Degraded,
}

/// What people are to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthChange {
    /// The fuse pauses the job now.
    Paused,
    /// The job is degraded from now on.
    Degraded,
    /// The first success after either.
    Recovered,
}

impl HealthChange {
    /// The word stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Degraded => "degraded",
            Self::Recovered => "recovered",
        }
    }

    /// Title and message for people; `error` is the last run's.
    pub fn words(self, job: &JobId, error: Option<&str>) -> (String, String) {
        let error = error.unwrap_or("no reason was given");
        match self {
            Self::Paused => (
                format!("{job} was paused: {FUSE} runs in a row failed"),
                format!(
                    "Another run would not change this, so the job waits for a person. Last error: {error}. \
                     Mend the cause, then enable the job again."
                ),
            ),
            Self::Degraded => (
                format!("{job} is degraded: {FUSE} runs in a row failed"),
                format!(
                    "This may pass by itself; the job goes on by its schedule, and you are told when it succeeds again. \
                     Last error: {error}."
                ),
            ),
            Self::Recovered => (
                format!("{job} has recovered"),
                "A run succeeded again after the failures that were reported.".to_owned(),
            ),
        }
    }
}

impl JobHealth {
    /// After a run that succeeded.
    pub fn after_success(self) -> (Self, Option<HealthChange>) {
        (Self::default(), self.alarm.map(|_| HealthChange::Recovered))
    }

    /// After a run that finally failed. Without a trouble the row is neither continued nor broken.
    pub fn after_failure(self, trouble: Option<Trouble>) -> (Self, Option<HealthChange>) {
        let Some(trouble) = trouble else { return (self, None) };
        let in_a_row = if self.trouble == Some(trouble) { self.in_a_row.saturating_add(1) } else { 1 };
        let mut health = Self { trouble: Some(trouble), in_a_row, alarm: self.alarm };
        if in_a_row < FUSE {
            return (health, None);
        }
        let change = match trouble {
            Trouble::Blocked => Some((Alarm::Paused, HealthChange::Paused)),
            Trouble::Outage if self.alarm.is_none() => Some((Alarm::Degraded, HealthChange::Degraded)),
            Trouble::Outage => None,
        };
        if let Some((alarm, _)) = change {
            health.alarm = Some(alarm);
        }
        (health, change.map(|(_, change)| change))
    }

    /// After a person has enabled the job again: the count is reset, and its first success is still to be reported.
    pub fn after_resume(self) -> Self {
        Self { trouble: None, in_a_row: 0, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(health: JobHealth, trouble: Trouble, times: u32) -> (JobHealth, Vec<HealthChange>) {
        let mut changes = Vec::new();
        let mut health = health;
        for _ in 0..times {
            let (next, change) = health.after_failure(Some(trouble));
            health = next;
            changes.extend(change);
        }
        (health, changes)
    }

    #[test]
    fn five_blocked_runs_in_a_row_pause_and_again_after_a_resume() {
        let (health, changes) = fail(JobHealth::default(), Trouble::Blocked, 5);
        assert_eq!(changes, [HealthChange::Paused]);
        let (health, changes) = fail(health.after_resume(), Trouble::Blocked, 5);
        assert_eq!(changes, [HealthChange::Paused]);
        assert_eq!(health.after_success(), (JobHealth::default(), Some(HealthChange::Recovered)));
    }

    #[test]
    fn an_outage_is_told_once_and_pauses_nothing() {
        let (health, changes) = fail(JobHealth::default(), Trouble::Outage, 72);
        assert_eq!(changes, [HealthChange::Degraded]);
        assert_eq!(health.after_success().1, Some(HealthChange::Recovered));
    }

    #[test]
    fn another_trouble_breaks_the_row_and_a_defect_does_not() {
        let (health, _) = fail(JobHealth::default(), Trouble::Blocked, 4);
        let (health, change) = health.after_failure(None);
        assert_eq!((health.in_a_row, change), (4, None));
        let (health, changes) = fail(health, Trouble::Outage, 1);
        assert_eq!((health.in_a_row, changes.len()), (1, 0));
    }

    #[test]
    fn a_success_without_an_alarm_is_not_told() {
        let (health, _) = fail(JobHealth::default(), Trouble::Outage, 4);
        assert_eq!(health.after_success(), (JobHealth::default(), None));
    }
}
