//! An account at a marketplace, as far as everybody may know it: never its secrets.

use serde::{Deserialize, Serialize};

/// The merchant's account at a marketplace, as the screen and the commands show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSummary {
    /// The merchant's own name for it.
    pub name: String,
    /// `temu`, `amazon`, …
    pub marketplace: String,
    /// Where calls go.
    pub endpoint: String,
    /// Whether the endpoint is on this machine: a simulation, or a test.
    pub is_loopback: bool,
}

/// What a test of an account's credentials told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountHealth {
    /// One sentence for people.
    pub message: String,
    /// When the credentials expire, where the marketplace tells.
    pub expires_at: Option<jiff::Timestamp>,
}
