//! Many callers at once.

use std::sync::Arc;

use super::samples::{at, claim_at, job, new_run};
use crate::{SharedStore, StoreError};

/// Calls that share a transaction do not share their errors.
pub async fn a_failing_call_fails_alone(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let (b, refused, c) = ([job("b")], [job("d"), job("a")], [job("c")]);
    let (b, refused, c) =
        tokio::join!(store.insert_jobs(&b), store.insert_jobs(&refused), store.insert_jobs(&c));
    assert!(b.is_ok() && c.is_ok());
    assert!(matches!(refused, Err(StoreError::Exists(_))), "{refused:?}");
    let ids: Vec<_> = store.jobs(true).await.unwrap().into_iter().map(|job| job.id.0).collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

/// And no run is claimed by two of them.
pub async fn many_writers_are_all_answered(store: SharedStore) {
    let queueing: Vec<_> = (0..200)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.enqueue(&new_run(&format!("job-{number}")), at(0)).await })
        })
        .collect();
    for task in queueing {
        task.await.unwrap().unwrap();
    }
    let claiming: Vec<_> = (0..4)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.claim(&claim_at(1)).await })
        })
        .collect();
    let mut claimed = Vec::new();
    for task in claiming {
        claimed.extend(task.await.unwrap().unwrap().into_iter().map(|run| run.id));
    }
    claimed.sort();
    claimed.dedup();
    assert_eq!(claimed.len(), 200);
}
