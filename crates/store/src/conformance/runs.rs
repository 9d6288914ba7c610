//! Runs: reading and pruning.

use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunId, RunState};

use super::samples::{at, claimed, end, new_run, running};
use crate::SharedStore;
use crate::runs::RunFilter;

/// By job, by states, and from a cursor.
pub async fn runs_are_read_newest_first(store: SharedStore) {
    let first = running(&store, "a").await;
    store.commit(&[end(&first, RunState::Failed)]).await.unwrap();
    let second = running(&store, "b").await;
    let third = store.enqueue(&new_run("a"), at(2)).await.unwrap();
    let read = async |filter: RunFilter| {
        store.runs(&filter).await.unwrap().iter().map(|run| run.id).collect::<Vec<_>>()
    };
    let all = RunFilter { limit: 10, ..RunFilter::default() };
    let a = Some(JobId("a".to_owned()));
    assert_eq!(read(all.clone()).await, [third.id, second.id, first.id]);
    assert_eq!(read(RunFilter { limit: 1, ..all.clone() }).await, [third.id]);
    assert_eq!(read(RunFilter { before: Some(third.id), ..all.clone() }).await, [second.id, first.id]);
    assert_eq!(read(RunFilter { job: a.clone(), ..all.clone() }).await, [third.id, first.id]);
    let states = vec![RunState::Failed, RunState::Running, RunState::Running];
    assert_eq!(read(RunFilter { states: states.clone(), ..all.clone() }).await, [second.id, first.id]);
    assert_eq!(read(RunFilter { states: states.clone(), limit: 1, ..all.clone() }).await, [second.id]);
    assert_eq!(read(RunFilter { job: a, states, ..all }).await, [first.id]);
}

/// Nothing is found, nothing fails.
pub async fn an_unknown_run_is_none(store: SharedStore) {
    assert_eq!(store.run(RunId(99)).await.unwrap(), None);
    assert!(store.attempts(RunId(99)).await.unwrap().is_empty());
}

/// Live runs and each job's last one stay, the others go with their attempts.
pub async fn pruning_keeps_the_last_run_of_each_job(store: SharedStore) {
    let first = running(&store, "a").await;
    store.commit(&[end(&first, RunState::Succeeded)]).await.unwrap();
    let second = claimed(&store, "a").await;
    store.commit(&[end(&second, RunState::Succeeded)]).await.unwrap();
    let live = running(&store, "b").await;
    assert_eq!(store.prune_runs(at(10)).await.unwrap(), 0);
    assert_eq!(store.prune_runs(at(11)).await.unwrap(), 1);
    assert_eq!(store.run(first.id).await.unwrap(), None);
    assert!(store.attempts(first.id).await.unwrap().is_empty());
    assert!(store.run(second.id).await.unwrap().is_some());
    assert!(store.run(live.id).await.unwrap().is_some());
}
