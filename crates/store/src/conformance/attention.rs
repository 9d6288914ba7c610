//! The attention list.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::order::OrderState;

use super::samples::{ACCOUNT, at, change, fetched, save};
use crate::attention::NewAttention;
use crate::orders::{Mark, OrderPatch};
use crate::{SharedStore, StoreError};

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

/// The mark that the item speaks of, and no other.
pub async fn closing_clears_the_mark(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let patch = OrderPatch {
        state: Some(OrderState::InJtl),
        mark: Some(Some(Mark::Cancelled)),
        ..OrderPatch::default()
    };
    store.change_orders(ACCOUNT, &[change("PO-1", patch)], at(6)).await.unwrap();
    let changed = item(AttentionKind::ChangedAfterHandOver, "PO-1", "changed");
    let cancelled = item(AttentionKind::CancelledAfterHandOver, "PO-1", "cancelled");
    store.raise(&[changed, cancelled], at(6)).await.unwrap();
    let open = store.attentions().await.unwrap();
    let mark = async || store.order(ACCOUNT, "PO-1").await.unwrap().unwrap().mark;
    store.close_attention(open[0].id, at(7)).await.unwrap();
    assert_eq!(mark().await, Some(Mark::Cancelled));
    assert_eq!(store.close_attention(open[1].id, at(7)).await.unwrap(), open[1]);
    assert_eq!(mark().await, None);
    assert!(store.attentions().await.unwrap().is_empty());
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
