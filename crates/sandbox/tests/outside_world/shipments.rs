//! By which rules the marketplace accepts parcels.

use marktwerk_sandbox::{Fault, FaultKind, Faults, LineSeed, MarketOrder, OrderSeed};
use serde_json::{Value, json};

use crate::world::World;

const CONFIRM: &str = "bg.logistics.shipment.v2.confirm";
const READ: &str = "bg.logistics.shipment.v2.get";
const DHL: i64 = 141_252_268;
const WAREHOUSE: &str = "WH-SANDBOX-1";

fn order(world: &World) -> MarketOrder {
    let cancelled = LineSeed { cancelled: 1, ..LineSeed::new("MW-0003", 1) };
    let lines = vec![LineSeed::new("MW-0001", 2), LineSeed::new("MW-0002", 1), cancelled];
    let seed = OrderSeed { lines, region_id: Some(76), ..OrderSeed::default() };
    let sn = world.control.add_order(seed).expect("order");
    world.control.order(&sn).expect("order")
}

fn inside(order: &MarketOrder, line: usize) -> Value {
    let line = &order.lines[line];
    json!({"parentOrderSn": order.parent_order_sn, "orderSn": line.order_sn, "quantity": line.quantity()})
}

fn parcel(tracking: &str, lines: &[Value]) -> Value {
    json!({"carrierId": DHL, "trackingNumber": tracking, "selfShippingWarehouseId": WAREHOUSE, "orderSendInfoList": lines})
}

fn whole(order: &MarketOrder, tracking: &str) -> Value {
    json!({"sendType": 0, "sendRequestList": [parcel(tracking, &[inside(order, 0), inside(order, 1)])]})
}

#[tokio::test]
async fn the_whole_order_in_one_parcel() {
    let world = World::quiet().await;
    let order = order(&world);
    world.clock.advance(60);
    world.result(CONFIRM, whole(&order, "T0001")).await;
    let shipped = world.control.order(&order.parent_order_sn).expect("order");
    assert_eq!((shipped.status, shipped.shipped_at), (4, Some(world.clock.seconds())));
    assert_eq!(shipped.updated_at, world.clock.seconds());
    let read = json!({"parentOrderSn": order.parent_order_sn, "orderSn": order.lines[0].order_sn});
    let rows = world.result(READ, read).await;
    assert_eq!(rows["shipmentInfoDTO"][0]["trackingNumber"], "T0001");
    assert_eq!(rows["shipmentInfoDTO"][0]["carrierName"], "DHL");
    assert_eq!(rows["shipmentInfoDTO"][0]["quantity"], 2);
    assert_eq!(world.code(CONFIRM, whole(&order, "T0001")).await, 120_012_004);
    let report = world.control.shipments().expect("shipments").remove(0);
    assert_eq!((report.accepted, report.rejected, report.contents.len()), (1, 1, 2));
    assert_eq!(world.control.rejections().expect("rejections")[0].code, 120_012_004);
    let unknown = json!({"parentOrderSn": order.parent_order_sn, "orderSn": "076-1"});
    assert_eq!(world.code(READ, unknown).await, 120_012_007);
}

