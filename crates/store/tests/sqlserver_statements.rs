//! How many statements a call costs on a SQL Server database: as many for hundreds of orders as for a few. Skipped, and said so,
//! where there is none at hand.
#![expect(clippy::unwrap_used, reason = "set-up that fails ends its test")]

mod business;

use jiff::Timestamp;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::inventory::Listing;
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::shipment::Content;
use marktwerk_store::attention::{AttentionStore, NewAttention};
use marktwerk_store::inventory::{InventoryStore, ListingPatch};
use marktwerk_store::orders::{FetchedOrder, OrderChange, OrderPatch, OrderStore};
use marktwerk_store::sqlserver::SqlServerStore;
use serde_json::json;

const ACCOUNT: &str = "temu";
const FEW: usize = 10;
const MANY: usize = 500;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

fn page(count: usize, changed: i64) -> Vec<FetchedOrder> {
    let order = |number| FetchedOrder {
        number: format!("PO-{number}"),
        changed_at: at(changed),
        ordered_at: at(100_000),
        status: MarketplaceStatus::Ready,
        raw: json!({ "name": "Ölmühle 🌻".repeat(400), "number": number, "changed": changed }),
        is_complete: true,
        contents: vec![Content { sku: format!("A-{number}"), quantity: changed }],
    };
    (0..count).map(order).collect()
}

fn changes(count: usize) -> Vec<OrderChange> {
    let raise = |number: &str| NewAttention {
        account: ACCOUNT.to_owned(),
        kind: AttentionKind::SetAside,
        subject: number.to_owned(),
        message: "sums differ".to_owned(),
    };
    let change = |number: String| OrderChange {
        from: vec![OrderState::Fetched],
        seen_change: Some(at(2)),
        patch: OrderPatch {
            state: Some(OrderState::Exporting),
            document: Some("<xml/>".repeat(1_000)),
            ..OrderPatch::default()
        },
        raise: vec![raise(&number)],
        settle: vec![AttentionKind::Unclear],
        number,
    };
    (0..count).map(|number| change(format!("PO-{number}"))).collect()
}

fn listings(count: usize, stock: i64) -> Vec<Listing> {
    let listing = |number| Listing {
        id: format!("{number}"),
        group: "group".to_owned(),
        sku: format!("A-{number}"),
        title: "Öl".to_owned(),
        stock: Some(stock),
    };
    (0..count).map(listing).collect()
}

/// What each call of a day costs with so many orders and listings.
async fn costs(store: &SqlServerStore, count: usize) -> Vec<(&'static str, u64)> {
    let mut costs = Vec::new();
    let mut before = store.pool().statements();
    let mut note = |call| {
        let now = store.pool().statements();
        costs.push((call, now - std::mem::replace(&mut before, now)));
    };
    let numbers: Vec<String> = (0..count).map(|number| format!("PO-{number}")).collect();
    let raised: Vec<NewAttention> = changes(count).into_iter().flat_map(|change| change.raise).collect();
    store.save_listings(ACCOUNT, &listings(count, 9), at(0)).await.unwrap();
    note("save_listings, new");
    store.save_listings(ACCOUNT, &listings(count, 9), at(1)).await.unwrap();
    note("save_listings, known");
    let articles: Vec<_> = (0..count).map(|number| (format!("{number}"), Some(7))).collect();
    store.map_listings(ACCOUNT, &articles).await.unwrap();
    note("map_listings");
    store.save_fetched(ACCOUNT, &page(count, 1), at(2)).await.unwrap();
    note("save_fetched, new");
    store.save_fetched(ACCOUNT, &page(count, 1), at(3)).await.unwrap();
    note("save_fetched, known");
    store.save_fetched(ACCOUNT, &page(count, 2), at(4)).await.unwrap();
    note("save_fetched, changed");
    assert_eq!(store.known_changes(ACCOUNT, &numbers).await.unwrap().len(), count);
    note("known_changes");
    let effective = store.change_orders(ACCOUNT, &changes(count), at(5)).await.unwrap();
    note("change_orders");
    assert_eq!(effective, vec![true; count]);
    store.raise(&raised, at(6)).await.unwrap();
    note("raise, known");
    let patch = |number| ListingPatch { id: format!("{number}"), target: Some(3), ..ListingPatch::default() };
    let patches: Vec<_> = (0..count).map(patch).collect();
    store.change_listings(ACCOUNT, &patches, at(7)).await.unwrap();
    note("change_listings");
    assert_eq!(store.retain_listings(ACCOUNT, &[]).await.unwrap(), count as u64);
    note("retain_listings");
    costs
}

#[tokio::test]
async fn many_orders_cost_as_many_statements_as_a_few() {
    let Some((database, store)) = business::empty().await else { return };
    // The first call opens a connection.
    store.attentions().await.unwrap();
    let few = costs(&store, FEW).await;
    drop((store, database));
    let Some((_database, store)) = business::empty().await else { return };
    store.attentions().await.unwrap();
    assert_eq!(costs(&store, MANY).await, few);
    assert!(few.iter().all(|(_, cost)| *cost <= 12), "{few:?}");
    let whole = store.order(ACCOUNT, "PO-499").await.unwrap().unwrap();
    assert_eq!(
        (whole.raw.as_ref(), whole.state),
        (page(MANY, 2).last().map(|order| &order.raw), OrderState::Exporting)
    );
    assert_eq!(whole.document, changes(1).remove(0).patch.document);
    assert_eq!(store.attentions().await.unwrap().len(), MANY);
}
