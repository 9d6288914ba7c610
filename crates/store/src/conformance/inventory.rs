//! Listings.

use marktwerk_domain::inventory::Listing;
use marktwerk_domain::stock::{Figures, Held, LostArticle, LostReason, Sent, Unread};

use super::samples::{ACCOUNT, at, fetched, listing, save, tell};
use crate::SharedStore;
use crate::inventory::{InventoryStatistics, ListingFilter, ListingPatch, ListingRecord};

async fn listings(store: &SharedStore) -> Vec<ListingRecord> {
    store.listings(ACCOUNT).await.unwrap()
}

/// By their keys.
async fn keys(store: &SharedStore, filter: ListingFilter) -> Vec<(String, String)> {
    let found = store.find_listings(&filter).await.unwrap();
    found.into_iter().map(|(account, record)| (account, record.listing.id)).collect()
}

fn confirmed(figure: i64) -> Figures {
    Figures { live: Some(figure), live_at: Some(at(1)), ..Figures::default() }
}

/// What is told replaces what was told; all else stays, and a stock that is not told is the one that was told last.
pub async fn listings_are_added_and_renewed(store: SharedStore) {
    tell(&store, ACCOUNT, &[listing("2", "B", 1), listing("1", "A", 5)]).await;
    let mapped = ListingPatch { article: Some(Some(77)), ..ListingPatch::of("1") };
    store.change_listings(ACCOUNT, &[mapped]).await.unwrap();
    let renewed =
        Listing { title: "Tisch".to_owned(), stock: None, sku: "C".to_owned(), ..listing("1", "A", 4) };
    tell(&store, ACCOUNT, std::slice::from_ref(&renewed)).await;
    let listing = Listing { stock: Some(5), ..renewed };
    let expected = ListingRecord { article: Some(77), ..ListingRecord::new(listing) };
    let stored = listings(&store).await;
    assert_eq!(stored[0], expected);
    assert_eq!((stored[1].listing.id.as_str(), stored[1].article), ("2", None));
    assert!(store.listings("other").await.unwrap().is_empty());
}

/// Every field, set and cleared; what is not there and not told is passed over.
pub async fn patches_change_what_they_name(store: SharedStore) {
    tell(&store, ACCOUNT, &[listing("1", "A", 5)]).await;
    let figures = Figures {
        live: Some(5),
        live_at: Some(at(1)),
        sold: 1,
        returned: 2,
        bought: Some((at(2), at(3))),
        sent: Some(Sent { low: 3, high: 8 }),
        unseen: 4,
        unseen_at: Some(at(4)),
        unread: Unread { units: 6, from: Some(at(5)), until: Some(at(6)), earlier: 7 },
    };
    let lost =
        LostArticle { reason: LostReason::Renamed { to: "B".to_owned() }, since: at(5), is_settled: false };
    let held = Held { unread: vec!["other".to_owned()] };
    let whole = ListingPatch {
        article: Some(Some(7)),
        figures: Some((Figures::default(), figures)),
        target: Some(Some(3)),
        error: Some(Some("refused".to_owned())),
        lost: Some(Some(lost.clone())),
        held: Some(Some(held.clone())),
        ..ListingPatch::of("1")
    };
    store
        .change_listings(ACCOUNT, &[whole, ListingPatch { target: Some(Some(1)), ..ListingPatch::of("9") }])
        .await
        .unwrap();
    let expected = ListingRecord {
        listing: listing("1", "A", 5),
        article: Some(7),
        figures,
        target: Some(3),
        error: Some("refused".to_owned()),
        lost: Some(lost),
        held: Some(held),
    };
    assert_eq!(listings(&store).await, [expected]);
    let cleared = ListingPatch {
        article: Some(None),
        figures: Some((figures, Figures::default())),
        target: Some(None),
        error: Some(None),
        lost: Some(None),
        held: Some(None),
        ..ListingPatch::of("1")
    };
    store.change_listings(ACCOUNT, &[cleared]).await.unwrap();
    assert_eq!(listings(&store).await, [ListingRecord::new(listing("1", "A", 5))]);
}

/// Between the reading of figures and the write of what they become, orders of the account may arrive.
pub async fn figures_keep_what_orders_did_meanwhile(store: SharedStore) {
    tell(&store, ACCOUNT, &[listing("1", "A", 5)]).await;
    save(&store, &[fetched("PO-1", 5)]).await;
    let read = listings(&store).await[0].figures;
    assert_eq!((read.sold, read.bought), (2, Some((at(5), at(5)))));
    save(&store, &[fetched("PO-2", 9)]).await;
    let patch = ListingPatch { figures: Some((read, confirmed(4))), ..ListingPatch::of("1") };
    store.change_listings(ACCOUNT, &[patch]).await.unwrap();
    let after = listings(&store).await[0].figures;
    assert_eq!((after.live, after.sold, after.bought), (Some(4), 2, Some((at(5), at(9)))));
}

