//! What people are told when a job changes its state: stored with the change that it tells of, delivered afterwards.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::health::HealthChange;
use crate::job::JobId;
use crate::run::RunId;

/// An alert's number, rising.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertId(pub i64);

/// An alert. It carries no personal data and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its number; a receiver that gets it twice knows it by this.
    pub id: AlertId,
    /// When the state changed.
    pub at: Timestamp,
    /// What changed; `None` for an alert about the attention list, and for a test.
    pub change: Option<HealthChange>,
    /// Whose state.
    pub job_id: JobId,
    /// The run that changed it.
    pub run: Option<RunId>,
    /// One line for people.
    pub title: String,
    /// What happened, what it means and what to do.
    pub message: String,
}
