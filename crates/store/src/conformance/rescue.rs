//! Rescue: what becomes of runs whose process died.

use marktwerk_domain::run::{Run, RunState};

use super::samples::{NODE, at, claim_at, end, line_record, running, story, told};
use crate::SharedStore;
use crate::runs::Rescued;

async fn stored(store: &SharedStore, run: &Run) -> Run {
    store.run(run.id).await.unwrap().unwrap()
}

/// At start-up another process's leases are void at once.
pub async fn a_lost_run_is_tried_again(store: SharedStore) {
    let run = running(&store, "a").await;
    store.commit(&[line_record(&run, 1, "at work")]).await.unwrap();
    let rescued = store.rescue("node-b", true, at(5)).await.unwrap();
    let expected = Rescued { run: run.id, job_id: run.job_id.clone(), state: RunState::Retrying };
    assert_eq!(rescued, [expected]);
    let retrying = stored(&store, &run).await;
    assert_eq!(retrying.state, RunState::Retrying);
    // The first delay of the policy, give or take a fifth.
    assert!((at(29)..=at(41)).contains(&retrying.ready_at), "{}", retrying.ready_at);
    assert_eq!((retrying.attempts_used, retrying.last_line), (1, 2));
    let attempt = store.attempts(run.id).await.unwrap().remove(0);
    assert_eq!((attempt.outcome.as_str(), attempt.ended_at), ("lost", Some(at(5))));
    let message = "a: lost: its process ended during attempt 1; it is tried again";
    assert_eq!(story(&store).await[1], told(&run.execution_id(), "WARNING", message, None));
    let history = store.job(&run.job_id).await.unwrap().unwrap().history;
    assert_eq!((history.last_succeeded, history.failures_in_a_row), (Some(false), 0));
    assert!(store.rescue("node-b", true, at(6)).await.unwrap().is_empty());
}

/// The policy of the suite's job allows two attempts.
pub async fn the_last_attempt_ends_as_lost(store: SharedStore) {
    let run = running(&store, "a").await;
    store.rescue("node-b", true, at(5)).await.unwrap();
    assert!(store.claim(&claim_at(6)).await.unwrap().is_empty(), "not without a rest");
    store.claim(&claim_at(41)).await.unwrap();
    let rescued = store.rescue("node-b", true, at(50)).await.unwrap();
    assert_eq!(rescued[0].state, RunState::Lost);
    let lost = stored(&store, &run).await;
    assert_eq!((lost.state, lost.ended_at, lost.attempts_used), (RunState::Lost, Some(at(50)), 2));
    let message = "a: lost: its process ended during attempt 2";
    assert_eq!(story(&store).await[1], told(&run.execution_id(), "ERROR", message, Some("FAILED")));
    let history = store.job(&run.job_id).await.unwrap().unwrap().history;
    assert_eq!((history.failures_in_a_row, history.last_run), (1, Some(at(41))));
    assert_eq!(history.last_error.as_deref(), Some("lost: its process ended during attempt 2"));
}

/// A lease that ended is lost whoever holds it.
pub async fn an_expired_lease_is_lost(store: SharedStore) {
    running(&store, "a").await;
    assert!(store.rescue(NODE, false, at(61)).await.unwrap().is_empty());
    assert_eq!(store.rescue(NODE, false, at(62)).await.unwrap().len(), 1);
}

/// One's own, and another's where several nodes work.
pub async fn a_held_lease_is_left_alone(store: SharedStore) {
    let run = running(&store, "a").await;
    assert!(store.rescue(NODE, true, at(5)).await.unwrap().is_empty());
    assert!(store.rescue("node-b", false, at(5)).await.unwrap().is_empty());
    assert_eq!(stored(&store, &run).await.state, RunState::Running);
}

/// Nobody wants its next attempt.
pub async fn a_lost_run_that_was_to_be_cancelled_is_cancelled(store: SharedStore) {
    let run = running(&store, "a").await;
    store.cancel(run.id, "not wanted", at(2)).await.unwrap();
    let rescued = store.rescue("node-b", true, at(5)).await.unwrap();
    assert_eq!(rescued[0].state, RunState::Cancelled);
    assert_eq!(stored(&store, &run).await.error.as_deref(), Some("not wanted"));
    let told = told(&run.execution_id(), "INFO", "a: cancelled, not wanted", Some("CANCELLED"));
    assert_eq!(story(&store).await, [told]);
}

/// The process that was thought dead comes back.
pub async fn what_was_lost_stays_fenced(store: SharedStore) {
    let run = running(&store, "a").await;
    store.rescue("node-b", true, at(5)).await.unwrap();
    assert_eq!(store.commit(&[end(&run, RunState::Succeeded)]).await.unwrap().fenced, [run.id]);
    assert_eq!(stored(&store, &run).await.state, RunState::Retrying);
}
