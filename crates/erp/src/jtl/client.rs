//! [`Jtl`]: the ERP trait on JTL-Wawi's database.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use marktwerk_domain::inventory::StockLevel;
use marktwerk_domain::order::Order;
use marktwerk_domain::shipment::ErpOrder;

use super::settings::JtlSettings;
use crate::{Erp, ErpError, HandOver, HandedOver, Presence, Rendered};

/// The merchant's JTL-Wawi.
#[derive(Debug)]
pub struct Jtl {
    settings: JtlSettings,
}

impl Jtl {
    /// Opens the database that the settings name.
    ///
    /// # Errors
    /// [`ErpError::Setting`] where a setting cannot work, [`ErpError::Unreachable`] where the database is not there.
    pub async fn open(settings: JtlSettings) -> Result<Self, ErpError> {
        Ok(Self { settings })
    }
}

fn unfinished<T>() -> Result<T, ErpError> {
    Err(ErpError::Defect { action: "talk to JTL", reason: "not written yet".to_owned() })
}

#[async_trait]
impl Erp for Jtl {
    fn is_simulated(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        self.settings.url.clone()
    }

    async fn check(&self) -> Result<Vec<String>, ErpError> {
        unfinished()
    }

    fn render(&self, _order: &Order, _account: &str) -> Result<Rendered, ErpError> {
        unfinished()
    }

    async fn identity(&self) -> Result<i64, ErpError> {
        unfinished()
    }

    async fn hand_over(&self, _documents: &[HandOver]) -> Result<Vec<HandedOver>, ErpError> {
        unfinished()
    }

    async fn look_up(&self, _numbers: &[String]) -> Result<Vec<Presence>, ErpError> {
        unfinished()
    }

    async fn unknown_articles(&self, _skus: &[String]) -> Result<BTreeSet<String>, ErpError> {
        unfinished()
    }

    async fn orders(&self, _numbers: &[String]) -> Result<Vec<ErpOrder>, ErpError> {
        unfinished()
    }

    async fn map_articles(&self, _skus: &[String]) -> Result<HashMap<String, i64>, ErpError> {
        unfinished()
    }

    async fn stock(&self, _articles: &[i64]) -> Result<Vec<StockLevel>, ErpError> {
        unfinished()
    }
}
