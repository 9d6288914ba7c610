//! Reading orders.

use std::collections::HashMap;

use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::shipment::Parcel;

use super::samples::{ACCOUNT, at, change, content, fetched, move_to, save};
use crate::SharedStore;
use crate::orders::{FetchedOrder, KnownChange, OrderFilter, OrderPatch, OrderRecord};

fn numbers(orders: &[OrderRecord]) -> Vec<&str> {
    orders.iter().map(|order| order.number.as_str()).collect()
}

/// With their time, status and completeness; unknown ones are left out.
pub async fn known_changes_are_told(store: SharedStore) {
    save(&store, &[fetched("1", 5), FetchedOrder { is_complete: false, ..fetched("2", 6) }]).await;
    let asked = ["1", "2", "3"].map(str::to_owned);
    let known = |seconds, is_complete| KnownChange {
        changed_at: at(seconds),
        status: MarketplaceStatus::Ready,
        is_complete,
        is_unread: true,
        fingerprint: Some("f".to_owned()),
    };
    let expected = HashMap::from([("1".to_owned(), known(5, true)), ("2".to_owned(), known(6, false))]);
    assert_eq!(store.known_changes(ACCOUNT, &asked).await.unwrap(), expected);
    assert!(store.known_changes("other", &asked).await.unwrap().is_empty());
}

/// By number, with the raw document, until they are read.
pub async fn unread_orders_come_in_pages(store: SharedStore) {
    save(&store, &[fetched("3", 5), fetched("1", 5), fetched("2", 5)]).await;
    let page = store.unread_orders(ACCOUNT, None, 2).await.unwrap();
    assert_eq!(numbers(&page), ["1", "2"]);
    assert!(page[0].raw.is_some());
    let patch = OrderPatch { is_unread: Some(false), ..OrderPatch::default() };
    store.change_orders(ACCOUNT, &[change("2", patch)], at(6)).await.unwrap();
    assert_eq!(numbers(&store.unread_orders(ACCOUNT, Some("1"), 2).await.unwrap()), ["3"]);
    assert!(store.unread_orders("other", None, 2).await.unwrap().is_empty());
}

/// By number whatever their state and account.
pub async fn orders_come_in_pages_over_accounts(store: SharedStore) {
    save(&store, &[fetched("1", 5), fetched("3", 5), fetched("5", 5)]).await;
    store.save_fetched("other", &[fetched("2", 5), fetched("4", 5)], at(5)).await.unwrap();
    move_to(&store, "3", OrderState::Reported).await;
    let all = OrderFilter { limit: 3, ..OrderFilter::default() };
    assert_eq!(numbers(&store.orders_in(&all).await.unwrap()), ["1", "2", "3"]);
    let next = OrderFilter { after: Some("3".to_owned()), ..all.clone() };
    assert_eq!(numbers(&store.orders_in(&next).await.unwrap()), ["4", "5"]);
    let fetched = OrderFilter { states: vec![OrderState::Fetched], ..all.clone() };
    assert_eq!(numbers(&store.orders_in(&fetched).await.unwrap()), ["1", "2", "4"]);
    let mine = OrderFilter { account: Some(ACCOUNT.to_owned()), ..fetched };
    assert_eq!(numbers(&store.orders_in(&mine).await.unwrap()), ["1", "5"]);
    assert!(store.orders_in(&OrderFilter::default()).await.unwrap().is_empty());
}

/// By what a person knows of an order; and two accounts may have one number, also at the end of a page.
pub async fn orders_are_found_by_what_people_know(store: SharedStore) {
    let sold = FetchedOrder { contents: vec![content("MW-1", 2)], ..fetched("7", 5) };
    save(&store, &[sold, fetched("8", 5)]).await;
    store.save_fetched("zweites", &[fetched("7", 5)], at(5)).await.unwrap();
    let parcel = Parcel {
        id: 1,
        tracking: "JD \"1\"".to_owned(),
        more_tracking: vec!["JD2".to_owned(), "JD3".to_owned()],
        carrier: "DHL".to_owned(),
        ..Parcel::default()
    };
    let patch = OrderPatch {
        erp_number: Some("B-8".to_owned()),
        parcels: Some(vec![parcel]),
        ..OrderPatch::default()
    };
    store.change_orders(ACCOUNT, &[change("8", patch)], at(6)).await.unwrap();
    let all = OrderFilter { limit: 10, ..OrderFilter::default() };
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (OrderFilter { number: text("7"), ..all.clone() }, vec!["7", "7"]),
        (OrderFilter { number: text("7"), account: text("zweites"), ..all.clone() }, vec!["7"]),
        (OrderFilter { erp_number: text("B-8"), ..all.clone() }, vec!["8"]),
        (OrderFilter { sku: text("mw-1"), ..all.clone() }, vec!["7"]),
        (OrderFilter { tracking: text("JD \"1\""), ..all.clone() }, vec!["8"]),
        (OrderFilter { tracking: text("JD3"), ..all.clone() }, vec!["8"]),
        (OrderFilter { tracking: text("DHL"), ..all.clone() }, vec![]),
        (OrderFilter { tracking: text("JD"), ..all.clone() }, vec![]),
        (OrderFilter { after: text("7"), after_account: text(ACCOUNT), ..all.clone() }, vec!["7", "8"]),
        (OrderFilter { after: text("7"), after_account: text("zweites"), ..all.clone() }, vec!["8"]),
        (OrderFilter { number: text("7"), states: vec![OrderState::Reported], ..all.clone() }, vec![]),
    ] {
        assert_eq!(numbers(&store.orders_in(&filter).await.unwrap()), expected, "{filter:?}");
    }
}

