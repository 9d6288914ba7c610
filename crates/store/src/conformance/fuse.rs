//! The fuse: runs in a row that end in the same trouble pause their job, or mark it, and people are told once.

use marktwerk_domain::alert::AlertId;
use marktwerk_domain::health::{Alarm, FUSE, HealthChange, JobHealth, Trouble};
use marktwerk_domain::job::Job;
use marktwerk_domain::run::{Run, RunId, RunState};

use super::samples::{at, attempt_end, claim_at, claimed, edit_to, end, job, record, stored_job};
use crate::SharedStore;
use crate::jobs::{JobEdit, NextDue};
use crate::journal::{AttemptEnd, Entry, Record};

fn failure(run: &Run, state: RunState, trouble: Option<Trouble>) -> Record {
    record(run, Entry::End(Box::new(AttemptEnd { trouble, ..attempt_end(run, state) })))
}

/// Runs of job `a` that end in this trouble, one after the other; answers with the last.
async fn fail(store: &SharedStore, trouble: Trouble, times: u32) -> RunId {
    let mut last = RunId(0);
    for _ in 0..times {
        let run = claimed(store, "a").await;
        store.commit(&[failure(&run, RunState::Failed, Some(trouble))]).await.unwrap();
        last = run.id;
    }
    last
}

async fn succeed(store: &SharedStore) -> RunId {
    let run = claimed(store, "a").await;
    store.commit(&[end(&run, RunState::Succeeded)]).await.unwrap();
    run.id
}

/// What people were told, and by which run.
async fn told(store: &SharedStore) -> Vec<(HealthChange, RunId)> {
    let alerts = store.alerts_after(AlertId(0), 100).await.unwrap();
    alerts.into_iter().map(|alert| (alert.change.unwrap(), alert.run.unwrap())).collect()
}

/// Enables job `a` again, or pauses it.
async fn switch(store: &SharedStore, is_enabled: bool) -> Job {
    let mut spec = job("a").spec;
    spec.enabled = is_enabled;
    let next_due = NextDue::Becomes(is_enabled.then(|| at(900)));
    store.edit_jobs(&[JobEdit { next_due, ..edit_to(&job("a"), spec) }]).await.unwrap().remove(0)
}

/// As an edit would, with an alert in the same commit; what is in the queue goes on.
pub async fn five_blocked_runs_pause_the_job(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    fail(&store, Trouble::Blocked, FUSE - 1).await;
    let before = stored_job(&store, "a").await;
    assert_eq!((before.spec.enabled, before.health.in_a_row), (true, FUSE - 1));
    let run = claimed(&store, "a").await;
    let mut feed = store.changes();
    let seen = *feed.borrow_and_update();
    store.commit(&[failure(&run, RunState::Failed, Some(Trouble::Blocked))]).await.unwrap();
    let moved = *feed.borrow_and_update();
    assert_eq!((moved.jobs, moved.alerts), (seen.jobs + 1, seen.alerts + 1));

    let paused = stored_job(&store, "a").await;
    assert_eq!((paused.spec.enabled, paused.next_due), (false, None));
    assert_eq!(paused.version, before.version + 1);
    let health = JobHealth { trouble: Some(Trouble::Blocked), in_a_row: FUSE, alarm: Some(Alarm::Paused) };
    assert_eq!((paused.health, paused.history.failures_in_a_row), (health, FUSE));
    assert_eq!(store.next_due().await.unwrap(), None);

    let alert = store.latest_alerts(10).await.unwrap().remove(0);
    let (title, message) = HealthChange::Paused.words(&paused.id, Some("no answer"));
    assert_eq!((alert.at, alert.job_id, alert.title, alert.message), (at(10), paused.id, title, message));
    assert_eq!(told(&store).await, [(HealthChange::Paused, run.id)]);
}

/// A person who tries it by hand need not be told again, and is told when it succeeds.
pub async fn a_paused_job_is_not_announced_again(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let fifth = fail(&store, Trouble::Blocked, FUSE).await;
    let version = stored_job(&store, "a").await.version;
    fail(&store, Trouble::Blocked, FUSE + 1).await;
    assert_eq!(told(&store).await, [(HealthChange::Paused, fifth)]);
    assert_eq!(stored_job(&store, "a").await.version, version);
    let success = succeed(&store).await;
    assert_eq!(told(&store).await[1..], [(HealthChange::Recovered, success)]);
    assert!(!stored_job(&store, "a").await.spec.enabled, "only a person enables it again");
}

/// Nobody was told that it is paused, so nobody is told of a recovery.
pub async fn a_job_that_a_person_paused_is_not_announced(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let version = switch(&store, false).await.version;
    fail(&store, Trouble::Blocked, FUSE + 2).await;
    assert_eq!(stored_job(&store, "a").await.version, version);
    assert_eq!(stored_job(&store, "a").await.health.alarm, None);
    succeed(&store).await;
    assert_eq!(told(&store).await, []);
}

