//! Pausing and removing: what waits is held until the job is resumed, except what a person started; after a removal nothing follows.

use marktwerk_domain::health::{FUSE, Trouble};
use marktwerk_domain::job::JobSpec;
use marktwerk_domain::run::{Run, RunId, RunState, Trigger};

use super::samples::{
    at, attempt_end, claim_at, edit_to, job, new_run, planned_run, record, stored_job, stored_run,
};
use crate::SharedStore;
use crate::journal::{AttemptEnd, Entry};
use crate::runs::NewRun;

/// A later moment: delays are over.
const LATER: i64 = 200;

async fn switch(store: &SharedStore, enabled: bool) {
    let job = stored_job(store, "a").await;
    let spec = JobSpec { enabled, ..job.spec.clone() };
    store.edit_jobs(&[edit_to(&job, spec)]).await.unwrap();
}

/// Claims at this moment; the numbers of what begins. Running runs of the job are no reason to wait here.
async fn begun(store: &SharedStore, seconds: i64) -> Vec<RunId> {
    store.claim(&claim_at(seconds)).await.unwrap().into_iter().map(|run| run.id).collect()
}

async fn of_the_schedule(store: &SharedStore, due: i64) -> Run {
    store.enqueue(&planned_run("a", due), at(0)).await.unwrap()
}

async fn ends(store: &SharedStore, run: RunId, end: impl Fn(AttemptEnd) -> AttemptEnd, state: RunState) {
    let run = stored_run(store, run).await;
    let end = end(attempt_end(&run, state));
    assert!(store.commit(&[record(&run, Entry::End(Box::new(end)))]).await.unwrap().fenced.is_empty());
}

fn slice_of(run: RunId) -> NewRun {
    NewRun { trigger: Trigger::MoreToDo, caused_by: Some(run), ..new_run("a") }
}

/// They are not in the queue meanwhile, and take nobody's turn.
pub async fn runs_of_a_paused_job_wait_until_it_is_resumed(store: SharedStore) {
    store.insert_jobs(&[job("a"), job("b")]).await.unwrap();
    let run = of_the_schedule(&store, 1).await;
    switch(&store, false).await;
    assert_eq!(store.next_ready().await.unwrap(), None);
    assert_eq!(store.queue_lengths().await.unwrap().map(|length| length.runs), [0, 0, 0]);
    assert!(begun(&store, LATER).await.is_empty());
    let other = store.enqueue(&new_run("b"), at(0)).await.unwrap();
    assert_eq!(begun(&store, LATER).await, [other.id]);
    assert_eq!(stored_run(&store, run.id).await.state, RunState::Waiting);

    switch(&store, true).await;
    assert_eq!(store.next_ready().await.unwrap(), Some(at(1)));
    assert_eq!(begun(&store, LATER).await, [run.id]);
}

/// Its next attempt and its next slice wait.
pub async fn what_a_paused_job_still_has_at_work_ends_and_waits(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let run = of_the_schedule(&store, 1).await;
    assert_eq!(begun(&store, 1).await, [run.id]);
    switch(&store, false).await;
    ends(&store, run.id, |end| end, RunState::Retrying).await;
    assert!(begun(&store, LATER).await.is_empty(), "the next attempt");
    switch(&store, true).await;
    assert_eq!(begun(&store, LATER).await, [run.id]);

    switch(&store, false).await;
    let more = |end| AttemptEnd { follow_up: Some(slice_of(run.id)), ..end };
    ends(&store, run.id, more, RunState::Succeeded).await;
    assert!(begun(&store, LATER).await.is_empty(), "the next slice");
    switch(&store, true).await;
    assert_eq!(begun(&store, LATER).await.len(), 1);

    let lost = of_the_schedule(&store, 301).await;
    store.rescue("node-b", true, at(LATER)).await.unwrap();
    switch(&store, false).await;
    assert!(begun(&store, 2 * LATER).await.is_empty(), "what was lost");
    assert_eq!(stored_run(&store, lost.id).await.state, RunState::Waiting);
}

/// Its attempts and slices do not ask whether the job is paused.
pub async fn what_a_person_started_goes_on(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let run = store.enqueue(&new_run("a"), at(0)).await.unwrap();
    switch(&store, false).await;
    assert_eq!(begun(&store, 1).await, [run.id]);
    ends(&store, run.id, |end| end, RunState::Retrying).await;
    assert_eq!(begun(&store, LATER).await, [run.id], "its next attempt");
    let more = |end| AttemptEnd { follow_up: Some(slice_of(run.id)), ..end };
    ends(&store, run.id, more, RunState::Succeeded).await;
    let [slice] = <[_; 1]>::try_from(begun(&store, LATER).await).unwrap();
    let more = |end| AttemptEnd { follow_up: Some(slice_of(slice)), ..end };
    ends(&store, slice, more, RunState::Succeeded).await;
    let [slice] = <[_; 1]>::try_from(begun(&store, LATER).await).unwrap();
    ends(&store, slice, |end| end, RunState::Succeeded).await;
    let again = NewRun { trigger: Trigger::Again, caused_by: Some(slice), ..new_run("a") };
    let again = store.enqueue(&again, at(LATER)).await.unwrap();
    assert_eq!(begun(&store, LATER).await, [again.id], "a repetition");
}

/// A blown fuse pauses as a person does.
pub async fn the_fuse_holds_too(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let waiting = store.enqueue(&NewRun { ready_at: at(100), ..planned_run("a", 1) }, at(0)).await.unwrap();
    for _ in 0..FUSE {
        let run = store.enqueue(&new_run("a"), at(0)).await.unwrap();
        assert_eq!(begun(&store, 1).await, [run.id]);
        let blocked = |end| AttemptEnd { trouble: Some(Trouble::Blocked), ..end };
        ends(&store, run.id, blocked, RunState::Failed).await;
    }
    assert!(!stored_job(&store, "a").await.spec.enabled);
    assert!(begun(&store, LATER).await.is_empty());
    switch(&store, true).await;
    assert_eq!(begun(&store, LATER).await, [waiting.id]);
}

/// Neither another attempt nor a slice, and what its process lost is not taken up.
pub async fn nothing_follows_in_a_job_that_is_gone(store: SharedStore) {
    store.insert_jobs(&[job("a"), job("b"), job("c")]).await.unwrap();
    let mut runs = Vec::new();
    for name in ["a", "b", "c"] {
        runs.push(store.enqueue(&new_run(name), at(0)).await.unwrap());
    }
    assert_eq!(begun(&store, 1).await.len(), 3);
    let ids: Vec<_> = runs.iter().map(|run| run.job_id.clone()).collect();
    store.archive_jobs(&ids, at(2)).await.unwrap();
    ends(&store, runs[0].id, |end| end, RunState::Retrying).await;
    let next = NewRun { caused_by: Some(runs[1].id), trigger: Trigger::MoreToDo, ..new_run("b") };
    let more = |end| AttemptEnd { follow_up: Some(next.clone()), ..end };
    ends(&store, runs[1].id, more, RunState::Succeeded).await;
    let rescued = store.rescue("node-b", true, at(20)).await.unwrap();
    assert_eq!((rescued.len(), rescued[0].state), (1, RunState::Cancelled));
    assert!(begun(&store, LATER).await.is_empty());
    for (run, state) in runs.iter().zip([RunState::Cancelled, RunState::Succeeded, RunState::Cancelled]) {
        let run = stored_run(&store, run.id).await;
        assert_eq!((run.state, run.error.is_some()), (state, state == RunState::Cancelled));
    }
    assert!(store.next_ready().await.unwrap().is_none());
}
