//! Cancelling.

use marktwerk_domain::run::{RunId, RunState};

use super::samples::{at, claim_at, end, new_run, running, story, told};
use crate::{SharedStore, StoreError};

/// In the queue there is nobody to ask: waiting and retrying runs end.
pub async fn a_waiting_run_ends_at_once(store: SharedStore) {
    let waiting = store.enqueue(&new_run("a"), at(0)).await.unwrap();
    let cancelled = store.cancel(waiting.id, "not wanted", at(3)).await.unwrap();
    assert_eq!((cancelled.state, cancelled.ended_at), (RunState::Cancelled, Some(at(3))));
    assert_eq!((cancelled.error.as_deref(), cancelled.last_line), (Some("not wanted"), 1));
    let message = "a: cancelled, not wanted";
    assert_eq!(story(&store).await, [told(&waiting.execution_id(), "INFO", message, Some("CANCELLED"))]);
    assert!(store.claim(&claim_at(5)).await.unwrap().is_empty());
    let run = running(&store, "b").await;
    store.commit(&[end(&run, RunState::Retrying)]).await.unwrap();
    let cancelled = store.cancel(run.id, "not wanted", at(20)).await.unwrap();
    assert_eq!((cancelled.state, cancelled.last_line), (RunState::Cancelled, 10));
}

/// Its worker sees it and ends it.
pub async fn a_running_one_carries_the_wish(store: SharedStore) {
    let run = running(&store, "a").await;
    let asked = store.cancel(run.id, "not wanted", at(3)).await.unwrap();
    assert!(asked.cancel_requested);
    assert_eq!(asked.state, RunState::Running);
    assert!(story(&store).await.is_empty());
}

/// What is over is over.
pub async fn an_ended_one_stays(store: SharedStore) {
    let run = running(&store, "a").await;
    store.commit(&[end(&run, RunState::Succeeded)]).await.unwrap();
    let same = store.cancel(run.id, "not wanted", at(20)).await.unwrap();
    assert_eq!((same.state, same.cancel_requested), (RunState::Succeeded, false));
    assert_eq!(story(&store).await.len(), 1);
}

/// There is nothing to cancel.
pub async fn an_unknown_run_is_not_found(store: SharedStore) {
    let refused = store.cancel(RunId(99), "not wanted", at(1)).await;
    assert!(matches!(refused, Err(StoreError::NotFound(_))), "{refused:?}");
}
