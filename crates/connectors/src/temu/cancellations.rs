//! Cancellations at TEMU: a buyer's wish is accepted, or the shop reports that it cannot deliver.
//!
//! Calls: `bg.aftersales.cancel.list.get`, `bg.aftersales.cancel.agree`, `temu.order.cancel.outofstock.result.get`,
//! `temu.order.cancel.outofstock.apply`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Client, Repeat};
use super::{codes, wire};
use crate::cancellations::CancelAnswer;
use crate::error::ConnectorError;

pub(super) const WISHES: &str = "bg.aftersales.cancel.list.get";
pub(super) const AGREE: &str = "bg.aftersales.cancel.agree";
pub(super) const APPLIED: &str = "temu.order.cancel.outofstock.result.get";
pub(super) const APPLY: &str = "temu.order.cancel.outofstock.apply";
/// Wishes that nobody has decided on.
const PENDING: i64 = 8;

#[derive(Deserialize)]
struct WishList {
    #[serde(default, deserialize_with = "wire::list")]
    data: Vec<Wish>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    #[serde(default, deserialize_with = "wire::text")]
    parent_after_sales_sn: Option<String>,
}

/// Accepts each open wish of the order. Without one, it was accepted before or withdrawn: the order's status tells.
pub(super) async fn accept_wish(client: &Client, order: &str) -> Result<CancelAnswer, ConnectorError> {
    let asked = json!({
        "parentOrderSnList": [order], "afterSalesStatusGroup": PENDING, "pageNo": 1, "pageSize": 200,
    });
    let wishes: WishList = client.call(WISHES, asked, Repeat::Read).await?;
    for wish in wishes.data.into_iter().filter_map(|wish| wish.parent_after_sales_sn) {
        let parameters = json!({ "parentAfterSalesSn": wish, "parentOrderSn": order });
        if let Err(error) = client.call::<Option<Value>>(AGREE, parameters, Repeat::Write).await {
            return refusal(error);
        }
    }
    Ok(CancelAnswer::Taken)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Applied {
    #[serde(default, deserialize_with = "wire::list")]
    apply_result_info_list: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Applying {
    #[serde(default, deserialize_with = "wire::flag")]
    apply_result: Option<bool>,
    #[serde(default, deserialize_with = "wire::list")]
    fail_reason_list: Vec<FailReason>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailReason {
    #[serde(default, deserialize_with = "wire::list")]
    reason_list: Vec<String>,
}

/// Reports that the shop cannot deliver these lines, unless that was reported before.
pub(super) async fn cancel(
    client: &Client,
    order: &str,
    lines: &[String],
) -> Result<CancelAnswer, ConnectorError> {
    let parameters = json!({ "parentOrderSn": order, "orderSnList": lines });
    match client.call::<Option<Applied>>(APPLIED, parameters.clone(), Repeat::Read).await {
        Ok(Some(applied)) if !applied.apply_result_info_list.is_empty() => return Ok(CancelAnswer::Taken),
        Ok(_) => {}
        Err(error) if is_business(&error) => {}
        Err(error) => return Err(error),
    }
    match client.call::<Option<Applying>>(APPLY, parameters, Repeat::Write).await {
        Ok(Some(Applying { apply_result: Some(false), fail_reason_list })) => {
            let reasons: Vec<String> =
                fail_reason_list.into_iter().flat_map(|failed| failed.reason_list).collect();
            Ok(CancelAnswer::Refused { message: reasons.join(", ") })
        }
        Ok(_) => Ok(CancelAnswer::Taken),
        Err(error) => refusal(error),
    }
}

fn is_business(error: &ConnectorError) -> bool {
    matches!(error, ConnectorError::Refused { place, .. } if codes::is_answer(place))
}

/// A no to this one order is an answer.
fn refusal(error: ConnectorError) -> Result<CancelAnswer, ConnectorError> {
    match error {
        ConnectorError::Refused { place, message, .. } if codes::is_answer(&place) => {
            let code = place.code.unwrap_or_default();
            Ok(CancelAnswer::Refused { message: format!("{message} (code {code})") })
        }
        error => Err(error),
    }
}
