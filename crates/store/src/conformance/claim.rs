//! Claiming: order, one at a time, leases.

use marktwerk_domain::job::Priority;
use marktwerk_domain::run::{Epoch, Run, RunState};

use super::samples::{NODE, at, claim_at, edit_to, end, job, new_run, running};
use crate::SharedStore;
use crate::jobs::{JobEdit, NextDue};
use crate::runs::{Claim, NewRun, QueueLength, RANKS};

async fn queue(store: &SharedStore, run: NewRun) -> Run {
    store.enqueue(&run, at(0)).await.unwrap()
}

fn jobs(runs: &[Run]) -> Vec<&str> {
    runs.iter().map(|run| run.job_id.as_str()).collect()
}

/// By priority, then `ready_at`, then number.
pub async fn the_queue_has_an_order(store: SharedStore) {
    queue(&store, NewRun { priority: Priority::Low, ..new_run("low") }).await;
    queue(&store, NewRun { ready_at: at(5), ..new_run("later") }).await;
    queue(&store, new_run("first")).await;
    queue(&store, new_run("second")).await;
    queue(&store, NewRun { priority: Priority::High, ready_at: at(9), ..new_run("high") }).await;
    let claimed = store.claim(&claim_at(10)).await.unwrap();
    assert_eq!(jobs(&claimed), ["high", "first", "second", "later", "low"]);
}

/// `ready_at` is the first moment.
pub async fn a_run_is_not_claimed_before_it_is_ready(store: SharedStore) {
    queue(&store, NewRun { ready_at: at(10), ..new_run("a") }).await;
    assert!(store.claim(&claim_at(9)).await.unwrap().is_empty());
    assert_eq!(store.claim(&claim_at(10)).await.unwrap().len(), 1);
}

/// Whether the other one runs already or is claimed in the same call.
pub async fn a_job_runs_once_at_a_time(store: SharedStore) {
    queue(&store, new_run("a")).await;
    queue(&store, new_run("a")).await;
    let first = store.claim(&claim_at(1)).await.unwrap();
    assert_eq!(first.len(), 1);
    assert!(store.claim(&claim_at(2)).await.unwrap().is_empty());
    store.commit(&[end(&first[0], RunState::Succeeded)]).await.unwrap();
    assert_eq!(store.claim(&claim_at(11)).await.unwrap().len(), 1);
}

/// Jobs that write to one account share a lane; without a lane a run is in nobody's way.
pub async fn a_lane_runs_once_at_a_time(store: SharedStore) {
    let lane = Some("temu".to_owned());
    for name in ["a", "b"] {
        queue(&store, NewRun { lane: lane.clone(), ..new_run(name) }).await;
    }
    queue(&store, new_run("free")).await;
    let first = store.claim(&claim_at(1)).await.unwrap();
    assert_eq!(jobs(&first), ["a", "free"]);
    assert!(store.claim(&claim_at(2)).await.unwrap().is_empty());
    store.commit(&[end(&first[0], RunState::Succeeded)]).await.unwrap();
    assert_eq!(jobs(&store.claim(&claim_at(11)).await.unwrap()), ["b"]);
}

/// State, epoch, number, times and the attempt's own row.
pub async fn a_claim_opens_an_attempt(store: SharedStore) {
    let queued = queue(&store, new_run("a")).await;
    assert_eq!((queued.state, queued.attempt, queued.epoch), (RunState::Waiting, 0, Epoch(0)));
    let claimed = store.claim(&claim_at(1)).await.unwrap().remove(0);
    let expected = Run {
        state: RunState::Running,
        attempt: 1,
        epoch: Epoch(1),
        started_at: Some(at(1)),
        attempt_started_at: Some(at(1)),
        ..queued
    };
    assert_eq!(claimed, expected);
    assert_eq!(store.run(claimed.id).await.unwrap(), Some(expected));
    let attempts = store.attempts(claimed.id).await.unwrap();
    assert_eq!(attempts.len(), 1);
    let attempt = &attempts[0];
    assert_eq!((attempt.number, attempt.epoch, attempt.node.as_str()), (1, Epoch(1), NODE));
    assert_eq!((attempt.started_at, attempt.ended_at, attempt.outcome.as_str()), (at(1), None, "running"));

    store.commit(&[end(&claimed, RunState::Retrying)]).await.unwrap();
    assert!(store.claim(&claim_at(39)).await.unwrap().is_empty());
    let again = store.claim(&claim_at(40)).await.unwrap().remove(0);
    assert_eq!((again.attempt, again.attempts_used, again.epoch), (2, 1, Epoch(2)));
    assert_eq!((again.started_at, again.attempt_started_at), (Some(at(1)), Some(at(40))));
}

/// The rest stays in the queue.
pub async fn the_limit_holds(store: SharedStore) {
    for name in ["a", "b", "c"] {
        queue(&store, new_run(name)).await;
    }
    assert_eq!(store.claim(&Claim { limit: 2, ..claim_at(1) }).await.unwrap().len(), 2);
    assert_eq!(store.claim(&Claim { limit: 0, ..claim_at(1) }).await.unwrap().len(), 0);
    assert_eq!(jobs(&store.claim(&claim_at(1)).await.unwrap()), ["c"]);
}

/// The earliest of waiting and retrying runs, whatever their priority.
pub async fn the_queue_tells_when_it_is_ready(store: SharedStore) {
    assert_eq!(store.next_ready().await.unwrap(), None);
    queue(&store, NewRun { ready_at: at(70), priority: Priority::High, ..new_run("a") }).await;
    let run = running(&store, "b").await;
    assert_eq!(store.next_ready().await.unwrap(), Some(at(70)));
    store.commit(&[end(&run, RunState::Retrying)]).await.unwrap();
    assert_eq!(store.next_ready().await.unwrap(), Some(at(40)));
}

/// Waiting and retrying runs by priority, ready or not, with the earliest of each.
pub async fn the_queue_is_counted_by_priority(store: SharedStore) {
    let length = |runs, oldest_ready| QueueLength { runs, oldest_ready };
    assert_eq!(store.queue_lengths().await.unwrap(), [QueueLength::default(); RANKS]);
    let run = running(&store, "a").await;
    store.commit(&[end(&run, RunState::Retrying)]).await.unwrap();
    queue(&store, NewRun { ready_at: at(50), ..new_run("b") }).await;
    queue(&store, NewRun { priority: Priority::High, ready_at: at(70), ..new_run("b") }).await;
    let expected = [length(1, Some(at(70))), length(2, Some(at(40))), QueueLength::default()];
    assert_eq!(store.queue_lengths().await.unwrap(), expected);
    store.claim(&claim_at(45)).await.unwrap();
    let expected = [length(1, Some(at(70))), length(1, Some(at(50))), QueueLength::default()];
    assert_eq!(store.queue_lengths().await.unwrap(), expected);
}

/// Of enabled jobs only.
pub async fn the_schedule_tells_when_it_is_due(store: SharedStore) {
    assert_eq!(store.next_due().await.unwrap(), None);
    let mut later = job("b");
    later.next_due = Some(at(400));
    store.insert_jobs(&[job("a"), later]).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(300)));
    let mut spec = job("a").spec;
    spec.enabled = false;
    let edit = JobEdit { next_due: NextDue::Becomes(None), ..edit_to(&job("a"), spec) };
    store.edit_jobs(&[edit]).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(400)));
}
