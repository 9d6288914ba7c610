//! What a screen and the commands ask of accounts and ERP.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::failure::Failure;
use marktwerk_engine::Diagnose;

use crate::connections::Connections;
use crate::worker;

#[async_trait]
impl Diagnose for Connections {
    fn accounts(&self) -> Vec<AccountSummary> {
        self.marketplaces().iter().map(|one| one.account().clone()).collect()
    }

    async fn test_account(&self, name: &str) -> Result<AccountHealth, Failure> {
        Ok(self.marketplace(name)?.check_account().await?)
    }

    async fn test_erp(&self) -> Result<Vec<String>, Failure> {
        Ok(self.erp.check().await?)
    }

    fn describe(&self) -> String {
        self.erp.describe()
    }

    fn credentials_from(&self, account: &str) -> Option<String> {
        self.settings.credentials_from.get(account).cloned()
    }

    async fn look_after_worker(&self, patience: Duration, now: Timestamp) -> Result<(), Failure> {
        worker::look_after(self, patience, now).await
    }
}
