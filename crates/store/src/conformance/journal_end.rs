//! The end of an attempt and its consequences.

use marktwerk_domain::job::{Job, JobHistory};
use marktwerk_domain::run::{Run, RunState, Trigger};

use super::samples::{
    at, attempt_end, claimed, end, line_record, new_run, record, running, runs_of, story, told,
};
use crate::SharedStore;
use crate::journal::{AttemptEnd, Entry};
use crate::runs::{NewRun, RunFilter};

async fn job_of(store: &SharedStore, run: &Run) -> Job {
    store.job(&run.job_id).await.unwrap().unwrap()
}

async fn stored(store: &SharedStore, run: &Run) -> Run {
    store.run(run.id).await.unwrap().unwrap()
}

/// Run, attempt, job and closing line.
pub async fn a_success_is_remembered_by_its_job(store: SharedStore) {
    let run = running(&store, "a").await;
    let with_warnings = AttemptEnd { warnings: 2, ..attempt_end(&run, RunState::Succeeded) };
    store.commit(&[record(&run, Entry::End(Box::new(with_warnings)))]).await.unwrap();
    let ended = stored(&store, &run).await;
    assert_eq!((ended.state, ended.ended_at, ended.error), (RunState::Succeeded, Some(at(10)), None));
    assert_eq!((ended.warnings, ended.attempts_used, ended.last_line), (2, 1, 9));
    let attempt = store.attempts(run.id).await.unwrap().remove(0);
    assert_eq!((attempt.outcome.as_str(), attempt.ended_at), ("succeeded", Some(at(10))));
    let expected = JobHistory {
        last_run: Some(at(1)),
        last_duration: Some(9.0),
        last_error: None,
        last_succeeded: Some(true),
        last_success_at: Some(at(10)),
        last_marker: None,
        failures_in_a_row: 0,
    };
    assert_eq!(job_of(&store, &run).await.history, expected);
    assert_eq!(story(&store).await, [told(&run.execution_id(), "INFO", "the end", Some("SUCCESS"))]);
}

/// Failures in a row rise and fall back; a cancelled run changes nothing.
pub async fn a_failure_is_counted(store: SharedStore) {
    let first = running(&store, "a").await;
    store.commit(&[end(&first, RunState::Failed)]).await.unwrap();
    let second = claimed(&store, "a").await;
    store.commit(&[end(&second, RunState::Failed)]).await.unwrap();
    let failed = job_of(&store, &first).await.history;
    assert_eq!((failed.last_succeeded, failed.failures_in_a_row), (Some(false), 2));
    assert_eq!(failed.last_error.as_deref(), Some("no answer"));
    assert_eq!(stored(&store, &second).await.error.as_deref(), Some("no answer"));
    let third = claimed(&store, "a").await;
    store.commit(&[end(&third, RunState::Cancelled)]).await.unwrap();
    assert_eq!(job_of(&store, &first).await.history, failed);
    let fourth = claimed(&store, "a").await;
    store.commit(&[end(&fourth, RunState::Succeeded)]).await.unwrap();
    let succeeded = job_of(&store, &first).await.history;
    assert_eq!((succeeded.failures_in_a_row, succeeded.last_error), (0, None));
}

/// What the probe saw before the last success, and when that ended: a failure changes neither, nor does a success without a probe
/// forget what an earlier one saw.
pub async fn a_success_keeps_what_its_probe_saw(store: SharedStore) {
    let first = running(&store, "a").await;
    let with_marker = |run: &Run, state, marker: &str| {
        let marker = Some(marker.to_owned());
        record(run, Entry::End(Box::new(AttemptEnd { marker, ..attempt_end(run, state) })))
    };
    store.commit(&[with_marker(&first, RunState::Succeeded, "order 7")]).await.unwrap();
    let history = job_of(&store, &first).await.history;
    assert_eq!((history.last_marker.as_deref(), history.last_success_at), (Some("order 7"), Some(at(10))));
    for state in [RunState::Failed, RunState::Cancelled, RunState::Skipped] {
        let other = claimed(&store, "a").await;
        store.commit(&[with_marker(&other, state, "order 8")]).await.unwrap();
        let after = job_of(&store, &first).await.history;
        assert_eq!((after.last_marker.as_deref(), after.last_success_at), (Some("order 7"), Some(at(10))));
    }
    let last = claimed(&store, "a").await;
    let later = AttemptEnd { ended_at: at(90), ..attempt_end(&last, RunState::Succeeded) };
    store.commit(&[record(&last, Entry::End(Box::new(later)))]).await.unwrap();
    let history = job_of(&store, &first).await.history;
    assert_eq!((history.last_marker.as_deref(), history.last_success_at), (Some("order 7"), Some(at(90))));
}

/// What the probe saw is not done with while something is left over; it goes on with the next slice.
pub async fn a_slice_keeps_what_its_probe_saw_for_the_next(store: SharedStore) {
    let run = running(&store, "a").await;
    let marker = Some("order 7".to_owned());
    let next = NewRun { trigger: Trigger::MoreToDo, marker: marker.clone(), ..new_run("a") };
    let more = AttemptEnd {
        follow_up: Some(next),
        marker: marker.clone(),
        ..attempt_end(&run, RunState::Succeeded)
    };
    store.commit(&[record(&run, Entry::End(Box::new(more)))]).await.unwrap();
    assert_eq!(job_of(&store, &run).await.history.last_marker, None);
    assert_eq!(runs_of(&store, "a").await[1].marker, marker);
}

