//! Outsides in disguise: the sandbox's marketplace under an endpoint that is not on this machine, or as one that takes each parcel by
//! itself; and a JTL that takes nothing while it is told so.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_connectors::{
    Cancellations, ConfirmedParcel, ConnectorError, ListingReader, Marketplace, OrderBatch, OrderEntry,
    OrderReader, OrderUnits, OrderWindow, Place, ReportLines, Rules, Standing, StockAnswer, Temu,
    Untranslatable, WriteAnswer,
};
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::inventory::{ArticleState, MappedArticle, StockLevel, StockTarget};
use marktwerk_domain::judgement::ReportUnit;
use marktwerk_domain::order::{Hints, MarketplaceStatus, Order};
use marktwerk_domain::shipment::{ErpOrder, ReportedParcel, ShipmentReport};
use marktwerk_erp::{Erp, ErpError, HandOver, HandedOver, Jtl, Presence, Rendered, Search, Wanted};
use serde_json::Value;

/// The sandbox's marketplace, with another account or other rules.
pub(crate) struct Disguised {
    account: AccountSummary,
    temu: Temu,
    /// Where it takes each parcel by itself.
    book: Option<Arc<ParcelBook>>,
    /// What it cannot work on.
    bad: Arc<BadOrders>,
}

/// Orders on which the marketplace always fails as if it were away, and the orders whose reports came, one after the other.
#[derive(Default)]
pub(crate) struct BadOrders {
    bad: Mutex<BTreeSet<String>>,
    reports: Mutex<Vec<String>>,
}

impl BadOrders {
    pub(crate) fn set(&self, numbers: &[String]) {
        *self.bad.lock().unwrap() = numbers.iter().cloned().collect();
    }

    /// The orders whose reports came since the last time.
    pub(crate) fn take_reports(&self) -> Vec<String> {
        std::mem::take(&mut *self.reports.lock().unwrap())
    }

    fn fault(&self, number: &str) -> Option<ConnectorError> {
        let message = "HTTP status 503".to_owned();
        let is_bad = self.bad.lock().unwrap().contains(number);
        is_bad.then(|| ConnectorError::Transient { place: Place::default(), message })
    }
}

impl Disguised {
    /// Says that it is elsewhere.
    pub(crate) fn as_real(temu: Temu) -> Self {
        let endpoint = "https://marketplace.example/router".to_owned();
        let account = AccountSummary { endpoint, is_loopback: false, ..temu.account().clone() };
        Self { account, temu, book: None, bad: Arc::default() }
    }

    /// Takes each parcel by itself.
    pub(crate) fn by_parcel(temu: Temu, book: Arc<ParcelBook>) -> Self {
        Self { account: temu.account().clone(), temu, book: Some(book), bad: Arc::default() }
    }

    /// Cannot work on these orders.
    pub(crate) fn with_bad_orders(temu: Temu, bad: Arc<BadOrders>) -> Self {
        Self { account: temu.account().clone(), temu, book: None, bad }
    }

    fn read(&self, mut batch: OrderBatch) -> OrderBatch {
        for entry in &mut batch.entries {
            let status = self.book.as_ref().and_then(|book| book.status(&entry.number));
            entry.status =
                status.filter(|_| entry.status == MarketplaceStatus::Ready).unwrap_or(entry.status);
        }
        batch
    }
}

/// Reads orders as the marketplace in disguise shows them.
struct Disguise<'a> {
    marketplace: &'a Disguised,
    reader: Box<dyn OrderReader + 'a>,
}

#[async_trait]
impl OrderReader for Disguise<'_> {
    fn is_complete(&self) -> bool {
        self.reader.is_complete()
    }

    async fn next(&mut self) -> Result<OrderBatch, ConnectorError> {
        Ok(self.marketplace.read(self.reader.next().await?))
    }

    fn read_until(&self) -> Option<Timestamp> {
        self.reader.read_until()
    }
}

/// What a marketplace that takes each parcel by itself knows of parcels. As with many a real one, a report that arrives twice makes two
/// shipments.
#[derive(Default)]
pub(crate) struct ParcelBook {
    parcels: Mutex<Vec<(String, ReportedParcel)>>,
    /// Units ordered, by order: with all of them reported it counts as shipped.
    ordered: Mutex<BTreeMap<String, i64>>,
    refused: Mutex<Option<String>>,
    loses_answers: AtomicBool,
}

impl ParcelBook {
    pub(crate) fn expect(&self, order: &str, units: i64) {
        self.ordered.lock().unwrap().insert(order.to_owned(), units);
    }

    /// Refuses the parcel with this number.
    pub(crate) fn refuse(&self, tracking: Option<&str>) {
        *self.refused.lock().unwrap() = tracking.map(str::to_owned);
    }

    /// The answer to the next report is lost.
    pub(crate) fn lose_an_answer(&self) {
        self.loses_answers.store(true, Ordering::Relaxed);
    }

