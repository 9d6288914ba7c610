//! Counting orders, and the units that they take.

use std::collections::HashMap;

use marktwerk_domain::order::{MarketplaceStatus, OrderState};

use super::samples::{ACCOUNT, at, change, content, fetched, move_to, save};
use crate::SharedStore;
use crate::orders::{FetchedOrder, OrderPatch, OrderStatistics};

async fn units(store: &SharedStore) -> HashMap<String, i64> {
    store.open_units().await.unwrap()
}

/// What was reached once stays counted; a state that lies beyond counts for the earlier ones too.
pub async fn reached_counts_are_cumulative(store: SharedStore) {
    for state in OrderState::ALL {
        save(&store, &[fetched(state.as_str(), 5)]).await;
        move_to(&store, state.as_str(), state).await;
    }
    let expected = OrderStatistics { total: 10, imported: 7, xml_generated: 6, uploaded: 4, tracked: 1 };
    assert_eq!(store.order_statistics(&[]).await.unwrap(), expected);
    move_to(&store, "reported", OrderState::Fetched).await;
    move_to(&store, "reported", OrderState::Reported).await;
    assert_eq!(store.order_statistics(&[ACCOUNT.to_owned()]).await.unwrap(), expected);
    let nothing = OrderStatistics::default();
    assert_eq!(store.order_statistics(&["other".to_owned()]).await.unwrap(), nothing);
    let stored = OrderPatch { document: Some("<xml/>".to_owned()), ..OrderPatch::default() };
    store.change_orders(ACCOUNT, &[change("imported", stored)], at(6)).await.unwrap();
    assert_eq!(store.order_statistics(&[]).await.unwrap().xml_generated, 7);
}

/// In the order of an order's life, over the accounts given.
pub async fn states_are_counted(store: SharedStore) {
    save(&store, &[fetched("1", 5), fetched("2", 5)]).await;
    store.save_fetched("other", &[fetched("1", 5)], at(5)).await.unwrap();
    move_to(&store, "1", OrderState::Imported).await;
    let all = [(OrderState::Fetched, 2), (OrderState::Imported, 1)];
    assert_eq!(store.orders_by_state(&[]).await.unwrap(), all);
    let other = store.orders_by_state(&["other".to_owned()]).await.unwrap();
    assert_eq!(other, [(OrderState::Fetched, 1)]);
}

/// What is written of an order counts; a new one that is pending or ready takes its units at once.
pub async fn open_units_are_those_of_orders_that_take_stock(store: SharedStore) {
    let takes = |takes_stock| OrderPatch { takes_stock: Some(takes_stock), ..OrderPatch::default() };
    for state in OrderState::ALL {
        save(&store, &[fetched(state.as_str(), 5)]).await;
        move_to(&store, state.as_str(), state).await;
        assert_eq!(units(&store).await.get("A").copied(), Some(2), "{state}");
        store.change_orders(ACCOUNT, &[change(state.as_str(), takes(false))], at(6)).await.unwrap();
        assert_eq!(units(&store).await.get("A"), None, "{state}");
    }
    let pending = FetchedOrder { status: MarketplaceStatus::Pending, ..fetched("pending", 5) };
    let cancelled = FetchedOrder { status: MarketplaceStatus::Cancelled, ..fetched("cancelled", 5) };
    let shipped = FetchedOrder { status: MarketplaceStatus::Shipped, ..fetched("gone", 5) };
    let history = FetchedOrder { was_over: true, number: "history".to_owned(), ..shipped.clone() };
    save(&store, &[pending, cancelled, shipped, history]).await;
    store.save_fetched("other", &[fetched("1", 5)], at(5)).await.unwrap();
    assert_eq!(units(&store).await, HashMap::from([("A".to_owned(), 6)]));
    store.change_orders(ACCOUNT, &[change("gone", takes(false))], at(6)).await.unwrap();
    assert_eq!(units(&store).await, HashMap::from([("A".to_owned(), 4)]));
}

/// Until it is judged: one that is cancelled or shipped may still have to be booked.
pub async fn an_order_read_again_takes_stock_until_it_is_judged(store: SharedStore) {
    let read = |status, changed| FetchedOrder { status, ..fetched("1", changed) };
    save(&store, &[read(MarketplaceStatus::Ready, 5)]).await;
    save(&store, &[read(MarketplaceStatus::Shipped, 6)]).await;
    assert_eq!(units(&store).await, HashMap::from([("A".to_owned(), 2)]));
    let over = OrderPatch { takes_stock: Some(false), is_open: Some(false), ..OrderPatch::default() };
    store.change_orders(ACCOUNT, &[change("1", over)], at(7)).await.unwrap();
    save(&store, &[read(MarketplaceStatus::Cancelled, 8)]).await;
    assert_eq!(units(&store).await, HashMap::new());
    assert!(store.order(ACCOUNT, "1").await.unwrap().unwrap().is_open, "it is looked at again");
    save(&store, &[read(MarketplaceStatus::Ready, 9)]).await;
    assert_eq!(units(&store).await, HashMap::from([("A".to_owned(), 2)]));
    // What the ERP has is not taken twice.
    store
        .change_orders(
            ACCOUNT,
            &[change("1", OrderPatch { takes_stock: Some(false), ..OrderPatch::default() })],
            at(10),
        )
        .await
        .unwrap();
    move_to(&store, "1", OrderState::InJtl).await;
    save(&store, &[read(MarketplaceStatus::Ready, 11)]).await;
    assert_eq!(units(&store).await, HashMap::new());
}

/// Not what it held before.
pub async fn a_changed_order_takes_what_it_holds_now(store: SharedStore) {
    save(&store, &[fetched("1", 5)]).await;
    let contents = vec![content("B", 1), content("C", 4), content("B", 1)];
    save(&store, &[FetchedOrder { contents, ..fetched("1", 6) }]).await;
    assert_eq!(units(&store).await, HashMap::from([("B".to_owned(), 2), ("C".to_owned(), 4)]));
}
