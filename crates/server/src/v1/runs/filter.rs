//! Which runs: the same words in the query of a list and in the `filter` of a bulk command.

use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunId, RunState, Trigger};
use marktwerk_domain::words::meant;
use marktwerk_store::runs::RunFilter;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::fields::Fields;

/// The states of a run.
pub(crate) const STATES: [RunState; 8] = [
    RunState::Waiting,
    RunState::Running,
    RunState::Retrying,
    RunState::Succeeded,
    RunState::Failed,
    RunState::Cancelled,
    RunState::Skipped,
    RunState::Lost,
];

/// Why runs exist.
pub(crate) const TRIGGERS: [Trigger; 6] =
    [Trigger::Schedule, Trigger::Manual, Trigger::Chain, Trigger::StartUp, Trigger::Again, Trigger::MoreToDo];

/// Which runs; what is not given does not matter. Several values are separated by commas, or are a list.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "describes the filter; it is read field by field so that faults name their field"
)]
pub(crate) struct RunFilterDocument {
    /// Only of this job.
    job: Option<String>,
    /// waiting, running, retrying, succeeded, failed, cancelled, skipped, lost.
    state: Option<Vec<String>>,
    /// schedule, manual, chain, start_up, again, more_to_do.
    trigger: Option<Vec<String>>,
    /// Only runs planned at this time or later (RFC 3339).
    from: Option<String>,
    /// Only runs planned before this time (RFC 3339).
    to: Option<String>,
    /// Only runs that this one has caused.
    #[schema(minimum = 1)]
    caused_by: Option<i64>,
}

/// Takes the filter's fields; page and limit are the caller's.
pub(super) fn read(fields: &mut Fields) -> RunFilter {
    RunFilter {
        job: fields.text("job").map(JobId),
        states: fields.words("state", state),
        triggers: fields.words("trigger", trigger),
        planned_from: fields.word("from", time),
        planned_before: fields.word("to", time),
        caused_by: fields.integer("caused_by", 1..=i64::MAX).map(RunId),
        ..RunFilter::default()
    }
}

fn state(word: &str) -> Result<RunState, String> {
    meant(word, &STATES, RunState::as_str)
}

fn trigger(word: &str) -> Result<Trigger, String> {
    meant(word, &TRIGGERS, Trigger::as_str)
}

fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        format!("must be a time with its offset such as 2026-11-30T08:00:00+01:00 (in an address, + is written %2B), not `{text}`")
    })
}
