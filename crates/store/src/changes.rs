//! The hint that something was stored: what a live view watches instead of asking again and again.
//! A hint and nothing more: the tables are the truth, and several changes may arrive as one.

use tokio::sync::watch;

/// How far the store has moved since it was opened. The counters only rise; a raised one says "read again".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// The highest `log_id` stored: what comes after the one a reader has is new to it.
    pub highest_log_id: i64,
    /// Rises when jobs or runs changed (a heartbeat alone does not count).
    pub jobs: u64,
    /// Rises when what jobs are told to do changed: added, edited, archived, paused by their fuse.
    pub specs: u64,
    /// Rises when orders changed.
    pub orders: u64,
    /// Rises when listings changed.
    pub inventory: u64,
    /// Rises when the attention list changed.
    pub attention: u64,
    /// Rises when an alert was stored.
    pub alerts: u64,
}

/// A store that tells when it moved.
pub trait ChangeFeed: Send + Sync {
    /// The state after the latest commit; set before the call that made the commit answers.
    fn changes(&self) -> watch::Receiver<Changes>;
}
