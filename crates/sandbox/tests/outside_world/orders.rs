//! Order lists, details, addresses and amounts.

use std::collections::BTreeSet;

use marktwerk_sandbox::{AnyOrder, LineSeed, OrderSeed, RawOrder};
use serde_json::{Value, json};

use crate::world::World;

const LIST: &str = "bg.order.list.v2.get";
const AMOUNT: &str = "bg.order.amount.query";
const ADDRESS: &str = "bg.order.shippinginfo.v2.get";

fn numbers(list: &Value) -> Vec<String> {
    let items = list["pageItems"].as_array().expect("items").iter();
    items.map(|item| item["parentOrderMap"]["parentOrderSn"].as_str().expect("sn").to_owned()).collect()
}

#[tokio::test]
async fn pages_are_newest_first_and_filtered() {
    let world = World::quiet().await;
    let mut placed = Vec::new();
    for _ in 0..23 {
        placed.push(world.control.add_order(OrderSeed::default()).expect("order"));
        world.clock.advance(10);
    }
    placed.reverse();
    let first = world.result(LIST, json!({"pageNumber": 1})).await;
    assert_eq!(first["totalItemNum"], 23);
    assert_eq!(numbers(&first), placed[..10]);
    let last =
        world.result(LIST, json!({"pageNumber": 3, "sortby": "updateTime", "parentOrderStatus": 2})).await;
    assert_eq!(numbers(&last), placed[20..]);
    let beyond = world.result(LIST, json!({"pageNumber": 9})).await;
    assert_eq!((numbers(&beyond).len(), beyond["totalItemNum"].as_i64()), (0, Some(23)));
    world.control.cancel(&placed[4]).expect("cancel");
    let cancelled = world.result(LIST, json!({"parentOrderStatus": 3})).await;
    assert_eq!(numbers(&cancelled), [placed[4].clone()]);
    let newest = world.result(LIST, json!({"sortby": "updateTime", "pageSize": 1})).await;
    assert_eq!(numbers(&newest), [placed[4].clone()]);
    // The interval is closed at both ends.
    let at = world.control.order(&placed[7]).expect("order").created_at;
    let exact = world.result(LIST, json!({"createAfter": at, "createBefore": at})).await;
    assert_eq!(numbers(&exact), [placed[7].clone()]);
    let two = world.result(LIST, json!({"parentOrderSnList": [placed[0], placed[9], "PO-076-x"]})).await;
    assert_eq!(numbers(&two), [placed[0].clone(), placed[9].clone()]);
    let of_region = world.result(LIST, json!({"regionId": 76, "pageSize": 100})).await;
    assert!(
        of_region["pageItems"]
            .as_array()
            .expect("items")
            .iter()
            .all(|item| { item["parentOrderMap"]["regionId"] == 76 })
    );
}

#[tokio::test]
async fn wrong_list_parameters() {
    let world = World::quiet().await;
    let many: Vec<String> = (0..21).map(|number| format!("PO-076-{number}")).collect();
    for (parameters, code) in [
        (json!({"pageSize": 101}), 3_000_000),
        (json!({"pageSize": "many"}), 3_000_000),
        (json!({"pageNumber": 0}), 3_000_000),
        (json!({"parentOrderStatus": 9}), 3_000_000),
        (json!({"sortby": "price"}), 3_000_000),
        (json!({"parentOrderSnList": many}), 3_000_000),
        (json!({"updateAtStart": 1_700_000_000}), 140_020_013),
        (json!({"createBefore": 1_700_000_000}), 140_020_013),
        (json!({"updateAtStart": 1_700_000_000_000_i64, "updateAtEnd": 1_700_000_001_000_i64}), 140_020_014),
    ] {
        assert_eq!(world.code(LIST, parameters.clone()).await, code, "{parameters}");
    }
}

#[tokio::test]
async fn an_order_that_changes_between_two_pages_leaves_the_window() {
    let world = World::quiet().await;
    for _ in 0..9 {
        world.control.add_order(OrderSeed::default()).expect("order");
        world.clock.advance(1);
    }
    let end = world.clock.seconds();
    world.control.set_touch_after_each_page(true).expect("set");
    let page = |number: i64| json!({"pageNumber": number, "pageSize": 3, "sortby": "updateTime", "updateAtStart": end - 100, "updateAtEnd": end});
    let mut seen = BTreeSet::new();
    // From the last page to the first nothing is missed, although each page loses an order afterwards.
    for (number, total) in [(3, 9), (2, 8), (1, 7)] {
        let list = world.result(LIST, page(number)).await;
        assert_eq!(list["totalItemNum"], total);
        seen.extend(numbers(&list));
    }
    assert_eq!(seen.len(), 9);
    world.control.set_touch_after_each_page(false).expect("set");
    let left = world.result(LIST, page(1)).await;
    assert_eq!(left["totalItemNum"], 6);
}

