//! Which jobs follow on the end of a run, and what their runs are given: the same on every database.

use jiff::Timestamp;
use marktwerk_domain::job::{Job, Parameters};
use marktwerk_domain::policy::On;
use marktwerk_domain::run::{Run, RunState, Trigger};

use crate::runs::NewRun;

/// The words of `chains.on_end` that an end in `state` fits to.
pub(crate) fn ends(state: RunState) -> Option<[On; 2]> {
    match state {
        RunState::Succeeded => Some([On::Success, On::Always]),
        RunState::Failed | RunState::Lost => Some([On::Failure, On::Always]),
        RunState::Cancelled => Some([On::Always; 2]),
        RunState::Skipped | RunState::Waiting | RunState::Running | RunState::Retrying => None,
    }
}

/// What a run of `job` is given that follows on `cause`: its priority, and its parameters where the workflow knows them and the
/// job does not say otherwise.
pub(crate) fn caused(job: &Job, cause: &Run, at: Timestamp) -> NewRun {
    let handed_on = cause.parameters.iter().filter(|(name, _)| job.target.accepts.contains(name));
    let mut parameters: Parameters = handed_on.map(|(name, value)| (name.clone(), value.clone())).collect();
    parameters.extend(job.spec.parameters.clone());
    NewRun {
        job_id: job.id.clone(),
        job_type: job.spec.job_type.clone(),
        account: job.target.account.clone(),
        lane: job.target.lane.clone(),
        trigger: Trigger::Chain,
        caused_by: Some(cause.id),
        planned_at: at,
        ready_at: at,
        priority: cause.priority,
        parameters,
        from_step: None,
        marker: None,
        merged: 0,
    }
}
