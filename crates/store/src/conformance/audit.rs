//! The audit: entries that are stored with a change, reading and pruning.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::audit::{Actor, AuditAction, AuditEntry};
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::RunId;
use serde_json::json;

use super::samples::{ACCOUNT, at, change, edit_to, fetched, job, new_run, save};
use crate::audit::AuditFilter;
use crate::jobs::JobEdit;
use crate::orders::{OrderChange, OrderPatch};
use crate::{SharedStore, StoreError};

/// An entry about a job at this second.
fn entry(who: &str, action: AuditAction, subject: &str, seconds: i64) -> AuditEntry {
    AuditEntry::new(at(seconds), &Actor::named(who), action, subject)
}

fn added(subject: &str) -> AuditEntry {
    entry("office", AuditAction::JobAdded, subject, 1)
}

/// All entries, newest first.
async fn all(store: &SharedStore) -> Vec<AuditEntry> {
    found(store, AuditFilter::default()).await
}

async fn found(store: &SharedStore, filter: AuditFilter) -> Vec<AuditEntry> {
    store.audit(&AuditFilter { limit: 100, ..filter }).await.unwrap()
}

fn ids(entries: &[AuditEntry]) -> Vec<i64> {
    entries.iter().map(|entry| entry.id).collect()
}

/// Every field comes back.
pub async fn an_entry_is_stored_with_its_change(store: SharedStore) {
    let told = added("a")
        .before(json!({ "enabled": true }))
        .after(json!({ "enabled": false, "after": null }))
        .of_run(RunId(7));
    store.audited(vec![told.clone(), added("b")]).insert_jobs(&[job("a"), job("b")]).await.unwrap();
    let [second, first] = <[_; 2]>::try_from(all(&store).await).unwrap();
    assert!(first.id > 0 && second.id > first.id, "{first:?} {second:?}");
    assert_eq!(first, AuditEntry { id: first.id, ..told });
    assert_eq!(second, AuditEntry { id: second.id, ..added("b") });
    assert_eq!(store.jobs(false).await.unwrap().len(), 2);
}

/// Neither by a change that is refused, nor twice by the changes after the first one.
pub async fn an_entry_needs_its_change_and_is_stored_once(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let carrying = store.audited(vec![added("a")]);
    let edit = edit_to(&job("a"), job("a").spec);
    let outdated = JobEdit { expected_version: Some(9), ..edit.clone() };
    let refused = carrying.edit_jobs(&[outdated]).await.unwrap_err();
    assert!(matches!(refused, StoreError::VersionConflict { .. }), "{refused}");
    assert!(matches!(carrying.insert_jobs(&[job("a")]).await, Err(StoreError::Exists(_))));
    assert!(all(&store).await.is_empty());
    carrying.edit_jobs(std::slice::from_ref(&edit)).await.unwrap();
    carrying.edit_jobs(&[edit]).await.unwrap();
    assert_eq!(all(&carrying).await.len(), 1);
    store.audited(Vec::new()).insert_jobs(&[job("b")]).await.unwrap();
    assert_eq!(all(&store).await.len(), 1);
}

/// A change of an order that finds another revision leaves no entry behind, and none is lost where one of several finds its own.
pub async fn a_change_without_effect_has_no_entry(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let decided = |seconds| vec![entry("office", AuditAction::Decided, "PO-1", seconds)];
    let patch = OrderPatch { state: Some(OrderState::Imported), ..OrderPatch::default() };
    let late = OrderChange { seen_revision: Some(-1), ..change("PO-1", patch.clone()) };
    let carrying = store.audited(decided(1));
    assert_eq!(carrying.change_orders(ACCOUNT, std::slice::from_ref(&late), at(6)).await.unwrap(), [false]);
    assert!(all(&store).await.is_empty());
    let both = [late, change("PO-1", patch)];
    assert_eq!(carrying.change_orders(ACCOUNT, &both, at(6)).await.unwrap(), [false, true]);
    assert_eq!(all(&store).await.len(), 1);
    let nobody = (ACCOUNT.to_owned(), AttentionKind::SetAside, "PO-9".to_owned());
    store.audited(decided(2)).settle(&[nobody], at(7)).await.unwrap();
    assert_eq!(all(&store).await.len(), 1);
}

/// Its number is not known before.
pub async fn the_entry_of_a_start_names_the_run(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let start = entry("office", AuditAction::RunStarted, "a", 1);
    let run = store.audited(vec![start]).enqueue(&new_run("a"), at(1)).await.unwrap();
    assert_eq!(all(&store).await[0].run, Some(run.id));
    // Another run that it is about stays.
    let repeated = entry("office", AuditAction::RunRepeated, "a", 2).of_run(run.id);
    store.audited(vec![repeated]).enqueue(&new_run("a"), at(2)).await.unwrap();
    assert_eq!(all(&store).await[0].run, Some(run.id));
}

/// By who did it, what was done, to what, and page by page.
pub async fn entries_are_found_by_who_and_what(store: SharedStore) {
    let entries = vec![
        entry("office", AuditAction::JobAdded, "a", 1),
        entry("warehouse", AuditAction::RunStarted, "a", 2).of_run(RunId(1)),
        entry("office", AuditAction::RunCancelled, "a", 3).of_run(RunId(1)),
        entry("office", AuditAction::RunStarted, "b", 4).of_run(RunId(2)),
    ];
    store.record(entries).await.unwrap();
    let numbers: Vec<i64> = ids(&all(&store).await).into_iter().rev().collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
    let [first, second, third, fourth] = <[_; 4]>::try_from(numbers).unwrap();
    let who = |who: &str| AuditFilter { who: Some(who.to_owned()), ..AuditFilter::default() };
    assert_eq!(ids(&found(&store, who("office")).await), [fourth, third, first]);
    assert_eq!(ids(&found(&store, who("Office")).await), Vec::<i64>::new());
    let subject = AuditFilter { subject: Some("a".to_owned()), ..AuditFilter::default() };
    assert_eq!(ids(&found(&store, subject.clone()).await), [third, second, first]);
    let run = AuditFilter { run: Some(RunId(1)), ..AuditFilter::default() };
    assert_eq!(ids(&found(&store, run).await), [third, second]);
    let actions = vec![AuditAction::RunStarted, AuditAction::RunCancelled];
    let all_of_it = AuditFilter { actions, ..AuditFilter { subject: subject.subject, ..who("office") } };
    assert_eq!(ids(&found(&store, all_of_it).await), [third]);
    let page = AuditFilter { before: Some(fourth), limit: 2, ..AuditFilter::default() };
    assert_eq!(ids(&store.audit(&page).await.unwrap()), [third, second]);
}

/// No number is given twice, not even when all are gone.
pub async fn old_entries_are_deleted(store: SharedStore) {
    let entries = || [1, 2, 3].map(|seconds| entry("office", AuditAction::LogsDeleted, "", seconds)).to_vec();
    store.record(entries()).await.unwrap();
    assert_eq!(store.prune_audit(at(2)).await.unwrap(), 1);
    let rest = all(&store).await;
    assert_eq!(rest.iter().map(|entry| entry.at).collect::<Vec<_>>(), [at(3), at(2)]);
    assert_eq!(store.prune_audit(at(100)).await.unwrap(), 2);
    store.record(entries()).await.unwrap();
    let again = ids(&all(&store).await);
    assert!(again.len() == 3 && again.iter().all(|id| *id > rest[0].id), "{again:?}");
}
