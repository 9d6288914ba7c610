//! Shipments at TEMU: which carriers and which warehouse, the report, and what TEMU reads back.
//!
//! Calls: `bg.logistics.companies.get`, `bg.logistics.warehouse.list.get`, `bg.logistics.shipment.v2.confirm`,
//! `bg.logistics.shipment.v2.get`. A buyer's wish is overruled (`confirmAcceptance`) only where a person decided so.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use marktwerk_domain::judgement::Hold;
use marktwerk_domain::order::Hints;
use marktwerk_domain::shipment::{ReportedParcel, ShipmentReport};
use serde::Deserialize;
use serde_json::{Value, json};

use super::carriers::{self, Provider};
use super::client::{Client, Repeat};
use super::{codes, regions, wire};
use crate::error::ConnectorError;
use crate::shared_look_up::SharedLookUp;
use crate::shipments::ConfirmedParcel;
use crate::writes::WriteAnswer;

const COMPANIES: &str = "bg.logistics.companies.get";
const WAREHOUSES: &str = "bg.logistics.warehouse.list.get";
pub(super) const CONFIRM: &str = "bg.logistics.shipment.v2.confirm";
pub(super) const SHIPMENTS: &str = "bg.logistics.shipment.v2.get";
/// Carriers and warehouses change rarely, and each shipment needs both.
const KNOWN_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// A value and when it was read, by the clock's monotonic time.
type Read<T> = (Duration, T);

/// What one call tells.
type Asked<T> = Arc<SharedLookUp<Option<Read<T>>>>;

/// What was read of carriers and warehouses. Parcels are reported many at a time, and all of them need both.
#[derive(Default)]
pub(super) struct Logistics {
    carriers: Mutex<HashMap<i64, Asked<Arc<[Provider]>>>>,
    warehouses: Asked<Warehouses>,
}

