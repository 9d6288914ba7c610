//! Runs: found by what brought them about and when they were planned.

use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunState, Trigger};

use super::samples::{at, end, new_run, running};
use crate::SharedStore;
use crate::runs::{NewRun, RunFilter};

/// By trigger, by planned time, and by the run that has caused them; together with states and a job.
pub async fn runs_are_found_by_trigger_time_and_cause(store: SharedStore) {
    let first = running(&store, "a").await;
    store.commit(&[end(&first, RunState::Failed)]).await.unwrap();
    let again =
        NewRun { trigger: Trigger::Again, caused_by: Some(first.id), planned_at: at(50), ..new_run("a") };
    let again = store.enqueue(&again, at(2)).await.unwrap();
    let chained =
        NewRun { trigger: Trigger::Chain, caused_by: Some(first.id), planned_at: at(60), ..new_run("b") };
    let chained = store.enqueue(&chained, at(2)).await.unwrap();
    let read = async |filter: RunFilter| {
        let filter = RunFilter { limit: 10, ..filter };
        store.runs(&filter).await.unwrap().iter().map(|run| run.id).collect::<Vec<_>>()
    };
    let all = RunFilter::default();
    let caused = RunFilter { caused_by: Some(first.id), ..all.clone() };
    assert_eq!(read(caused.clone()).await, [chained.id, again.id]);
    assert_eq!(read(RunFilter { states: vec![RunState::Failed], ..caused.clone() }).await, []);
    assert_eq!(read(RunFilter { job: Some(JobId("b".to_owned())), ..caused }).await, [chained.id]);
    let triggers = vec![Trigger::Again, Trigger::MoreToDo];
    assert_eq!(read(RunFilter { triggers, ..all.clone() }).await, [again.id]);
    let range = |from: i64, before: i64| RunFilter {
        planned_from: Some(at(from)),
        planned_before: Some(at(before)),
        ..all.clone()
    };
    assert_eq!(read(range(50, 60)).await, [again.id]);
    assert_eq!(read(range(50, 61)).await, [chained.id, again.id]);
    let states = vec![RunState::Waiting, RunState::Failed];
    assert_eq!(read(RunFilter { states, ..range(0, 60) }).await, [again.id, first.id]);
}
