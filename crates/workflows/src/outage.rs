//! What an outage of the marketplace costs: a call, not one per order. Each run works through a [`Guarded`] marketplace, which counts how its
//! calls end and, once it is plain that the others would fail as well, makes none of them.
//!
//! | what failed | what makes no call any more |
//! |---|---|
//! | a look-up that serves many orders (a list, the carriers); the credentials; the permitted number of calls | this step |
//! | three different orders in a row | this step |
//! | one of both because nothing came back at all: neither an answer nor a gateway's | this run |
//!
//! An order that failed goes to the end of the next run's line ([`Line`]), so that a bad one starves no other.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use marktwerk_connectors::{
    Budget, CancelAnswer, Cancellations, ConfirmedParcel, ConnectorError, ListingBatch, ListingReader,
    Marketplace, OrderBatch, OrderEntry, OrderReader, OrderUnits, OrderWindow, ReportLines, Rules, Standing,
    StockAnswer, Untranslatable, WriteAnswer,
};
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::inventory::StockTarget;
use marktwerk_domain::order::{Hints, Order};
use marktwerk_domain::shipment::ShipmentReport;
use serde_json::Value;

/// Different orders that fail in a row before the others are not tried.
const IN_A_ROW: usize = 3;
/// Orders that are remembered to go last. More than ever fail in a step; who comes later is not remembered.
const REMEMBERED: usize = 10_000;

/// What is called for one order, or with the figures of some listings. A call that succeeds says nothing of the others: it may have been answered from
/// what is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Call {
    Contents,
    Details,
    Report,
    ReadBack,
    Cancel,
    Stock,
}

/// Orders, or calls of stock figures, for which a call failed when it was made last: (account, call, number). They go after all others.
#[derive(Default)]
pub(crate) struct Line(Mutex<HashSet<(String, Call, String)>>);

impl Line {
    fn lock(&self) -> MutexGuard<'_, HashSet<(String, Call, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, account: &str, call: Call, number: &str, failed: bool) {
        let entry = (account.to_owned(), call, number.to_owned());
        let mut last = self.lock();
        match failed {
            true if last.len() < REMEMBERED => drop(last.insert(entry)),
            true => {}
            false => drop(last.remove(&entry)),
        }
    }
}

/// How the calls of a run have been ending.
#[derive(Default)]
struct Course {
    /// By call: orders for which it failed since it last did not.
    in_a_row: BTreeMap<Call, BTreeSet<String>>,
    /// Why no call is made any more in this step.
    step_over: Option<ConnectorError>,
    /// Why none is made in this run.
    run_over: Option<ConnectorError>,
}

/// A marketplace as one run works with it.
pub(crate) struct Guarded {
    marketplace: Arc<dyn Marketplace>,
    line: Arc<Line>,
    course: Mutex<Course>,
}

impl Guarded {
    pub(crate) fn new(marketplace: Arc<dyn Marketplace>, line: Arc<Line>) -> Arc<Self> {
        Arc::new(Self { marketplace, line, course: Mutex::default() })
    }

    /// A step begins: it tries for itself, unless nothing came back at all.
    pub(crate) fn begin_step(&self) {
        let mut course = self.course();
        course.in_a_row.clear();
        course.step_over = None;
    }

    /// Why no call is made any more, if none is.
    pub(crate) fn outage(&self) -> Option<Failure> {
        let course = self.course();
        course.run_over.as_ref().or(course.step_over.as_ref()).map(ConnectorError::failure)
    }

    /// The orders, or calls of stock figures, for which one of these calls failed when it was made last: they go after the others.
    pub(crate) fn last_in_line(&self, calls: &[Call]) -> BTreeSet<String> {
        let line = self.line.lock();
        let own = line.iter().filter(|(account, call, _)| account == self.name() && calls.contains(call));
        own.map(|(_, _, number)| number.clone()).collect()
    }

