//! Listings and stock at the marketplace.

use serde_json::{Value, json};

use crate::world::World;

const EDIT: &str = "bg.local.goods.stock.edit";

#[tokio::test]
async fn listings_name_the_sellers_sku_price_and_stock() {
    let world = World::quiet().await;
    let mut skus = Vec::new();
    for kind in [2, 3] {
        for page in 1..=3 {
            let parameters =
                json!({"pageNo": page, "pageSize": 20, "skuSearchType": kind, "skuStatusFilterType": 2});
            let list = world.result("bg.local.goods.sku.list.query", parameters).await;
            skus.extend(list["skuList"].as_array().expect("list").iter().map(|row| row["skuSn"].clone()));
        }
    }
    let listings = world.control.listings().expect("listings");
    assert_eq!(skus.len(), listings.len());
    assert!(skus.contains(&json!("MW-ONLY-TEMU")) && !skus.contains(&json!("MW-ONLY-JTL")));
    let query = json!({"outSkuSnList": ["MW-0001"], "skuIdList": [listings[1].sku_id]});
    let stock = world.result("temu.local.goods.sku.stock.query", query).await;
    // The first two articles are variants of one product.
    let rows = &stock["stockList"][0]["skuStockInfoList"];
    assert_eq!(rows[0]["selfOrdinaryStock"]["stock"], listings[0].stock);
    assert_eq!(rows[1]["outSkuSn"], "MW-0002");
    let missing = json!({"pageNo": 1, "pageSize": 20, "skuSearchType": 2});
    assert_eq!(world.code("bg.local.goods.sku.list.query", missing).await, 150_010_003);
}

#[tokio::test]
async fn stock_is_edited_row_by_row() {
    let world = World::quiet().await;
    let listings = world.control.listings().expect("listings");
    let (first, second, goods) = (listings[0].sku_id, listings[1].sku_id, listings[0].goods_id);
    let target = |sku: i64, pieces: i64| json!({"skuId": sku, "stockTarget": pieces});
    let rows = json!({"goodsId": goods, "skuStockTargetList": [target(first, 0), target(second, 77)], "requestUniqueKey": "k1"});
    let result = world.result(EDIT, rows.clone()).await;
    assert_eq!(result["operateResult"], true);
    assert_eq!(world.control.stock("MW-0001").expect("stock"), 0);
    assert_eq!(world.control.stock("MW-0002").expect("stock"), 77);
    assert_eq!(world.code(EDIT, rows).await, 150_010_003);
    world.control.reject_stock("MW-0002", Some(150_010_005)).expect("reject");
    let rows =
        json!({"goodsId": goods, "skuStockTargetList": [target(first, 5), target(second, 6), target(99, 1)]});
    let result = world.result(EDIT, rows).await;
    assert_eq!(result["operateResult"], false);
    let rows = &result["skuStockEditStatusInfoList"];
    let states: Vec<&Value> = (0..3).map(|row| &rows[row]["stockEditStatus"]).collect();
    assert_eq!(states, [&json!(true), &json!(false), &json!(false)]);
    assert_eq!(rows[1]["errorCode"], 150_010_005);
    assert_eq!(world.control.stock("MW-0001").expect("stock"), 5);
    assert_eq!(world.control.stock("MW-0002").expect("stock"), 77);
    let diff = json!({"goodsId": goods, "skuStockChangeList": [{"skuId": first, "stockDiff": -6}]});
    let result = world.result(EDIT, diff).await;
    assert_eq!(result["skuStockEditStatusInfoList"][0]["errorCode"], 150_013_002);
}

#[tokio::test]
async fn wrong_stock_calls() {
    let world = World::quiet().await;
    let listing = world.control.listings().expect("listings").remove(0);
    let (sku, goods) = (listing.sku_id, listing.goods_id);
    let target = |pieces: i64| json!({"skuId": sku, "stockTarget": pieces});
    let diff = json!([{"skuId": sku, "stockDiff": 1}]);
    for (parameters, code) in [
        (json!({"skuStockTargetList": [target(1)]}), 150_010_003),
        (json!({"goodsId": goods}), 150_010_003),
        (json!({"goodsId": 1, "skuStockTargetList": [target(1)]}), 150_010_003),
        (
            json!({"goodsId": goods, "skuStockTargetList": [target(1)], "skuStockChangeList": diff}),
            150_013_003,
        ),
        (json!({"goodsId": goods, "skuStockTargetList": [target(1), target(2)]}), 150_013_001),
        (json!({"goodsId": goods, "skuStockTargetList": [target(-1)]}), 150_013_002),
        (json!({"goodsId": goods, "skuStockTargetList": [target(1_000_001)]}), 150_013_002),
    ] {
        assert_eq!(world.code(EDIT, parameters.clone()).await, code, "{parameters}");
    }
}

#[tokio::test]
async fn what_is_sold_is_gone_and_what_is_cancelled_is_back() {
    let world = World::quiet().await;
    world.control.set_listing_stock("MW-0003", 10).expect("set");
    let sn = world.control.sell("MW-0003", 4).expect("sell");
    assert_eq!(world.control.stock("MW-0003").expect("stock"), 6);
    world.control.cancel(&sn).expect("cancel");
    assert_eq!(world.control.stock("MW-0003").expect("stock"), 10);
}
