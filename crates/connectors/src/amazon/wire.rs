//! An order as Amazon writes it, as far as it is read. What is not read may be missing, new or strange without spoiling the rest.

use serde::Deserialize;

/// An order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) created_time: String,
    pub(super) last_updated_time: String,
    #[serde(default)]
    pub(super) fulfillment: Option<Fulfillment>,
    #[serde(default)]
    pub(super) payment: Option<Payment>,
    pub(super) order_items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fulfillment {
    pub(super) fulfillment_status: String,
    #[serde(default)]
    pub(super) fulfilled_by: Option<String>,
    #[serde(default)]
    pub(super) ship_by_window: Option<Window>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Window {
    #[serde(default)]
    pub(super) latest_date_time: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    #[serde(default)]
    pub(super) payment_executions: Option<Vec<Execution>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Execution {
    #[serde(default)]
    pub(super) payment_method: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) order_item_id: String,
    pub(super) quantity_ordered: i64,
    pub(super) product: Product,
    #[serde(default)]
    pub(super) cancellation: Option<Cancellation>,
    #[serde(default)]
    pub(super) fulfillment: Option<ItemFulfillment>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product {
    #[serde(default)]
    pub(super) seller_sku: Option<String>,
}

/// Requests and executions are objects whose members may all be missing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancellation {
    #[serde(default)]
    pub(super) cancellation_request: Option<serde_json::Value>,
    #[serde(default)]
    pub(super) cancellation_execution: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemFulfillment {
    #[serde(default)]
    pub(super) quantity_fulfilled: Option<i64>,
    #[serde(default)]
    pub(super) quantity_unfulfilled: Option<i64>,
    #[serde(default)]
    pub(super) shipping: Option<Shipping>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shipping {
    #[serde(default)]
    pub(super) shipping_constraints: Option<Constraints>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Constraints {
    #[serde(default)]
    pub(super) signature_confirmation: Option<String>,
    #[serde(default)]
    pub(super) cash_on_delivery: Option<String>,
}

/// What a constraint says where it holds.
pub(super) const MANDATORY: &str = "MANDATORY";

impl Item {
    pub(super) fn constraints(&self) -> Option<&Constraints> {
        self.fulfillment.as_ref()?.shipping.as_ref()?.shipping_constraints.as_ref()
    }

    /// Pieces that were sold and not cancelled. Amazon cancels an item, or what has not been sent of it.
    pub(super) fn sold(&self) -> i64 {
        let is_cancelled = self.cancellation.as_ref().is_some_and(|all| all.cancellation_execution.is_some());
        let ordered = self.quantity_ordered.max(0);
        let sent = self.fulfillment.as_ref().and_then(|all| all.quantity_fulfilled);
        let left = self.fulfillment.as_ref().and_then(|all| all.quantity_unfulfilled);
        match (is_cancelled, sent, left) {
            (true, sent, _) => sent.unwrap_or(0).clamp(0, ordered),
            (false, Some(sent), Some(left)) => sent.saturating_add(left).clamp(0, ordered),
            (false, _, _) => ordered,
        }
    }
}

impl Order {
    /// From a warehouse of Amazon's.
    pub(super) fn is_sent_by_amazon(&self) -> bool {
        let sender = self.fulfillment.as_ref().and_then(|fulfillment| fulfillment.fulfilled_by.as_deref());
        sender == Some("AMAZON")
    }

    /// The buyer pays when the parcel arrives.
    pub(super) fn is_paid_on_delivery(&self) -> bool {
        let executions = self.payment.as_ref().and_then(|payment| payment.payment_executions.as_ref());
        let is_cash = |execution: &Execution| {
            matches!(execution.payment_method.as_deref(), Some("CashOnDelivery" | "COD"))
        };
        let asks = |item: &Item| {
            let constraints = item.constraints();
            constraints.is_some_and(|all| all.cash_on_delivery.as_deref() == Some(MANDATORY))
        };
        executions.into_iter().flatten().any(is_cash) || self.order_items.iter().any(asks)
    }
}
