//! The attention list.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::history::{Author, Happened, OrderEvent};
use marktwerk_domain::judgement::{
    Choice, Decision, Difference, Document, ErpFacts, Limits, OrderFacts, Row,
};
use marktwerk_domain::order::{MarketplaceStatus, OrderState};

use super::samples::{ACCOUNT, at, fetched, save};
use crate::SharedStore;
use crate::attention::NewAttention;
use crate::judging::{self, DecideError, Occasion};
use crate::orders::{FetchedOrder, Mark, OrderPatch, OrderRecord};

fn item(kind: AttentionKind, subject: &str, message: &str) -> NewAttention {
    NewAttention {
        account: ACCOUNT.to_owned(),
        kind,
        subject: subject.to_owned(),
        message: message.to_owned(),
        facts: serde_json::Value::Null,
    }
}

/// The message is the new one, number and time stay.
pub async fn an_open_item_is_not_raised_twice(store: SharedStore) {
    let old = item(AttentionKind::Unclear, "PO-2", "old");
    let first = item(AttentionKind::SetAside, "PO-1", "first");
    store.raise(&[old], at(2)).await.unwrap();
    store.raise(&[first], at(1)).await.unwrap();
    store.raise(&[item(AttentionKind::Unclear, "PO-2", "new")], at(3)).await.unwrap();
    let open = store.attentions().await.unwrap();
    let told: Vec<_> = open.iter().map(|item| (item.message.as_str(), item.since)).collect();
    assert_eq!(told, [("first", at(1)), ("new", at(2))]);
    assert_eq!((open[1].kind, open[1].subject.as_str()), (AttentionKind::Unclear, "PO-2"));
}

/// As a new one; what is not open is passed over.
pub async fn a_settled_item_may_be_raised_again(store: SharedStore) {
    let unclear = item(AttentionKind::Unclear, "PO-1", "where is it");
    let key = (ACCOUNT.to_owned(), AttentionKind::Unclear, "PO-1".to_owned());
    store.settle(std::slice::from_ref(&key), at(1)).await.unwrap();
    store.raise(std::slice::from_ref(&unclear), at(1)).await.unwrap();
    store.settle(&[key], at(2)).await.unwrap();
    assert!(store.attentions().await.unwrap().is_empty());
    store.raise(&[unclear], at(3)).await.unwrap();
    assert_eq!(store.attentions().await.unwrap()[0].since, at(3));
}

/// Renewed with the text; one that is raised without facts leaves those that are there.
pub async fn an_item_carries_its_facts(store: SharedStore) {
    let lost = |facts| NewAttention { facts, ..item(AttentionKind::ArticleLost, "A", "gone") };
    let facts = async || store.attentions().await.unwrap().remove(0).facts;
    store.raise(&[lost(serde_json::json!({ "sku": "A" }))], at(1)).await.unwrap();
    assert_eq!(facts().await, serde_json::json!({ "sku": "A" }));
    store.raise(&[lost(serde_json::Value::Null)], at(2)).await.unwrap();
    assert_eq!(facts().await, serde_json::json!({ "sku": "A" }));
    store.raise(&[lost(serde_json::json!({ "sku": "B" }))], at(3)).await.unwrap();
    assert_eq!(facts().await, serde_json::json!({ "sku": "B" }));
    assert_eq!(store.attentions().await.unwrap()[0].since, at(1));
}

/// An order in JTL that was cancelled or changed at the marketplace; its record.
async fn marked(
    store: &SharedStore,
    status: MarketplaceStatus,
    difference: Option<Difference>,
) -> OrderRecord {
    save(store, &[FetchedOrder { status, ..fetched("PO-1", 5) }]).await;
    let mut facts = OrderFacts::default();
    facts.there.document = Document::Translated;
    facts.there.difference = difference;
    facts.ours.handed_over_at = Some(at(6));
    facts.erp = ErpFacts { since: Some(at(7)), orders: 1, was_seen: true, ..ErpFacts::default() };
    let record = store.order(ACCOUNT, "PO-1").await.unwrap().unwrap();
    let patch = OrderPatch { kept: Some(facts), is_unread: Some(false), ..OrderPatch::default() };
    let change = judging::judged(&record, patch, &occasion(8));
    assert_eq!(store.change_orders(ACCOUNT, &[change], at(8)).await.unwrap(), [true]);
    store.order(ACCOUNT, "PO-1").await.unwrap().unwrap()
}