/// Raw documents never, the ERP's only while it is being handed over.
pub async fn documents_are_read_where_they_are_needed(store: SharedStore) {
    save(&store, &[fetched("1", 5), fetched("2", 5)]).await;
    let document = Some("<xml/>".to_owned());
    for (number, state) in [("1", OrderState::Exporting), ("2", OrderState::HandedOver)] {
        let patch = OrderPatch { state: Some(state), document: document.clone(), ..OrderPatch::default() };
        store.change_orders(ACCOUNT, &[change(number, patch)], at(6)).await.unwrap();
    }
    let all = OrderFilter { limit: 3, ..OrderFilter::default() };
    let orders = store.orders_in(&all).await.unwrap();
    assert!(orders.iter().all(|order| order.raw.is_none()));
    assert_eq!((&orders[0].document, &orders[1].document), (&document, &None));
    assert_eq!(store.order(ACCOUNT, "2").await.unwrap().unwrap().document, document);
}

/// By number, without those that are over.
pub async fn open_orders_come_in_pages(store: SharedStore) {
    save(&store, &[fetched("3", 5), fetched("1", 5), fetched("2", 5), fetched("4", 5)]).await;
    let over = OrderPatch { is_open: Some(false), ..OrderPatch::default() };
    store.change_orders(ACCOUNT, &[change("2", over)], at(6)).await.unwrap();
    move_to(&store, "3", OrderState::InJtl).await;
    assert_eq!(numbers(&store.open_orders(ACCOUNT, None, 2).await.unwrap()), ["1", "3"]);
    assert_eq!(numbers(&store.open_orders(ACCOUNT, Some("3"), 2).await.unwrap()), ["4"]);
    assert!(store.open_orders("other", None, 2).await.unwrap().is_empty());
}

/// Of one account, whatever their state; asked twice they come once.
pub async fn orders_are_read_by_number(store: SharedStore) {
    save(&store, &[fetched("1", 5), fetched("2", 5), fetched("3", 5)]).await;
    store.save_fetched("other", &[fetched("1", 5)], at(5)).await.unwrap();
    move_to(&store, "3", OrderState::Reported).await;
    let asked = ["3", "1", "9", "3"].map(str::to_owned);
    let mut found = store.orders_with_numbers(ACCOUNT, &asked).await.unwrap();
    found.sort_by(|one, other| one.number.cmp(&other.number));
    assert_eq!(numbers(&found), ["1", "3"]);
    assert!(found.iter().all(|order| order.account == ACCOUNT && order.raw.is_none()));
    assert!(store.orders_with_numbers(ACCOUNT, &[]).await.unwrap().is_empty());
}

/// Over all accounts, the longest due first, until the next time is written.
pub async fn orders_are_judged_when_their_time_has_come(store: SharedStore) {
    save(&store, &[fetched("1", 5), fetched("2", 5), fetched("3", 5)]).await;
    store.save_fetched("other", &[fetched("1", 5)], at(5)).await.unwrap();
    let due = |at| OrderPatch { next_judged_at: Some(at), ..OrderPatch::default() };
    let changes = [change("1", due(Some(at(60)))), change("2", due(Some(at(61))))];
    store.change_orders(ACCOUNT, &changes, at(6)).await.unwrap();
    store.change_orders("other", &[change("1", due(Some(at(50))))], at(6)).await.unwrap();
    assert!(store.orders_to_judge(at(49), 9).await.unwrap().is_empty());
    let found = store.orders_to_judge(at(60), 9).await.unwrap();
    let found: Vec<_> = found.iter().map(|order| (order.account.as_str(), order.number.as_str())).collect();
    assert_eq!(found, [("other", "1"), (ACCOUNT, "1")]);
    assert_eq!(store.orders_to_judge(at(61), 2).await.unwrap().len(), 2);
    store.change_orders(ACCOUNT, &[change("1", due(None))], at(62)).await.unwrap();
    assert_eq!(store.orders_to_judge(at(99), 9).await.unwrap().len(), 2);
}
