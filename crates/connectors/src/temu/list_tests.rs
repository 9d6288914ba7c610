//! The list of orders against a fake TEMU: what is asked, and what an entry that cannot be read spoils.

use serde_json::json;

use super::fake::{Fake, Say};
use super::tests::{LIST, empty_page, item, window};
use crate::marketplace::Marketplace;
use crate::orders::OrderWindow;

#[tokio::test(start_paused = true)]
async fn one_malformed_entry_of_three_spoils_nothing() {
    let broken =
        json!({"parentOrderMap": {"parentOrderSn": "PO-2", "parentOrderStatus": "what"}, "orderList": []});
    let items = json!([item("PO-1"), broken, item("PO-3")]);
    let fake = Fake::new(move |_, _, _| Say::Result(json!({"totalItemNum": "3", "pageItems": items}))).await;
    let mut reader = fake.temu.read_orders(window());
    let batch = reader.next().await.unwrap();
    let numbers: Vec<&str> = batch.entries.iter().map(|entry| entry.number.as_str()).collect();
    assert_eq!(numbers, ["PO-1", "PO-3"]);
    assert!(reader.is_complete(), "it counts as seen");
    assert_eq!(batch.malformed.len(), 1);
    assert_eq!(batch.malformed[0].number.as_deref(), Some("PO-2"));
}

#[tokio::test(start_paused = true)]
async fn the_list_is_asked_for_by_change_and_newest_first() {
    let fake = Fake::new(|_, _, _| empty_page()).await;
    let window = OrderWindow { status: Some("2".to_owned()), ..window() };
    fake.temu.read_orders(window).next().await.unwrap();
    let asked = &fake.asked(LIST)[0];
    assert_eq!(asked["updateAtStart"], 1_779_000_000);
    assert_eq!(asked["updateAtEnd"], 1_780_000_000);
    assert_eq!(
        (&asked["pageNumber"], &asked["pageSize"], &asked["parentOrderStatus"]),
        (&json!(1), &json!(100), &json!(2))
    );
    assert_eq!((&asked["sortby"], &asked["data_type"]), (&json!("updateTime"), &json!("JSON")));
    assert_eq!(asked["timestamp"], 1_780_000_000);
    assert_eq!(asked["access_token"], "token secret");
    assert!(asked.get("app_secret").is_none());
}

#[tokio::test(start_paused = true)]
async fn the_fingerprint_costs_one_call_for_one_entry() {
    let broken = json!({"parentOrderMap": {"parentOrderSn": "PO-2"}});
    let fake = Fake::new(move |_, _, count| match count {
        1 | 2 => Say::Result(json!({"totalItemNum": 7, "pageItems": [item("PO-1")]})),
        3 => Say::Result(json!({"totalItemNum": 8, "pageItems": [item("PO-1")]})),
        4 => Say::Result(json!({"totalItemNum": 8, "pageItems": [broken]})),
        _ => empty_page(),
    })
    .await;
    let mut markers = Vec::new();
    for hours in 0..5 {
        let changed_until = window().changed_until + jiff::SignedDuration::from_hours(hours);
        markers.push(fake.temu.fingerprint(&OrderWindow { changed_until, ..window() }).await.unwrap());
    }
    assert_eq!(fake.asked(LIST).len(), 5);
    assert!(
        fake.asked(LIST)
            .iter()
            .all(|asked| (&asked["pageNumber"], &asked["pageSize"]) == (&json!(1), &json!(1)))
    );
    assert_eq!(markers[0], markers[1], "the end of the window alone changes nothing");
    markers.remove(0);
    for (index, marker) in markers.iter().enumerate() {
        assert!(!markers[..index].contains(marker), "{markers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_that_is_none_of_temus_is_refused_without_a_call() {
    let fake = Fake::new(|_, _, _| empty_page()).await;
    let window = OrderWindow { status: Some("UNSHIPPED".to_owned()), ..window() };
    let error = fake.temu.read_orders(window).next().await.unwrap_err();
    assert!(error.to_string().contains("`UNSHIPPED` is not a status"), "{error}");
    assert!(fake.temu.calls().is_empty());
}
