//! Orders and where each stands. The rules of an order's life are the workflow's; the store keeps every
//! step of it as a compare-and-swap on the state, a batch in one transaction.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::history::OrderEvent;
use marktwerk_domain::judgement::OrderFacts;
use marktwerk_domain::order::{MarketplaceStatus, Order, OrderState};
use marktwerk_domain::run::Epoch;
use marktwerk_domain::shipment::{Content, Parcel, ShipmentReport};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) mod history;

pub use marktwerk_domain::judgement::Mark;

use crate::{StoreResult, order_rules};

/// An order as the marketplace told it.
#[derive(Clone, PartialEq)]
pub struct FetchedOrder {
    /// The marketplace's order number.
    pub number: String,
    /// When the marketplace changed it last.
    pub changed_at: Timestamp,
    /// When the buyer bought.
    pub ordered_at: Timestamp,
    /// What the marketplace says of it.
    pub status: MarketplaceStatus,
    /// The raw document.
    pub raw: Value,
    /// Whether the document holds everything (address, amounts); an incomplete one cannot be imported.
    pub is_complete: bool,
    /// What it takes from stock, by article number.
    pub contents: Vec<Content>,
    /// What was cancelled of it before shipment, by article number.
    pub cancelled: Vec<Content>,
    /// It was over when its account was first read. Kept from the first time that the order is stored.
    pub was_over: bool,
    /// Shows whether the listing says something else although the time of change is the same.
    pub fingerprint: String,
}

/// What is stored of an order at the marketplace: enough to tell whether a listing has news of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownChange {
    /// The newest change.
    pub changed_at: Timestamp,
    /// What the marketplace said of it then. Times are whole seconds: two changes may share one.
    pub status: MarketplaceStatus,
    /// Whether that document is complete.
    pub is_complete: bool,
    /// Whether it is still to be looked at; an incomplete one that was is refused for good.
    pub is_unread: bool,
    /// [`FetchedOrder::fingerprint`]; `None` where an earlier version has stored it.
    pub fingerprint: Option<String>,
}

/// The intent of a hand-over, committed before the ERP is written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOverIntent {
    /// The attempt that meant to do it.
    pub epoch: Epoch,
    /// The import table's identity value at that time, where it could be seen and was needed.
    pub identity: Option<i64>,
    /// When.
    pub at: Timestamp,
    /// When it was looked up last without result.
    pub looked_at: Option<Timestamp>,
    /// Whether the ERP's transaction was to leave a receipt in our own database.
    #[serde(default)]
    pub has_receipt: bool,
}

/// What stands between us and the marketplace about an order's shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportIntent {
    /// The attempt that meant to tell it.
    pub epoch: Epoch,
    /// When.
    pub at: Timestamp,
    /// What was to be told.
    pub report: ShipmentReport,
}

/// An order as it stands in the store.
#[derive(Clone, PartialEq)]
pub struct OrderRecord {
    /// The account that it came through.
    pub account: String,
    /// The marketplace's order number.
    pub number: String,
    /// Where it stands with us.
    pub state: OrderState,
    /// What the marketplace says of it.
    pub status: MarketplaceStatus,
    /// When the marketplace changed it last.
    pub changed_at: Timestamp,
    /// When the buyer bought.
    pub ordered_at: Timestamp,
    /// The raw document (not read by [`OrderStore::orders_in`]).
    pub raw: Option<Value>,
    /// Whether the raw document is complete.
    pub is_complete: bool,
    /// Whether the raw document is newer than what was imported.
    pub is_unread: bool,
    /// The translation.
    pub order: Option<Order>,
    /// The ERP's document (not read by [`OrderStore::orders_in`], except for *exporting*).
    pub document: Option<String>,
    /// Why it was set aside, is unclear, waits or was refused.
    pub reason: Option<String>,
    /// What happened at the marketplace after the hand-over.
    pub mark: Option<Mark>,
    /// The hand-over under way.
    pub intent: Option<HandOverIntent>,
    /// The ERP's own number of the order.
    pub erp_number: Option<String>,
    /// What the ERP has shipped.
    pub parcels: Vec<Parcel>,
    /// The report under way.
    pub report: Option<ReportIntent>,
    /// Failed tries to report it.
    pub report_tries: u32,
    /// Not to be reported before.
    pub next_report_at: Option<Timestamp>,
    /// When it was handed over.
    pub handed_over_at: Option<Timestamp>,
    /// When it was reported.
    pub reported_at: Option<Timestamp>,
    /// When the raw document was fetched.
    pub fetched_at: Timestamp,
    /// It was over when its account was first read.
    pub was_over: bool,
    /// The facts that no other column holds; `None` in a row of an earlier version that was not judged since. Read them with
    /// [`OrderRecord::facts`](crate::judging).
    pub kept: Option<OrderFacts>,
    /// Whether its units are subtracted from the ERP's stock figures.
    pub takes_stock: bool,
    /// Whether something is left to do.
    pub is_open: bool,
    /// When it is to be judged again although no fact changes.
    pub next_judged_at: Option<Timestamp>,
    /// Raised by each write: an optimistic lock.
    pub revision: i64,
    /// What happened to it, oldest first (read by [`OrderStore::order`] alone).
    pub history: Vec<OrderEvent>,
}

