//! The sandbox's marketplace under an endpoint that is not on this machine: what may be written to a real one?

use std::collections::BTreeMap;

use async_trait::async_trait;
use marktwerk_connectors::{
    ConfirmAnswer, ConfirmedParcel, ConnectorError, ListingPage, Marketplace, OrderEntry, OrderPage,
    OrderWindow, StockAnswer, Temu, Untranslatable,
};
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::inventory::StockTarget;
use marktwerk_domain::order::Order;
use marktwerk_domain::shipment::ShipmentReport;
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

    async fn order_details(&self, entry: &OrderEntry) -> Result<Value, ConnectorError> {
        self.temu.order_details(entry).await
    }

    fn translate(&self, raw: &Value) -> Result<Order, Untranslatable> {
        self.temu.translate(raw)
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
