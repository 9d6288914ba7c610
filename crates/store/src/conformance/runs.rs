//! Runs: reading and pruning.

use marktwerk_domain::job::{JobId, Priority};
use marktwerk_domain::run::{RunId, RunState, Trigger};

use super::samples::{at, claimed, end, new_run, running};
use crate::SharedStore;
use crate::runs::{NewRun, RunFilter};

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

/// Every field that a new run is given comes back.
pub async fn a_run_reads_as_it_was_queued(store: SharedStore) {
    let cause = store.enqueue(&new_run("a"), at(0)).await.unwrap();
    let new = NewRun {
        job_type: "inventory_workflow".to_owned(),
        account: "otto".to_owned(),
        trigger: Trigger::Again,
        caused_by: Some(cause.id),
        planned_at: at(5),
        ready_at: at(6),
        priority: Priority::Low,
        from_step: Some("import".to_owned()),
        marker: Some("order 7".to_owned()),
        merged: 3,
        ..new_run("b")
    };
    let run = store.enqueue(&new, at(7)).await.unwrap();
    assert_eq!(store.run(run.id).await.unwrap().as_ref(), Some(&run));
    assert_eq!((run.job_id, run.job_type, run.account), (new.job_id, new.job_type, new.account));
    assert_eq!((run.trigger, run.caused_by, run.priority), (new.trigger, new.caused_by, new.priority));
    assert_eq!((run.planned_at, run.ready_at, run.created_at), (at(5), at(6), at(7)));
    assert_eq!((run.parameters, run.from_step, run.marker), (new.parameters, new.from_step, new.marker));
    assert_eq!((run.merged, run.state, run.attempt), (3, RunState::Waiting, 0));
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
