//! Small facts by name: cursors, hashes, settings of the program itself.

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{StoreError, StoreResult};

/// Facts by name.
#[async_trait]
pub trait MetaStore: Send + Sync {
    /// The value of a name.
    async fn fact(&self, name: &str) -> StoreResult<Option<String>>;

    /// Sets or replaces the value of a name. An equal value is not written again.
    async fn set_fact(&self, name: &str, value: &str) -> StoreResult<()>;

    /// Takes or keeps `holding`'s office until then, where nobody else holds it. Answers whether it is the caller's now. An office is
    /// a fact, too: its name is one of those.
    async fn hold(&self, holding: &Holding) -> StoreResult<bool>;

    /// What the database tells of its own health: integrity check, schema version, size. Findings for people; empty is well.
    async fn check(&self) -> StoreResult<Vec<String>>;

    /// Writes a consistent copy into a new file while work goes on.
    async fn backup(&self, target: &std::path::Path) -> StoreResult<()>;
}

/// Of several processes on one database, one holds an office: it does what is to be done once.
#[derive(Debug, Clone)]
pub struct Holding {
    /// Which.
    pub office: String,
    /// The process that wants it.
    pub holder: String,
    /// The time now.
    pub now: Timestamp,
    /// Until when the holder keeps it without asking again.
    pub until: Timestamp,
}

impl Holding {
    /// The fact that says so.
    pub(crate) fn fact(&self) -> String {
        format!("{} {}", self.until, self.holder)
    }

    /// Whether the office is free for this holder, when the fact is so.
    pub(crate) fn is_free(&self, fact: Option<&str>) -> StoreResult<bool> {
        let Some(fact) = fact else { return Ok(true) };
        let parted = fact.split_once(' ').and_then(|(until, holder)| Some((until.parse().ok()?, holder)));
        let (until, holder): (Timestamp, &str) = parted
            .ok_or_else(|| StoreError::Unreadable(format!("the fact {} names no holder", self.office)))?;
        Ok(holder == self.holder || until <= self.now)
    }
}
