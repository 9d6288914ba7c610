//! Keeping what a marketplace told of its orders.

use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::stock::Figures;
use serde_json::json;

use super::samples::{ACCOUNT, at, content, fetched, listing, move_to, save, tell};
use crate::SharedStore;
use crate::orders::{FetchedOrder, OrderPatch, OrderRecord};

async fn order(store: &SharedStore, number: &str) -> OrderRecord {
    store.order(ACCOUNT, number).await.unwrap().unwrap()
}

/// Clears the unread mark.
async fn read(store: &SharedStore, number: &str) {
    let patch = OrderPatch { is_unread: Some(false), ..OrderPatch::default() };
    store.change_orders(ACCOUNT, &[super::samples::change(number, patch)], at(1)).await.unwrap();
}

/// Units that arrived and that were given back, by listing.
async fn counted(store: &SharedStore) -> Vec<(i64, i64)> {
    let listings = store.listings(ACCOUNT).await.unwrap();
    listings.into_iter().map(|record| (record.figures.sold, record.figures.returned)).collect()
}

/// Every field that the marketplace told.
pub async fn a_new_order_is_fetched_and_unread(store: SharedStore) {
    let told = FetchedOrder { ordered_at: at(3), was_over: true, ..fetched("PO-1", 5) };
    save(&store, std::slice::from_ref(&told)).await;
    let expected = OrderRecord::new(ACCOUNT, &told, at(1_000));
    assert_eq!((expected.state, expected.is_unread, expected.was_over), (OrderState::Fetched, true, true));
    assert_eq!(order(&store, "PO-1").await, expected);
    assert_eq!(store.order("other", "PO-1").await.unwrap(), None);
}

/// An order of many lines, with letters beyond ASCII.
pub async fn a_long_document_is_kept_whole(store: SharedStore) {
    let raw = json!({ "lines": "Größe ".repeat(20_000) });
    save(&store, &[FetchedOrder { raw: raw.clone(), ..fetched("PO-1", 5) }, fetched("PO-2", 5)]).await;
    let document = format!("<xml>{}</xml>", "ß".repeat(100_000));
    let patch = OrderPatch { document: Some(document.clone()), ..OrderPatch::default() };
    store.change_orders(ACCOUNT, &[super::samples::change("PO-1", patch)], at(6)).await.unwrap();
    let stored = order(&store, "PO-1").await;
    assert!(stored.raw == Some(raw) && stored.document == Some(document));
    assert_eq!(order(&store, "PO-2").await.raw, Some(fetched("PO-2", 5).raw));
}

/// Fetched, set aside, imported, cancelled: the ERP cannot have it yet.
pub async fn a_newer_change_begins_again(store: SharedStore) {
    let states = [OrderState::Fetched, OrderState::SetAside, OrderState::Imported, OrderState::Cancelled];
    for state in states {
        let number = state.as_str();
        save(&store, &[fetched(number, 5)]).await;
        let patch = OrderPatch {
            state: Some(state),
            reason: Some(Some("a reason".to_owned())),
            is_unread: Some(false),
            ..OrderPatch::default()
        };
        store.change_orders(ACCOUNT, &[super::samples::change(number, patch)], at(6)).await.unwrap();
        let newer = FetchedOrder { status: MarketplaceStatus::Cancelled, ..fetched(number, 6) };
        save(&store, &[newer]).await;
        let order = order(&store, number).await;
        assert_eq!((order.state, order.is_unread), (OrderState::Fetched, true), "{number}");
        assert_eq!((order.status, order.reason), (MarketplaceStatus::Cancelled, None), "{number}");
        assert_eq!(order.raw, Some(json!({"number": number, "changed": 6})));
    }
}

/// It becomes unread: a person, or the workflow, has to look at it.
pub async fn an_order_in_the_erp_keeps_its_state(store: SharedStore) {
    for state in OrderState::ALL.into_iter().filter(|state| state.may_be_in_erp()) {
        let number = state.as_str();
        save(&store, &[fetched(number, 5)]).await;
        move_to(&store, number, state).await;
        read(&store, number).await;
        save(&store, &[fetched(number, 6)]).await;
        let order = order(&store, number).await;
        assert_eq!((order.state, order.is_unread, order.changed_at), (state, true, at(6)));
    }
}

/// Pages of a changing list come twice and out of order.
pub async fn an_older_change_has_no_effect(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    read(&store, "PO-1").await;
    save(&store, &[fetched("PO-1", 4)]).await;
    let order = order(&store, "PO-1").await;
    assert_eq!((order.changed_at, order.is_unread), (at(5), false));
}

/// Whatever their times; and an incomplete one of the same change does not replace it.
pub async fn a_complete_document_beats_an_incomplete_one(store: SharedStore) {
    let incomplete = |changed| FetchedOrder { is_complete: false, ..fetched("PO-1", changed) };
    save(&store, &[incomplete(5)]).await;
    assert!(!order(&store, "PO-1").await.is_complete);
    save(&store, &[fetched("PO-1", 4)]).await;
    let complete = order(&store, "PO-1").await;
    assert_eq!((complete.is_complete, complete.changed_at), (true, at(4)));
    save(&store, &[incomplete(4)]).await;
    assert_eq!(order(&store, "PO-1").await, complete);
}

/// The marketplace's times are whole seconds: two changes may share one, and the second has no details.
pub async fn another_status_in_the_same_second_is_news(store: SharedStore) {
    save(&store, &[fetched("1", 5)]).await;
    let cancelled =
        FetchedOrder { status: MarketplaceStatus::Cancelled, is_complete: false, ..fetched("1", 5) };
    save(&store, &[cancelled]).await;
    let record = store.order(ACCOUNT, "1").await.unwrap().unwrap();
    assert_eq!((record.status, record.is_unread), (MarketplaceStatus::Cancelled, true));
}

