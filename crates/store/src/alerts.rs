//! Alerts: state changes that people are told of. They are stored in the transaction of the change ([`crate::journal`]); who
//! delivers them keeps its own cursor.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::alert::{Alert, AlertId};

use crate::StoreResult;

/// Alerts.
#[async_trait]
pub trait AlertStore: Send + Sync {
    /// The alerts after `after`, oldest first.
    async fn alerts_after(&self, after: AlertId, limit: usize) -> StoreResult<Vec<Alert>>;

    /// The newest alerts, newest first.
    async fn latest_alerts(&self, limit: usize) -> StoreResult<Vec<Alert>>;

    /// Deletes alerts from before `before`.
    async fn prune_alerts(&self, before: Timestamp) -> StoreResult<u64>;
}
