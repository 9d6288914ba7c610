//! Facts by name, and the store's own health.

use jiff::Timestamp;

use crate::SharedStore;
use crate::meta::Holding;

/// A name has one value.
pub async fn facts_are_replaced(store: SharedStore) {
    assert_eq!(store.fact("cursor").await.unwrap(), None);
    store.set_fact("cursor", "1").await.unwrap();
    store.set_fact("cursor", "2").await.unwrap();
    store.set_fact("other", "").await.unwrap();
    assert_eq!(store.fact("cursor").await.unwrap().as_deref(), Some("2"));
    assert_eq!(store.fact("other").await.unwrap().as_deref(), Some(""));
}

/// An office has one holder, until its time is over.
pub async fn an_office_has_one_holder(store: SharedStore) {
    let holding = |holder: &str, now: i64, until: i64| Holding {
        office: "office".to_owned(),
        holder: holder.to_owned(),
        now: Timestamp::from_second(now).unwrap(),
        until: Timestamp::from_second(until).unwrap(),
    };
    assert!(store.hold(&holding("one", 0, 60)).await.unwrap());
    assert!(!store.hold(&holding("two", 59, 119)).await.unwrap());
    assert!(store.hold(&holding("one", 59, 119)).await.unwrap(), "it keeps it");
    assert!(!store.hold(&holding("two", 60, 120)).await.unwrap());
    assert!(store.hold(&holding("two", 119, 179)).await.unwrap(), "the time is over");
    assert!(!store.hold(&holding("one", 120, 180)).await.unwrap());
    // Of two that ask at once one gets it.
    let (late, later) = (holding("three", 500, 560), holding("four", 500, 560));
    let (three, four) = tokio::join!(store.hold(&late), store.hold(&later));
    assert_ne!(three.unwrap(), four.unwrap());
}

/// Empty is well.
pub async fn a_sound_store_has_no_findings(store: SharedStore) {
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}