/// What is told again word for word is not read again.
pub async fn the_same_document_is_no_news(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    read(&store, "PO-1").await;
    save(&store, &[fetched("PO-1", 5)]).await;
    assert!(!order(&store, "PO-1").await.is_unread);
    let other = FetchedOrder { raw: json!({"address": "new"}), ..fetched("PO-1", 5) };
    save(&store, &[other]).await;
    assert!(order(&store, "PO-1").await.is_unread);
}

/// Once per order, for each listing with its SKU, of this account alone; the times of the purchases are kept with it.
pub async fn arriving_units_are_counted_at_their_listings(store: SharedStore) {
    let listings = [listing("1", "A", 5), listing("2", "B", 1), listing("3", "A", 9)];
    tell(&store, ACCOUNT, &listings).await;
    tell(&store, "other", &listings).await;
    let contents = vec![content("A", 2), content("B", 3), content("", 1), content("D", 1), content("A", 1)];
    save(&store, &[FetchedOrder { contents: contents.clone(), ordered_at: at(3), ..fetched("PO-1", 5) }])
        .await;
    assert_eq!(counted(&store).await, [(3, 0), (3, 0), (3, 0)]);
    save(&store, &[FetchedOrder { contents, ordered_at: at(3), ..fetched("PO-1", 6) }]).await;
    assert_eq!(counted(&store).await, [(3, 0), (3, 0), (3, 0)], "the same order told again");
    save(&store, &[fetched("PO-2", 9)]).await;
    assert_eq!(counted(&store).await, [(5, 0), (3, 0), (5, 0)]);
    let stored = store.listings(ACCOUNT).await.unwrap();
    assert_eq!(stored[0].figures.bought, Some((at(3), at(9))));
    assert_eq!(stored[1].figures.bought, Some((at(3), at(3))));
    let others = store.listings("other").await.unwrap();
    assert!(others.iter().all(|record| record.figures == Figures::default()));
}

/// By a cancellation, and by a change: what the order held goes back, what it holds now arrives.
pub async fn units_given_back_are_counted_at_their_listings(store: SharedStore) {
    tell(&store, ACCOUNT, &[listing("1", "A", 5), listing("2", "B", 5)]).await;
    save(&store, &[fetched("PO-1", 5)]).await;
    let contents = vec![content("A", 1), content("B", 4)];
    save(&store, &[FetchedOrder { contents, ..fetched("PO-1", 6) }]).await;
    assert_eq!(counted(&store).await, [(3, 2), (4, 0)]);
    let cancelled =
        FetchedOrder { status: MarketplaceStatus::Cancelled, contents: Vec::new(), ..fetched("PO-1", 7) };
    save(&store, &[cancelled]).await;
    assert_eq!(counted(&store).await, [(3, 3), (4, 4)]);
}

/// Nobody knows whether the figures had them subtracted: they were bought and cancelled before anybody here saw the order.
pub async fn units_cancelled_before_the_first_look_are_counted_at_their_listings(store: SharedStore) {
    tell(&store, ACCOUNT, &[listing("1", "A", 5), listing("2", "B", 5)]).await;
    let (contents, cancelled) = (vec![content("A", 1)], vec![content("A", 1), content("B", 3)]);
    let told = FetchedOrder { contents, cancelled, ..fetched("PO-1", 5) };
    save(&store, std::slice::from_ref(&told)).await;
    assert_eq!(counted(&store).await, [(1, 1), (0, 3)]);
    save(&store, &[FetchedOrder { is_complete: true, ..told.clone() }]).await;
    assert_eq!(counted(&store).await, [(1, 1), (0, 3)], "once");
    // What was over when its account was first read is in every figure that was ever read.
    save(
        &store,
        &[FetchedOrder {
            was_over: true,
            contents: Vec::new(),
            ..FetchedOrder { number: "PO-2".to_owned(), ..told }
        }],
    )
    .await;
    assert_eq!(counted(&store).await, [(1, 1), (0, 3)]);
}

/// It takes what was handed over.
pub async fn an_order_on_its_way_keeps_its_contents(store: SharedStore) {
    save(&store, &[FetchedOrder { contents: vec![content("A", 2)], ..fetched("PO-1", 5) }]).await;
    super::samples::move_to(&store, "PO-1", OrderState::HandedOver).await;
    let cancelled =
        FetchedOrder { status: MarketplaceStatus::Cancelled, contents: Vec::new(), ..fetched("PO-1", 6) };
    save(&store, &[cancelled]).await;
    assert_eq!(store.open_units().await.unwrap().get("A"), Some(&2));
}

/// An order may be told twice in one page.
pub async fn a_page_is_taken_in_its_order(store: SharedStore) {
    tell(&store, ACCOUNT, &[listing("1", "A", 5)]).await;
    let changed = FetchedOrder { contents: vec![content("B", 1)], ..fetched("PO-1", 6) };
    save(&store, &[fetched("PO-1", 5), changed.clone(), fetched("PO-1", 5)]).await;
    assert_eq!(order(&store, "PO-1").await.changed_at, at(6));
    assert_eq!(store.open_units().await.unwrap(), [("B".to_owned(), 1)].into());
    // Bought, and given back.
    assert_eq!(counted(&store).await, [(2, 2)]);
    let twice = [fetched("PO-2", 5), FetchedOrder { is_complete: false, ..fetched("PO-2", 5) }];
    save(&store, &twice).await;
    assert!(order(&store, "PO-2").await.is_complete);
}
