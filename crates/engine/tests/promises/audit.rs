//! Whoever changes something is known afterwards: for as long as the audit is kept, and not where nothing was changed.

use std::time::Duration;

use marktwerk_domain::audit::{AuditAction, AuditEntry};
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_engine::EngineOptions;
use marktwerk_engine::prune::Retention;
use marktwerk_store::audit::AuditFilter;
use serde_json::json;

use crate::house::House;

/// The entries, oldest first.
async fn entries(house: &House) -> Vec<AuditEntry> {
    let filter = AuditFilter { limit: 100, ..AuditFilter::default() };
    let mut entries = house.store.audit(&filter).await.unwrap();
    entries.reverse();
    entries
}

#[tokio::test(start_paused = true)]
async fn each_command_is_told_with_who_gave_it() {
    let house = House::open().await;
    let job = house.add("play", 60).await.id;
    let office = || house.engine.on_behalf_of("office");
    let pause = json!({ "enabled": false });
    let two = json!({ "enabled": true, "description": "again" });
    office().change_job(&job, pause.as_object().unwrap(), None).await.unwrap();
    office().change_job(&job, two.as_object().unwrap(), None).await.unwrap();
    let run = office().run_now(&job, Parameters::new()).await.unwrap().id;
    house.end_of(run).await;
    let again = office().run_again(run, None).await.unwrap().id;
    house.end_of(again).await;
    assert!(office().cancel(again).await.is_err());
    assert!(office().run_now(&JobId("b".to_owned()), Parameters::new()).await.is_err());
    office().remove_job(&job, None).await.unwrap();
    let entries = entries(&house).await;
    let told: Vec<_> = entries.iter().map(|entry| (entry.who.as_str(), entry.action, entry.run)).collect();
    let expected = [
        ("test", AuditAction::JobAdded, None),
        ("office", AuditAction::JobPaused, None),
        ("office", AuditAction::JobChanged, None),
        ("office", AuditAction::RunStarted, Some(run)),
        ("office", AuditAction::RunRepeated, Some(again)),
        ("office", AuditAction::JobRemoved, None),
    ];
    assert_eq!(told, expected);
    assert!(entries.iter().all(|entry| entry.subject == job.as_str()));
    assert_eq!(entries[2].before, Some(json!({ "description": "", "enabled": false })));
    assert_eq!(entries[2].after, Some(json!({ "description": "again", "enabled": true })));
    assert_eq!(entries[5].before.as_ref().unwrap()["description"], "again");
}

#[tokio::test(start_paused = true)]
async fn what_runs_by_itself_is_nobodys_command() {
    let house = House::open().await;
    house.add("play", 1).await;
    house.minutes(5).await;
    assert!(house.runs().await.len() > 3);
    assert_eq!(entries(&house).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn old_entries_make_room() {
    let retention = Retention { audit: 1, ..Retention::default() };
    let house = House::open_with(EngineOptions { retention, ..EngineOptions::default() }).await;
    let job = house.add("play", 525_600).await.id;
    house.pass(Duration::from_secs(20 * 3_600)).await;
    house.start(&job).await;
    house.pass(Duration::from_secs(6 * 3_600)).await;
    let entries = entries(&house).await;
    assert_eq!(entries.iter().map(|entry| entry.action).collect::<Vec<_>>(), [AuditAction::RunStarted]);
}