    /// A person reports a parcel at the marketplace.
    pub(crate) fn report_by_hand(&self, order: &str, tracking: &str, line: &str, quantity: i64) {
        let (tracking, lines) = (tracking.to_owned(), vec![(line.to_owned(), quantity)]);
        let parcel =
            ReportedParcel { tracking, carrier_code: "1".to_owned(), lines, ..ReportedParcel::default() };
        self.parcels.lock().unwrap().push((order.to_owned(), parcel));
    }

    /// Tracking numbers and units of an order's parcels, in the order of their reports.
    pub(crate) fn reported(&self, order: &str) -> Vec<(String, i64)> {
        let parcels = self.parcels.lock().unwrap();
        let of_order = parcels.iter().filter(|(number, _)| number == order);
        of_order.map(|(_, parcel)| (parcel.tracking.clone(), units(parcel))).collect()
    }

    fn status(&self, order: &str) -> Option<MarketplaceStatus> {
        let reported: i64 = self.reported(order).iter().map(|(_, units)| units).sum();
        let ordered = self.ordered.lock().unwrap().get(order).copied()?;
        match reported {
            0 => None,
            units if units < ordered => Some(MarketplaceStatus::PartlyShipped),
            _ => Some(MarketplaceStatus::Shipped),
        }
    }

    /// `None`: the answer is lost.
    fn confirm(&self, report: &ShipmentReport) -> Option<WriteAnswer> {
        let [parcel] = &report.parcels[..] else { panic!("one parcel at a time: {report:?}") };
        if self.refused.lock().unwrap().as_ref() == Some(&parcel.tracking) {
            return Some(WriteAnswer::Refused { code: "7".to_owned(), message: "not this one".to_owned() });
        }
        self.parcels.lock().unwrap().push((report.number.clone(), parcel.clone()));
        let is_lost = self.loses_answers.swap(false, Ordering::Relaxed);
        (!is_lost).then(WriteAnswer::done)
    }

    fn read(&self, order: &str, wanted: &[String]) -> Vec<ConfirmedParcel> {
        let parcels = self.parcels.lock().unwrap();
        let of_order = parcels.iter().filter(|(number, _)| number == order);
        let lines = of_order.flat_map(|(_, parcel)| parcel.lines.iter().map(move |line| (parcel, line)));
        lines
            .filter(|(_, (line, _))| wanted.contains(line))
            .map(|(parcel, (line, quantity))| ConfirmedParcel {
                line: line.clone(),
                tracking: parcel.tracking.clone(),
                carrier_code: parcel.carrier_code.clone(),
                quantity: *quantity,
            })
            .collect()
    }
}

fn units(parcel: &ReportedParcel) -> i64 {
    parcel.lines.iter().map(|(_, quantity)| quantity).sum()
}

#[async_trait]
impl Marketplace for Disguised {
    fn account(&self) -> &AccountSummary {
        &self.account
    }

    fn rules(&self) -> &'static Rules {
        match self.book {
            None => self.temu.rules(),
            Some(_) => &Rules { report: ReportUnit::EachParcel, ..Rules::DEFAULT },
        }
    }

    async fn check_account(&self) -> Result<AccountHealth, ConnectorError> {
        self.temu.check_account().await
    }

    fn read_orders(&self, window: OrderWindow) -> Box<dyn OrderReader + '_> {
        Box::new(Disguise { marketplace: self, reader: self.temu.read_orders(window) })
    }

    async fn orders_by_number(&self, numbers: &[String]) -> Result<OrderBatch, ConnectorError> {
        Ok(self.read(self.temu.orders_by_number(numbers).await?))
    }

    async fn fingerprint(&self, window: &OrderWindow) -> Result<Option<String>, ConnectorError> {
        self.temu.fingerprint(window).await
    }

    async fn order_contents(&self, entry: &OrderEntry) -> Result<OrderUnits, ConnectorError> {
        self.temu.order_contents(entry).await
    }

    async fn order_details(&self, entry: &OrderEntry) -> Result<Value, ConnectorError> {
        if let Some(fault) = self.bad.fault(&entry.number) {
            return Err(fault);
        }
        self.temu.order_details(entry).await
    }

    fn translate(&self, raw: &Value) -> Result<Order, Untranslatable> {
        self.temu.translate(raw)
    }

    fn standing(&self, raw: &Value) -> Standing {
        self.temu.standing(raw)
    }

    fn report_lines(&self, raw: &Value) -> Option<ReportLines> {
        self.temu.report_lines(raw)
    }

    fn read_listings(&self) -> Box<dyn ListingReader + '_> {
        self.temu.read_listings()
    }

    fn stock_calls(&self, targets: Vec<StockTarget>) -> Vec<Vec<StockTarget>> {
        self.temu.stock_calls(targets)
    }

    async fn push_stock(
        &self,
        targets: &[StockTarget],
        key: &str,
    ) -> Result<Vec<StockAnswer>, ConnectorError> {
        self.temu.push_stock(targets, key).await
    }

    async fn carrier_code(
        &self,
        hints: Option<&Hints>,
        carrier: &str,
    ) -> Result<Option<String>, ConnectorError> {
        self.temu.carrier_code(hints, carrier).await
    }

    async fn confirm_shipment(&self, report: &ShipmentReport) -> Result<WriteAnswer, ConnectorError> {
        self.bad.reports.lock().unwrap().push(report.number.clone());
        if let Some(fault) = self.bad.fault(&report.number) {
            return Err(fault);
        }
        match &self.book {
            None => self.temu.confirm_shipment(report).await,
            Some(book) => book.confirm(report).ok_or_else(|| ConnectorError::Transient {
                place: Place::default(),
                message: "cut".to_owned(),
            }),
        }
    }

    async fn read_shipments(
        &self,
        order: &str,
        lines: &[String],
    ) -> Result<Vec<ConfirmedParcel>, ConnectorError> {
        match &self.book {
            None => self.temu.read_shipments(order, lines).await,
            Some(book) => Ok(book.read(order, lines)),
        }
    }

    fn cancellations(&self) -> Option<&dyn Cancellations> {
        self.temu.cancellations()
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.temu.calls()
    }
}

