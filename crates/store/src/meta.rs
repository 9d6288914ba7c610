//! Small facts by name: cursors, hashes, settings of the program itself.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::finding::Finding;

use crate::{StoreError, StoreResult};

/// Facts by name.
#[async_trait]
pub trait MetaStore: Send + Sync {
    /// The value of a name.
    async fn fact(&self, name: &str) -> StoreResult<Option<String>>;

    /// Sets or replaces the value of a name. An equal value is not written again.
    async fn set_fact(&self, name: &str, value: &str) -> StoreResult<()>;

    /// Acquires or renews the lease unless another process holds it. Returns whether the caller holds it now. A lease is stored as a
    /// fact of its name.
    async fn acquire(&self, lease: &LeaderLease) -> StoreResult<bool>;

    /// What the database tells of its own health: integrity check, schema version, size. [`Finding::Wrong`] is damage, [`Finding::Odd`] a
    /// hint; empty is well.
    async fn check(&self) -> StoreResult<Vec<Finding>>;

    /// Writes a consistent copy into a new file while work goes on.
    async fn backup(&self, target: &std::path::Path) -> StoreResult<()>;
}

/// A lease that one of several processes on a database holds; only the holder does what is to be done once.
#[derive(Debug, Clone)]
pub struct LeaderLease {
    /// Its name.
    pub name: String,
    /// The process that wants it.
    pub holder: String,
    /// The time now.
    pub now: Timestamp,
    /// When it expires unless it is renewed.
    pub until: Timestamp,
}

impl LeaderLease {
    /// The fact that says so.
    pub(crate) fn fact(&self) -> String {
        format!("{} {}", self.until, self.holder)
    }

    /// Whether this holder may have the lease, given the stored fact.
    pub(crate) fn is_free(&self, fact: Option<&str>) -> StoreResult<bool> {
        let Some(fact) = fact else { return Ok(true) };
        let parted = fact.split_once(' ').and_then(|(until, holder)| Some((until.parse().ok()?, holder)));
        let (until, holder): (Timestamp, &str) = parted
            .ok_or_else(|| StoreError::Unreadable(format!("the fact {} names no holder", self.name)))?;
        Ok(holder == self.holder || until <= self.now)
    }
}
