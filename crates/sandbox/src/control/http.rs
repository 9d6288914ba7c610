//! The levers over HTTP: `POST /control/<lever>` with a JSON object of its arguments, the answer is JSON.
//! Errors are 400 with `{"error": …}`. For tests in another process and for a presenter's curl.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{AnyOrder, Control, OrderSeed};
use crate::error::SandboxError;
use crate::faults::Faults;
use crate::jtl::ParcelSeed;

/// Everything that a lever may take; each takes its own part.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Arguments {
    order: String,
    external: String,
    sku: String,
    warehouse: i64,
    pieces: i64,
    line: usize,
    status: i64,
    count: u32,
    code: Option<i64>,
    on: bool,
    name: Option<String>,
    parcels: Vec<ParcelSeed>,
    other: String,
    tracking: String,
    seconds: i64,
    cents: i64,
}

/// The levers, with what they take and do.
pub const LEVERS: [(&str, &str); 65] = [
    ("add_order", "an order as described; OrderSeed"),
    ("add_raw_order", "an order with raw answers; AnyOrder"),
    ("add_orders", "count: buyers order something"),
    ("sell", "sku, pieces: an order of one line"),
    ("cancel", "order: it is cancelled at the marketplace"),
    ("readdress", "order: it goes to another address"),
    ("ask_address_change", "order, on: the buyer's wish"),
    ("ask_cancellation", "order, on: the buyer's wish"),
    ("check_risk", "order, on: the marketplace's check"),
    ("hide", "order, on: the list does not show it yet"),
    ("set_label", "order, name, on: a label such as past_due"),
    ("warn", "order, name, on: a fulfillmentWarning"),
    ("refund", "order, cents: refunded to the buyer"),
    ("set_faults", "faults of the connection; Faults"),
    ("cancel_pieces", "order, line, pieces: cancelled before shipment"),
    ("set_status", "order, status: any parentOrderStatus"),
    ("ship_by_hand", "order, tracking: shipped in Seller Center"),
    ("touch", "order: only its update time moves"),
    ("change_time", "order, seconds: its update time"),
    ("set_touch_after_each_page", "on: an order changes after each page of a list"),
    ("calls", "calls so far, by type"),
    ("reset_calls", "count calls from zero again"),
    ("orders", "all orders"),
    ("order", "order: one order"),
    ("shipments", "parcels that were accepted"),
    ("rejections", "shipment reports that were refused"),
    ("stock", "sku: pieces offered at the marketplace"),
    ("set_listing_stock", "sku, pieces: typed at the marketplace"),
    ("listings", "all listings"),
    ("refuse_shipment", "order, code: every shipment report is refused; code null: no longer"),
    ("reject_stock", "sku, code: every figure is refused; code null: no longer"),
    ("create_article", "sku, pieces: a new article with stock"),
    ("delete_article", "sku: the article is deleted with its stock"),
    ("rename_article", "sku, name: the article gets another number"),
    ("set_article_active", "sku, on: the article is active or not"),
    ("set_variation_parent", "sku, on: the article is a variation parent or not"),
    ("empty_mandant", "the wrong mandant is chosen: all articles are gone"),
    ("restore_mandant", "the right mandant is chosen again"),
    ("set_jtl_away", "on: JTL's server does not answer"),
    ("set_stock", "sku, warehouse, pieces: what lies in a warehouse"),
    ("receive", "sku, pieces: goods arrive"),
    ("sell_elsewhere", "sku, pieces: sold over another channel"),
    ("set_buffer", "sku, pieces: the buffer of the article"),
    ("jtl_stock", "sku: stock as JTL keeps it"),
    ("pause_worker", "JTL-Worker takes no rows"),
    ("resume_worker", "JTL-Worker takes rows again"),
    ("work_now", "do everything that is due"),
    ("orders_in_jtl", "external: how many orders have this number"),
    ("waiting_rows", "rows that wait for the worker"),
    ("dropped", "rows that the worker threw away"),
    ("ship_now", "external, parcels: parcels leave"),
    ("cancel_in_jtl", "external: the order is cancelled"),
    ("delete_in_jtl", "external: the order is deleted"),
    ("renumber_in_jtl", "external, name: the order gets another external number"),
    ("merge_in_jtl", "external, other: the second order is merged into the first"),
    ("split_in_jtl", "external: the order is split in two with one number"),
    ("enter_in_jtl", "external, sku, pieces: an order entered by hand"),
    ("add_gift_in_jtl", "external, sku: a piece of another article is put on the order"),
    ("add_packaging_in_jtl", "external, sku: a carton as a position of its own"),
    ("take_bundles_apart_in_jtl", "external: delivery notes hold the components alone"),
    ("delete_position_in_jtl", "external, sku: of which nothing has left"),
    ("collect_in_jtl", "external: a delivery note without a parcel"),
    ("print_label_again", "external: another label, which is not used"),
    ("renumber_parcels", "external, tracking: parcels get another tracking number"),
    ("set_shipping_method", "name; null: carriers by chance"),
];

