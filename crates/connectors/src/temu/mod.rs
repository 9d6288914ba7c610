//! TEMU: one address per area, every call a signed POST whose `type` says what is wanted.
//!
//! Facts are from the Open API documents (partner.temu.com), EU area. Here is only who answers what; the
//! answers are in the files named after their subjects.

mod account;
mod address;
mod articles;
mod auth;
mod cancellations;
mod carriers;
mod client;
mod codes;
mod discounts;
mod orders;
mod prices;
mod regions;
mod shipments;
mod stock;
mod translate;
mod wire;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod list_tests;
#[cfg(test)]
mod shipment_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;

use async_trait::async_trait;
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::inventory::StockTarget;
use marktwerk_domain::order::{Hints, Order};
use marktwerk_domain::shipment::ShipmentReport;
use serde_json::Value;

pub use self::account::{KIND, TemuAccount};
use self::client::Client;
use crate::cancellations::{CancelAnswer, Cancellations};
use crate::error::ConnectorError;
use crate::http::HttpClient;
use crate::limiter::{Budget, Budgets, Rate};
use crate::marketplace::Marketplace;
use crate::orders::{OrderEntry, OrderUnits, OrderWindow, ReportLines, Standing, Untranslatable};
use crate::paging::{ListingReader, NewestFirst, OrderBatch, OrderReader};
use crate::rules::Rules;
use crate::shipments::ConfirmedParcel;
use crate::stock::StockAnswer;
use crate::writes::WriteAnswer;

/// What workflows must know of TEMU.
static RULES: Rules = Rules { joins_shared_parcels: true, ..Rules::DEFAULT };

/// A shop at TEMU.
pub struct Temu {
    summary: AccountSummary,
    client: Client,
    articles: articles::Articles,
    logistics: shipments::Logistics,
}

impl Temu {
    /// A connector for `account`; makes no call. All accounts of one app key share one bucket of `budgets`, as
    /// TEMU counts calls per app.
    pub fn new(account: TemuAccount, clock: SharedClock, budgets: &Budgets, http: HttpClient) -> Self {
        let summary = account.summary();
        let limit = account.calls_per_second.and_then(NonZeroU32::new).map(Rate::per_second);
        let bucket = budgets.bucket(&format!("temu:{}", account.app_key), limit);
        let client = Client::new(account, clock, bucket, http);
        Self {
            summary,
            client,
            articles: articles::Articles::default(),
            logistics: shipments::Logistics::default(),
        }
    }
}

impl fmt::Debug for Temu {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Temu").field("account", &self.summary).finish_non_exhaustive()
    }
}

#[async_trait]
impl Marketplace for Temu {
    fn account(&self) -> &AccountSummary {
        &self.summary
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    async fn check_account(&self) -> Result<AccountHealth, ConnectorError> {
        account::check(&self.client).await
    }

    fn read_orders(&self, window: OrderWindow) -> Box<dyn OrderReader + '_> {
        Box::new(NewestFirst::new(orders::Pages(&self.client), window))
    }

    async fn orders_by_number(&self, numbers: &[String]) -> Result<OrderBatch, ConnectorError> {
        orders::by_number(&self.client, numbers).await
    }

    async fn fingerprint(&self, window: &OrderWindow) -> Result<Option<String>, ConnectorError> {
        orders::fingerprint_of_list(&self.client, window).await.map(Some)
    }

    async fn order_contents(&self, entry: &OrderEntry) -> Result<OrderUnits, ConnectorError> {
        orders::contents(&self.client, &self.articles, entry).await
    }

    async fn order_details(&self, entry: &OrderEntry) -> Result<Value, ConnectorError> {
        orders::details(&self.client, &self.articles, entry).await
    }

    fn translate(&self, raw: &Value) -> Result<Order, Untranslatable> {
        translate::translate(raw)
    }

    fn standing(&self, raw: &Value) -> Standing {
        orders::standing(&raw["order"])
    }

    fn report_lines(&self, raw: &Value) -> Option<ReportLines> {
        translate::report_lines(raw)
    }

    fn read_listings(&self) -> Box<dyn ListingReader + '_> {
        Box::new(stock::Listings::new(&self.client, &self.articles))
    }

    fn stock_calls(&self, targets: Vec<StockTarget>) -> Vec<Vec<StockTarget>> {
        stock::calls(targets)
    }

    async fn push_stock(
        &self,
        targets: &[StockTarget],
        idempotency_key: &str,
    ) -> Result<Vec<StockAnswer>, ConnectorError> {
        stock::push(&self.client, targets, idempotency_key).await
    }

    async fn carrier_code(
        &self,
        hints: Option<&Hints>,
        carrier: &str,
    ) -> Result<Option<String>, ConnectorError> {
        self.logistics.carrier_code(&self.client, hints, carrier).await
    }

    async fn confirm_shipment(&self, report: &ShipmentReport) -> Result<WriteAnswer, ConnectorError> {
        self.logistics.confirm(&self.client, report).await
    }

    async fn read_shipments(
        &self,
        order: &str,
        lines: &[String],
    ) -> Result<Vec<ConfirmedParcel>, ConnectorError> {
        shipments::read(&self.client, order, lines).await
    }

    fn cancellations(&self) -> Option<&dyn Cancellations> {
        Some(self)
    }

    fn budget(&self) -> Budget {
        self.client.budget()
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.client.calls()
    }
}

#[async_trait]
impl Cancellations for Temu {
    async fn accept_wish(&self, order: &str) -> Result<CancelAnswer, ConnectorError> {
        cancellations::accept_wish(&self.client, order).await
    }

    async fn cancel(&self, order: &str, lines: &[String]) -> Result<CancelAnswer, ConnectorError> {
        cancellations::cancel(&self.client, order, lines).await
    }
}
