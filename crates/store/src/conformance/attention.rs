//! The attention list.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::{Difference, Document, ErpFacts, OrderFacts};
use marktwerk_domain::order::{MarketplaceStatus, OrderState};

use super::samples::{ACCOUNT, at, fetched, save};
use crate::attention::NewAttention;
use crate::orders::{FetchedOrder, Mark, OrderPatch, OrderRecord};
use crate::{SharedStore, StoreError, judging};

fn item(kind: AttentionKind, subject: &str, message: &str) -> NewAttention {
    NewAttention {
        account: ACCOUNT.to_owned(),
        kind,
        subject: subject.to_owned(),
        message: message.to_owned(),
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
    let change = judging::judged(&record, patch, at(8));
    assert_eq!(store.change_orders(ACCOUNT, &[change], at(8)).await.unwrap(), [true]);
    store.order(ACCOUNT, "PO-1").await.unwrap().unwrap()
}

/// The mark that the item speaks of goes, and the order goes on.
pub async fn closing_clears_the_mark(store: SharedStore) {
    for (status, difference, mark) in [
        (MarketplaceStatus::Cancelled, None, Mark::Cancelled),
        (MarketplaceStatus::Ready, Some(Difference::Address), Mark::Changed),
    ] {
        let record = marked(&store, status, difference).await;
        assert_eq!((record.mark, record.state), (Some(mark), OrderState::InJtl));
        let [open] = <[_; 1]>::try_from(store.attentions().await.unwrap()).unwrap();
        assert_eq!(judging::close(&*store, open.id, at(9)).await.unwrap(), open);
        let record = store.order(ACCOUNT, "PO-1").await.unwrap().unwrap();
        assert_eq!((record.mark, record.reason, record.next_judged_at), (None, None, None));
        assert!(store.attentions().await.unwrap().is_empty());
    }
}

/// Closed while its cause persists.
pub async fn an_entry_whose_cause_persists_comes_back(store: SharedStore) {
    let record = marked(&store, MarketplaceStatus::Ready, None).await;
    let mut facts = record.facts();
    facts.erp.orders = 2;
    let change = judging::judged(&record, OrderPatch { kept: Some(facts), ..OrderPatch::default() }, at(9));
    store.change_orders(ACCOUNT, &[change], at(9)).await.unwrap();
    let [open] = <[_; 1]>::try_from(store.attentions().await.unwrap()).unwrap();
    judging::close(&*store, open.id, at(10)).await.unwrap();
    let [again] = <[_; 1]>::try_from(store.attentions().await.unwrap()).unwrap();
    assert_eq!((again.kind, again.since), (AttentionKind::Duplicate, at(10)));
    // The same where the process died after the entry was closed.
    store.close_attention(again.id, at(11)).await.unwrap();
    assert!(store.attentions().await.unwrap().is_empty());
    assert_eq!(judging::judge_due(&*store, at(11)).await.unwrap(), 1);
    assert_eq!(store.attentions().await.unwrap().len(), 1);
    assert_eq!(judging::judge_due(&*store, at(12)).await.unwrap(), 0);
}

/// Somebody else was quicker.
pub async fn closing_twice_is_not_found(store: SharedStore) {
    store.raise(&[item(AttentionKind::Unclear, "PO-1", "where is it")], at(1)).await.unwrap();
    let open = store.attentions().await.unwrap().remove(0);
    store.close_attention(open.id, at(2)).await.unwrap();
    for id in [open.id, 99] {
        let refused = store.close_attention(id, at(3)).await;
        assert!(matches!(refused, Err(StoreError::NotFound(_))), "{refused:?}");
    }
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
