//! Listings.

use marktwerk_domain::inventory::Listing;

use super::samples::{ACCOUNT, at, fetched, listing, save};
use crate::SharedStore;
use crate::inventory::{InventoryStatistics, ListingPatch, ListingRecord};

async fn listings(store: &SharedStore) -> Vec<ListingRecord> {
    store.listings(ACCOUNT).await.unwrap()
}

fn patch(id: &str) -> ListingPatch {
    ListingPatch { id: id.to_owned(), ..ListingPatch::default() }
}

/// A read replaces what was known; the mapping stays.
pub async fn listings_are_added_and_renewed(store: SharedStore) {
    store.save_listings(ACCOUNT, &[listing("2", "B", 1), listing("1", "A", 5)], at(1)).await.unwrap();
    store.map_listings(ACCOUNT, &[("1".to_owned(), Some(77))]).await.unwrap();
    let renewed = Listing { title: "Tisch".to_owned(), ..listing("1", "A", 4) };
    store.save_listings(ACCOUNT, std::slice::from_ref(&renewed), at(2)).await.unwrap();
    let expected = ListingRecord {
        listing: renewed,
        article: Some(77),
        known_stock: Some(4),
        target: None,
        error: None,
    };
    let stored = listings(&store).await;
    assert_eq!(stored[0], expected);
    assert_eq!((stored[1].listing.id.as_str(), stored[1].article), ("2", None));
    assert!(store.listings("other").await.unwrap().is_empty());
    store.map_listings(ACCOUNT, &[("1".to_owned(), None)]).await.unwrap();
    assert_eq!(listings(&store).await[0].article, None);
}

/// Unknown is not 0: whatever is to be published differs from it.
pub async fn a_listing_without_a_stock_is_unknown(store: SharedStore) {
    let silent = |id: &str| Listing { stock: None, ..listing(id, id, 0) };
    store.save_listings(ACCOUNT, &[listing("1", "1", 5), silent("2")], at(1)).await.unwrap();
    store.save_listings(ACCOUNT, &[silent("1"), silent("2")], at(2)).await.unwrap();
    let stored = listings(&store).await;
    assert_eq!((stored[0].listing.stock, stored[0].known_stock), (Some(5), None));
    assert_eq!((stored[1].listing.stock, stored[1].known_stock), (Some(0), None));
    // An order takes nothing from what is unknown.
    save(&store, &[fetched("PO-1", 5)]).await;
    assert_eq!(listings(&store).await, stored);
    let pushed = ListingPatch { known_stock: Some(Some(0)), ..patch("2") };
    store.change_listings(ACCOUNT, &[pushed], at(3)).await.unwrap();
    assert_eq!(listings(&store).await[1].known_stock, Some(0));
    store.save_listings(ACCOUNT, &[listing("1", "1", 0), silent("2")], at(4)).await.unwrap();
    let known: Vec<Option<i64>> = listings(&store).await.iter().map(|record| record.known_stock).collect();
    assert_eq!(known, [Some(0), None]);
}

/// It may be another article now: nothing is published until it is mapped again.
pub async fn a_changed_sku_loses_its_mapping(store: SharedStore) {
    store.save_listings(ACCOUNT, &[listing("1", "A", 5)], at(1)).await.unwrap();
    store.map_listings(ACCOUNT, &[("1".to_owned(), Some(77))]).await.unwrap();
    store.save_listings(ACCOUNT, &[listing("1", "B", 5)], at(2)).await.unwrap();
    let stored = listings(&store).await;
    assert_eq!((stored[0].listing.sku.as_str(), stored[0].article), ("B", None));
}

/// Of this account only.
pub async fn unlisted_goes(store: SharedStore) {
    store.save_listings(ACCOUNT, &[listing("1", "A", 5), listing("2", "B", 5)], at(1)).await.unwrap();
    store.save_listings("other", &[listing("2", "B", 5)], at(1)).await.unwrap();
    assert_eq!(store.retain_listings(ACCOUNT, &["1".to_owned()]).await.unwrap(), 1);
    assert_eq!(store.retain_listings(ACCOUNT, &["1".to_owned()]).await.unwrap(), 0);
    assert_eq!(listings(&store).await.len(), 1);
    assert_eq!(store.listings("other").await.unwrap().len(), 1);
}