impl OrderRecord {
    /// A new order as it is after [`OrderStore::save_fetched`].
    pub fn new(account: impl Into<String>, order: &FetchedOrder, now: Timestamp) -> Self {
        Self {
            account: account.into(),
            number: order.number.clone(),
            state: OrderState::Fetched,
            status: order.status,
            changed_at: order.changed_at,
            ordered_at: order.ordered_at,
            raw: Some(order.raw.clone()),
            is_complete: order.is_complete,
            is_unread: true,
            order: None,
            document: None,
            reason: None,
            mark: None,
            intent: None,
            erp_number: None,
            parcels: Vec::new(),
            report: None,
            report_tries: 0,
            next_report_at: None,
            handed_over_at: None,
            reported_at: None,
            fetched_at: now,
            was_over: order.was_over,
            kept: None,
            takes_stock: order_rules::takes_stock(order),
            is_open: true,
            next_judged_at: None,
            revision: 0,
            history: Vec::new(),
        }
    }
}

/// What changes in an order; `None` leaves a field as it is.
#[derive(Clone, Default, PartialEq)]
pub struct OrderPatch {
    /// The new state. Reaching *imported*, *exporting*, *handed over* and *reported* for the first time stamps the time that
    /// the statistics count (a state that lies beyond stamps the earlier ones too).
    pub state: Option<OrderState>,
    /// The translation.
    pub order: Option<Order>,
    /// The ERP's document.
    pub document: Option<String>,
    /// The reason; `Some(None)` clears it.
    pub reason: Option<Option<String>>,
    /// The mark; `Some(None)` clears it.
    pub mark: Option<Option<Mark>>,
    /// The hand-over under way; `Some(None)` clears it.
    pub intent: Option<Option<HandOverIntent>>,
    /// The ERP's own number.
    pub erp_number: Option<String>,
    /// What the ERP has shipped.
    pub parcels: Option<Vec<Parcel>>,
    /// The report under way; `Some(None)` clears it.
    pub report: Option<Option<ReportIntent>>,
    /// Failed tries to report it.
    pub report_tries: Option<u32>,
    /// Not to be reported before; `Some(None)` clears it.
    pub next_report_at: Option<Option<Timestamp>>,
    /// Whether the raw document is to be looked at (again).
    pub is_unread: Option<bool>,
    /// Whether the raw document is complete; `false` has it fetched again.
    pub is_complete: Option<bool>,
    /// The facts that no other column holds.
    pub kept: Option<OrderFacts>,
    /// Whether its units are subtracted from the ERP's stock figures.
    pub takes_stock: Option<bool>,
    /// Whether something is left to do.
    pub is_open: Option<bool>,
    /// When it is to be judged again; `Some(None)`: not by time alone.
    pub next_judged_at: Option<Option<Timestamp>>,
    /// What is added to its history.
    pub events: Vec<OrderEvent>,
}

/// An entry of an order on the attention list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderEntry {
    /// Why it is there; [`AttentionKind::is_of_an_order`] holds.
    pub kind: AttentionKind,
    /// What it says, as a JSON object.
    pub facts: Value,
    /// The same as a text.
    pub message: String,
}

/// A compare-and-swap on one order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderChange {
    /// The marketplace's order number.
    pub number: String,
    /// Has an effect only in one of these states; empty means any.
    pub from: Vec<OrderState>,
    /// Has an effect only while this is the newest change of the marketplace that is stored.
    pub seen_change: Option<Timestamp>,
    /// Has an effect only while this is the stored revision.
    pub seen_revision: Option<i64>,
    /// What changes.
    pub patch: OrderPatch,
    /// All entries that the order has on the attention list from now on, written where they differ from those that are open.
    /// `None` leaves the list as it is.
    pub entries: Option<Vec<OrderEntry>>,
}

impl OrderChange {
    /// A change without guards that leaves the attention list as it is.
    pub fn new(number: impl Into<String>, patch: OrderPatch) -> Self {
        let number = number.into();
        Self { number, from: Vec::new(), seen_change: None, seen_revision: None, patch, entries: None }
    }
}

// Documents hold buyers' addresses: none of these types shows one in a log or an assertion.

impl fmt::Debug for FetchedOrder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, changed_at, status, is_complete, .. } = self;
        write!(formatter, "FetchedOrder({number}, {}, {changed_at}, complete {is_complete})", status.as_str())
    }
}

impl fmt::Debug for OrderRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, state, status, reason, mark, .. } = self;
        write!(formatter, "OrderRecord({number}, {state}, {}, {reason:?}, {mark:?})", status.as_str())
    }
}

impl fmt::Debug for OrderPatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, reason, mark, .. } = self;
        write!(formatter, "OrderPatch({state:?}, {reason:?}, {mark:?})")
    }
}

