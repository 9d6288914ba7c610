//! The business half on a SQL Server database: a call costs as many statements for hundreds of orders as for a few, and two
//! processes that work on one database do not get into each other's way. Skipped, and said so, where there is none at hand.
#![expect(clippy::unwrap_used, reason = "set-up that fails ends its test")]

mod server;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::inventory::Listing;
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::shipment::Content;
use marktwerk_store::attention::{AttentionStore, NewAttention};
use marktwerk_store::inventory::{InventoryStore, ListingPatch};
use marktwerk_store::orders::{FetchedOrder, OrderChange, OrderEntry, OrderPatch, OrderStore};
use marktwerk_store::sqlserver::SqlServerStore;
use marktwerk_store::stock::StockStore;
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
        cancelled: Vec::new(),
        was_over: false,
        fingerprint: String::new(),
    };
    (0..count).map(order).collect()
}

fn items(count: usize) -> Vec<NewAttention> {
    let item = |number| NewAttention {
        account: ACCOUNT.to_owned(),
        kind: AttentionKind::SetAside,
        subject: format!("PO-{number}"),
        message: "sums differ".to_owned(),
        facts: serde_json::Value::Null,
    };
    (0..count).map(item).collect()
}

fn changes(count: usize) -> Vec<OrderChange> {
    let entry = OrderEntry {
        kind: AttentionKind::SetAside,
        facts: json!({ "cause": "sums differ" }),
        message: "sums differ".to_owned(),
    };
    let change = |number: String| {
        let patch = OrderPatch {
            state: Some(OrderState::Exporting),
            document: Some("<xml/>".repeat(1_000)),
            ..OrderPatch::default()
        };
        OrderChange {
            from: vec![OrderState::Fetched],
            seen_change: Some(at(2)),
            entries: Some(vec![entry.clone()]),
            ..OrderChange::new(number, patch)
        }
    };
    (0..count).map(|number| change(format!("PO-{number}"))).collect()
}

fn listings(count: usize, stock: i64) -> Vec<ListingPatch> {
    let listing = |number| Listing {
        id: format!("{number}"),
        group: "group".to_owned(),
        sku: format!("A-{number}"),
        title: "Öl".to_owned(),
        stock: Some(stock),
    };
    let told =
        |listing: Listing| ListingPatch { told: Some(listing.clone()), ..ListingPatch::of(listing.id) };
    (0..count).map(listing).map(told).collect()
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
    let raised = items(count);
    store.change_listings(ACCOUNT, &listings(count, 9)).await.unwrap();
    note("change_listings, new");
    store.change_listings(ACCOUNT, &listings(count, 9)).await.unwrap();
    note("change_listings, known");
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
    let patch =
        |number: usize| ListingPatch { target: Some(Some(3)), ..ListingPatch::of(number.to_string()) };
    let patches: Vec<_> = (0..count).map(patch).collect();
    store.change_listings(ACCOUNT, &patches).await.unwrap();
    note("change_listings, changed");
    assert_eq!(store.open_contents(None).await.unwrap().lines.len(), count);
    note("open_contents");
    assert_eq!(store.retain_listings(ACCOUNT, &[]).await.unwrap(), count as u64);
    note("retain_listings");
    costs
}

#[tokio::test]
async fn many_orders_cost_as_many_statements_as_a_few() {
    let Some((database, store)) = server::empty().await else { return };
    // The first call opens a connection.
    store.attentions().await.unwrap();
    let few = costs(&store, FEW).await;
    drop((store, database));
    let Some((_database, store)) = server::empty().await else { return };
    store.attentions().await.unwrap();
    assert_eq!(costs(&store, MANY).await, few);
    let expected = [
        ("change_listings, new", 8),
        ("change_listings, known", 1),
        ("save_fetched, new", 10),
        ("save_fetched, known", 5),
        ("save_fetched, changed", 11),
        ("known_changes", 1),
        ("change_orders", 13),
        ("raise, known", 1),
        ("change_listings, changed", 8),
        ("open_contents", 5),
        ("retain_listings", 5),
    ];
    assert_eq!(few, expected);
    let whole = store.order(ACCOUNT, "PO-499").await.unwrap().unwrap();
    assert_eq!(
        (whole.raw.as_ref(), whole.state),
        (page(MANY, 2).last().map(|order| &order.raw), OrderState::Exporting)
    );
    assert_eq!(whole.document, changes(1).remove(0).patch.document);
    assert_eq!(store.attentions().await.unwrap().len(), MANY);
}

/// As the lock promises; without it both would add the order and the item.
#[tokio::test]
async fn two_processes_keep_an_order_once() {
    let Some((database, one)) = server::empty().await else { return };
    let other = SqlServerStore::open(database.address.clone(), TimeZone::UTC).await.unwrap();
    for round in 0..5 {
        let told = page(20 * (round + 1), 1);
        let raised = items(told.len());
        let (first, second, third, fourth) = tokio::join!(
            one.save_fetched(ACCOUNT, &told, at(2)),
            other.save_fetched(ACCOUNT, &told, at(2)),
            one.raise(&raised, at(2)),
            other.raise(&raised, at(2)),
        );
        for outcome in [first, second, third, fourth] {
            outcome.unwrap();
        }
        assert_eq!(one.order_statistics(&[]).await.unwrap().total, told.len() as u64);
        assert_eq!(one.attentions().await.unwrap().len(), raised.len());
    }
}

/// SQL Server takes two keys for one that differ by spaces at their end.
#[tokio::test]
async fn spaces_at_a_keys_end_do_not_stop_a_page() {
    let Some((_database, store)) = server::empty().await else { return };
    let [first, second] = [1, 2].map(|changed| page(1, changed).remove(0));
    let padded = FetchedOrder { number: format!("{}  ", second.number), ..second };
    store.save_fetched(ACCOUNT, &[first.clone(), padded], at(3)).await.unwrap();
    store.save_fetched(ACCOUNT, &[first], at(4)).await.unwrap();
    assert_eq!(store.order(ACCOUNT, "PO-0").await.unwrap().unwrap().changed_at, at(2));
    let padded = ListingPatch { id: "0 ".to_owned(), ..listings(1, 8).remove(0) };
    store.change_listings(ACCOUNT, &[listings(1, 9).remove(0), padded]).await.unwrap();
    assert_eq!(store.retain_listings(ACCOUNT, &["0  ".to_owned()]).await.unwrap(), 0);
    assert_eq!(store.listings(ACCOUNT).await.unwrap().len(), 1);
}
