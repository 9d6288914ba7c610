//! What a write call moved: noted while it works, told to those who watch once it is committed.

use crate::changes::Changes;

/// What a call moved.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) highest_log_id: Option<i64>,
    pub(crate) jobs: bool,
    /// What a job is told to do.
    pub(crate) specs: bool,
    pub(crate) orders: bool,
    pub(crate) inventory: bool,
    pub(crate) attention: bool,
    pub(crate) alerts: bool,
}

impl Effects {
    /// Adds those of the next call in the same transaction.
    pub(crate) fn add(&mut self, next: &Self) {
        self.highest_log_id = self.highest_log_id.max(next.highest_log_id);
        self.jobs |= next.jobs;
        self.specs |= next.specs;
        self.orders |= next.orders;
        self.inventory |= next.inventory;
        self.attention |= next.attention;
        self.alerts |= next.alerts;
    }

    /// Moves what is watched; whether anything moved.
    pub(crate) fn apply(&self, changes: &mut Changes) -> bool {
        let before = *changes;
        changes.highest_log_id = changes.highest_log_id.max(self.highest_log_id.unwrap_or(0));
        changes.jobs += u64::from(self.jobs);
        changes.specs += u64::from(self.specs);
        changes.orders += u64::from(self.orders);
        changes.inventory += u64::from(self.inventory);
        changes.attention += u64::from(self.attention);
        changes.alerts += u64::from(self.alerts);
        *changes != before
    }
}