#[tokio::test]
async fn amounts_come_in_another_order_and_add_up() {
    let world = World::quiet().await;
    for _ in 0..12 {
        let line = |sku: &str, quantity, cancelled, seller, temu| LineSeed {
            cancelled,
            seller_discount_cents: seller,
            temu_discount_cents: temu,
            ..LineSeed::new(sku, quantity)
        };
        let lines =
            vec![line("MW-0001", 3, 1, 50, 0), line("MW-0002", 1, 0, 0, 35), line("MW-0003", 2, 2, 0, 0)];
        let seed = OrderSeed { lines, shipping_gross_cents: Some(399), ..OrderSeed::default() };
        let sn = world.control.add_order(seed).expect("order");
        let list = world.result(LIST, json!({"parentOrderSnList": [sn]})).await;
        let amounts = world.result(AMOUNT, json!({"parentOrderSn": sn})).await;
        let listed = list["pageItems"][0]["orderList"].as_array().expect("lines").clone();
        let priced = amounts["orderList"].as_array().expect("lines").clone();
        assert_eq!(listed[0]["quantity"], 2);
        assert_eq!(listed[0]["originalOrderQuantity"], 3);
        assert_eq!(listed[2]["quantity"], 0);
        assert_eq!(listed[0]["productList"][0]["extCode"], "MW-0001");
        let order_of =
            |lines: &[Value]| lines.iter().map(|line| line["orderSn"].to_string()).collect::<Vec<_>>();
        assert_ne!(order_of(&listed), order_of(&priced));
        let cents = |value: &Value| value["amount"].as_i64().expect("amount");
        let map = &amounts["parentOrderMap"];
        let sum = |work: &dyn Fn(&Value) -> i64| priced.iter().map(work).sum::<i64>();
        let goods = sum(&|line| {
            cents(&line["unitRetailPriceVatIncl"]) * line["quantity"].as_i64().expect("quantity")
        });
        assert_eq!(cents(&map["retailPriceTotalTaxIncl"]), goods);
        assert_eq!(cents(&map["discountFromSeller"]), sum(&|line| cents(&line["discountFromSeller"])));
        assert_eq!(cents(&map["shipAmountTotalTaxIncl"]), 399);
        assert_eq!(sum(&|line| cents(&line["shipAmountTotalTaxIncl"])), 399);
        assert_eq!(cents(&map["customerPaid"]), goods - 50 - 35 + 399);
        let parts = ["retailPriceTotal", "shippingAmountTotal", "taxTotal"].map(|name| cents(&map[name]));
        assert_eq!(cents(&map["customerPaid"]), parts.iter().sum::<i64>() - cents(&map["totalDiscount"]));
        assert!(
            priced
                .iter()
                .all(|line| line["productTaxRate"] == 19_000_000 || line["productTaxRate"] == 7_000_000)
        );
    }
}

#[tokio::test]
async fn amounts_may_be_late_and_orders_raw() {
    let world = World::quiet().await;
    let late = world
        .control
        .add_order(OrderSeed { amount_calls_to_wait: 1, ..OrderSeed::default() })
        .expect("order");
    assert_eq!(world.code(AMOUNT, json!({"parentOrderSn": late})).await, 140_020_008);
    world.result(AMOUNT, json!({"parentOrderSn": late})).await;
    let list_item = json!({"parentOrderMap": {"parentOrderSn": "{parentOrderSn}", "parentOrderStatus": 2}});
    let raw = RawOrder { list_item: Some(list_item), ..RawOrder::default() };
    let sn = world.control.add_raw_order(AnyOrder { raw, ..AnyOrder::default() }).expect("order");
    let list = world.result(LIST, json!({"parentOrderSnList": [sn]})).await;
    assert_eq!(
        list["pageItems"][0],
        json!({"parentOrderMap": {"parentOrderSn": sn, "parentOrderStatus": 2}})
    );
    assert_eq!(world.code(AMOUNT, json!({"parentOrderSn": "PO-076-0"})).await, 140_020_002);
    let unknown = json!({"parentOrderSn": "PO-076-0"});
    assert_eq!(world.code("bg.order.detail.v2.get", unknown.clone()).await, 140_020_002);
    assert_eq!(world.code(ADDRESS, unknown).await, 180_020_003);
}

#[tokio::test]
async fn the_address_is_shown_only_while_the_order_waits_for_shipment() {
    let world = World::quiet().await;
    let sn =
        world.control.add_order(OrderSeed { region_id: Some(13), ..OrderSeed::default() }).expect("order");
    let order = world.control.order(&sn).expect("order");
    let before = world.result(ADDRESS, json!({"parentOrderSn": sn})).await;
    assert_eq!(before["addressLine1"], json!(order.address.street));
    assert_eq!(before["regionName1"], "Austria");
    assert_eq!(world.result("bg.order.decryptshippinginfo.get", json!({"parentOrderSn": sn})).await, before);
    world.control.ask_address_change(&sn, true).expect("ask");
    world.clock.advance(5);
    world.control.readdress(&sn).expect("readdress");
    let after = world.result(ADDRESS, json!({"parentOrderSn": sn})).await;
    assert_ne!(after["addressLineAll"], before["addressLineAll"]);
    assert_eq!(after["receiptName"], before["receiptName"]);
    let detail = world.result("bg.order.detail.v2.get", json!({"parentOrderSn": sn})).await;
    assert_eq!(detail["parentOrderMap"]["fulfillmentWarning"], json!(["CONFIRMED_CHANGED_ADDRESS"]));
    let changed = world.control.order(&sn).expect("order");
    assert!(changed.updated_at > order.updated_at && !changed.pending_address_change);
    world.control.set_status(&sn, 4).expect("status");
    let shipped = world.result(ADDRESS, json!({"parentOrderSn": sn})).await;
    assert_eq!((&shipped["receiptName"], &shipped["postCode"]), (&json!(""), &json!("")));
}