/// Real counts, cumulative: "reached at least".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderStatistics {
    /// All orders known.
    pub total: u64,
    /// Translated at some time.
    pub imported: u64,
    /// With a stored ERP document.
    pub xml_generated: u64,
    /// Handed to the ERP.
    pub uploaded: u64,
    /// Reported to the marketplace and accepted.
    pub tracked: u64,
}

/// Which orders to read.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// Only of this account.
    pub account: Option<String>,
    /// Only in these states; empty means all.
    pub states: Vec<OrderState>,
    /// Only numbers after this one, ascending: the cursor of the next page.
    pub after: Option<String>,
    /// With `after`: of that number, only accounts after this one by name. Two accounts may have orders with the same number.
    pub after_account: Option<String>,
    /// Only the one with this number.
    pub number: Option<String>,
    /// Only those with this number in the ERP.
    pub erp_number: Option<String>,
    /// Only those with this article number, whatever its case.
    pub sku: Option<String>,
    /// Only those with a parcel that has this tracking number.
    pub tracking: Option<String>,
    /// How many at the most.
    pub limit: usize,
}

impl OrderFilter {
    /// Whether it asks for more than states and accounts, so that an index of states is of no use.
    pub(crate) fn is_search(&self) -> bool {
        let Self { number, erp_number, sku, tracking, after_account, .. } = self;
        [number, erp_number, sku, tracking, after_account].into_iter().any(Option::is_some)
    }

    /// How the tracking number stands in the stored parcels.
    pub(crate) fn tracking_pattern(&self) -> Option<String> {
        let tracking = serde_json::to_string(self.tracking.as_ref()?).ok()?;
        Some(format!("\"tracking\":{tracking}"))
    }
}

/// Orders.
#[async_trait]
pub trait OrderStore: Send + Sync {
    /// Of these numbers, those that are known, with the newest change stored.
    async fn known_changes(
        &self,
        account: &str,
        numbers: &[String],
    ) -> StoreResult<HashMap<String, KnownChange>>;

    /// Keeps a page, in one transaction. A new order is *fetched*, open, and takes stock unless it is cancelled or was over when its account was first read; one that the ERP cannot have yet (fetched, set aside,
    /// imported, cancelled) becomes *fetched* again; one that it may have keeps its state. All become unread. A new order also
    /// lowers the known marketplace stock of its listing, where it was bought well after that was known; within five minutes of
    /// it, with several listings of one article, and where an order gives something back the stock becomes unknown. What an order
    /// takes stays while it is on its way into the ERP. An older change than the
    /// stored one has no effect (unless the stored document is incomplete and this one is not), nor has the same document again. An order that takes
    /// stock goes on taking it until it is judged.
    async fn save_fetched(&self, account: &str, orders: &[FetchedOrder], now: Timestamp) -> StoreResult<()>;

    /// Orders whose raw document is newer than what was imported, with it; by number.
    async fn unread_orders(
        &self,
        account: &str,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<OrderRecord>>;

    /// Orders by number and account, without raw documents and history. Reading the few open ones costs no time in the many closed
    /// ones; a search for an article or a tracking number reads all of them.
    async fn orders_in(&self, filter: &OrderFilter) -> StoreResult<Vec<OrderRecord>>;

    /// One order, whole.
    async fn order(&self, account: &str, number: &str) -> StoreResult<Option<OrderRecord>>;

    /// Open orders of an account by number, without raw documents. Costs nothing in the orders that are over.
    async fn open_orders(
        &self,
        account: &str,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<OrderRecord>>;

    /// Those of an account's orders that have one of these numbers, in any order, without raw documents and history.
    async fn orders_with_numbers(&self, account: &str, numbers: &[String]) -> StoreResult<Vec<OrderRecord>>;

    /// Orders of all accounts whose time to be judged again has come, the longest due first, without raw documents.
    async fn orders_to_judge(&self, now: Timestamp, limit: usize) -> StoreResult<Vec<OrderRecord>>;

    /// Makes changes in one transaction; returns per change whether it had an effect (its entries are written only then).
    async fn change_orders(
        &self,
        account: &str,
        changes: &[OrderChange],
        now: Timestamp,
    ) -> StoreResult<Vec<bool>>;

    /// Forgets who bought: raw documents, ERP documents and addresses of orders that were reported or cancelled and have not
    /// changed since `before`. Numbers, articles, prices and times stay. Answers with the number of orders.
    async fn forget_buyers(&self, before: Timestamp) -> StoreResult<u64>;

    /// Units by article number in orders of all accounts that take stock ([`OrderRecord::takes_stock`]).
    async fn open_units(&self) -> StoreResult<HashMap<String, i64>>;

    /// Counts over the accounts given (empty: all).
    async fn order_statistics(&self, accounts: &[String]) -> StoreResult<OrderStatistics>;

    /// How many orders stand in each state, over the accounts given (empty: all).
    async fn orders_by_state(&self, accounts: &[String]) -> StoreResult<Vec<(OrderState, u64)>>;
}
