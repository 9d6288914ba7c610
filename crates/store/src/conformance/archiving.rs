//! Jobs: archiving and coming back.

use marktwerk_domain::job::JobHistory;
use marktwerk_domain::run::RunState;

use super::samples::{at, claimed, edit_to, end, job, new_run, running, story, told};
use crate::{SharedStore, StoreError};

/// Its waiting runs end as cancelled, a running one goes on.
pub async fn an_archived_job_is_out_of_sight_with_its_queue(store: SharedStore) {
    let running = running(&store, "a").await;
    let waiting = store.enqueue(&new_run("a"), at(2)).await.unwrap();
    let unknown = job("b").id;
    store.archive_jobs(&[running.job_id.clone(), unknown], at(3)).await.unwrap();
    assert!(store.jobs(false).await.unwrap().is_empty());
    assert!(store.jobs(true).await.unwrap()[0].archived);
    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(store.run(running.id).await.unwrap().unwrap().state, RunState::Running);
    let cancelled = store.run(waiting.id).await.unwrap().unwrap();
    assert_eq!((cancelled.state, cancelled.ended_at), (RunState::Cancelled, Some(at(3))));
    let message = "a: cancelled, the job was archived";
    assert_eq!(story(&store).await, [told(&waiting.execution_id(), "INFO", message, Some("CANCELLED"))]);
}

/// The specification is the new one, the history the old one.
pub async fn an_archived_job_comes_back_with_its_history(store: SharedStore) {
    let run = running(&store, "a").await;
    store.commit(&[end(&run, RunState::Failed)]).await.unwrap();
    store.archive_jobs(std::slice::from_ref(&run.job_id), at(20)).await.unwrap();
    let before = store.job(&run.job_id).await.unwrap().unwrap();
    let mut again = job("a");
    again.spec.description = "again".to_owned();
    again.history = JobHistory::default();
    store.insert_jobs(std::slice::from_ref(&again)).await.unwrap();
    let job = store.job(&run.job_id).await.unwrap().unwrap();
    assert!(!job.archived && job.version > before.version);
    assert_eq!((&job.spec, &job.history), (&again.spec, &before.history));
    assert_eq!(job.history.failures_in_a_row, 1);
    assert_eq!(job.next_due, again.next_due);
    let run = claimed(&store, "a").await;
    assert_eq!(run.state, RunState::Running);
}

/// It does not exist for an editor.
pub async fn an_archived_job_is_not_edited(store: SharedStore) {
    let job = job("a");
    store.insert_jobs(std::slice::from_ref(&job)).await.unwrap();
    store.archive_jobs(std::slice::from_ref(&job.id), at(1)).await.unwrap();
    let refused = store.edit_jobs(&[edit_to(&job, job.spec.clone())]).await;
    assert!(matches!(refused, Err(StoreError::NotFound(_))), "{refused:?}");
}
