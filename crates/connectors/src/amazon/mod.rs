//! Amazon: the Selling Partner API, whose calls carry a token that a sign-in gives for an hour.
//!
//! Facts are from Amazon's descriptions of its interfaces. So far orders are read; what they come to, shipments and stock follow, and with
//! them the seam to the workflows ([`Marketplace`](crate::Marketplace)).

mod account;
mod client;
#[cfg(test)]
mod fake;
mod orders;
mod sign_in;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;
use std::fmt;

use jiff::SignedDuration;
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::judgement::ReportUnit;
use serde_json::Value;

pub use self::account::AmazonAccount;
use self::client::Client;
use crate::error::ConnectorError;
use crate::http::HttpClient;
use crate::limiter::Budgets;
use crate::orders::{OrderEntry, OrderUnits, OrderWindow, Standing};
use crate::paging::{ByToken, OrderBatch, OrderReader};
use crate::rules::Rules;

/// What workflows must know of Amazon.
pub static RULES: Rules = Rules {
    // "At least two minutes before the time of the request."
    lag: SignedDuration::from_mins(2),
    overlap: SignedDuration::from_mins(3),
    deep_read: SignedDuration::from_hours(3 * 24),
    report: ReportUnit::EachParcel,
    ..Rules::DEFAULT
};

/// A seller at Amazon, with one or more of its marketplaces.
pub struct Amazon {
    summary: AccountSummary,
    client: Client,
}

impl Amazon {
    /// A connector for `account`; makes no call. Amazon counts the calls of an account, an application and an operation: so do
    /// `budgets`.
    pub fn new(account: AmazonAccount, clock: SharedClock, budgets: &Budgets, http: HttpClient) -> Self {
        let summary = account.summary();
        Self { summary, client: Client::new(account, clock, budgets.clone(), http) }
    }

    /// Whose account it is, without its secrets.
    pub fn account(&self) -> &AccountSummary {
        &self.summary
    }

    /// Tests the credentials with a call that changes nothing.
    pub async fn check_account(&self) -> Result<AccountHealth, ConnectorError> {
        account::check(&self.client).await
    }

    /// Reads the orders changed in `window`.
    pub fn read_orders(&self, window: OrderWindow) -> Box<dyn OrderReader + '_> {
        Box::new(ByToken::new(orders::Pages::new(&self.client, &window), window))
    }

    /// The orders with these numbers, one call for each.
    pub async fn orders_by_number(&self, numbers: &[String]) -> Result<OrderBatch, ConnectorError> {
        orders::by_number(&self.client, numbers).await
    }

    /// What an order takes from stock: an entry says all of it.
    pub fn order_contents(&self, entry: &OrderEntry) -> OrderUnits {
        orders::contents(&entry.raw)
    }

    /// What a document says of wishes and of who sends the order.
    pub fn standing(&self, raw: &Value) -> Standing {
        orders::standing(raw)
    }

    /// Calls made so far, by Amazon's names of the operations.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.client.calls()
    }
}

impl fmt::Debug for Amazon {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Amazon").field("account", &self.summary).finish_non_exhaustive()
    }
}
