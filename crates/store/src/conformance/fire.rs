//! Firing: compare-and-swap on the schedule, one run per planned time.

use marktwerk_domain::job::JobId;
use marktwerk_domain::policy::Overlap;
use marktwerk_domain::run::{RunId, RunState};

use super::samples::{at, edit_to, firing, job, planned_run, runs_of, stored_job, stored_run};
use crate::SharedStore;
use crate::jobs::{JobEdit, NextDue};
use crate::runs::{Fired, Firing, NewRun};

fn queued(fired: &[Fired]) -> &[RunId] {
    match fired {
        [Fired::Done { queued, .. }] => queued,
        other => panic!("one firing that was carried out was expected, not {other:?}"),
    }
}

fn nothing_queued() -> Fired {
    Fired::Done { queued: Vec::new(), cancelling: Vec::new() }
}

/// The run waits for its planned time, and the schedule stands at the next one.
pub async fn a_firing_queues_and_advances(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let fired = store.fire(&[firing("a", 300)], at(301)).await.unwrap();
    let run = stored_run(&store, queued(&fired)[0]).await;
    assert_eq!(fired, [Fired::Done { queued: vec![run.id], cancelling: Vec::new() }]);
    assert_eq!((run.state, run.planned_at, run.created_at), (RunState::Waiting, at(300), at(301)));
    assert_eq!(stored_job(&store, "a").await.next_due, Some(at(600)));
}

/// Two dispatchers saw the same due time: no duplicate.
pub async fn of_two_callers_one_fires(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let firings = [firing("a", 300)];
    let (first, second) = tokio::join!(store.fire(&firings, at(300)), store.fire(&firings, at(300)));
    let (first, second) = (first.unwrap().remove(0), second.unwrap().remove(0));
    assert!((first == Fired::Stale) != (second == Fired::Stale), "{first:?} {second:?}");
    assert_eq!(runs_of(&store, "a").await.len(), 1);
}

/// Paused, archived, edited and unknown jobs are stale.
pub async fn a_paused_job_does_not_fire(store: SharedStore) {
    let mut paused = job("a");
    paused.spec.enabled = false;
    store.insert_jobs(&[paused, job("b"), job("c")]).await.unwrap();
    store.archive_jobs(&[JobId("b".to_owned())], at(1)).await.unwrap();
    let edit = JobEdit { next_due: NextDue::Becomes(Some(at(500))), ..edit_to(&job("c"), job("c").spec) };
    store.edit_jobs(&[edit]).await.unwrap();
    let firings = ["a", "b", "c", "d"].map(|id| firing(id, 300));
    assert_eq!(store.fire(&firings, at(300)).await.unwrap(), [const { Fired::Stale }; 4]);
    assert_eq!(stored_job(&store, "c").await.next_due, Some(at(500)));
}

/// Somebody edits a job that he looked at before a firing: what is not about its times must not move them back.
pub async fn an_edit_of_something_else_leaves_a_firing_alone(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let edit = edit_to(&stored_job(&store, "a").await, job("a").spec);
    store.fire(&[firing("a", 300)], at(300)).await.unwrap();
    let moved = stored_job(&store, "a").await.next_due;
    assert_ne!(moved, Some(at(300)));
    assert_eq!(store.edit_jobs(&[edit]).await.unwrap()[0].next_due, moved);
    assert_eq!(store.next_due().await.unwrap(), moved);
}

/// An edit may move the schedule back onto a time that had its run.
pub async fn a_planned_time_has_one_run(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let fired = store.fire(&[firing("a", 300)], at(300)).await.unwrap();
    let before = stored_run(&store, queued(&fired)[0]).await;
    let next_due = NextDue::Becomes(Some(at(300)));
    store.edit_jobs(&[JobEdit { next_due, ..edit_to(&job("a"), job("a").spec) }]).await.unwrap();
    let again = Firing { overlap: Overlap::QueueAll, ..firing("a", 300) };
    assert_eq!(store.fire(&[again], at(301)).await.unwrap(), [nothing_queued()]);
    assert_eq!(stored_job(&store, "a").await.next_due, Some(at(600)));
    assert_eq!(runs_of(&store, "a").await, [before]);
}

/// One answer per firing, whatever became of it.
pub async fn firings_are_answered_in_their_order(store: SharedStore) {
    store.insert_jobs(&[job("a"), job("b")]).await.unwrap();
    let firings = [firing("b", 300), firing("a", 299), firing("a", 300), firing("b", 600)];
    let fired = store.fire(&firings, at(900)).await.unwrap();
    let [b, a] = [0, 2].map(|index| queued(&fired[index..=index])[0]);
    assert_eq!(stored_run(&store, b).await.job_id.as_str(), "b");
    assert_eq!(stored_run(&store, a).await.job_id.as_str(), "a");
    assert_eq!((&fired[1], &fired[3]), (&Fired::Stale, &nothing_queued()));
}

/// Missed times that are each made up for, in their order; one that had its run gets no other.
pub async fn a_firing_makes_a_run_of_each_time(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let runs: Vec<NewRun> = [300, 600, 600, 900].map(|due| planned_run("a", due)).into();
    let late = Firing { next_due: Some(at(1_200)), runs, overlap: Overlap::QueueAll, ..firing("a", 300) };
    let fired = store.fire(&[late], at(1_000)).await.unwrap();
    let runs = runs_of(&store, "a").await;
    assert_eq!(queued(&fired), runs.iter().map(|run| run.id).collect::<Vec<_>>());
    assert_eq!(runs.iter().map(|run| run.planned_at).collect::<Vec<_>>(), [at(300), at(600), at(900)]);
    assert!(runs.iter().all(|run| run.state == RunState::Waiting && run.merged == 0), "{runs:?}");
    assert_eq!(stored_job(&store, "a").await.next_due, Some(at(1_200)));
}

/// A job whose next time depends on the end of its run is not due before that, and has fired once.
pub async fn a_firing_may_leave_no_next_time(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let last = Firing { next_due: None, ..firing("a", 300) };
    let fired = store.fire(&[last.clone(), last], at(300)).await.unwrap();
    assert_eq!((queued(&fired[..1]).len(), &fired[1]), (1, &Fired::Stale));
    assert_eq!(stored_job(&store, "a").await.next_due, None);
    assert_eq!(store.next_due().await.unwrap(), None);
}
