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

/// From pending at the marketplace until JTL shows the order.
pub async fn open_units_are_those_unknown_to_the_erp(store: SharedStore) {
    let open = [
        OrderState::Fetched,
        OrderState::SetAside,
        OrderState::Imported,
        OrderState::Exporting,
        OrderState::HandedOver,
        OrderState::Unclear,
    ];
    for state in OrderState::ALL {
        save(&store, &[fetched(state.as_str(), 5)]).await;
        move_to(&store, state.as_str(), state).await;
        let expected = if open.contains(&state) { Some(2) } else { None };
        assert_eq!(units(&store).await.get("A").copied(), expected, "{state}");
        move_to(&store, state.as_str(), OrderState::Reported).await;
    }
    let pending = FetchedOrder { status: MarketplaceStatus::Pending, ..fetched("pending", 5) };
    let cancelled = FetchedOrder { status: MarketplaceStatus::Cancelled, ..fetched("cancelled", 5) };
    let shipped = FetchedOrder { status: MarketplaceStatus::Shipped, ..fetched("shipped", 5) };
    save(&store, &[pending, cancelled, shipped]).await;
    store.save_fetched("other", &[fetched("1", 5)], at(5)).await.unwrap();
    assert_eq!(units(&store).await, HashMap::from([("A".to_owned(), 4)]));
    move_to(&store, "cancelled", OrderState::HandedOver).await;
    assert_eq!(units(&store).await, HashMap::from([("A".to_owned(), 6)]));
}

/// Not what it held before.
pub async fn a_changed_order_takes_what_it_holds_now(store: SharedStore) {
    save(&store, &[fetched("1", 5)]).await;
    let contents = vec![content("B", 1), content("C", 4), content("B", 1)];
    save(&store, &[FetchedOrder { contents, ..fetched("1", 6) }]).await;
    assert_eq!(units(&store).await, HashMap::from([("B".to_owned(), 2), ("C".to_owned(), 4)]));
}