    /// Works on many orders, at most `at_once` at the same time.
    pub(crate) fn each<'a, T>(
        &'a self,
        at_once: usize,
        calls: impl IntoIterator<Item = BoxFuture<'a, T>>,
    ) -> Each<'a, T> {
        Each {
            guarded: self,
            at_once,
            waiting: calls.into_iter().collect(),
            running: FuturesUnordered::new(),
        }
    }

    fn name(&self) -> &str {
        &self.marketplace.account().name
    }

    fn course(&self) -> MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a call is not made, if it is not.
    fn over(&self) -> Option<ConnectorError> {
        let course = self.course();
        course.run_over.as_ref().or(course.step_over.as_ref()).cloned()
    }

    /// A call that serves many orders.
    async fn shared<T>(
        &self,
        call: impl Future<Output = Result<T, ConnectorError>>,
    ) -> Result<T, ConnectorError> {
        if let Some(error) = self.over() {
            return Err(error);
        }
        let answer = call.await;
        if let Err(error) = &answer {
            self.course().end(error);
        }
        answer
    }

    /// A call for one order, or one call of stock figures.
    async fn single<T>(
        &self,
        call: Call,
        number: &str,
        answer: impl Future<Output = Result<T, ConnectorError>>,
    ) -> Result<T, ConnectorError> {
        if let Some(error) = self.over() {
            return Err(error);
        }
        let answer = answer.await;
        let kind = answer.as_ref().err().map_or(Kind::Answer, Kind::of);
        let mut course = self.course();
        match (kind, &answer) {
            (Kind::EveryOrder, Err(error)) => course.end(error),
            (Kind::Outage, Err(error)) => {
                self.line.note(self.name(), call, number, true);
                let failed = course.in_a_row.entry(call).or_default();
                failed.insert(number.to_owned());
                if failed.len() >= IN_A_ROW {
                    course.end(error);
                }
            }
            _ => {
                self.line.note(self.name(), call, number, false);
                course.in_a_row.remove(&call);
            }
        }
        drop(course);
        answer
    }
}

impl Course {
    fn end(&mut self, error: &ConnectorError) {
        let is_silent = error.place().is_some_and(|place| place.is_silent);
        let over = if is_silent { &mut self.run_over } else { &mut self.step_over };
        over.get_or_insert_with(|| error.clone());
    }
}

/// What the end of one order's call says of the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is about this order.
    Answer,
    /// The others may fail as well.
    Outage,
    /// They would.
    EveryOrder,
}

impl Kind {
    fn of(error: &ConnectorError) -> Self {
        if error.place().is_some_and(|place| place.is_shared) {
            return Self::EveryOrder;
        }
        match error {
            ConnectorError::NotReady { .. } | ConnectorError::Refused { is_about_order: true, .. } => {
                Self::Answer
            }
            ConnectorError::RateLimited { .. }
            | ConnectorError::Unauthorised { .. }
            | ConnectorError::Setup(_) => Self::EveryOrder,
            ConnectorError::Transient { .. }
            | ConnectorError::NoConnection { .. }
            | ConnectorError::Refused { .. }
            | ConnectorError::Unreadable { .. }
            | ConnectorError::Unsettled { .. } => Self::Outage,
        }
    }
}

/// Work on many orders under way. While the last one has failed, one is tried at a time; once it is plain that the others would fail, none
/// of them begins, and those under way are brought to their end.
pub(crate) struct Each<'a, T> {
    guarded: &'a Guarded,
    at_once: usize,
    waiting: VecDeque<BoxFuture<'a, T>>,
    running: FuturesUnordered<BoxFuture<'a, T>>,
}

impl<T> Each<'_, T> {
    /// What came of the next one; `None` once no other one is under way or begins.
    pub(crate) async fn next(&mut self) -> Option<T> {
        if self.guarded.outage().is_none() {
            let room = if self.guarded.course().in_a_row.is_empty() { self.at_once } else { 1 };
            while self.running.len() < room
                && let Some(call) = self.waiting.pop_front()
            {
                self.running.push(call);
            }
        }
        self.running.next().await
    }
}

#[async_trait]
impl Marketplace for Guarded {
    fn account(&self) -> &AccountSummary {
        self.marketplace.account()
    }

