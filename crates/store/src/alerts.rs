//! Alerts: state changes that people are told of. They are stored in the transaction of the change ([`crate::journal`]); who
//! delivers them keeps its own cursor.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::health::HealthChange;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::RunId;

use crate::StoreResult;

/// An alert that no change of a job's state makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// When.
    pub at: Timestamp,
    /// `Recovered` where it tells of the end of something; else `None`.
    pub change: Option<HealthChange>,
    /// The job that it is about or whose run noticed it; empty if it is not a job's.
    pub job_id: JobId,
    /// That run, where one noticed it.
    pub run: Option<RunId>,
    /// One line for people.
    pub title: String,
    /// What happened, what it means and what to do.
    pub message: String,
}

/// Alerts.
#[async_trait]
pub trait AlertStore: Send + Sync {
    /// The alerts after `after`, oldest first.
    async fn alerts_after(&self, after: AlertId, limit: usize) -> StoreResult<Vec<Alert>>;

    /// The newest alerts, newest first.
    async fn latest_alerts(&self, limit: usize) -> StoreResult<Vec<Alert>>;

    /// Adds an alert.
    async fn add_alert(&self, alert: &NewAlert) -> StoreResult<()>;

    /// Deletes alerts from before `before`.
    async fn prune_alerts(&self, before: Timestamp) -> StoreResult<u64>;
}