/// The job shows the error while the run waits for its next attempt; the run is not over.
pub async fn a_retry_shows_as_failed_and_is_not_counted(store: SharedStore) {
    let run = running(&store, "a").await;
    store.commit(&[end(&run, RunState::Retrying)]).await.unwrap();
    let history = job_of(&store, &run).await.history;
    assert_eq!((history.last_succeeded, history.failures_in_a_row), (Some(false), 0));
    assert_eq!(history.last_error.as_deref(), Some("no answer"));
    let retrying = stored(&store, &run).await;
    assert_eq!((retrying.state, retrying.ended_at), (RunState::Retrying, None));
    assert_eq!((retrying.ready_at, retrying.attempts_used), (at(40), 1));
}

/// Shut down or snoozed: the job's history does not know of it.
pub async fn a_run_put_back_uses_no_attempt(store: SharedStore) {
    let run = running(&store, "a").await;
    store.commit(&[end(&run, RunState::Waiting)]).await.unwrap();
    let waiting = stored(&store, &run).await;
    assert_eq!((waiting.state, waiting.attempts_used, waiting.ready_at), (RunState::Waiting, 0, at(40)));
    assert_eq!(store.attempts(run.id).await.unwrap()[0].outcome, "put_back");
    assert_eq!(job_of(&store, &run).await.history, JobHistory::default());
}

/// A second end, in the same batch or later, is fenced: exactly one closing line.
pub async fn a_run_ends_once(store: SharedStore) {
    let run = running(&store, "a").await;
    let both = [end(&run, RunState::Succeeded), end(&run, RunState::Failed)];
    assert_eq!(store.commit(&both).await.unwrap().fenced, [run.id]);
    assert_eq!(store.commit(&both[1..]).await.unwrap().fenced, [run.id]);
    assert_eq!(stored(&store, &run).await.state, RunState::Succeeded);
    assert_eq!(story(&store).await.len(), 1);
}

/// In the same transaction; a fenced end queues nothing.
pub async fn a_follow_up_is_queued_with_the_end(store: SharedStore) {
    let run = running(&store, "a").await;
    let follow_up = NewRun { trigger: Trigger::MoreToDo, caused_by: Some(run.id), ..new_run("a") };
    let more = AttemptEnd { follow_up: Some(follow_up), ..attempt_end(&run, RunState::Succeeded) };
    let end = record(&run, Entry::End(Box::new(more)));
    store.commit(&[end.clone(), end]).await.unwrap();
    let waiting = RunFilter { states: vec![RunState::Waiting], limit: 10, ..RunFilter::default() };
    let waiting = store.runs(&waiting).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].trigger, waiting[0].caused_by), (Trigger::MoreToDo, Some(run.id)));
    assert_eq!(waiting[0].created_at, at(10));
}

/// Asked for while the attempt was ending: the run does not begin another one.
pub async fn a_late_wish_to_cancel_is_granted(store: SharedStore) {
    let run = running(&store, "a").await;
    store.cancel(run.id, "not wanted", at(9)).await.unwrap();
    store.commit(&[end(&run, RunState::Retrying)]).await.unwrap();
    let cancelled = stored(&store, &run).await;
    assert_eq!((cancelled.state, cancelled.last_line), (RunState::Cancelled, 10));
    let execution = run.execution_id();
    let expected = [
        told(&execution, "INFO", "the end", None),
        told(&execution, "INFO", "a: cancelled, not wanted", Some("CANCELLED")),
    ];
    assert_eq!(story(&store).await, expected);
}

/// Asked for while a slice was ending: the next one does not begin.
pub async fn a_late_wish_to_cancel_reaches_the_next_slice(store: SharedStore) {
    let run = running(&store, "a").await;
    store.cancel(run.id, "not wanted", at(9)).await.unwrap();
    let follow_up = NewRun { trigger: Trigger::MoreToDo, caused_by: Some(run.id), ..new_run("a") };
    let more = AttemptEnd { follow_up: Some(follow_up), ..attempt_end(&run, RunState::Succeeded) };
    store.commit(&[record(&run, Entry::End(Box::new(more)))]).await.unwrap();
    let [slice, next] = runs_of(&store, "a").await.try_into().unwrap();
    assert_eq!((slice.state, next.state), (RunState::Succeeded, RunState::Cancelled));
    assert_eq!((next.caused_by, next.ended_at), (Some(run.id), Some(at(10))));
    assert_eq!(next.error.as_deref(), Some("not wanted"));
    let expected = [
        told(&slice.execution_id(), "INFO", "the end", Some("SUCCESS")),
        told(&next.execution_id(), "INFO", "a: cancelled, not wanted", Some("CANCELLED")),
    ];
    assert_eq!(story(&store).await, expected);
}

/// Nothing follows a closing line.
pub async fn the_lines_after_an_end_are_fenced(store: SharedStore) {
    let run = running(&store, "a").await;
    let records =
        [line_record(&run, 1, "first"), end(&run, RunState::Succeeded), line_record(&run, 10, "late")];
    assert_eq!(store.commit(&records).await.unwrap().fenced, [run.id]);
    assert_eq!(story(&store).await.len(), 2);
    assert_eq!(stored(&store, &run).await.last_line, 9);
}
