//! Jobs: adding and editing.

use marktwerk_domain::health::{Alarm, JobHealth, Trouble};
use marktwerk_domain::job::{Job, JobHistory, Priority, RunTarget};
use marktwerk_domain::policy::{After, On, Overlap, Policies};
use marktwerk_domain::schedule::Schedule;

use super::samples::{at, edit_to, job};
use crate::jobs::{JobCounts, JobEdit, JobStanding, JobTakeover, NextDue};
use crate::{SharedStore, StoreError};

/// An edit of [`job`] to another description.
fn edit(job: &Job, expected_version: Option<i64>) -> JobEdit {
    let mut spec = job.spec.clone();
    spec.description = "edited".to_owned();
    spec.enabled = false;
    spec.priority = Priority::High;
    spec.policies.overlap = Overlap::QueueAll;
    let target = RunTarget { account: "otto".to_owned(), ..RunTarget::default() };
    JobEdit {
        expected_version,
        target,
        anchor: at(60),
        next_due: NextDue::Becomes(None),
        ..edit_to(job, spec)
    }
}

/// Every field comes back.
pub async fn a_job_reads_as_it_was_written(store: SharedStore) {
    let history = JobHistory {
        last_run: Some(at(1)),
        last_duration: Some(1.5),
        last_error: Some("no answer".to_owned()),
        last_succeeded: Some(false),
        last_success_at: Some(at(-500)),
        last_marker: Some("order 7".to_owned()),
        failures_in_a_row: 3,
    };
    let health = JobHealth { trouble: Some(Trouble::Outage), in_a_row: 7, alarm: Some(Alarm::Degraded) };
    let mut first = Job { history, health, version: 7, ..job("order_workflow-2") };
    first.spec.schedule = Schedule::Cron { expression: "0 6 * * mon-fri".to_owned() };
    first.spec.policies = Policies {
        time_zone: Some("Europe/Vienna".to_owned()),
        overlap: Overlap::QueueOne,
        max_instances: 2,
        after: vec![After { job: job("order_workflow").id, on: On::Always }],
        ..Policies::default()
    };
    let accepts = vec!["days_back".to_owned(), "mode".to_owned()];
    first.target = RunTarget { account: "otto".to_owned(), lane: Some("otto".to_owned()), accepts };
    let second = Job { next_due: None, ..job("order_workflow") };
    store.insert_jobs(&[first.clone(), second.clone()]).await.unwrap();
    assert_eq!(store.job(&first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.jobs(false).await.unwrap(), [second, first]);
    assert_eq!(store.job(&job("other").id).await.unwrap(), None);
}

/// All or none are added.
pub async fn a_living_job_is_not_added_twice(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let refused = store.insert_jobs(&[job("b"), job("a")]).await;
    assert!(matches!(refused, Err(StoreError::Exists(_))), "{refused:?}");
    assert_eq!(store.jobs(true).await.unwrap().len(), 1);
}

/// The answer is what is stored.
pub async fn an_edit_raises_the_version(store: SharedStore) {
    let job = job("a");
    store.insert_jobs(std::slice::from_ref(&job)).await.unwrap();
    let edited = store.edit_jobs(&[edit(&job, Some(1)), edit(&job, None)]).await.unwrap();
    assert_eq!(edited.iter().map(|job| job.version).collect::<Vec<_>>(), [2, 3]);
    let stored = store.job(&job.id).await.unwrap().unwrap();
    assert_eq!(stored, edited[1]);
    assert_eq!((&stored.spec, &stored.target), (&edit(&job, None).spec, &edit(&job, None).target));
    assert_eq!((stored.anchor, stored.next_due, stored.created_at), (at(60), None, at(0)));
}

/// An edit of a job that somebody else has edited meanwhile fails with both versions.
pub async fn an_outdated_edit_changes_nothing(store: SharedStore) {
    let job = job("a");
    store.insert_jobs(std::slice::from_ref(&job)).await.unwrap();
    store.edit_jobs(&[edit(&job, Some(1))]).await.unwrap();
    let refused = store.edit_jobs(&[edit(&job, Some(1))]).await;
    assert!(matches!(refused, Err(StoreError::VersionConflict { expected: 1, found: 2, .. })), "{refused:?}");
    assert_eq!(store.job(&job.id).await.unwrap().unwrap().version, 2);
}

/// One that fails undoes the others.
pub async fn a_group_of_edits_is_all_or_none(store: SharedStore) {
    let job = job("a");
    store.insert_jobs(std::slice::from_ref(&job)).await.unwrap();
    let unknown = super::samples::job("b");
    let refused = store.edit_jobs(&[edit(&job, None), edit(&unknown, None)]).await;
    assert!(matches!(refused, Err(StoreError::NotFound(_))), "{refused:?}");
    assert_eq!(store.job(&job.id).await.unwrap(), Some(job));
}

/// By whether they run, and why they do not.
pub async fn jobs_are_counted(store: SharedStore) {
    assert_eq!(store.job_counts().await.unwrap(), JobCounts::default());
    let with = |id: &str, enabled: bool, alarm: Option<Alarm>| {
        let mut job = Job { health: JobHealth { alarm, ..JobHealth::default() }, ..job(id) };
        job.spec.enabled = enabled;
        job
    };
    let jobs = [
        with("well", true, None),
        // Somebody has set it going again, and it has not recovered yet.
        with("resumed", true, Some(Alarm::Paused)),
        with("degraded", true, Some(Alarm::Degraded)),
        with("paused", false, None),
        with("paused while degraded", false, Some(Alarm::Degraded)),
        with("blown", false, Some(Alarm::Paused)),
        with("gone", true, Some(Alarm::Degraded)),
    ];
    store.insert_jobs(&jobs).await.unwrap();
    store.archive_jobs(&[job("gone").id], at(0)).await.unwrap();
    let expected = JobCounts { enabled: 2, degraded: 1, paused: 2, paused_by_fuse: 1 };
    assert_eq!(store.job_counts().await.unwrap(), expected);
}

/// Whatever changes what a job is told to do raises it, and nothing else does; how jobs stand shows which of them it was.
pub async fn a_change_raises_the_revision(store: SharedStore) {
    let mut last = store.jobs_revision().await.unwrap();
    let mut rises = async |store: &SharedStore, what: &str| {
        let now = store.jobs_revision().await.unwrap();
        assert!(now > last, "{what}: {now} after {last}");
        last = now;
    };
    let (first, second) = (job("a"), job("b"));
    let added = store.insert_jobs(&[second.clone(), first.clone()]).await.unwrap();
    assert_eq!(added, [second.clone(), first.clone()], "as they stand, in the order of the call");
    rises(&store, "added").await;
    store.edit_jobs(&[edit(&first, None)]).await.unwrap();
    rises(&store, "edited").await;
    let of =
        |job: &Job, version, next_due| JobStanding { id: job.id.clone(), version, next_due, last_run: None };
    let standings = store.job_standings().await.unwrap();
    assert_eq!(standings, [of(&first, 2, None), of(&second, 1, second.next_due)]);
    store.archive_jobs(std::slice::from_ref(&second.id), at(0)).await.unwrap();
    rises(&store, "archived").await;
    assert_eq!(store.job_standings().await.unwrap(), [of(&first, 2, None)]);
    let back = store.insert_jobs(std::slice::from_ref(&second)).await.unwrap();
    assert!(!back[0].archived && back[0].version > 1, "it lives again, as it stands: {back:?}");
    rises(&store, "brought back").await;
    let before = store.jobs_revision().await.unwrap();
    store.plan_next(&first.id, 2, at(5)).await.unwrap();
    assert_eq!(store.jobs_revision().await.unwrap(), before, "a planned time does not count");
}

/// Edited, added and archived in one transaction.
pub async fn a_document_is_taken_over_all_or_not(store: SharedStore) {
    let (edited, gone, fresh) = (job("a"), job("b"), job("c"));
    store.insert_jobs(&[edited.clone(), gone.clone()]).await.unwrap();
    let takeover = |edit: JobEdit| JobTakeover {
        edits: vec![edit],
        added: vec![fresh.clone()],
        archived: vec![gone.id.clone()],
    };
    let refused = store.take_over_jobs(&takeover(edit(&edited, Some(7))), at(0)).await;
    assert!(matches!(refused, Err(StoreError::VersionConflict { .. })), "{refused:?}");
    assert_eq!(store.jobs(true).await.unwrap(), [edited.clone(), gone.clone()], "nothing was changed");
    let jobs = store.take_over_jobs(&takeover(edit(&edited, Some(1))), at(0)).await.unwrap();
    assert_eq!(
        jobs.iter().map(|job| (job.id.as_str(), job.version)).collect::<Vec<_>>(),
        [("a", 2), ("c", 1)]
    );
    assert_eq!(store.jobs(false).await.unwrap(), jobs);
    assert_eq!(store.take_over_jobs(&JobTakeover::default(), at(0)).await.unwrap(), []);
}