/// Its schedule goes on, however long it lasts.
pub async fn an_outage_is_told_once_and_pauses_nothing(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let before = stored_job(&store, "a").await;
    let fifth = fail(&store, Trouble::Outage, FUSE).await;
    assert_eq!(told(&store).await, [(HealthChange::Degraded, fifth)]);
    fail(&store, Trouble::Outage, 2 * FUSE).await;
    assert_eq!(told(&store).await.len(), 1);
    let job = stored_job(&store, "a").await;
    assert_eq!((&job.spec, job.next_due, job.version), (&before.spec, before.next_due, before.version));
    let health =
        JobHealth { trouble: Some(Trouble::Outage), in_a_row: 3 * FUSE, alarm: Some(Alarm::Degraded) };
    assert_eq!(job.health, health);
    let success = succeed(&store).await;
    assert_eq!(told(&store).await[1..], [(HealthChange::Recovered, success)]);
    assert_eq!(stored_job(&store, "a").await.health, JobHealth::default());
    succeed(&store).await;
    assert_eq!(told(&store).await.len(), 2);
}

/// Another trouble begins another row; a mistake of this program neither continues nor breaks one.
pub async fn a_row_is_of_one_trouble(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    fail(&store, Trouble::Blocked, FUSE - 1).await;
    fail(&store, Trouble::Outage, FUSE - 1).await;
    fail(&store, Trouble::Blocked, FUSE - 1).await;
    let defect = claimed(&store, "a").await;
    store.commit(&[failure(&defect, RunState::Failed, None)]).await.unwrap();
    assert_eq!(told(&store).await, []);
    let last = fail(&store, Trouble::Blocked, 1).await;
    assert_eq!(told(&store).await, [(HealthChange::Paused, last)]);
}

/// A success between them breaks it.
pub async fn a_success_ends_the_row(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    for _ in 0..2 {
        fail(&store, Trouble::Blocked, FUSE - 1).await;
        succeed(&store).await;
    }
    assert_eq!(told(&store).await, []);
    assert_eq!(stored_job(&store, "a").await.health, JobHealth::default());
}

/// They say nothing of the other side, or are not over.
pub async fn cancelled_and_retried_runs_do_not_count(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    fail(&store, Trouble::Blocked, FUSE - 1).await;
    let before = stored_job(&store, "a").await.health;
    for state in [RunState::Cancelled, RunState::Skipped, RunState::Waiting, RunState::Retrying] {
        let run = claimed(&store, "a").await;
        store.commit(&[failure(&run, state, Some(Trouble::Blocked))]).await.unwrap();
        assert_eq!(stored_job(&store, "a").await.health, before, "{state:?}");
        if !state.is_ended() {
            store.cancel(run.id, "not wanted", at(11)).await.unwrap();
        }
    }
    assert_eq!(told(&store).await, []);
}

/// Whatever takes its process with it each time: people have to hear of it.
pub async fn lost_runs_count_as_an_outage(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    for _ in 0..FUSE {
        let lost = claimed(&store, "a").await;
        store.rescue("node-b", true, at(5)).await.unwrap();
        let late = store.commit(&[failure(&lost, RunState::Failed, Some(Trouble::Blocked))]).await.unwrap();
        assert_eq!(late.fenced, [lost.id]);
        store.claim(&claim_at(50)).await.unwrap();
        store.rescue("node-b", true, at(51)).await.unwrap();
        assert_eq!(store.run(lost.id).await.unwrap().unwrap().state, RunState::Lost);
    }
    let job = stored_job(&store, "a").await;
    assert_eq!((job.health.trouble, job.health.in_a_row), (Some(Trouble::Outage), FUSE));
    assert_eq!(job.health.alarm, Some(Alarm::Degraded));
    assert!(job.spec.enabled, "an outage pauses nothing");
}

/// A person has mended the cause, or believes so.
pub async fn enabling_again_begins_a_new_row(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    fail(&store, Trouble::Blocked, FUSE).await;
    let enabled = switch(&store, true).await;
    let health = JobHealth { alarm: Some(Alarm::Paused), ..JobHealth::default() };
    assert_eq!((enabled.health, enabled.next_due), (health, Some(at(900))));
    fail(&store, Trouble::Blocked, FUSE - 1).await;
    // An edit that enables nothing changes nothing of the row.
    assert_eq!(switch(&store, true).await.health.in_a_row, FUSE - 1);
    assert_eq!(told(&store).await.len(), 1);
    let last = fail(&store, Trouble::Blocked, 1).await;
    assert_eq!(told(&store).await[1..], [(HealthChange::Paused, last)]);
    assert!(!stored_job(&store, "a").await.spec.enabled);
}

/// It was brought back by a person.
pub async fn a_job_that_comes_back_begins_a_new_row(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    fail(&store, Trouble::Blocked, FUSE).await;
    store.archive_jobs(&[job("a").id], at(20)).await.unwrap();
    store.insert_jobs(&[job("a")]).await.unwrap();
    fail(&store, Trouble::Blocked, FUSE - 1).await;
    assert!(stored_job(&store, "a").await.spec.enabled);
    assert_eq!(told(&store).await.len(), 1);
    let success = succeed(&store).await;
    assert_eq!(told(&store).await[1..], [(HealthChange::Recovered, success)]);
}
