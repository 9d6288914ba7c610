//! A database that has seen many orders: all of them reported long ago.

use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::shipment::Content;
use marktwerk_store::orders::{FetchedOrder, OrderChange, OrderPatch, OrderStore};
use marktwerk_store::sqlite::SqliteStore;

const BATCH: usize = 1_000;

/// Fills it.
pub(crate) async fn fill(path: &Path, orders: usize) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let store = SqliteStore::open(path, TimeZone::UTC).unwrap();
    let long_ago: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    for first in (0..orders).step_by(BATCH) {
        let fetched: Vec<FetchedOrder> =
            (first..orders.min(first + BATCH)).map(|index| fetched(index, long_ago)).collect();
        store.save_fetched("bench", &fetched, long_ago).await.unwrap();
        let changes: Vec<OrderChange> = fetched.iter().map(|order| reported(&order.number)).collect();
        store.change_orders("bench", &changes, long_ago).await.unwrap();
    }
}

fn fetched(index: usize, long_ago: Timestamp) -> FetchedOrder {
    let at = long_ago + SignedDuration::from_secs(60 * i64::try_from(index).unwrap());
    FetchedOrder {
        number: format!("PO-OLD-{index:08}"),
        changed_at: at,
        ordered_at: at,
        status: MarketplaceStatus::Shipped,
        raw: serde_json::json!({ "order": { "note": "x".repeat(500) } }),
        is_complete: true,
        contents: vec![Content { sku: format!("MW-{:04}", index % 50), quantity: 1 }],
        cancelled: Vec::new(),
        was_over: false,
        fingerprint: String::new(),
    }
}

fn reported(number: &str) -> OrderChange {
    let patch = OrderPatch {
        state: Some(OrderState::Reported),
        is_unread: Some(false),
        is_open: Some(false),
        takes_stock: Some(false),
        ..OrderPatch::default()
    };
    OrderChange::new(number, patch)
}