    fn rules(&self) -> &'static Rules {
        self.marketplace.rules()
    }

    async fn check_account(&self) -> Result<AccountHealth, ConnectorError> {
        self.shared(self.marketplace.check_account()).await
    }

    fn read_orders(&self, window: OrderWindow) -> Box<dyn OrderReader + '_> {
        Box::new(GuardedReader { guarded: self, reader: self.marketplace.read_orders(window) })
    }

    async fn orders_by_number(&self, numbers: &[String]) -> Result<OrderBatch, ConnectorError> {
        self.shared(self.marketplace.orders_by_number(numbers)).await
    }

    async fn fingerprint(&self, window: &OrderWindow) -> Result<Option<String>, ConnectorError> {
        self.shared(self.marketplace.fingerprint(window)).await
    }

    async fn order_contents(&self, entry: &OrderEntry) -> Result<OrderUnits, ConnectorError> {
        self.single(Call::Contents, &entry.number, self.marketplace.order_contents(entry)).await
    }

    async fn order_details(&self, entry: &OrderEntry) -> Result<Value, ConnectorError> {
        self.single(Call::Details, &entry.number, self.marketplace.order_details(entry)).await
    }

    fn translate(&self, raw: &Value) -> Result<Order, Untranslatable> {
        self.marketplace.translate(raw)
    }

    fn standing(&self, raw: &Value) -> Standing {
        self.marketplace.standing(raw)
    }

    fn report_lines(&self, raw: &Value) -> Option<ReportLines> {
        self.marketplace.report_lines(raw)
    }

    fn read_listings(&self) -> Box<dyn ListingReader + '_> {
        Box::new(GuardedReader { guarded: self, reader: self.marketplace.read_listings() })
    }

    fn stock_calls(&self, targets: Vec<StockTarget>) -> Vec<Vec<StockTarget>> {
        self.marketplace.stock_calls(targets)
    }

    async fn push_stock(
        &self,
        targets: &[StockTarget],
        idempotency_key: &str,
    ) -> Result<Vec<StockAnswer>, ConnectorError> {
        let call = self.marketplace.push_stock(targets, idempotency_key);
        self.single(Call::Stock, stock_call_name(targets), call).await
    }

    async fn carrier_code(
        &self,
        hints: Option<&Hints>,
        carrier: &str,
    ) -> Result<Option<String>, ConnectorError> {
        self.shared(self.marketplace.carrier_code(hints, carrier)).await
    }

    async fn confirm_shipment(&self, report: &ShipmentReport) -> Result<WriteAnswer, ConnectorError> {
        self.single(Call::Report, &report.number, self.marketplace.confirm_shipment(report)).await
    }

    async fn read_shipments(
        &self,
        order: &str,
        lines: &[String],
    ) -> Result<Vec<ConfirmedParcel>, ConnectorError> {
        self.single(Call::ReadBack, order, self.marketplace.read_shipments(order, lines)).await
    }

    fn cancellations(&self) -> Option<&dyn Cancellations> {
        self.marketplace.cancellations().is_some().then_some(self)
    }

    fn budget(&self) -> Budget {
        self.marketplace.budget()
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.marketplace.calls()
    }
}

/// A list that is read for many orders, or listings: its calls count as theirs.
struct GuardedReader<'a, R: ?Sized> {
    guarded: &'a Guarded,
    reader: Box<R>,
}

#[async_trait]
impl OrderReader for GuardedReader<'_, dyn OrderReader + '_> {
    fn is_complete(&self) -> bool {
        self.reader.is_complete()
    }

    async fn next(&mut self) -> Result<OrderBatch, ConnectorError> {
        self.guarded.shared(self.reader.next()).await
    }

    fn read_until(&self) -> Option<Timestamp> {
        self.reader.read_until()
    }
}

#[async_trait]
impl ListingReader for GuardedReader<'_, dyn ListingReader + '_> {
    async fn next(&mut self) -> Result<Option<ListingBatch>, ConnectorError> {
        self.guarded.shared(self.reader.next()).await
    }

    fn is_complete(&self) -> bool {
        self.reader.is_complete()
    }
}

/// What stands for a call of stock figures in the line of those that failed: its group, or its first listing where there are no groups.
pub(crate) fn stock_call_name(targets: &[StockTarget]) -> &str {
    let Some(first) = targets.first() else { return "" };
    if first.group.is_empty() { &first.listing } else { &first.group }
}

#[async_trait]
impl Cancellations for Guarded {
    async fn accept_wish(&self, order: &str) -> Result<CancelAnswer, ConnectorError> {
        let Some(inner) = self.marketplace.cancellations() else { return Err(none()) };
        self.single(Call::Cancel, order, inner.accept_wish(order)).await
    }

    async fn cancel(&self, order: &str, lines: &[String]) -> Result<CancelAnswer, ConnectorError> {
        let Some(inner) = self.marketplace.cancellations() else { return Err(none()) };
        self.single(Call::Cancel, order, inner.cancel(order, lines)).await
    }
}

fn none() -> ConnectorError {
    ConnectorError::Setup("this marketplace takes no cancellations".to_owned())
}