/// The later one wins.
pub async fn a_listing_named_twice_is_changed_twice(store: SharedStore) {
    tell(&store, ACCOUNT, &[listing("1", "A", 5), listing("1", "B", 4)]).await;
    let patches = [
        ListingPatch {
            article: Some(Some(7)),
            target: Some(Some(1)),
            error: Some(Some("refused".to_owned())),
            ..ListingPatch::of("1")
        },
        ListingPatch { article: Some(None), target: Some(Some(2)), ..ListingPatch::of("1") },
        ListingPatch { error: Some(None), article: Some(Some(8)), ..ListingPatch::of("1") },
    ];
    store.change_listings(ACCOUNT, &patches).await.unwrap();
    let new = ListingRecord::new(listing("1", "B", 4));
    assert_eq!(listings(&store).await, [ListingRecord { article: Some(8), target: Some(2), ..new }]);
}

/// Of this account only.
pub async fn unlisted_goes(store: SharedStore) {
    tell(&store, ACCOUNT, &[listing("1", "A", 5), listing("2", "B", 5)]).await;
    tell(&store, "other", &[listing("2", "B", 5)]).await;
    assert_eq!(store.retain_listings(ACCOUNT, &["1".to_owned()]).await.unwrap(), 1);
    assert_eq!(store.retain_listings(ACCOUNT, &["1".to_owned()]).await.unwrap(), 0);
    assert_eq!(listings(&store).await.len(), 1);
    assert_eq!(store.listings("other").await.unwrap().len(), 1);
}

/// By account, SKU as JTL compares it, article and unseen sales, page by page.
pub async fn listings_are_found(store: SharedStore) {
    tell(&store, "a", &[listing("1", "MW-1", 5), listing("2", "mw-1 ", 5)]).await;
    tell(&store, "b", &[listing("1", "MW-1", 5), listing("3", "MW-2", 5)]).await;
    let unseen = Figures { unseen: 2, unseen_at: Some(at(3)), ..confirmed(1) };
    let patch = ListingPatch {
        article: Some(Some(7)),
        figures: Some((Figures::default(), unseen)),
        ..ListingPatch::of("3")
    };
    let explained = ListingPatch {
        figures: Some((Figures::default(), Figures { sold: 2, ..unseen })),
        ..ListingPatch::of("1")
    };
    store.change_listings("b", &[patch, explained]).await.unwrap();
    let key = |account: &str, id: &str| (account.to_owned(), id.to_owned());
    let all = [key("a", "1"), key("a", "2"), key("b", "1"), key("b", "3")];
    assert_eq!(keys(&store, ListingFilter::default()).await, all);
    let of_sku = ListingFilter { sku: Some("Mw-1".to_owned()), ..ListingFilter::default() };
    assert_eq!(keys(&store, of_sku.clone()).await, all[..3]);
    let of_account = ListingFilter { account: Some("b".to_owned()), ..of_sku };
    assert_eq!(keys(&store, of_account).await, all[2..3]);
    let of_article = ListingFilter { articles: Some(vec![7, 8]), ..ListingFilter::default() };
    assert_eq!(keys(&store, of_article).await, all[3..]);
    let of_none = ListingFilter { articles: Some(Vec::new()), ..ListingFilter::default() };
    assert!(keys(&store, of_none).await.is_empty());
    let sold_unseen = ListingFilter { has_unseen: true, ..ListingFilter::default() };
    assert_eq!(keys(&store, sold_unseen).await, all[3..]);
    let page = |after| ListingFilter { after, limit: 2, ..ListingFilter::default() };
    assert_eq!(keys(&store, page(None)).await, all[..2]);
    assert_eq!(keys(&store, page(Some(key("a", "1")))).await, all[1..3]);
    assert!(keys(&store, page(Some(key("b", "3")))).await.is_empty());
}

/// Each listing is counted once.
pub async fn listings_are_counted(store: SharedStore) {
    let all = ["1", "2", "3", "4", "5", "6"].map(|id| listing(id, id, 5));
    tell(&store, ACCOUNT, &all).await;
    let known = |id: &str, sold, target| ListingPatch {
        article: Some(Some(1)),
        figures: Some((Figures::default(), Figures { sold, ..confirmed(5) })),
        target: Some(target),
        ..ListingPatch::of(id)
    };
    let lost = LostArticle { reason: LostReason::Deleted, since: at(1), is_settled: true };
    let patches = [
        known("1", 0, Some(5)),
        known("2", 2, Some(3)),
        known("3", 0, Some(6)),
        ListingPatch { error: Some(Some("refused".to_owned())), ..known("4", 0, Some(5)) },
        ListingPatch { lost: Some(Some(lost)), ..known("5", 0, Some(5)) },
    ];
    store.change_listings(ACCOUNT, &patches).await.unwrap();
    let expected = InventoryStatistics { total_skus: 6, synced: 2, pending: 1, errors: 3 };
    assert_eq!(store.inventory_statistics(&[]).await.unwrap(), expected);
    assert_eq!(store.inventory_statistics(&[ACCOUNT.to_owned()]).await.unwrap(), expected);
    let other = store.inventory_statistics(&["other".to_owned()]).await.unwrap();
    assert_eq!(other, InventoryStatistics::default());
}
