//! Firing: compare-and-swap on the schedule, overlap, streaks.

use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunId, RunState};

use super::samples::{at, firing, job, running, story, told};
use crate::SharedStore;
use crate::jobs::JobEdit;
use crate::runs::{Fired, RunFilter};

async fn next_due(store: &SharedStore, id: &str) -> Option<jiff::Timestamp> {
    store.job(&JobId(id.to_owned())).await.unwrap().unwrap().next_due
}

fn skipped(fired: &[Fired]) -> RunId {
    match fired {
        [Fired::Skipped(run)] => *run,
        other => panic!("one skip was expected, not {other:?}"),
    }
}

/// The run waits for its planned time, and the schedule stands at the next one.
pub async fn a_firing_queues_and_advances(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let fired = store.fire(&[firing("a", 300)], at(301)).await.unwrap();
    let [Fired::Queued(id)] = fired.as_slice() else { panic!("{fired:?}") };
    let run = store.run(*id).await.unwrap().unwrap();
    assert_eq!((run.state, run.planned_at, run.created_at), (RunState::Waiting, at(300), at(301)));
    assert_eq!(next_due(&store, "a").await, Some(at(600)));
}

/// Two dispatchers saw the same due time: no duplicate.
pub async fn of_two_callers_one_fires(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let firings = [firing("a", 300)];
    let (first, second) = tokio::join!(store.fire(&firings, at(300)), store.fire(&firings, at(300)));
    let (first, second) = (first.unwrap()[0], second.unwrap()[0]);
    assert!((first == Fired::Stale) != (second == Fired::Stale), "{first:?} {second:?}");
    let all = RunFilter { limit: 10, ..RunFilter::default() };
    assert_eq!(store.runs(&all).await.unwrap().len(), 1);
}

/// Paused, archived and unknown jobs are stale.
pub async fn a_paused_job_does_not_fire(store: SharedStore) {
    let mut paused = job("a");
    paused.spec.enabled = false;
    store.insert_jobs(&[paused, job("b"), job("c")]).await.unwrap();
    store.archive_jobs(&[JobId("b".to_owned())], at(1)).await.unwrap();
    let edited = store.job(&JobId("c".to_owned())).await.unwrap().unwrap();
    let edit = JobEdit {
        id: edited.id,
        expected_version: None,
        spec: edited.spec,
        anchor: at(0),
        next_due: Some(at(500)),
    };
    store.edit_jobs(&[edit]).await.unwrap();
    let firings = ["a", "b", "c", "d"].map(|id| firing(id, 300));
    assert_eq!(store.fire(&firings, at(300)).await.unwrap(), [Fired::Stale; 4]);
    assert_eq!(next_due(&store, "c").await, Some(at(500)));
}

/// The skip is a run of its own with a closing line that names what is in the way.
pub async fn an_overlap_is_recorded_as_skipped(store: SharedStore) {
    let live = running(&store, "a").await;
    let id = skipped(&store.fire(&[firing("a", 300)], at(301)).await.unwrap());
    let run = store.run(id).await.unwrap().unwrap();
    let reason = format!("run {} is still running", live.id);
    assert_eq!((run.state, run.ended_at, run.merged), (RunState::Skipped, Some(at(301)), 0));
    assert_eq!((run.error.as_deref(), run.last_line), (Some(reason.as_str()), 1));
    let message = format!("a: skipped, {reason}");
    assert_eq!(story(&store).await, [told(&run.execution_id(), "INFO", &message, Some("CANCELLED"))]);
    assert_eq!(next_due(&store, "a").await, Some(at(600)));
    let job = store.job(&live.job_id).await.unwrap().unwrap();
    assert_eq!(job.history, Default::default());
}

/// A history is read by people: a flood of equal skips is one row with a count, and one closing line.
pub async fn a_streak_of_skips_is_one_run(store: SharedStore) {
    running(&store, "a").await;
    let first = skipped(&store.fire(&[firing("a", 300)], at(300)).await.unwrap());
    let second = skipped(&store.fire(&[firing("a", 600)], at(600)).await.unwrap());
    let mut late = firing("a", 900);
    late.run.merged = 3;
    let third = skipped(&store.fire(&[late], at(900)).await.unwrap());
    assert_eq!((first, second), (second, third));
    let run = store.run(first).await.unwrap().unwrap();
    assert_eq!((run.merged, run.planned_at, run.ended_at), (5, at(300), Some(at(900))));
    assert_eq!(story(&store).await.len(), 1);
}

/// An edit may move the schedule back onto a time that had its run.
pub async fn a_planned_time_has_one_run(store: SharedStore) {
    let stored = job("a");
    store.insert_jobs(std::slice::from_ref(&stored)).await.unwrap();
    let fired = store.fire(&[firing("a", 300)], at(300)).await.unwrap();
    let [Fired::Queued(id)] = fired.as_slice() else { panic!("{fired:?}") };
    let back = JobEdit {
        id: stored.id,
        expected_version: None,
        spec: stored.spec,
        anchor: at(0),
        next_due: Some(at(300)),
    };
    store.edit_jobs(&[back]).await.unwrap();
    assert_eq!(store.fire(&[firing("a", 300)], at(301)).await.unwrap(), [Fired::Skipped(*id)]);
    assert_eq!(next_due(&store, "a").await, Some(at(600)));
    assert_eq!(store.run(*id).await.unwrap().unwrap().state, RunState::Waiting);
}

/// One answer per firing, whatever became of it.
pub async fn firings_are_answered_in_their_order(store: SharedStore) {
    store.insert_jobs(&[job("a"), job("b")]).await.unwrap();
    let firings = [firing("b", 300), firing("a", 299), firing("a", 300), firing("b", 600)];
    let fired = store.fire(&firings, at(900)).await.unwrap();
    assert!(
        matches!(fired.as_slice(), [Fired::Queued(_), Fired::Stale, Fired::Queued(_), Fired::Skipped(_)]),
        "{fired:?}"
    );
}
