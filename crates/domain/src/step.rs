//! A named part of a run and what it reports.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// At work.
    Running,
    /// Finished; warnings are counted.
    Done,
    /// Ended with an error; later steps that do not build on it still run.
    Failed,
}

/// What a step reports: counts by name, warnings, duration, error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// One word, such as `fetch`.
    pub name: String,
    /// Where it stands.
    pub state: StepState,
    /// What it counted, by name, such as `pages` or `orders`.
    pub counts: BTreeMap<String, i64>,
    /// Lines of level WARNING.
    pub warnings: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
}
