//! What every marketplace can do for the workflows, in the domain's words.
//!
//! Not for what only one marketplace knows: that stays behind the trait.

use std::collections::BTreeMap;

use async_trait::async_trait;
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::inventory::StockTarget;
use marktwerk_domain::order::{Hints, Order};
use marktwerk_domain::shipment::ShipmentReport;
use serde_json::Value;

use crate::cancellations::Cancellations;
use crate::error::ConnectorError;
use crate::limiter::Budget;
use crate::orders::{OrderEntry, OrderUnits, OrderWindow, ReportLines, Standing, Untranslatable};
use crate::paging::{ListingReader, OrderBatch, OrderReader};
use crate::rules::Rules;
use crate::shipments::ConfirmedParcel;
use crate::stock::StockAnswer;
use crate::writes::WriteAnswer;

/// One account at one marketplace.
///
/// Reads repeat themselves a few times within a call where that may help; the two writes
/// ([`push_stock`](Self::push_stock), [`confirm_shipment`](Self::confirm_shipment)) never do once the
/// request may have arrived: who calls them decides, after reading back.
#[async_trait]
pub trait Marketplace: Send + Sync {
    /// Whose account it is, without its secrets.
    fn account(&self) -> &AccountSummary;

    /// What workflows must know of it.
    fn rules(&self) -> &'static Rules {
        &Rules::DEFAULT
    }

    /// Tests the credentials with a call that changes nothing, and tells when they expire.
    async fn check_account(&self) -> Result<AccountHealth, ConnectorError>;

    /// Reads the orders changed in `window`, and those that change meanwhile.
    fn read_orders(&self, window: OrderWindow) -> Box<dyn OrderReader + '_>;

    /// The orders with these numbers as a listing shows them, whatever their number and whenever they changed. Numbers that the
    /// marketplace does not know are absent.
    async fn orders_by_number(&self, numbers: &[String]) -> Result<OrderBatch, ConnectorError>;

    /// A fingerprint of the orders changed in `window`, for one call: the same text as long as the same orders stand
    /// there and none of them has changed again. The window's end alone does not change it. `None` where the marketplace has no such
    /// call: then only reading the orders tells.
    async fn fingerprint(&self, window: &OrderWindow) -> Result<Option<String>, ConnectorError>;

    /// What the order takes from stock by article number, and what was cancelled of it. May cost calls, where the
    /// list names no article numbers: meant for new and changed orders only. What has no article number
    /// anywhere is left out.
    async fn order_contents(&self, entry: &OrderEntry) -> Result<OrderUnits, ConnectorError>;

    /// Fetches what the list does not tell (address, amounts) and returns the complete raw document, which
    /// [`translate`](Self::translate) understands. Where any part cannot be had, the order fails as a whole.
    async fn order_details(&self, entry: &OrderEntry) -> Result<Value, ConnectorError>;

    /// Turns a raw document into an order. Pure: no call, no clock; the same document gives the same order.
    fn translate(&self, raw: &Value) -> Result<Order, Untranslatable>;

    /// What a raw document says of wishes, checks and restrictions; also an incomplete one. Pure.
    fn standing(&self, raw: &Value) -> Standing;

    /// What the report of a shipment needs of an order that [`translate`](Self::translate) refuses: a person may have entered it in
    /// the ERP by hand. `None` where the document does not say it without guessing. Pure.
    fn report_lines(&self, raw: &Value) -> Option<ReportLines>;

    /// Reads what the account offers.
    fn read_listings(&self) -> Box<dyn ListingReader + '_>;

    /// Cuts stock figures into calls, the marketplace's way: none of them is empty, and each figure is in one of them.
    fn stock_calls(&self, targets: Vec<StockTarget>) -> Vec<Vec<StockTarget>>;

    /// Tells the marketplace the absolute stock figures of one call; one answer per target, in the order of `targets`. The same
    /// `idempotency_key` must be used again only for the same intent. An `Err` says nothing about what was accepted.
    async fn push_stock(
        &self,
        targets: &[StockTarget],
        idempotency_key: &str,
    ) -> Result<Vec<StockAnswer>, ConnectorError>;

    /// The marketplace's code for a carrier's name as the ERP has it, for an order with these hints. `Ok(None)`: unknown or ambiguous.
    /// There is no default.
    async fn carrier_code(
        &self,
        hints: Option<&Hints>,
        carrier: &str,
    ) -> Result<Option<String>, ConnectorError>;

    /// Reports one unit of the marketplace's ([`Rules::report`]): all parcels of an order, or one parcel. An `Err` says nothing about
    /// whether it was accepted: read back with [`read_shipments`](Self::read_shipments).
    async fn confirm_shipment(&self, report: &ShipmentReport) -> Result<WriteAnswer, ConnectorError>;

    /// What the marketplace knows of the parcels of an order's `lines` (its own line numbers).
    async fn read_shipments(
        &self,
        order: &str,
        lines: &[String],
    ) -> Result<Vec<ConfirmedParcel>, ConnectorError>;

    /// How it takes cancellations from the seller, if it does.
    fn cancellations(&self) -> Option<&dyn Cancellations> {
        None
    }

    /// How much may still be called: the limit of the account's budget key, which other accounts may share.
    fn budget(&self) -> Budget {
        Budget::default()
    }

    /// Calls made so far by the marketplace's own name of the call, repeated tries included.
    fn calls(&self) -> BTreeMap<String, u64>;
}
