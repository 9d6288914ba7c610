//! Small facts by name: cursors, hashes, settings of the program itself.

use async_trait::async_trait;

use crate::StoreResult;

/// Facts by name.
#[async_trait]
pub trait MetaStore: Send + Sync {
    /// The value of a name.
    async fn fact(&self, name: &str) -> StoreResult<Option<String>>;

    /// Sets or replaces the value of a name. An equal value is not written again.
    async fn set_fact(&self, name: &str, value: &str) -> StoreResult<()>;

    /// What the database tells of its own health: integrity check, schema version, size. Findings for people; empty is well.
    async fn check(&self) -> StoreResult<Vec<String>>;

    /// Writes a consistent copy into a new file while work goes on.
    async fn backup(&self, target: &std::path::Path) -> StoreResult<()>;
}
