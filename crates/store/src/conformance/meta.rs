//! Facts by name, and the store's own health.

use jiff::Timestamp;
use marktwerk_domain::finding::Finding;

use crate::SharedStore;
use crate::meta::LeaderLease;

/// A name has one value.
pub async fn facts_are_replaced(store: SharedStore) {
    assert_eq!(store.fact("cursor").await.unwrap(), None);
    store.set_fact("cursor", "1").await.unwrap();
    store.set_fact("cursor", "2").await.unwrap();
    store.set_fact("other", "").await.unwrap();
    assert_eq!(store.fact("cursor").await.unwrap().as_deref(), Some("2"));
    assert_eq!(store.fact("other").await.unwrap().as_deref(), Some(""));
}

/// A lease has one holder until it expires.
pub async fn a_lease_has_one_holder(store: SharedStore) {
    let lease = |holder: &str, now: i64, until: i64| LeaderLease {
        name: "lease".to_owned(),
        holder: holder.to_owned(),
        now: Timestamp::from_second(now).unwrap(),
        until: Timestamp::from_second(until).unwrap(),
    };
    assert!(store.acquire(&lease("one", 0, 60)).await.unwrap());
    assert!(!store.acquire(&lease("two", 59, 119)).await.unwrap());
    assert!(store.acquire(&lease("one", 59, 119)).await.unwrap(), "it renews it");
    assert!(!store.acquire(&lease("two", 60, 120)).await.unwrap());
    assert!(store.acquire(&lease("two", 119, 179)).await.unwrap(), "the time is over");
    assert!(!store.acquire(&lease("one", 120, 180)).await.unwrap());
    // Of two that ask at once one gets it.
    let (late, later) = (lease("three", 500, 560), lease("four", 500, 560));
    let (three, four) = tokio::join!(store.acquire(&late), store.acquire(&later));
    assert_ne!(three.unwrap(), four.unwrap());
}

/// Empty is well.
pub async fn a_sound_store_has_no_findings(store: SharedStore) {
    assert_eq!(store.check().await.unwrap(), Vec::<Finding>::new());
}
