//! Which jobs: the same words in the query of a list and in the `filter` of a bulk command.

use std::collections::HashSet;

use marktwerk_domain::job::{Job, JobId, JobStatus};
use marktwerk_domain::words::meant;
use utoipa::ToSchema;

use super::item::{HEALTH, health_mark};
use crate::fields::Fields;
use crate::state::AppState;

const STATUSES: [JobStatus; 4] = [JobStatus::Idle, JobStatus::Running, JobStatus::Success, JobStatus::Failed];

/// Which jobs; what is not given does not matter. Several values are separated by commas, or are a list.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "describes the filter; it is read field by field so that faults name their field"
)]
pub(crate) struct JobFilterDocument {
    /// Only these.
    ids: Option<Vec<String>>,
    /// Only of these job types, by their names or older ones.
    job_type: Option<Vec<String>>,
    /// Only of these accounts.
    account: Option<Vec<String>>,
    enabled: Option<bool>,
    /// IDLE, RUNNING, SUCCESS, FAILED.
    status: Option<Vec<String>>,
    /// ok, degraded, paused.
    health: Option<Vec<String>>,
}

/// Which jobs.
#[derive(Debug, Default)]
pub(super) struct JobFilter {
    ids: Option<HashSet<String>>,
    job_types: Vec<String>,
    accounts: Vec<String>,
    enabled: Option<bool>,
    statuses: Vec<JobStatus>,
    marks: Vec<&'static str>,
}

impl JobFilter {
    /// Takes the filter's fields.
    pub(super) fn read(state: &AppState, fields: &mut Fields) -> Self {
        let registry = state.engine.registry();
        let job_type = |written: &str| {
            registry.resolve(written).map(|(job_type, _)| job_type).map_err(|error| match error {
                marktwerk_engine::EngineError::Invalid { reason, .. } => reason,
                other => other.to_string(),
            })
        };
        Self {
            ids: fields.texts("ids").map(HashSet::from_iter),
            job_types: fields.words("job_type", job_type),
            accounts: fields.texts("account").unwrap_or_default(),
            enabled: fields.boolean("enabled"),
            statuses: fields.words("status", status),
            marks: fields.words("health", mark),
        }
    }

    /// Whether a job passes.
    pub(super) fn passes(&self, job: &Job, running: &HashSet<JobId>) -> bool {
        let is_status =
            |status: &JobStatus| *status == JobStatus::of(&job.history, running.contains(&job.id));
        self.ids.as_ref().is_none_or(|ids| ids.contains(job.id.as_str()))
            && (self.job_types.is_empty() || self.job_types.contains(&job.spec.job_type))
            && (self.accounts.is_empty() || self.accounts.contains(&job.target.account))
            && self.enabled.is_none_or(|enabled| enabled == job.spec.enabled)
            && (self.statuses.is_empty() || self.statuses.iter().any(is_status))
            && (self.marks.is_empty() || self.marks.contains(&health_mark(job)))
    }
}

fn status(word: &str) -> Result<JobStatus, String> {
    meant(word, &STATUSES, JobStatus::as_str)
}

fn mark(word: &str) -> Result<&'static str, String> {
    meant(word, &HEALTH, |mark| mark)
}