/// A number also tells since when it is known: an order bought before does not lower it.
pub async fn patches_change_what_they_name(store: SharedStore) {
    store.save_listings(ACCOUNT, &[listing("1", "A", 5)], at(1)).await.unwrap();
    let pushing = ListingPatch { known_stock: Some(None), target: Some(3), ..patch("1") };
    let gone = ListingPatch { target: Some(1), ..patch("9") };
    store.change_listings(ACCOUNT, &[pushing, gone], at(2)).await.unwrap();
    let stored = listings(&store).await;
    assert_eq!((stored[0].known_stock, stored[0].target), (None, Some(3)));
    save(&store, &[fetched("PO-1", 5)]).await;
    assert_eq!(listings(&store).await[0].known_stock, None);
    let accepted =
        ListingPatch { known_stock: Some(Some(3)), error: Some(Some("too slow".to_owned())), ..patch("1") };
    store.change_listings(ACCOUNT, &[accepted], at(5_000)).await.unwrap();
    save(&store, &[fetched("PO-2", 9)]).await;
    let stored = listings(&store).await;
    assert_eq!((stored[0].known_stock, stored[0].error.as_deref()), (Some(3), Some("too slow")));
    save(&store, &[fetched("PO-3", 9_000)]).await;
    let cleared = ListingPatch { error: Some(None), ..patch("1") };
    store.change_listings(ACCOUNT, &[cleared], at(12)).await.unwrap();
    let stored = listings(&store).await;
    assert_eq!((stored[0].known_stock, stored[0].target, &stored[0].error), (Some(1), Some(3), &None));
}

/// Each listing is counted once.
pub async fn listings_are_counted(store: SharedStore) {
    let all = ["1", "2", "3", "4", "5"].map(|id| listing(id, id, 5));
    store.save_listings(ACCOUNT, &all, at(1)).await.unwrap();
    let mapped = ["1", "2", "3", "4"].map(|id| (id.to_owned(), Some(1)));
    store.map_listings(ACCOUNT, &mapped).await.unwrap();
    let patches = [
        ListingPatch { target: Some(5), ..patch("1") },
        ListingPatch { target: Some(6), ..patch("2") },
        ListingPatch { target: Some(5), error: Some(Some("refused".to_owned())), ..patch("3") },
    ];
    store.change_listings(ACCOUNT, &patches, at(2)).await.unwrap();
    let expected = InventoryStatistics { total_skus: 5, synced: 1, pending: 2, errors: 2 };
    assert_eq!(store.inventory_statistics(&[]).await.unwrap(), expected);
    assert_eq!(store.inventory_statistics(&[ACCOUNT.to_owned()]).await.unwrap(), expected);
    let other = store.inventory_statistics(&["other".to_owned()]).await.unwrap();
    assert_eq!(other, InventoryStatistics::default());
}

/// The later one wins.
pub async fn a_listing_named_twice_is_changed_twice(store: SharedStore) {
    store.save_listings(ACCOUNT, &[listing("1", "A", 5), listing("1", "B", 4)], at(1)).await.unwrap();
    let articles = [Some(7), None, Some(8)].map(|article| ("1".to_owned(), article));
    store.map_listings(ACCOUNT, &articles).await.unwrap();
    let patches = [
        ListingPatch { target: Some(1), error: Some(Some("refused".to_owned())), ..patch("1") },
        ListingPatch { target: Some(2), known_stock: Some(None), ..patch("1") },
        ListingPatch { error: Some(None), ..patch("1") },
    ];
    store.change_listings(ACCOUNT, &patches[..2], at(2)).await.unwrap();
    store.change_listings(ACCOUNT, &patches[2..], at(3)).await.unwrap();
    let expected = ListingRecord {
        listing: listing("1", "B", 4),
        article: Some(8),
        known_stock: None,
        target: Some(2),
        error: None,
    };
    assert_eq!(listings(&store).await, [expected]);
}
