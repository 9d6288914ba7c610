//! Next times that depend on the end of a run.

use marktwerk_domain::job::JobId;
use marktwerk_domain::run::RunState;

use super::samples::{at, claim_at, edit_to, end, firing, job, new_run, stored_job};
use crate::SharedStore;
use crate::jobs::{JobEdit, NextDue};
use crate::runs::Firing;

/// The answer of `plan_next`, and what stands there then.
async fn plan(store: &SharedStore, id: &str, due: i64) -> (bool, Option<jiff::Timestamp>) {
    let version = stored_job(store, id).await.version;
    let is_planned = store.plan_next(&JobId(id.to_owned()), version, at(due)).await.unwrap();
    (is_planned, stored_job(store, id).await.next_due)
}

/// While a run is live, in whatever state, its end is still to come.
pub async fn the_next_time_waits_for_the_end(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let before = stored_job(&store, "a").await;
    let last = Firing { next_due: None, ..firing("a", 300) };
    store.fire(&[last], at(300)).await.unwrap();
    assert_eq!(plan(&store, "a", 900).await, (false, None), "waiting");
    let run = store.claim(&claim_at(300)).await.unwrap().remove(0);
    assert_eq!(plan(&store, "a", 900).await, (false, None), "running");
    store.commit(&[end(&run, RunState::Retrying)]).await.unwrap();
    assert_eq!(plan(&store, "a", 900).await, (false, None), "retrying");
    let run = store.claim(&claim_at(400)).await.unwrap().remove(0);
    store.commit(&[end(&run, RunState::Cancelled)]).await.unwrap();

    let mut feed = store.changes();
    feed.mark_unchanged();
    assert_eq!(plan(&store, "a", 900).await, (true, Some(at(900))));
    assert!(feed.has_changed().unwrap());
    assert_eq!(stored_job(&store, "a").await.version, before.version, "nobody has edited it");
    assert_eq!(store.next_due().await.unwrap(), Some(at(900)));
}

/// Another process was first, or the schedule says it already.
pub async fn a_planned_next_time_stays(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let mut feed = store.changes();
    feed.mark_unchanged();
    assert_eq!(plan(&store, "a", 900).await, (false, Some(at(300))));
    assert!(!feed.has_changed().unwrap());
}

/// Paused, archived and unknown jobs have none; another job's runs are in nobody's way.
pub async fn only_a_job_that_goes_on_is_planned(store: SharedStore) {
    store.insert_jobs(&["paused", "archived", "goes on"].map(job)).await.unwrap();
    let mut spec = job("paused").spec;
    spec.enabled = false;
    let pause = JobEdit { next_due: NextDue::Becomes(None), ..edit_to(&job("paused"), spec) };
    let unplanned =
        JobEdit { next_due: NextDue::Becomes(None), ..edit_to(&job("goes on"), job("goes on").spec) };
    store.edit_jobs(&[pause, unplanned]).await.unwrap();
    store.archive_jobs(&[JobId("archived".to_owned())], at(1)).await.unwrap();
    store.enqueue(&new_run("other"), at(1)).await.unwrap();
    assert_eq!(plan(&store, "paused", 900).await, (false, None));
    assert_eq!(plan(&store, "archived", 900).await, (false, None));
    assert!(!store.plan_next(&JobId("unknown".to_owned()), 1, at(900)).await.unwrap());
    let goes_on = JobId("goes on".to_owned());
    assert!(!store.plan_next(&goes_on, 1, at(900)).await.unwrap(), "it was changed since");
    assert_eq!(plan(&store, "goes on", 900).await, (true, Some(at(900))));
}
