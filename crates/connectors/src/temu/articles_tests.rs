//! How many calls article numbers cost: orders that come together, large listings, what has no number.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_domain::shipment::Content;
use serde_json::{Value, json};

use super::*;
use crate::marketplace::Marketplace;
use crate::orders::OrderEntry;
use crate::temu::fake::{Fake, Say};

const LISTINGS: &str = "bg.local.goods.sku.list.query";

/// A shop with the listings 1 to `on_sale` on sale, as TEMU pages and filters them. Those that divide by 10 have no
/// number.
async fn shop(on_sale: i64) -> Fake {
    Fake::new(move |call, asked, _| {
        if call != LISTINGS {
            return Say::Result(json!({}));
        }
        let last = if asked["skuSearchType"] == ON_SALE { on_sale } else { 0 };
        let only = asked["skuIdList"].as_array();
        let found: Vec<i64> =
            (1..=last).filter(|id| only.is_none_or(|only| only.contains(&json!(id)))).collect();
        let skip = (asked["pageNo"].as_u64().unwrap() as usize - 1) * 100;
        let number = |id: i64| if id % 10 == 0 { Value::Null } else { json!(format!("ART-{id}")) };
        let row = |id: &i64| json!({"skuId": id, "goodsId": 1, "skuSn": number(*id)});
        let rows: Vec<Value> = found.iter().skip(skip).take(100).map(row).collect();
        Say::Result(json!({"total": found.len(), "skuList": rows}))
    })
    .await
}

fn order(sku_id: i64) -> OrderEntry {
    OrderEntry {
        number: format!("PO-{sku_id}"),
        changed_at: Timestamp::UNIX_EPOCH,
        ordered_at: Timestamp::UNIX_EPOCH,
        status: MarketplaceStatus::Ready,
        fingerprint: String::new(),
        raw: json!({"parentOrderMap": {}, "orderList": [{"orderSn": "1", "skuId": sku_id, "quantity": 1}]}),
    }
}

/// The article that an order takes from stock.
async fn article(fake: &Fake, sku_id: i64) -> Option<String> {
    let contents = fake.temu.order_contents(&order(sku_id)).await.unwrap().taken;
    contents.into_iter().map(|Content { sku, .. }| sku).next()
}

fn asked(fake: &Fake) -> usize {
    fake.asked(LISTINGS).len()
}

#[tokio::test(start_paused = true)]
async fn sixty_orders_of_a_listing_of_one_page_cost_two_calls_a_day() {
    let fake = shop(60).await;
    let one = async |sku_id: i64| {
        let expected = (sku_id % 10 != 0).then(|| format!("ART-{sku_id}"));
        assert_eq!(article(&fake, sku_id).await, expected);
        let details = fake.temu.order_details(&order(sku_id)).await.unwrap();
        assert_eq!(details["articles"][sku_id.to_string()].as_str(), expected.as_deref());
    };
    futures::future::join_all((1..=60).map(one)).await;
    assert_eq!(asked(&fake), 2);
    fake.clock.sleep(KNOWN_FOR).await;
    futures::future::join_all((1..=60).map(one)).await;
    assert_eq!(asked(&fake), 4, "read again after a day");
}

#[tokio::test(start_paused = true)]
async fn after_the_whole_listing_only_what_is_missing_is_asked_for() {
    let fake = shop(250).await;
    assert_eq!(article(&fake, 1).await.as_deref(), Some("ART-1"));
    assert_eq!(article(&fake, 249).await.as_deref(), Some("ART-249"));
    assert_eq!(asked(&fake), 4, "three pages of what is on sale, one of what is not");
    for _ in 0..2 {
        assert_eq!(article(&fake, 999).await, None);
    }
    let requests = fake.asked(LISTINGS);
    assert_eq!(requests.len(), 6, "asked for once, and remembered");
    assert!(requests[4..].iter().all(|request| request["skuIdList"] == json!([999])), "{requests:?}");
    fake.clock.sleep(WHOLE_AGAIN_AFTER).await;
    assert_eq!(article(&fake, 999).await, None);
    assert_eq!(asked(&fake), 6, "still remembered");
    assert_eq!(article(&fake, 998).await, None);
    assert_eq!(asked(&fake), 12, "the whole listing, and what is not in it");
}

#[tokio::test(start_paused = true)]
async fn a_listing_of_too_many_pages_is_asked_by_id() {
    let fake = shop(10_001).await;
    assert_eq!(article(&fake, 9_999).await.as_deref(), Some("ART-9999"));
    assert_eq!(asked(&fake), 4, "the first pages, then the one");
    assert_eq!(article(&fake, 7).await.as_deref(), Some("ART-7"));
    assert_eq!(asked(&fake), 4, "it stood on the first page");
    fake.clock.sleep(WHOLE_AGAIN_AFTER).await;
    assert_eq!(article(&fake, 5_001).await.as_deref(), Some("ART-5001"));
    let requests = fake.asked(LISTINGS);
    assert_eq!(requests.len(), 6);
    assert!(requests[4..].iter().all(|request| request["skuIdList"] == json!([5_001])), "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn a_number_set_at_the_marketplace_is_known_with_the_next_reading_of_the_listings() {
    let fake = Fake::new(|_, asked, count| {
        let number = if count <= 2 { Value::Null } else { json!("NEW") };
        let row = json!({"skuId": 5, "goodsId": 1, "skuSn": number});
        let rows = if asked["skuSearchType"] == ON_SALE { vec![row] } else { Vec::new() };
        Say::Result(json!({"total": rows.len(), "skuList": rows}))
    })
    .await;
    for _ in 0..2 {
        assert_eq!(article(&fake, 5).await, None);
    }
    assert_eq!(asked(&fake), 2, "that it has none is remembered");
    fake.temu.read_listings().next().await.unwrap();
    assert_eq!(article(&fake, 5).await.as_deref(), Some("NEW"));
    assert_eq!(asked(&fake), 4);
}

#[tokio::test(start_paused = true)]
async fn a_failed_look_up_is_an_error_and_leaves_nothing_behind() {
    let is_good = Arc::new(AtomicBool::new(false));
    let token = is_good.clone();
    let fake = Fake::new(move |_, _, _| match token.load(Ordering::Relaxed) {
        false => Say::Code(3_000_034, "expired"),
        true => Say::Result(json!({"total": 1, "skuList": [{"skuId": 5, "skuSn": "A"}]})),
    })
    .await;
    assert!(fake.temu.order_contents(&order(5)).await.is_err());
    is_good.store(true, Ordering::Relaxed);
    assert_eq!(article(&fake, 5).await.as_deref(), Some("A"));
}
