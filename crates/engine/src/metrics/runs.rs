//! What is measured of runs. A run is counted once, where this process learns of its end: from its worker, from a firing, a
//! cancelling or a rescue. (A start that a chain skips because the job is paused is the store's alone, and is not counted.)

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_domain::policy::Overlap;
use marktwerk_domain::run::{Run, RunState, Trigger};
use marktwerk_store::SharedStore;
use marktwerk_store::runs::{Fired, Firing, Rescued, RunFilter};
use metrics::{SharedString, counter, histogram};

use super::{LOST_LEASES, RESCUES, RETRIES, RUN_DURATION, RUN_LATENESS, RUNS, SNOOZES};

/// Jobs that have series of their own; what comes after them is told together, as job `other`.
const JOBS_AT_MOST: usize = 1_000;
/// Runs that one command can have ended, and are looked at.
const ENDED_AT_ONCE: usize = 100;

/// An attempt begins.
pub(crate) fn attempt_began(run: &Run) {
    if run.trigger == Trigger::Schedule
        && run.attempt == 1
        && let Some(started_at) = run.started_at
    {
        let late = Duration::try_from(started_at.duration_since(run.planned_at)).unwrap_or_default();
        histogram!(RUN_LATENESS, "job_type" => run.job_type.clone()).record(late);
    }
}

/// Duration of an attempt that did some work.
pub(crate) fn attempt_took(run: &Run, seconds: f64) {
    histogram!(RUN_DURATION, "job_type" => run.job_type.clone()).record(seconds);
}

/// The end of an attempt is stored: the run is in `state` now, and its attempt's outcome is a word of the history.
pub(crate) fn attempt_ended(run: &Run, state: RunState, outcome: &'static str) {
    let job_type = || run.job_type.clone();
    match state {
        RunState::Retrying => counter!(RETRIES, "job_type" => job_type(), "cause" => outcome).increment(1),
        RunState::Waiting if outcome == "snoozed" => {
            counter!(SNOOZES, "job_type" => job_type()).increment(1);
        }
        state if state.is_ended() => runs_ended(&run.job_id, run.trigger, state, 1),
        _ => {}
    }
}

pub(crate) fn lease_lost() {
    counter!(LOST_LEASES).increment(1);
}

/// A run that was asked to cancel, as the store answered at `now`: one that waited ended with it, one that runs will tell itself.
pub(crate) fn cancelled(run: &Run, now: Timestamp) {
    if run.state == RunState::Cancelled && run.ended_at == Some(now) {
        runs_ended(&run.job_id, run.trigger, run.state, 1);
    }
}

/// Runs of a job that the store has cancelled at `now` beside what it was asked for.
pub(crate) async fn cancelled_beside(store: &SharedStore, job: &JobId, now: Timestamp) {
    let filter = RunFilter {
        job: Some(job.clone()),
        states: vec![RunState::Cancelled],
        limit: ENDED_AT_ONCE,
        ..RunFilter::default()
    };
    // A figure is not worth an error.
    for run in store.runs(&filter).await.unwrap_or_default() {
        cancelled(&run, now);
    }
}

/// Planned times that a firing made no runs of. (What was merged into a run that waits has one.)
pub(crate) fn skipped(firing: &Firing, fired: &Fired) {
    let Fired::Done { queued, .. } = fired else { return };
    let mut times: u64 = firing.skips.iter().map(|skip| 1 + u64::from(skip.run.merged)).sum();
    if firing.overlap == Overlap::Skip {
        times += match queued.is_empty() {
            true => firing.runs.iter().map(|run| 1 + u64::from(run.merged)).sum(),
            false => (firing.runs.len() - queued.len()) as u64,
        };
    }
    if times > 0 {
        runs_ended(&firing.job_id, Trigger::Schedule, RunState::Skipped, times);
    }
}

/// Runs were found without a worker.
pub(crate) async fn rescued(store: &SharedStore, rescued: &[Rescued]) {
    for Rescued { run, job_id: _, state } in rescued {
        counter!(RESCUES, "state" => state.as_str()).increment(1);
        // A figure is not worth an error.
        if let Ok(Some(run)) = store.run(*run).await {
            attempt_ended(&run, *state, "lost");
        }
    }
}

fn runs_ended(job: &JobId, trigger: Trigger, state: RunState, runs: u64) {
    let (state, trigger) = (state.as_str(), trigger.as_str());
    counter!(RUNS, "job_id" => job_label(job), "state" => state, "trigger" => trigger).increment(runs);
}

/// The label of a job: its id, made once, or `other` beyond [`JOBS_AT_MOST`].
fn job_label(job: &JobId) -> SharedString {
    static LABELS: LazyLock<RwLock<HashMap<String, Arc<str>>>> = LazyLock::new(RwLock::default);
    let known = |label: &Arc<str>| SharedString::from(Arc::clone(label));
    let other = SharedString::const_str("other");
    {
        let labels = LABELS.read().unwrap_or_else(PoisonError::into_inner);
        match labels.get(job.as_str()) {
            Some(label) => return known(label),
            None if labels.len() >= JOBS_AT_MOST => return other,
            None => {}
        }
    }
    let mut labels = LABELS.write().unwrap_or_else(PoisonError::into_inner);
    if labels.len() >= JOBS_AT_MOST && !labels.contains_key(job.as_str()) {
        return other;
    }
    known(labels.entry(job.0.clone()).or_insert_with(|| job.as_str().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_beyond_the_thousandth_share_a_label() {
        let job = |number: usize| JobId(format!("job-{number}"));
        let labels: Vec<String> =
            (0..JOBS_AT_MOST + 10).map(|number| job_label(&job(number)).to_string()).collect();
        assert_eq!(labels.iter().filter(|label| *label == "other").count(), 10);
        assert_eq!(job_label(&job(0)).to_string(), "job-0");
    }
}
