//! Shipments against a fake TEMU: reports, refusals, carriers and warehouses, and what is read back.

use std::time::Duration;

use marktwerk_domain::failure::FailureClass;
use marktwerk_domain::shipment::{ReportedParcel, ShipmentReport};
use serde_json::{Value, json};

use super::fake::{Fake, Say};
use super::regions;
use crate::marketplace::Marketplace;
use crate::writes::WriteAnswer;

const CONFIRM: &str = "bg.logistics.shipment.v2.confirm";
const WAREHOUSES: &str = "bg.logistics.warehouse.list.get";

fn parcel(tracking: &str, lines: &[&str]) -> ReportedParcel {
    ReportedParcel {
        id: 1,
        tracking: tracking.to_owned(),
        carrier_code: "141252268".to_owned(),
        lines: lines.iter().map(|line| ((*line).to_owned(), 2)).collect(),
        ..ReportedParcel::default()
    }
}

fn report(parcels: Vec<ReportedParcel>) -> ShipmentReport {
    ShipmentReport {
        number: "PO-1".to_owned(),
        hints: Some(regions::hints(76)),
        parcels,
        ..ShipmentReport::default()
    }
}

/// A fake with a warehouse that answers each report by `confirm`.
async fn shop(confirm: impl Fn(usize) -> Say + Send + Sync + 'static) -> Fake {
    Fake::new(move |call, _, count| match call {
        WAREHOUSES => Say::Result(json!({"warehouseList": [
            {"warehouseId": "W-1", "defaultWarehouse": false}, {"warehouseId": "W-2", "defaultWarehouse": true}]})),
        _ => confirm(count),
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn one_parcel_and_several_are_reported_in_one_call_each() {
    let fake = shop(|_| Say::Result(json!({"warningMessage": null}))).await;
    let one = fake.temu.confirm_shipment(&report(vec![parcel("00 34-0#1", &["A", "B"])])).await.unwrap();
    assert_eq!(one, WriteAnswer::Done { warnings: Vec::new() });
    fake.temu.confirm_shipment(&report(vec![parcel("1", &["A"]), parcel("2", &["B"])])).await.unwrap();
    let asked = fake.asked(CONFIRM);
    assert_eq!((&asked[0]["sendType"], &asked[1]["sendType"]), (&json!(0), &json!(1)));
    let expected = json!({"carrierId": 141_252_268, "trackingNumber": "003401", "selfShippingWarehouseId": "W-2",
        "orderSendInfoList": [{"parentOrderSn": "PO-1", "orderSn": "A", "quantity": 2},
                              {"parentOrderSn": "PO-1", "orderSn": "B", "quantity": 2}]});
    assert_eq!(asked[0]["sendRequestList"], json!([expected]));
    assert_eq!(asked[1]["sendRequestList"].as_array().unwrap().len(), 2);
    assert_eq!(fake.temu.calls()[WAREHOUSES], 1, "remembered");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_answer_and_an_outage_an_error_that_is_not_repeated() {
    let fake = shop(|count| match count {
        1 => Say::Code(120_012_004, "The order has been shipped."),
        2 => Say::Code(120_012_023, "Address change pending."),
        3 => Say::Code(120_015_527, "Missing warehouse"),
        4 => Say::Code(4_000_000, "SYSTEM_EXCEPTION"),
        _ => Say::Code(3_000_034, "expired"),
    })
    .await;
    let order = report(vec![parcel("1", &["A"])]);
    assert_eq!(fake.temu.confirm_shipment(&order).await.unwrap(), WriteAnswer::AlreadyThere);
    for expected in ["120012023", "120015527"] {
        match fake.temu.confirm_shipment(&order).await.unwrap() {
            WriteAnswer::Refused { code, message } => {
                assert_eq!(code, expected);
                assert!(message.contains("Seller Center"), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
    let error = fake.temu.confirm_shipment(&order).await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Transient);
    let error = fake.temu.confirm_shipment(&order).await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Unauthorised);
    assert_eq!(fake.temu.calls()[CONFIRM], 5);
}

#[tokio::test(start_paused = true)]
async fn a_report_that_cannot_be_right_is_not_sent() {
    let fake = shop(|_| Say::Result(json!({}))).await;
    let carrier = ReportedParcel { carrier_code: "DHL".to_owned(), ..parcel("1", &["A"]) };
    for parcels in [vec![], vec![parcel("1", &[])], vec![parcel(" - ", &["A"])], vec![carrier]] {
        let answer = fake.temu.confirm_shipment(&report(parcels)).await.unwrap();
        assert!(matches!(answer, WriteAnswer::Refused { .. }), "{answer:?}");
    }
    assert!(fake.temu.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn carriers_are_read_once_a_day_and_region() {
    let fake = Fake::new(|_, _, _| {
        Say::Result(
            json!([{"logisticsServiceProviderId": "141252268", "logisticsServiceProviderName": "DHL"}]),
        )
    })
    .await;
    let code = async |region: Option<i64>, name| {
        fake.temu.carrier_code(region.map(regions::hints).as_ref(), name).await.unwrap()
    };
    assert_eq!(code(Some(76), "DHL Paket").await.as_deref(), Some("141252268"));
    assert_eq!(code(Some(76), "GLS").await, None);
    assert_eq!(code(None, "DHL").await, None);
    assert_eq!(fake.temu.calls()["bg.logistics.companies.get"], 1);
    code(Some(13), "DHL").await;
    fake.clock.sleep(Duration::from_secs(24 * 60 * 60)).await;
    code(Some(76), "DHL").await;
    assert_eq!(fake.temu.calls()["bg.logistics.companies.get"], 3);
}

#[tokio::test(start_paused = true)]
async fn parcels_reported_at_the_same_time_ask_for_carriers_and_warehouses_once() {
    let fake = Fake::new(|call, _, _| match call {
        WAREHOUSES => Say::Result(json!({"warehouseList": [{"warehouseId": "W-1"}]})),
        CONFIRM => Say::Result(json!({})),
        _ => Say::Result(
            json!([{"logisticsServiceProviderId": 141_252_268, "logisticsServiceProviderName": "DHL"}]),
        ),
    })
    .await;
    let order = report(vec![parcel("1", &["A"])]);
    let one = async |region| {
        let code = fake.temu.carrier_code(Some(&regions::hints(region)), "DHL").await.unwrap();
        assert_eq!(code.as_deref(), Some("141252268"));
        let answer = fake.temu.confirm_shipment(&order).await.unwrap();
        assert_eq!(answer, WriteAnswer::Done { warnings: Vec::new() });
    };
    futures::future::join_all([76, 76, 76, 76, 76, 76, 13, 13].map(one)).await;
    let calls = fake.temu.calls();
    assert_eq!((calls["bg.logistics.companies.get"], calls[WAREHOUSES], calls[CONFIRM]), (2, 1, 8));
    fake.clock.sleep(Duration::from_secs(24 * 60 * 60)).await;
    futures::future::join_all([76, 76].map(one)).await;
    let calls = fake.temu.calls();
    assert_eq!((calls["bg.logistics.companies.get"], calls[WAREHOUSES]), (3, 2), "read again after a day");
}

#[tokio::test(start_paused = true)]
async fn empty_lists_of_carriers_and_warehouses_are_read_again() {
    let fake = Fake::new(|call, _, count| match (call, count) {
        (WAREHOUSES, 1) => Say::Result(json!({"warehouseList": []})),
        (WAREHOUSES, _) => Say::Result(json!({"warehouseList": [{"warehouseId": "W-1"}]})),
        (CONFIRM, _) => Say::Result(json!({})),
        (_, 1) => Say::Result(Value::Null),
        _ => Say::Result(
            json!([{"logisticsServiceProviderId": 141_252_268, "logisticsServiceProviderName": "DHL"}]),
        ),
    })
    .await;
    assert_eq!(fake.temu.carrier_code(Some(&regions::hints(76)), "DHL").await.unwrap(), None);
    assert_eq!(
        fake.temu.carrier_code(Some(&regions::hints(76)), "DHL").await.unwrap().as_deref(),
        Some("141252268")
    );
    let order = report(vec![parcel("1", &["A"])]);
    let refused = fake.temu.confirm_shipment(&order).await.unwrap();
    assert!(matches!(&refused, WriteAnswer::Refused { code, .. } if code == "120015527"), "{refused:?}");
    let accepted = fake.temu.confirm_shipment(&order).await.unwrap();
    assert_eq!(accepted, WriteAnswer::Done { warnings: Vec::new() });
}

#[tokio::test(start_paused = true)]
async fn what_was_shipped_is_read_line_by_line() {
    let fake = Fake::new(|_, asked, _| match asked["orderSn"].as_str() {
        Some("A") => Say::Result(json!({"shipmentInfoDTO": [
            {"carrierId": 7, "trackingNumber": "T1", "quantity": "2"}, {"carrierId": 7, "trackingNumber": "T2", "quantity": 1}]})),
        _ => Say::Result(json!({"shipmentInfoDTO": null})),
    })
    .await;
    let lines = ["A".to_owned(), "B".to_owned()];
    let parcels = fake.temu.read_shipments("PO-1", &lines).await.unwrap();
    let told: Vec<(&str, &str, i64)> = parcels
        .iter()
        .map(|parcel| (parcel.line.as_str(), parcel.tracking.as_str(), parcel.quantity))
        .collect();
    assert_eq!(told, [("A", "T1", 2), ("A", "T2", 1)]);
    assert_eq!(parcels[0].carrier_code, "7");
}
