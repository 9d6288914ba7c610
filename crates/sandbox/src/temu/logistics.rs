//! Carriers of a region and the merchant's warehouses at the marketplace, and who the token belongs to.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::request::Request;

/// A carrier that the marketplace lists but bars for this shop.
pub(crate) const BARRED_CARRIER: i64 = 699_272_611;
pub(crate) const DHL: i64 = 141_252_268;
/// (id, name, brand) of the carriers that every European region here has.
const EVERYWHERE: [(i64, &str, &str); 5] = [
    (DHL, "DHL", "DHL"),
    (314_439_762, "UPS", "UPS"),
    (547_987_123, "GLS", "GLS"),
    (998_264_901, "Hermes", "Hermes"),
    (BARRED_CARRIER, "FedEx", "FedEx"),
];
/// The warehouses' numbers are texts.
pub(crate) const WAREHOUSES: [(&str, &str, bool); 2] =
    [("WH-SANDBOX-1", "Hauptlager", true), ("WH-SANDBOX-2", "Außenlager", false)];
/// Thirty days in seconds: how long the token is still good.
const TOKEN_LASTS: i64 = 30 * 86_400;

/// DPD has one number per country and none for all of Europe.
fn carriers(region: i64) -> Vec<(i64, &'static str, &'static str)> {
    let mut carriers = EVERYWHERE.to_vec();
    match region {
        76 => {
            carriers.push((998_264_853, "DPD DE", "DPD"));
            carriers.push((998_264_902, "Deutsche Post", "Deutsche Post"));
        }
        13 => {
            carriers.push((998_264_854, "DPD AT", "DPD"));
            carriers.push((998_264_903, "Österreichische Post", "Österreichische Post"));
        }
        _ => {}
    }
    carriers
}

/// Name of a region's carrier.
pub(crate) fn carrier_name(region: i64, carrier: i64) -> Option<&'static str> {
    carriers(region).into_iter().find(|(id, ..)| *id == carrier).map(|(_, name, _)| name)
}

/// `bg.logistics.companies.get`.
pub(crate) fn companies(request: &Request) -> Answer {
    let region =
        request.integer("regionId")?.ok_or_else(|| Refusal::bad_parameters("regionId is required"))?;
    let row = |(id, name, brand)| json!({"logisticsServiceProviderId": id, "logisticsServiceProviderName": name, "logisticsBrandName": brand});
    Ok(Value::Array(carriers(region).into_iter().map(row).collect()))
}

/// `bg.logistics.warehouse.list.get`.
pub(crate) fn warehouses() -> Answer {
    let row = |(id, name, is_default): &(&str, &str, bool)| {
        json!({
            "warehouseId": id,
            "warehouseName": name,
            "warehouseBrand": "",
            "defaultWarehouse": is_default,
            "regionId1": 76,
            "warehouseManagementType": 1,
            "enableBuyShippingLabel": false,
        })
    };
    Ok(json!({"warehouseList": WAREHOUSES.iter().map(row).collect::<Vec<_>>()}))
}

/// `bg.open.accesstoken.info.get`.
pub(crate) fn token_info(known: &[&str], now: i64) -> Answer {
    Ok(json!({
        "mallId": 634_418_000_000_001_i64,
        "mallType": 1,
        "regionId": 76,
        "semiUniqueId": "sandbox-mall",
        "apiScopeList": known,
        "expiredTime": now + TOKEN_LASTS,
        "appSubscribeStatus": 0,
        "appSubscribeEventCodeList": [],
        "authEventCodeList": [],
    }))
}