/// `/control/*`; `GET /control` lists the levers.
pub(crate) fn routes(control: Control) -> Router {
    Router::new()
        .route("/control", get(levers))
        .route("/control/{lever}", post(pull).get(pull_without_body))
        .with_state(control)
}

async fn levers() -> Json<Value> {
    Json(LEVERS.into_iter().map(|(lever, about)| (lever.to_owned(), json!(about))).collect())
}

async fn pull_without_body(control: State<Control>, lever: Path<String>) -> (StatusCode, Json<Value>) {
    pull(control, lever, String::new()).await
}

async fn pull(
    State(control): State<Control>,
    Path(lever): Path<String>,
    body: String,
) -> (StatusCode, Json<Value>) {
    let work = move || perform(&control, &lever, if body.trim().is_empty() { "{}" } else { &body });
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => (StatusCode::OK, Json(value)),
        Ok(Err(error)) => (StatusCode::BAD_REQUEST, Json(json!({"error": said(&error)}))),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": error.to_string()}))),
    }
}

/// An error with its causes in one line.
fn said(error: &SandboxError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, SandboxError> {
    Ok(serde_json::from_str(body)?)
}

fn perform(control: &Control, lever: &str, body: &str) -> Result<Value, SandboxError> {
    let value = match lever {
        // These take one object of their own.
        "add_order" => return Ok(json!(control.add_order(read::<OrderSeed>(body)?)?)),
        "add_raw_order" => return Ok(json!(control.add_raw_order(read::<AnyOrder>(body)?)?)),
        "set_faults" => return Ok(json!(control.set_faults(read::<Faults>(body)?)?)),
        _ => read::<Arguments>(body)?,
    };
    let Arguments {
        order,
        external,
        sku,
        warehouse,
        pieces,
        line,
        status,
        count,
        code,
        on,
        name,
        parcels,
        other,
        tracking,
        seconds,
        cents,
    } = value;
    Ok(match lever {
        "add_orders" => json!(control.add_orders(count.max(1))?),
        "sell" => json!(control.sell(&sku, pieces)?),
        "cancel" => json!(control.cancel(&order)?),
        "readdress" => json!(control.readdress(&order)?),
        "ask_address_change" => json!(control.ask_address_change(&order, on)?),
        "ask_cancellation" => json!(control.ask_cancellation(&order, on)?),
        "check_risk" => json!(control.check_risk(&order, on)?),
        "hide" => json!(control.hide(&order, on)?),
        "set_label" => json!(control.set_label(&order, &name.unwrap_or_default(), on)?),
        "warn" => json!(control.warn(&order, &name.unwrap_or_default(), on)?),
        "refund" => json!(control.refund(&order, cents)?),
        "cancel_pieces" => json!(control.cancel_pieces(&order, line, pieces)?),
        "set_status" => json!(control.set_status(&order, status)?),
        "ship_by_hand" => json!(control.ship_by_hand(&order, &tracking)?),
        "touch" => json!(control.touch(&order)?),
        "change_time" => json!(control.change_time(&order, seconds)?),
        "set_touch_after_each_page" => json!(control.set_touch_after_each_page(on)?),
        "calls" => json!(control.calls()?),
        "reset_calls" => json!(control.reset_calls()?),
        "orders" => json!(control.orders()?),
        "order" => json!(control.order(&order)?),
        "shipments" => json!(control.shipments()?),
        "rejections" => json!(control.rejections()?),
        "stock" => json!(control.stock(&sku)?),
        "set_listing_stock" => json!(control.set_listing_stock(&sku, pieces)?),
        "listings" => json!(control.listings()?),
        "refuse_shipment" => json!(control.refuse_shipment(&order, code)?),
        "reject_stock" => json!(control.reject_stock(&sku, code)?),
        "create_article" => json!(control.create_article(&sku, pieces)?),
        "delete_article" => json!(control.delete_article(&sku)?),
        "rename_article" => json!(control.rename_article(&sku, name.as_deref().unwrap_or_default())?),
        "set_article_active" => json!(control.set_article_active(&sku, on)?),
        "set_variation_parent" => json!(control.set_variation_parent(&sku, on)?),
        "empty_mandant" => json!(control.empty_mandant()?),
        "restore_mandant" => json!(control.restore_mandant()?),
        "set_jtl_away" => json!(control.set_jtl_away(on)?),
        "set_stock" => json!(control.set_stock(&sku, warehouse.max(1), pieces)?),
        "receive" => json!(control.receive(&sku, pieces)?),
        "sell_elsewhere" => json!(control.sell_elsewhere(&sku, pieces)?),
        "set_buffer" => json!(control.set_buffer(&sku, pieces)?),
        "jtl_stock" => json!(control.jtl_stock(&sku)?),
        "pause_worker" => json!(control.pause_worker()),
        "resume_worker" => json!(control.resume_worker()),
        "work_now" => json!(control.work_now()?),
        "orders_in_jtl" => json!(control.orders_in_jtl(&external)?),
        "waiting_rows" => json!(control.waiting_rows()?),
        "dropped" => json!(control.dropped()?),
        "ship_now" => json!(control.ship_now(&external, &parcels)?),
        "cancel_in_jtl" => json!(control.cancel_in_jtl(&external)?),
        "delete_in_jtl" => json!(control.delete_in_jtl(&external)?),
        "renumber_in_jtl" => json!(control.renumber_in_jtl(&external, &name.unwrap_or_default())?),
        "merge_in_jtl" => json!(control.merge_in_jtl(&external, &other)?),
        "split_in_jtl" => json!(control.split_in_jtl(&external)?),
        "enter_in_jtl" => json!(control.enter_in_jtl(&external, &sku, pieces.max(1))?),
        "add_gift_in_jtl" => json!(control.add_gift_in_jtl(&external, &sku)?),
        "add_packaging_in_jtl" => json!(control.add_packaging_in_jtl(&external, &sku)?),
        "take_bundles_apart_in_jtl" => json!(control.take_bundles_apart_in_jtl(&external)?),
        "delete_position_in_jtl" => json!(control.delete_position_in_jtl(&external, &sku)?),
        "collect_in_jtl" => json!(control.collect_in_jtl(&external)?),
        "print_label_again" => json!(control.print_label_again(&external)?),
        "renumber_parcels" => json!(control.renumber_parcels(&external, &tracking)?),
        "set_shipping_method" => json!(control.set_shipping_method(name)),
        _ => {
            let known: Vec<&str> = LEVERS.iter().map(|(lever, _)| *lever).collect();
            let known = known.join(", ");
            return Err(SandboxError::Refused(format!("there is no lever {lever:?}; there is {known}")));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each lever of the list is one, and each one is in the list.
    #[test]
    fn the_list_names_every_lever() {
        let source = include_str!("http.rs");
        let (_, body) = source.split_once("fn perform(").unwrap();
        let (body, _) = body.split_once("#[cfg(test)]").unwrap();
        let arm = |line: &str| Some(line.trim().strip_prefix('"')?.split_once("\" => ")?.0.to_owned());
        let mut known: Vec<String> = body.lines().filter_map(arm).collect();
        let mut listed: Vec<String> = LEVERS.iter().map(|(lever, _)| (*lever).to_owned()).collect();
        known.sort();
        listed.sort();
        assert_eq!(listed, known);
    }
}