/// What was read less than a day ago.
fn still_known<T: Clone>(read: Option<&Read<T>>, now: Duration) -> Option<T> {
    read.filter(|(since, _)| now.saturating_sub(*since) < KNOWN_FOR).map(|(_, value)| value.clone())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WarehouseList {
    #[serde(default, deserialize_with = "wire::list")]
    warehouse_list: Vec<Warehouse>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Warehouse {
    #[serde(default, deserialize_with = "wire::text")]
    warehouse_id: Option<String>,
    #[serde(default, deserialize_with = "wire::flag")]
    default_warehouse: Option<bool>,
}

impl Logistics {
    /// The number of a carrier by the ERP's name. Carriers are listed per region, so an order without a region has none.
    pub(super) async fn carrier_code(
        &self,
        client: &Client,
        hints: Option<&Hints>,
        name: &str,
    ) -> Result<Option<String>, ConnectorError> {
        let Some(region) = regions::of_hints(hints) else { return Ok(None) };
        let providers = self.carriers(client, region).await?;
        Ok(carriers::find(&providers, region, name).map(|id| id.to_string()))
    }

    async fn carriers(&self, client: &Client, region: i64) -> Result<Arc<[Provider]>, ConnectorError> {
        let asked = {
            let mut regions = self.carriers.lock().unwrap_or_else(PoisonError::into_inner);
            regions.entry(region).or_default().clone()
        };
        let mut known = asked.turn().await?;
        if let Some(providers) = still_known(known.as_ref(), client.clock().monotonic()) {
            return Ok(providers);
        }
        let read = client.call(COMPANIES, json!({ "regionId": region }), Repeat::Read).await;
        let read: Option<Vec<Provider>> = known.ended(read)?;
        let read: Arc<[Provider]> = read.unwrap_or_default().into();
        // A region without carriers is a hiccup there: a day of it would leave every parcel unreported.
        if !read.is_empty() {
            *known = Some((client.clock().monotonic(), read.clone()));
        }
        Ok(read)
    }

    /// The shop's warehouses; one is required in the EU.
    async fn warehouses(&self, client: &Client) -> Result<Warehouses, ConnectorError> {
        let mut known = self.warehouses.turn().await?;
        if let Some(warehouses) = still_known(known.as_ref(), client.clock().monotonic()) {
            return Ok(warehouses);
        }
        let list = client.call(WAREHOUSES, json!({}), Repeat::Read).await;
        let list: WarehouseList = known.ended(list)?;
        let all = list.warehouse_list;
        let chosen = match all.as_slice() {
            [only] => Some(only),
            several => several.iter().find(|warehouse| warehouse.default_warehouse == Some(true)),
        };
        let default = chosen.and_then(|warehouse| warehouse.warehouse_id.clone());
        let ids: Vec<String> = all.iter().filter_map(|warehouse| warehouse.warehouse_id.clone()).collect();
        let warehouses = Warehouses { default, ids: ids.into() };
        if warehouses.default.is_some() {
            *known = Some((client.clock().monotonic(), warehouses.clone()));
        }
        Ok(warehouses)
    }

    /// Reports all parcels of one order in one call, once; or one parcel of several orders.
    pub(super) async fn confirm(
        &self,
        client: &Client,
        report: &ShipmentReport,
    ) -> Result<WriteAnswer, ConnectorError> {
        if let Some(refused) = refused_here(report) {
            return Ok(refused);
        }
        let warehouses = self.warehouses(client).await?;
        let mut parcels: Vec<Value> = Vec::with_capacity(report.parcels.len());
        for parcel in &report.parcels {
            let Some(warehouse) = warehouses.of(parcel) else {
                return Ok(refusal(codes::WAREHOUSE_MISSING, "the shop has no default warehouse"));
            };
            parcels.push(request(report, parcel, warehouse));
        }
        // 0: the whole order in one parcel; 1: over several parcels, all of them in this call; 2: several orders in one parcel.
        let send_type = match &report.parcels[..] {
            [only] if !only.others.is_empty() => 2,
            [_] => 0,
            _ => 1,
        };
        let parameters = json!({ "sendType": send_type, "sendRequestList": parcels });
        match client.call::<Option<Confirmed>>(CONFIRM, parameters, Repeat::Write).await {
            Ok(confirmed) => Ok(WriteAnswer::Done {
                warnings: confirmed.map(|told| told.warning_message).unwrap_or_default(),
            }),
            Err(error) => match (error.place().and_then(codes::of), error) {
                (Some(codes::ALREADY_SHIPPED), _) => Ok(WriteAnswer::AlreadyThere),
                (Some(code), ConnectorError::Refused { place, message, .. }) if codes::is_answer(&place) => {
                    Ok(refusal(code, &message))
                }
                (_, error) => Err(error),
            },
        }
    }
}

/// The shop's warehouses at TEMU.
#[derive(Clone)]
struct Warehouses {
    /// The default one, or the only one.
    default: Option<String>,
    ids: Arc<[String]>,
}

impl Warehouses {
    /// The one that the parcel's lines were deducted from, if the shop has it.
    fn of(&self, parcel: &ReportedParcel) -> Option<&str> {
        let named = self.ids.iter().find(|id| parcel.warehouse.as_ref() == Some(id));
        named.or(self.default.as_ref()).map(String::as_str)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Confirmed {
    #[serde(default, deserialize_with = "wire::list")]
    warning_message: Vec<String>,
}

/// What needs no call to be refused.
fn refused_here(report: &ShipmentReport) -> Option<WriteAnswer> {
    if report.parcels.is_empty() || report.parcels.iter().any(|parcel| parcel.lines.is_empty()) {
        return Some(refusal(
            0,
            "the report has no parcel, or a parcel without order lines: nothing was sent",
        ));
    }
    if report.parcels.iter().any(|parcel| cleaned(&parcel.tracking).is_empty()) {
        return Some(refusal(codes::TRACKING_BLANK, "a parcel has no tracking number"));
    }
    if report.parcels.iter().any(|parcel| parcel.carrier_code.parse::<i64>().is_err()) {
        return Some(refusal(0, "a parcel's carrier is not one of TEMU's numbers: nothing was sent"));
    }
    None
}

fn refusal(code: i64, message: &str) -> WriteAnswer {
    let message = match codes::cure(code) {
        "" => message.to_owned(),
        cure => format!("{message}; {cure}"),
    };
    WriteAnswer::Refused { code: code.to_string(), message }
}

fn request(report: &ShipmentReport, parcel: &ReportedParcel, warehouse: &str) -> Value {
    let mut quantities = BTreeMap::<(&str, &str), i64>::new();
    let others = parcel.others.iter().map(|other| (&other.number, &other.lines));
    for (order, lines) in std::iter::once((&report.number, &parcel.lines)).chain(others) {
        for (line, quantity) in lines {
            *quantities.entry((order, line)).or_default() += quantity;
        }
    }
    let lines: Vec<Value> = quantities
        .iter()
        .map(|((order, line), quantity)| {
            json!({ "parentOrderSn": order, "orderSn": line, "quantity": quantity })
        })
        .collect();
    let carrier = parcel.carrier_code.parse::<i64>().unwrap_or_default();
    let mut request = json!({
        "carrierId": carrier,
        "trackingNumber": cleaned(&parcel.tracking),
        "selfShippingWarehouseId": warehouse,
        "orderSendInfoList": lines,
    });
    if !report.denied.is_empty() {
        request["confirmAcceptance"] = report.denied.iter().filter_map(|hold| denial(*hold)).collect();
    }
    if !parcel.more_tracking.is_empty() {
        let more = parcel.more_tracking.iter().map(|tracking| {
            json!({ "carrierId": carrier, "trackingNumber": cleaned(tracking), "selfShippingWarehouseId": warehouse })
        });
        request["subSendRequests"] = more.collect();
    }
    request
}

/// TEMU's word for passing over a wish or a check.
fn denial(hold: Hold) -> Option<&'static str> {
    match hold {
        Hold::Cancellation => Some("DENY_CANCELLATION"),
        Hold::Address => Some("DENY_ADDRESS_CHANGE"),
        Hold::Risk => Some("DENY_PARENT_RISK_WARNING"),
        Hold::Payment => None,
    }
}

/// TEMU refuses tracking numbers with symbols (120014020).
fn cleaned(tracking: &str) -> String {
    tracking.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shipments {
    #[serde(rename = "shipmentInfoDTO", default, deserialize_with = "wire::list")]
    shipments: Vec<Shipment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shipment {
    #[serde(default, deserialize_with = "wire::text")]
    carrier_id: Option<String>,
    #[serde(default, deserialize_with = "wire::text")]
    tracking_number: Option<String>,
    #[serde(default, deserialize_with = "wire::number")]
    quantity: Option<i64>,
}

/// What TEMU has of each of the `lines` (`orderSn`), one call per line.
pub(super) async fn read(
    client: &Client,
    order: &str,
    lines: &[String],
) -> Result<Vec<ConfirmedParcel>, ConnectorError> {
    let calls = lines.iter().map(|line| async move {
        let parameters = json!({ "parentOrderSn": order, "orderSn": line });
        let told: Option<Shipments> = client.call(SHIPMENTS, parameters, Repeat::Read).await?;
        let shipments = told.map(|told| told.shipments).unwrap_or_default();
        Ok::<_, ConnectorError>(
            shipments.into_iter().map(|shipment| shipment.parcel(line)).collect::<Vec<_>>(),
        )
    });
    Ok(futures::future::try_join_all(calls).await?.concat())
}

impl Shipment {
    fn parcel(self, line: &str) -> ConfirmedParcel {
        ConfirmedParcel {
            line: line.to_owned(),
            tracking: self.tracking_number.unwrap_or_default(),
            carrier_code: self.carrier_id.unwrap_or_default(),
            quantity: self.quantity.unwrap_or(0),
        }
    }
}