/// The mark goes where the decision means that, the order goes on, and its history says who decided.
pub async fn a_decision_is_stored_with_who_and_when(store: SharedStore) {
    let record = marked(&store, MarketplaceStatus::Ready, Some(Difference::Address)).await;
    assert_eq!((record.mark, record.state), (Some(Mark::Changed), OrderState::InJtl));
    let [open] = <[_; 1]>::try_from(store.attentions().await.unwrap()).unwrap();
    let outcomes = judging::decide_entry(&*store, open.id, &choice(Decision::DoneByHand), None, &occasion(9))
        .await
        .unwrap();
    assert_eq!(outcomes.len(), 1);
    assert!(outcomes[0].result.is_ok());
    let record = store.order(ACCOUNT, "PO-1").await.unwrap().unwrap();
    assert_eq!((record.mark, record.reason.clone()), (None, None));
    assert!(store.attentions().await.unwrap().is_empty());
    let decided = OrderEvent {
        at: at(9),
        by: Author::Person("office".to_owned()),
        what: Happened::Decided(Decision::DoneByHand),
    };
    assert!(record.history.contains(&decided), "{:?}", record.history);
}

/// What is not offered changes nothing, and what moved on meanwhile is told.
pub async fn a_decision_that_does_not_fit_changes_nothing(store: SharedStore) {
    marked(&store, MarketplaceStatus::Cancelled, None).await;
    let [open] = <[_; 1]>::try_from(store.attentions().await.unwrap()).unwrap();
    let before = store.order(ACCOUNT, "PO-1").await.unwrap().unwrap();
    let again = choice(Decision::HandOverAgain);
    let outcomes = judging::decide_entry(&*store, open.id, &again, None, &occasion(9)).await.unwrap();
    let undecided = outcomes[0].result.as_ref().unwrap_err();
    assert!(undecided.reason.contains("hand_over_again is not possible now"), "{undecided:?}");
    let done = choice(Decision::DoneByHand);
    let outcomes =
        judging::decide_entry(&*store, open.id, &done, Some("set_aside"), &occasion(9)).await.unwrap();
    let undecided = outcomes[0].result.as_ref().unwrap_err();
    assert!(
        undecided.reason.contains("moved on") && undecided.now.row == Row::CancelledOpen,
        "{undecided:?}"
    );
    let refused = judging::decide_entry(&*store, 99, &done, None, &occasion(9)).await.unwrap_err();
    assert!(matches!(refused, DecideError::NotFound(_)));
    assert_eq!(store.order(ACCOUNT, "PO-1").await.unwrap().unwrap(), before);
}

/// An entry with several orders is decided for all of them.
pub async fn one_decision_is_made_for_all_orders_of_an_entry(store: SharedStore) {
    for number in ["PO-1", "PO-2", "PO-3"] {
        save(&store, &[fetched(number, 5)]).await;
        let record = store.order(ACCOUNT, number).await.unwrap().unwrap();
        let mut facts = OrderFacts::default();
        facts.there.document = Document::Translated;
        facts.erp.unknown_articles = vec!["A-1".to_owned()];
        let patch = OrderPatch { kept: Some(facts), is_unread: Some(false), ..OrderPatch::default() };
        let change = judging::judged(&record, patch, &occasion(8));
        store.change_orders(ACCOUNT, &[change], at(8)).await.unwrap();
    }
    let open = store.attentions().await.unwrap();
    assert_eq!(open.len(), 3);
    let left_out = choice(Decision::LeaveOut);
    let outcomes = judging::decide_entry(&*store, open[1].id, &left_out, None, &occasion(9)).await.unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.result.is_ok()).count(), 3);
    assert!(store.attentions().await.unwrap().is_empty());
    assert!(store.open_units().await.unwrap().is_empty());
}

fn choice(decision: Decision) -> Choice {
    Choice { decision, by: "office".to_owned(), carrier: None, until: None }
}

fn occasion(second: i64) -> Occasion {
    Occasion { now: at(second), by: Author::Person("office".to_owned()), limits: Limits::default() }
}

/// One item, with the later message.
pub async fn an_item_raised_twice_at_once_is_one(store: SharedStore) {
    let items = ["first", "second"].map(|message| item(AttentionKind::Unclear, "PO-1", message));
    store.raise(&items, at(1)).await.unwrap();
    let open = store.attentions().await.unwrap();
    assert_eq!(open.iter().map(|item| item.message.as_str()).collect::<Vec<_>>(), ["second"]);
    let other =
        [item(AttentionKind::Unclear, "PO-2", "other"), item(AttentionKind::Unclear, "PO-1", "third")];
    store.raise(&other, at(2)).await.unwrap();
    let open = store.attentions().await.unwrap();
    assert_eq!(open.iter().map(|item| item.message.as_str()).collect::<Vec<_>>(), ["third", "other"]);
}