/// Takes no hand-over while the switch is on, as if the connection went before anything was written.
pub(crate) struct Stubborn {
    pub(crate) jtl: Jtl,
    pub(crate) is_stubborn: Arc<AtomicBool>,
}

#[async_trait]
impl Erp for Stubborn {
    fn is_simulated(&self) -> bool {
        self.jtl.is_simulated()
    }

    fn describe(&self) -> String {
        self.jtl.describe()
    }

    async fn check(&self) -> Result<Vec<String>, ErpError> {
        if self.is_stubborn.load(Ordering::Relaxed) {
            return Err(ErpError::Unreachable { action: "check it", reason: "cut".to_owned() });
        }
        self.jtl.check().await
    }

    async fn advice(&self) -> Result<Vec<String>, ErpError> {
        self.jtl.advice().await
    }

    async fn customers(&self, orders: &[&Order], account: &str) -> Result<HashMap<String, String>, ErpError> {
        self.jtl.customers(orders, account).await
    }

    fn render(
        &self,
        order: &Order,
        number: &str,
        account: &str,
        customer: Option<&str>,
    ) -> Result<Rendered, ErpError> {
        self.jtl.render(order, number, account, customer)
    }

    async fn search(&self, wanted: &[Wanted<'_>]) -> Result<Search, ErpError> {
        self.jtl.search(wanted).await
    }

    async fn identity(&self) -> Result<Option<i64>, ErpError> {
        self.jtl.identity().await
    }

    async fn hand_over(&self, documents: &[HandOver]) -> Result<Vec<HandedOver>, ErpError> {
        if self.is_stubborn.load(Ordering::Relaxed) {
            return Err(ErpError::Unreachable { action: "hand orders over", reason: "cut".to_owned() });
        }
        self.jtl.hand_over(documents).await
    }

    async fn look_up(&self, numbers: &[String]) -> Result<Vec<Presence>, ErpError> {
        self.jtl.look_up(numbers).await
    }

    async fn receipts(&self, numbers: &[String]) -> Result<Option<HashMap<String, Timestamp>>, ErpError> {
        self.jtl.receipts(numbers).await
    }

    async fn unknown_articles(&self, skus: &[String]) -> Result<BTreeSet<String>, ErpError> {
        self.jtl.unknown_articles(skus).await
    }

    async fn orders(&self, numbers: &[String]) -> Result<Vec<ErpOrder>, ErpError> {
        self.jtl.orders(numbers).await
    }

    async fn orders_marker(&self, numbers: &[String]) -> Result<String, ErpError> {
        self.jtl.orders_marker(numbers).await
    }

    async fn map_articles(&self, skus: &[String]) -> Result<HashMap<String, MappedArticle>, ErpError> {
        self.jtl.map_articles(skus).await
    }

    async fn articles_marker(&self, skus: &[String]) -> Result<String, ErpError> {
        self.jtl.articles_marker(skus).await
    }

    async fn article_states(&self, articles: &[i64]) -> Result<Vec<ArticleState>, ErpError> {
        self.jtl.article_states(articles).await
    }

    async fn bundles_with(&self, articles: &[i64]) -> Result<Vec<i64>, ErpError> {
        self.jtl.bundles_with(articles).await
    }

    async fn stock(&self, articles: &[i64]) -> Result<Vec<StockLevel>, ErpError> {
        self.jtl.stock(articles).await
    }

    async fn stock_marker(&self, articles: &[i64]) -> Result<String, ErpError> {
        self.jtl.stock_marker(articles).await
    }
}
