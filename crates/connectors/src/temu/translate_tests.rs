//! Whole documents: what becomes of them, and why some become nothing.

use serde_json::json;

use super::*;

fn eur(cents: i64) -> Value {
    json!({"currency": "EUR", "amount": cents})
}

fn document() -> Value {
    json!({
        "order": {
            "parentOrderMap": {"parentOrderSn": "PO-076-1", "regionId": 76, "parentOrderTime": 1_780_000_000,
                               "expectShipLatestTime": "1780090000", "latestDeliveryTime": null, "unknown": [1]},
            "orderList": [
                {"orderSn": "A", "quantity": 2, "originalOrderQuantity": 3, "canceledQuantityBeforeShipment": 1,
                 "goodsName": "Tasse", "spec": "blau", "productList": [{"extCode": "CUP-1"}]},
                {"orderSn": "B", "quantity": 0, "originalOrderQuantity": 1, "canceledQuantityBeforeShipment": 1,
                 "goodsName": "Teller", "productList": null},
            ],
        },
        "shipping": {"receiptName": "Änne Bär", "addressLine1": "Süd  Weg \"5\"", "postCode": "35390",
                     "regionName1": "Germany", "regionName3": "Gießen"},
        "amount": {
            "parentOrderMap": {"retailPriceTotalTaxIncl": eur(2_000), "shipAmountTotalTaxIncl": eur(490)},
            "orderList": [{"orderSn": "A", "unitRetailPriceVatIncl": eur(1_000), "retailPriceTotalTaxIncl": eur(2_000),
                           "productTaxRate": 19_000_000}],
        },
    })
}

fn reason(change: impl FnOnce(&mut Value)) -> String {
    let mut document = document();
    change(&mut document);
    let reason = translate(&document).unwrap_err().reason;
    // Ours, so in German too.
    assert!(reason.german.is_some_and(|german| german != reason.english));
    reason.english
}

#[test]
fn a_document_becomes_an_order_without_its_cancelled_lines() {
    let order = translate(&document()).unwrap();
    assert_eq!(order.number, "PO-076-1");
    assert_eq!(order.hints, Some(regions::hints(76)));
    assert_eq!(order.ordered_at.as_second(), 1_780_000_000);
    assert_eq!(order.ship_until.unwrap().as_second(), 1_780_090_000);
    assert_eq!(order.deliver_until, None);
    assert_eq!(order.lines.len(), 1);
    let line = &order.lines[0];
    assert_eq!((line.number.as_str(), line.sku.as_str(), line.name.as_str()), ("A", "CUP-1", "Tasse (blau)"));
    assert_eq!((line.quantity(), line.gross()), (2, 2_000));
    assert_eq!((order.sum(), order.total.minor), (2_490, 2_490));
    assert_eq!(order.delivery.street, "Süd  Weg \"5\"");
    assert_eq!(order.delivery.country, "DE");
}

/// An order that cannot be translated may be entered in the ERP by hand; its shipment is reported all the same.
#[test]
fn the_lines_of_a_report_need_neither_amounts_nor_address() {
    let mut broken = document();
    broken["amount"] = Value::Null;
    broken["shipping"] = Value::Null;
    assert!(translate(&broken).is_err());
    let report = report_lines(&broken).unwrap();
    let lines: Vec<_> =
        report.lines.iter().map(|line| (line.number.as_str(), line.sku.as_str(), line.quantity())).collect();
    assert_eq!((lines.as_slice(), report.hints), ([("A", "CUP-1", 2)].as_slice(), Some(regions::hints(76))));
    broken["order"]["orderList"][0]["orderSn"] = Value::Null;
    assert!(report_lines(&broken).is_none(), "nothing is guessed");
    assert!(report_lines(&json!({"taken_over": {}})).is_none());
}

#[test]
fn article_numbers_come_from_the_line_or_the_listings() {
    let mut local = document();
    local["order"]["orderList"][0]["productList"] = Value::Null;
    local["order"]["orderList"][0]["skuId"] = json!(17_592_352_673_534_i64);
    assert_eq!(lines_without_article(&local["order"]), ["17592352673534"]);
    assert!(translate(&local).unwrap_err().reason.english.contains("set it in Seller Center"));
    local["articles"] = json!({"17592352673534": "CUP-9"});
    assert_eq!(translate(&local).unwrap().lines[0].sku, "CUP-9");
    let several = reason(|document| {
        document["order"]["orderList"][0]["productList"] = json!([{"extCode": "X"}, {"extCode": "Y"}]);
    });
    assert!(several.contains("several articles (X, Y)"), "{several}");
}

#[test]
fn what_cannot_be_translated_says_why_and_names_nobody() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 8] = [
        ("nothing is left", |document| document["order"]["orderList"][0]["quantity"] = json!(0)),
        ("nothing is left", |document| document["order"]["orderList"] = Value::Null),
        ("nothing is left", |document| document["order"]["orderList"][0]["orderStatus"] = json!(3)),
        ("no number", |document| document["order"]["parentOrderMap"]["parentOrderSn"] = json!("")),
        ("no price for line A", |document| document["amount"]["orderList"] = json!([])),
        ("missing field `amount`", |document| {
            document.as_object_mut().unwrap().remove("amount");
        }),
        ("cooperative warehouse", |document| {
            document["order"]["orderList"][0]["fulfillmentType"] = json!("fulfillByCooperativeWarehouse");
        }),
        ("cannot be read", |document| document["shipping"] = json!("Änne Bär")),
    ];
    for (word, change) in cases {
        let why = reason(change);
        assert!(why.contains(word), "{why}");
        assert!(!why.contains("Bär") && !why.contains("Weg"), "{why}");
    }
}

#[test]
fn a_multi_pack_is_not_translated_and_takes_the_most_that_it_may_be() {
    let sold = |factor: Value| {
        let mut document = document();
        document["order"]["orderList"][0]["productList"] =
            json!([{"extCode": "CUP-1", "soldFactor": factor}]);
        document
    };
    for factor in [Value::Null, json!(""), json!(1), json!("1")] {
        let document = sold(factor);
        assert_eq!(translate(&document).unwrap().lines[0].quantity(), 2);
        assert_eq!(taken(&document["order"])[0].quantity, 2);
    }
    for (factor, word, pieces) in [
        (json!(5), "line A is a multi-pack (soldFactor 5)", 10),
        (json!("5"), "line A is a multi-pack (soldFactor 5)", 10),
        (json!(0), "soldFactor 0", 2),
        (json!(1.5), "line A has a soldFactor that is not a whole number", 2),
        (json!(i64::MAX), "multi-pack", 200_000),
    ] {
        let document = sold(factor);
        let reason = translate(&document).unwrap_err().reason.english;
        assert!(reason.contains(word) && reason.contains("how many pieces"), "{reason}");
        let taken = taken(&document["order"]);
        assert_eq!((taken[0].article.as_deref(), taken[0].quantity), (Some("CUP-1"), pieces));
    }
    let mut cancelled = document();
    cancelled["order"]["orderList"][1]["productList"] = json!([{"extCode": "B", "soldFactor": 5}]);
    assert!(translate(&cancelled).is_ok(), "nothing is left of that line");
}
