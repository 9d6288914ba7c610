//! The hint that something was stored.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::run::RunState;

use super::samples::{
    ACCOUNT, NODE, at, end, fetched, firing, line_record, listing, record, running, save, tell,
};
use crate::SharedStore;
use crate::attention::NewAttention;
use crate::changes::Changes;
use crate::inventory::ListingPatch;
use crate::journal::Entry;

fn unclear() -> NewAttention {
    NewAttention {
        account: ACCOUNT.to_owned(),
        kind: AttentionKind::Unclear,
        subject: "PO-1".to_owned(),
        message: "where is it".to_owned(),
        facts: serde_json::Value::Null,
    }
}

/// Set before the call answers, and only its own.
pub async fn each_noun_moves_its_counter(store: SharedStore) {
    let mut feed = store.changes();
    let mut seen = *feed.borrow_and_update();
    assert_eq!(seen, Changes::default());
    let mut moved = || {
        let now = *feed.borrow_and_update();
        let before = std::mem::replace(&mut seen, now);
        [
            now.jobs > before.jobs,
            now.orders > before.orders,
            now.inventory > before.inventory,
            now.attention > before.attention,
            now.alerts > before.alerts,
            now.highest_log_id > before.highest_log_id,
        ]
    };
    let run = running(&store, "a").await;
    assert_eq!(moved(), [true, false, false, false, false, false]);
    store.commit(&[line_record(&run, 1, "line")]).await.unwrap();
    assert_eq!(moved(), [false, false, false, false, false, true]);
    store.commit(&[record(&run, Entry::Heartbeat { at: at(30), lease_until: at(90) })]).await.unwrap();
    assert_eq!(moved(), [false; 6]);
    store.commit(&[end(&run, RunState::Succeeded)]).await.unwrap();
    assert_eq!(moved(), [true, false, false, false, false, true]);
    save(&store, &[fetched("PO-1", 5)]).await;
    assert_eq!(moved(), [false, true, false, false, false, false]);
    tell(&store, ACCOUNT, &[listing("1", "A", 5)]).await;
    assert_eq!(moved(), [false, false, true, false, false, false]);
    store.raise(&[unclear()], at(1)).await.unwrap();
    assert_eq!(moved(), [false, false, false, true, false, false]);
}

/// An unchanged world causes no write, so nobody who watches is woken.
pub async fn an_unchanged_world_moves_nothing(store: SharedStore) {
    let patch = ListingPatch { article: Some(Some(7)), target: Some(Some(5)), ..ListingPatch::of("1") };
    let settled = (ACCOUNT.to_owned(), AttentionKind::SetAside, "PO-1".to_owned());
    let repeat = async || {
        store.set_fact("cursor", "1").await.unwrap();
        store.raise(&[unclear()], at(1)).await.unwrap();
        store.settle(std::slice::from_ref(&settled), at(1)).await.unwrap();
        save(&store, &[fetched("PO-1", 5)]).await;
        tell(&store, ACCOUNT, &[listing("1", "A", 5)]).await;
        store.retain_listings(ACCOUNT, &["1".to_owned()]).await.unwrap();
        store.change_listings(ACCOUNT, std::slice::from_ref(&patch)).await.unwrap();
        store.change_unread_entries(ACCOUNT, &[], &[]).await.unwrap();
        store.leave_out_unread_entries(ACCOUNT, at(10)).await.unwrap();
        store.rescue(NODE, true, at(10)).await.unwrap();
    };
    repeat().await;
    let mut feed = store.changes();
    feed.mark_unchanged();
    repeat().await;
    assert!(!feed.has_changed().unwrap());
}

/// Also those that the store writes by itself.
pub async fn every_stored_line_is_told(store: SharedStore) {
    let feed = store.changes();
    running(&store, "a").await;
    store.fire(&[firing("a", 300)], at(300)).await.unwrap();
    assert_eq!(feed.borrow().highest_log_id, 1);
    store.rescue("node-b", true, at(301)).await.unwrap();
    assert_eq!(feed.borrow().highest_log_id, 2);
    let retrying = store.next_ready().await.unwrap();
    assert!(retrying > Some(at(301)), "after a delay");
    let ids: Vec<_> = store.jobs(false).await.unwrap().into_iter().map(|job| job.id).collect();
    store.archive_jobs(&ids, at(302)).await.unwrap();
    assert_eq!(feed.borrow().highest_log_id, 3);
    assert_eq!(store.highest_log_id().await.unwrap(), 3);
}
