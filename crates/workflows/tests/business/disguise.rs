//! Outsides in disguise: the sandbox's marketplace under an endpoint that is not on this machine, and a JTL that takes nothing
//! while it is told so.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_connectors::{
    ConfirmAnswer, ConfirmedParcel, ConnectorError, ListingPage, Marketplace, OrderEntry, OrderPage,
    OrderWindow, ReportLines, StockAnswer, Temu, Untranslatable,
};
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::inventory::{ArticleState, MappedArticle, StockLevel, StockTarget};
use marktwerk_domain::order::Order;
use marktwerk_domain::shipment::{Content, ErpOrder, ShipmentReport};
use marktwerk_erp::{Erp, ErpError, HandOver, HandedOver, Jtl, Presence, Rendered, Search, Wanted};
use serde_json::Value;

/// Says that it is elsewhere, and is the sandbox.
pub(crate) struct RealLooking {
    account: AccountSummary,
    temu: Temu,
}

impl RealLooking {
    pub(crate) fn new(temu: Temu) -> Self {
        let endpoint = "https://marketplace.example/router".to_owned();
        let account = AccountSummary { endpoint, is_loopback: false, ..temu.account().clone() };
        Self { account, temu }
    }
}

#[async_trait]
impl Marketplace for RealLooking {
    fn account(&self) -> &AccountSummary {
        &self.account
    }

    async fn check_account(&self) -> Result<AccountHealth, ConnectorError> {
        self.temu.check_account().await
    }

    async fn order_page(&self, window: &OrderWindow, page: u32) -> Result<OrderPage, ConnectorError> {
        self.temu.order_page(window, page).await
    }

    async fn orders_by_number(&self, numbers: &[String]) -> Result<OrderPage, ConnectorError> {
        self.temu.orders_by_number(numbers).await
    }

    async fn newest_change(&self, window: &OrderWindow) -> Result<String, ConnectorError> {
        self.temu.newest_change(window).await
    }

    async fn order_contents(&self, entry: &OrderEntry) -> Result<Vec<Content>, ConnectorError> {
        self.temu.order_contents(entry).await
    }

    async fn order_details(&self, entry: &OrderEntry) -> Result<Value, ConnectorError> {
        self.temu.order_details(entry).await
    }

    fn translate(&self, raw: &Value) -> Result<Order, Untranslatable> {
        self.temu.translate(raw)
    }

    fn report_lines(&self, raw: &Value) -> Option<ReportLines> {
        self.temu.report_lines(raw)
    }

    async fn listing_page(&self, page: u32) -> Result<ListingPage, ConnectorError> {
        self.temu.listing_page(page).await
    }

    async fn push_stock(
        &self,
        group: &str,
        targets: &[StockTarget],
        key: &str,
    ) -> Result<Vec<StockAnswer>, ConnectorError> {
        self.temu.push_stock(group, targets, key).await
    }

    async fn carrier_code(
        &self,
        region: Option<i64>,
        carrier: &str,
    ) -> Result<Option<String>, ConnectorError> {
        self.temu.carrier_code(region, carrier).await
    }

    async fn confirm_shipment(&self, report: &ShipmentReport) -> Result<ConfirmAnswer, ConnectorError> {
        self.temu.confirm_shipment(report).await
    }

    async fn read_shipments(
        &self,
        order: &str,
        lines: &[String],
    ) -> Result<Vec<ConfirmedParcel>, ConnectorError> {
        self.temu.read_shipments(order, lines).await
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

    fn render(&self, order: &Order, account: &str, customer: Option<&str>) -> Result<Rendered, ErpError> {
        self.jtl.render(order, account, customer)
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
