//! Facts by name, and the store's own health.

use crate::SharedStore;

/// A name has one value.
pub async fn facts_are_replaced(store: SharedStore) {
    assert_eq!(store.fact("cursor").await.unwrap(), None);
    store.set_fact("cursor", "1").await.unwrap();
    store.set_fact("cursor", "2").await.unwrap();
    store.set_fact("other", "").await.unwrap();
    assert_eq!(store.fact("cursor").await.unwrap().as_deref(), Some("2"));
    assert_eq!(store.fact("other").await.unwrap().as_deref(), Some(""));
}

/// Empty is well.
pub async fn a_sound_store_has_no_findings(store: SharedStore) {
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}
