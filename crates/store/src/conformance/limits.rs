//! Claiming: how many runs may be at work at the same time, and who is not hidden by those that may not.

use std::collections::HashMap;
use std::sync::Arc;

use marktwerk_domain::job::Priority;
use marktwerk_domain::policy::Overlap;
use marktwerk_domain::run::{Run, RunState};

use super::samples::{at, claim_at, end, firing, job, new_run, planned_run};
use crate::SharedStore;
use crate::runs::{Claim, Firing, Limits, NewRun};

/// Queues runs in their order.
async fn queue(store: &SharedStore, runs: &[NewRun]) {
    for run in runs {
        store.enqueue(run, at(0)).await.unwrap();
    }
}

async fn claim(store: &SharedStore, seconds: i64, limits: &Limits) -> Vec<Run> {
    let limits = Arc::new(limits.clone());
    store.claim(&Claim { limits, ..claim_at(seconds) }).await.unwrap()
}

fn jobs(runs: &[Run]) -> Vec<&str> {
    runs.iter().map(|run| run.job_id.as_str()).collect()
}

/// A run of a job of its own, for another account.
fn of_account(job: &str, account: &str) -> NewRun {
    NewRun { account: account.to_owned(), ..new_run(job) }
}

/// A run of a job of its own, of another type.
fn of_type(job: &str, job_type: &str) -> NewRun {
    NewRun { job_type: job_type.to_owned(), ..new_run(job) }
}

/// Counted are those of this claim and those at work; others keep to one.
pub async fn a_job_has_so_many_instances(store: SharedStore) {
    let two = Limits { per_job: HashMap::from([("a".to_owned(), 2)]), ..Limits::default() };
    queue(&store, &["a", "b", "a", "a", "b"].map(new_run)).await;
    let first = claim(&store, 1, &two).await;
    assert_eq!(jobs(&first), ["a", "b", "a"]);
    assert!(claim(&store, 2, &two).await.is_empty());
    store.commit(&[end(&first[0], RunState::Succeeded)]).await.unwrap();
    assert_eq!(jobs(&claim(&store, 11, &two).await), ["a"]);
}

/// Of all jobs of the type.
pub async fn a_type_has_a_limit(store: SharedStore) {
    let limits = Limits { per_type: HashMap::from([("heavy".to_owned(), 2)]), ..Limits::default() };
    queue(&store, &["a", "b", "c", "d"].map(|id| of_type(id, "heavy"))).await;
    queue(&store, &["e", "f", "g"].map(|id| of_type(id, "light"))).await;
    let first = claim(&store, 1, &limits).await;
    assert_eq!(jobs(&first), ["a", "b", "e", "f", "g"]);
    assert!(claim(&store, 2, &limits).await.is_empty());
    store.commit(&[end(&first[1], RunState::Succeeded)]).await.unwrap();
    assert_eq!(jobs(&claim(&store, 11, &limits).await), ["c"]);
}

/// Of all jobs of the account; those without one are not counted together.
pub async fn an_account_has_a_limit(store: SharedStore) {
    let limits = Limits { per_account: Some(1), ..Limits::default() };
    queue(&store, &["a", "b"].map(|id| of_account(id, "otto"))).await;
    queue(&store, &[of_account("c", "ebay")]).await;
    queue(&store, &["d", "e"].map(|id| of_account(id, ""))).await;
    let first = claim(&store, 1, &limits).await;
    assert_eq!(jobs(&first), ["a", "c", "d", "e"]);
    assert!(claim(&store, 2, &limits).await.is_empty());
    store.commit(&[end(&first[0], RunState::Failed)]).await.unwrap();
    assert_eq!(jobs(&claim(&store, 11, &limits).await), ["b"]);
}

/// A job that may have two instances still has one in a lane, and all limits hold together.
pub async fn limits_hold_together(store: SharedStore) {
    let lane = Some("temu".to_owned());
    queue(&store, &[1, 2].map(|_| NewRun { lane: lane.clone(), ..new_run("a") })).await;
    queue(&store, &[of_type("b", "heavy"), of_type("c", "heavy"), of_account("d", "otto"), new_run("e")])
        .await;
    let limits = Limits {
        per_job: HashMap::from([("a".to_owned(), 2)]),
        per_type: HashMap::from([("heavy".to_owned(), 1)]),
        per_account: Some(2),
    };
    assert_eq!(jobs(&claim(&store, 1, &limits).await), ["a", "b", "d"]);
}

/// Ten thousand runs of one full key come before the only one of another: it is claimed by the same call.
pub async fn a_blocked_queue_hides_nobody(store: SharedStore) {
    store.insert_jobs(&[job("full")]).await.unwrap();
    let line = |due| NewRun {
        priority: Priority::High,
        lane: Some("temu".to_owned()),
        job_type: "heavy".to_owned(),
        ..planned_run("full", due)
    };
    let runs = (0..10_000).map(line).collect();
    let all = Firing { runs, overlap: Overlap::QueueAll, ..firing("full", 300) };
    store.fire(&[all], at(10_000)).await.unwrap();
    let same_lane = NewRun { lane: Some("temu".to_owned()), ..new_run("lane") };
    let free = NewRun {
        priority: Priority::Low,
        account: "otto".to_owned(),
        ready_at: at(10_000),
        ..new_run("free")
    };
    queue(&store, &[same_lane, of_type("type", "heavy"), new_run("account"), free.clone()]).await;

    // Full are the job, its lane, its type and its account, each for itself.
    let by_type = Limits { per_type: HashMap::from([("heavy".to_owned(), 1)]), ..Limits::default() };
    let by_account = Limits { per_account: Some(1), ..Limits::default() };
    let two =
        |limits: &Limits, seconds| Claim { limit: 2, limits: Arc::new(limits.clone()), ..claim_at(seconds) };
    let first = store.claim(&two(&by_account, 10_000)).await.unwrap();
    assert_eq!(jobs(&first), ["full", "free"]);
    assert_eq!(jobs(&store.claim(&two(&by_type, 10_000)).await.unwrap()), ["account"]);
    assert_eq!(jobs(&store.claim(&two(&Limits::default(), 10_000)).await.unwrap()), ["type"]);
    store.commit(&[end(&first[0], RunState::Succeeded)]).await.unwrap();
    assert_eq!(jobs(&store.claim(&two(&Limits::default(), 10_000)).await.unwrap()), ["full"]);
}
