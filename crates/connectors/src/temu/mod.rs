//! TEMU: one address per area, every call a signed POST whose `type` says what is wanted.
//!
//! Facts are from the Open API documents (partner.temu.com), EU area.

use std::collections::BTreeMap;

use async_trait::async_trait;
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::inventory::StockTarget;
use marktwerk_domain::order::Order;
use marktwerk_domain::shipment::ShipmentReport;
use secrecy::SecretString;
use serde_json::Value;

use crate::error::ConnectorError;
use crate::http::HttpClient;
use crate::limiter::Budgets;
use crate::marketplace::Marketplace;
use crate::orders::{OrderEntry, OrderPage, OrderWindow, Untranslatable};
use crate::shipments::{ConfirmAnswer, ConfirmedParcel};
use crate::stock::{ListingPage, StockAnswer};

/// What is needed to work for a shop at TEMU. Secrets do not show in its `Debug`.
#[derive(Debug, Clone)]
pub struct TemuAccount {
    /// The merchant's own name for it.
    pub name: String,
    /// Where calls go, such as `https://openapi-b-eu.temu.com/openapi/router`.
    pub endpoint: String,
    /// The app's public key.
    pub app_key: String,
    /// The app's secret: signs each call, never sent.
    pub app_secret: SecretString,
    /// The shop's token for the app.
    pub access_token: SecretString,
    /// Calls per second that TEMU permits the app (20 for new apps); `None`: no limit (simulation).
    pub calls_per_second: Option<u32>,
}

/// A shop at TEMU.
#[derive(Debug)]
pub struct Temu {
    summary: AccountSummary,
}

impl Temu {
    /// A connector for `account`; makes no call.
    pub fn new(account: TemuAccount, clock: SharedClock, budgets: &Budgets, http: HttpClient) -> Self {
        let _ = (clock, budgets, http);
        let summary = AccountSummary {
            name: account.name,
            marketplace: "temu".to_owned(),
            endpoint: account.endpoint,
            is_loopback: false,
        };
        Self { summary }
    }
}

fn not_yet<T>() -> Result<T, ConnectorError> {
    Err(ConnectorError::Setup("not written yet".to_owned()))
}

#[async_trait]
impl Marketplace for Temu {
    fn account(&self) -> &AccountSummary {
        &self.summary
    }

    async fn check_account(&self) -> Result<AccountHealth, ConnectorError> {
        not_yet()
    }

    async fn order_page(&self, _window: &OrderWindow, _page: u32) -> Result<OrderPage, ConnectorError> {
        not_yet()
    }

    async fn order_details(&self, _entry: &OrderEntry) -> Result<Value, ConnectorError> {
        not_yet()
    }

    fn translate(&self, _raw: &Value) -> Result<Order, Untranslatable> {
        Err(Untranslatable::because("not written yet"))
    }

    async fn listing_page(&self, _page: u32) -> Result<ListingPage, ConnectorError> {
        not_yet()
    }

    async fn push_stock(
        &self,
        _group: &str,
        _targets: &[StockTarget],
        _idempotency_key: &str,
    ) -> Result<Vec<StockAnswer>, ConnectorError> {
        not_yet()
    }

    async fn carrier_code(
        &self,
        _region: Option<i64>,
        _carrier: &str,
    ) -> Result<Option<String>, ConnectorError> {
        not_yet()
    }

    async fn confirm_shipment(&self, _report: &ShipmentReport) -> Result<ConfirmAnswer, ConnectorError> {
        not_yet()
    }

    async fn read_shipments(
        &self,
        _order: &str,
        _lines: &[String],
    ) -> Result<Vec<ConfirmedParcel>, ConnectorError> {
        not_yet()
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}