#[tokio::test]
async fn several_parcels_in_one_call_and_all_lines() {
    let world = World::quiet().await;
    let order = order(&world);
    let half = json!({"sendType": 1, "sendRequestList": [parcel("T1", &[inside(&order, 0)])]});
    assert_eq!(world.code(CONFIRM, half).await, 120_012_016);
    let (first, second) = (parcel("T1", &[inside(&order, 0)]), parcel("T2", &[inside(&order, 1)]));
    let at_once = json!({"sendType": 0, "sendRequestList": [first, second]});
    assert_eq!(world.code(CONFIRM, at_once).await, 3_000_000);
    let (first, second) = (parcel("T1", &[inside(&order, 0)]), parcel("T1", &[inside(&order, 1)]));
    let same = json!({"sendType": 1, "sendRequestList": [first, second]});
    assert_eq!(world.code(CONFIRM, same).await, 120_014_003);
    let mut one_of_two = inside(&order, 0);
    one_of_two["quantity"] = json!(1);
    let (first, second) =
        (parcel("T1", std::slice::from_ref(&one_of_two)), parcel("T2", &[one_of_two, inside(&order, 1)]));
    let split_line = json!({"sendType": 1, "sendRequestList": [first, second]});
    assert_eq!(world.code(CONFIRM, split_line).await, 120_012_016);
    let (first, second) =
        (parcel("T1", &[inside(&order, 0)]), parcel("T2", &[inside(&order, 0), inside(&order, 1)]));
    let twice = json!({"sendType": 1, "sendRequestList": [first, second]});
    assert_eq!(world.code(CONFIRM, twice).await, 120_012_041);
    let (first, second) = (parcel("T1", &[inside(&order, 0)]), parcel("T2", &[inside(&order, 1)]));
    world.result(CONFIRM, json!({"sendType": 1, "sendRequestList": [first, second]})).await;
    assert_eq!(world.control.shipments().expect("shipments").len(), 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_parcel() {
    let world = World::quiet().await;
    let order = order(&world);
    let taken = self::order(&world);
    world.result(CONFIRM, whole(&taken, "TAKEN1")).await;
    for (member, value, code) in [
        ("trackingNumber", json!(" "), 120_014_001),
        ("trackingNumber", json!("AB-12"), 120_014_020),
        ("trackingNumber", json!("TAKEN1"), 120_014_004),
        ("trackingNumber", json!("unbekannt"), 120_014_023),
        ("carrierId", json!(1), 120_014_022),
        ("carrierId", json!(699_272_611), 120_011_092),
        ("carrierId", json!(998_264_854), 120_014_022),
        ("selfShippingWarehouseId", Value::Null, 120_015_527),
        ("selfShippingWarehouseId", json!("WH-9"), 120_011_085),
        ("orderSendInfoList", json!([]), 3_000_000),
    ] {
        let mut call = whole(&order, "T1");
        call["sendRequestList"][0][member] = value;
        assert_eq!(world.code(CONFIRM, call).await, code, "{member}");
    }
    assert_eq!(world.control.order(&order.parent_order_sn).expect("order").status, 2);
    world.result(CONFIRM, whole(&order, "T1")).await;
}

#[tokio::test]
async fn pending_wishes_and_cancelled_orders() {
    let world = World::quiet().await;
    let order = order(&world);
    let sn = &order.parent_order_sn;
    world.control.ask_address_change(sn, true).expect("ask");
    assert_eq!(world.code(CONFIRM, whole(&order, "T1")).await, 120_012_023);
    world.control.ask_address_change(sn, false).expect("ask");
    world.control.ask_cancellation(sn, true).expect("ask");
    assert_eq!(world.code(CONFIRM, whole(&order, "T1")).await, 120_012_030);
    world.control.refuse_shipment(sn, Some(120_015_026)).expect("refuse");
    assert_eq!(world.code(CONFIRM, whole(&order, "T1")).await, 120_015_026);
    world.control.refuse_shipment(sn, None).expect("refuse");
    let mut denied = whole(&order, "T1");
    denied["sendRequestList"][0]["confirmAcceptance"] = json!(["DENY_CANCELLATION"]);
    world.result(CONFIRM, denied).await;
    let cancelled = self::order(&world);
    world.control.cancel(&cancelled.parent_order_sn).expect("cancel");
    assert_eq!(world.code(CONFIRM, whole(&cancelled, "T2")).await, 120_012_007);
    let nobody = json!({"parentOrderSn": "PO-1", "orderSn": "1", "quantity": 1});
    let call = json!({"sendType": 0, "sendRequestList": [parcel("T3", &[nobody])]});
    assert_eq!(world.code(CONFIRM, call).await, 120_012_007);
}

#[tokio::test]
async fn a_confirmation_may_count_although_no_answer_came() {
    let world = World::quiet().await;
    let order = order(&world);
    let fault = Fault::new(FaultKind::CutAfterChange).only(CONFIRM).times(1);
    world.control.set_faults(Faults::one(fault)).expect("faults");
    let mut body = world.common(CONFIRM);
    body.extend(whole(&order, "T1").as_object().cloned().expect("object"));
    let sign = crate::world::sign(&body, marktwerk_sandbox::Sandbox::credentials().app_secret);
    body.insert("sign".to_owned(), json!(sign));
    assert!(world.send(Value::Object(body).to_string()).await.is_err());
    let read = json!({"parentOrderSn": order.parent_order_sn, "orderSn": order.lines[1].order_sn});
    let rows = world.result(READ, read).await;
    assert_eq!(rows["shipmentInfoDTO"][0]["trackingNumber"], "T1");
}
