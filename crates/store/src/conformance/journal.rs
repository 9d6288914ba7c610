//! The journal between claim and end: lines, heartbeats, steps, and the fence.

use std::collections::BTreeMap;

use marktwerk_domain::run::{Epoch, RunId, RunState};
use marktwerk_domain::step::{StepReport, StepState};

use super::samples::{NODE, at, claim_at, end, line_record, record, running, story};
use crate::SharedStore;
use crate::journal::{Committed, Entry, Record};

fn messages(story: Vec<(String, String, String, Option<String>)>) -> Vec<String> {
    story.into_iter().map(|(_, _, message, _)| message).collect()
}

/// Over the borders of statements too; the run knows its last line.
pub async fn lines_are_stored_in_their_order(store: SharedStore) {
    let run = running(&store, "a").await;
    let records: Vec<Record> =
        (1..=150).map(|number| line_record(&run, number, &format!("line {number}"))).collect();
    let committed = store.commit(&records).await.unwrap();
    assert!(committed.fenced.is_empty());
    assert_eq!(committed.highest_log_id, Some(store.highest_log_id().await.unwrap()));
    let expected: Vec<String> = (1..=150).map(|number| format!("line {number}")).collect();
    assert_eq!(messages(story(&store).await), expected);
    assert_eq!(store.run(run.id).await.unwrap().unwrap().last_line, 150);
}

/// The worker that lost its lease writes nothing; the one that has it does, in the same batch.
pub async fn an_outdated_epoch_has_no_effect(store: SharedStore) {
    let old = running(&store, "a").await;
    store.rescue("node-b", true, at(5)).await.unwrap();
    let new = store.claim(&claim_at(41)).await.unwrap().remove(0);
    assert!(new.epoch > old.epoch);
    let before = story(&store).await.len();
    let records = [line_record(&old, 2, "old"), line_record(&new, 3, "new"), end(&old, RunState::Succeeded)];
    let committed = store.commit(&records).await.unwrap();
    assert_eq!(committed.fenced, [old.id]);
    assert_eq!(messages(story(&store).await)[before..], ["new"]);
    let run = store.run(new.id).await.unwrap().unwrap();
    assert_eq!((run.state, run.last_line), (RunState::Running, 3));
}

/// Waiting, ended and unknown runs take no records.
pub async fn a_run_that_does_not_run_is_fenced(store: SharedStore) {
    let run = running(&store, "a").await;
    store.commit(&[end(&run, RunState::Succeeded)]).await.unwrap();
    let unknown = Record { run: RunId(99), epoch: Epoch(1), ..line_record(&run, 1, "unknown") };
    let committed = store.commit(&[line_record(&run, 10, "late"), unknown]).await.unwrap();
    assert_eq!(committed, Committed { highest_log_id: None, fenced: vec![run.id, RunId(99)] });
    assert_eq!(messages(story(&store).await), ["the end"]);
}

/// Without it the lease of 61 would have ended.
pub async fn a_heartbeat_holds_the_lease(store: SharedStore) {
    let run = running(&store, "a").await;
    store.commit(&[record(&run, Entry::Heartbeat { at: at(60), lease_until: at(120) })]).await.unwrap();
    assert!(store.rescue(NODE, false, at(120)).await.unwrap().is_empty());
    assert_eq!(store.rescue(NODE, false, at(121)).await.unwrap().len(), 1);
}

/// As they stand, the latest report wins.
pub async fn steps_are_kept(store: SharedStore) {
    let run = running(&store, "a").await;
    let step = |pages| StepReport {
        name: "fetch".to_owned(),
        state: StepState::Running,
        counts: BTreeMap::from([("pages".to_owned(), pages)]),
        warnings: 1,
        started_at: at(1),
        ended_at: None,
        error: None,
    };
    let records = [record(&run, Entry::Steps(vec![step(1)])), record(&run, Entry::Steps(vec![step(2)]))];
    store.commit(&records).await.unwrap();
    assert_eq!(store.run(run.id).await.unwrap().unwrap().steps, [step(2)]);
}

/// An empty batch is no change.
pub async fn nothing_is_committed_without_records(store: SharedStore) {
    assert_eq!(store.commit(&[]).await.unwrap(), Committed::default());
}
