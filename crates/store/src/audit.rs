//! The audit. An entry is stored in the transaction of the change that it tells of: the caller asks for the store that carries the
//! entry ([`AuditStore::audited`]) and makes the change there.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::audit::{AuditAction, AuditEntry};
use marktwerk_domain::run::RunId;

use crate::{SharedStore, StoreResult};

/// Which entries to read, newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only of this person or program.
    pub who: Option<String>,
    /// Only these actions; empty means all.
    pub actions: Vec<AuditAction>,
    /// Only about this job, order or article.
    pub subject: Option<String>,
    /// Only about this run.
    pub run: Option<RunId>,
    /// Only entries with a smaller number: the cursor of the next page.
    pub before: Option<i64>,
    /// How many at the most.
    pub limit: usize,
}

/// The audit.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// The same store, whose first committed write stores `entries` in its own transaction. If that write fails or is undone, they
    /// are not stored. Later writes of the returned store carry nothing.
    fn audited(&self, entries: Vec<AuditEntry>) -> SharedStore;

    /// Stores entries about something that is no write of this store, or more than one.
    async fn record(&self, entries: Vec<AuditEntry>) -> StoreResult<()>;

    /// Entries, newest first.
    async fn audit(&self, filter: &AuditFilter) -> StoreResult<Vec<AuditEntry>>;

    /// Deletes entries from before `before`. No number is given twice.
    async fn prune_audit(&self, before: Timestamp) -> StoreResult<u64>;
}

/// The entries that a store carries until a write of it is committed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Carried(Option<Arc<Mutex<Vec<AuditEntry>>>>);

impl Carried {
    pub(crate) fn new(entries: Vec<AuditEntry>) -> Self {
        Self((!entries.is_empty()).then(|| Arc::new(Mutex::new(entries))))
    }

    /// What the next write has to store.
    pub(crate) fn entries(&self) -> Vec<AuditEntry> {
        match &self.0 {
            Some(entries) => entries.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            None => Vec::new(),
        }
    }

    /// They are committed.
    pub(crate) fn are_stored(&self) {
        if let Some(entries) = &self.0 {
            entries.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}
