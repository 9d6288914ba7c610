//! [`Jtl`]: the trait [`Erp`] on a JTL-Wawi database. Lists are cut into batches here; what a statement says
//! is in `sql`, what its rows mean in `orders` and `stock`.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use jiff::tz::TimeZone;
use marktwerk_domain::inventory::StockLevel;
use marktwerk_domain::order::Order;
use marktwerk_domain::shipment::ErpOrder;

use super::database::{Database, ImportRow, List};
use super::marker::{self, Marker};
use super::settings::JtlSettings;
use super::sqlite::SqliteDatabase;
use super::{check, orders, presence, sql, stock, xml};
use crate::{Erp, ErpError, HandOver, HandedOver, Presence, Rendered};

/// Numbers per statement: short statements do not keep JTL waiting.
const BATCH: usize = 1000;

/// The merchant's JTL-Wawi.
#[derive(Debug)]
pub struct Jtl {
    settings: JtlSettings,
    zone: TimeZone,
    database: Box<dyn Database>,
}

impl Jtl {
    /// Opens the database that the settings name.
    ///
    /// # Errors
    /// [`ErpError::Setting`] where a setting cannot work, [`ErpError::Unreachable`] where the database is not there.
    pub async fn open(settings: JtlSettings) -> Result<Self, ErpError> {
        let zone = TimeZone::get(&settings.time_zone).map_err(|_| ErpError::Setting {
            setting: "time_zone",
            reason: format!(
                "`{}` is no time zone on this machine, such as Europe/Berlin",
                settings.time_zone
            ),
        })?;
        let database = open_database(&settings.url).await?;
        Ok(Self { settings, zone, database })
    }

    /// The answer of one statement for a list of any length.
    async fn rows_in_batches(
        &self,
        action: &'static str,
        statement: &'static [&'static str; 1],
        values: &[String],
    ) -> Result<Vec<super::row::Row>, ErpError> {
        let mut rows = Vec::new();
        for batch in values.chunks(BATCH) {
            let answers = self.database.read(action, statement, List::Texts(batch)).await?;
            rows.extend(answers.into_iter().flatten());
        }
        Ok(rows)
    }
}

/// Never a silent fall-back: what is not supported is an error.
async fn open_database(url: &str) -> Result<Box<dyn Database>, ErpError> {
    let refuse = |reason: &str| ErpError::Setting { setting: "url", reason: reason.to_owned() };
    match url.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(Box::new(SqliteDatabase::open(path).await?)),
        Some(("mssql" | "sqlserver", _)) => Err(refuse("SQL Server is not supported by this version yet")),
        // The text may be a connection string with a password: it is not repeated.
        _ => Err(refuse("says not which database to use; write sqlite:PATH")),
    }
}

#[async_trait]
impl Erp for Jtl {
    fn is_simulated(&self) -> bool {
        self.database.is_simulated()
    }

    fn describe(&self) -> String {
        self.database.describe()
    }

    async fn check(&self) -> Result<Vec<String>, ErpError> {
        check::findings(self.database.as_ref(), &self.settings).await
    }

    fn render(&self, order: &Order, account: &str) -> Result<Rendered, ErpError> {
        xml::render(order, account, &self.settings, &self.zone)
    }

    async fn identity(&self) -> Result<i64, ErpError> {
        self.database.identity().await
    }

    async fn hand_over(&self, documents: &[HandOver]) -> Result<Vec<HandedOver>, ErpError> {
        if documents.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = Vec::with_capacity(documents.len());
        for document in documents {
            if !presence::names(&document.document, &document.number) {
                return Err(ErpError::Defect {
                    action: "hand orders over",
                    reason: format!("the document of order {} does not name it", document.number),
                });
            }
            rows.push(ImportRow {
                number: document.number.clone(),
                document: document.document.clone(),
                platform: self.settings.platform,
                invoice: i64::from(self.settings.invoice),
            });
        }
        self.database.insert_absent(rows).await
    }

    async fn look_up(&self, numbers: &[String]) -> Result<Vec<Presence>, ErpError> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        self.database.look_up(numbers).await
    }

    async fn unknown_articles(&self, skus: &[String]) -> Result<BTreeSet<String>, ErpError> {
        if self.settings.accept_unknown_articles {
            return Ok(BTreeSet::new());
        }
        let mut unknown: BTreeSet<String> = skus.iter().cloned().collect();
        for row in self.rows_in_batches("look articles up", &[sql::SELLABLE_ARTICLES], skus).await? {
            unknown.remove(&row.text(0, "tArtikel.cArtNr")?);
        }
        Ok(unknown)
    }

    async fn orders(&self, numbers: &[String]) -> Result<Vec<ErpOrder>, ErpError> {
        let reading = orders::Reading {
            zone: &self.zone,
            tracking_is_enough: self.settings.accept_tracking_without_shipping_date,
        };
        let unique: BTreeSet<&String> = numbers.iter().collect();
        let unique: Vec<String> = unique.into_iter().cloned().collect();
        let mut found = Vec::new();
        for batch in unique.chunks(BATCH) {
            let answers = self.database.read("read orders", orders::STATEMENTS, List::Texts(batch)).await?;
            found.extend(orders::assemble(&answers, &reading)?);
        }
        Ok(found)
    }

    async fn orders_marker(&self, numbers: &[String]) -> Result<String, ErpError> {
        let unique: BTreeSet<&String> = numbers.iter().collect();
        let unique: Vec<String> = unique.into_iter().cloned().collect();
        let mut marker = Marker::default();
        for batch in unique.chunks(BATCH) {
            let answers = self.database.read("look for news", marker::OF_ORDERS, List::Texts(batch)).await?;
            marker.add(&answers)?;
        }
        Ok(marker.text())
    }

    async fn map_articles(&self, skus: &[String]) -> Result<HashMap<String, i64>, ErpError> {
        let rows = self.rows_in_batches("map articles", &[sql::ARTICLE_KEYS], skus).await?;
        rows.iter()
            .map(|row| Ok((row.text(0, "tArtikel.cArtNr")?, row.integer(1, "tArtikel.kArtikel")?)))
            .collect()
    }

    async fn stock(&self, articles: &[i64]) -> Result<Vec<StockLevel>, ErpError> {
        let statements = if self.settings.warehouses.is_empty() {
            stock::STATEMENTS
        } else {
            stock::STATEMENTS_BY_WAREHOUSE
        };
        let mut levels = Vec::with_capacity(articles.len());
        for batch in articles.chunks(BATCH) {
            let answers = self.database.read("read stock", statements, List::Integers(batch)).await?;
            levels.extend(stock::assemble(batch, &answers, &self.settings)?);
        }
        Ok(levels)
    }

    async fn stock_marker(&self, articles: &[i64]) -> Result<String, ErpError> {
        let JtlSettings { warehouses, unmanaged_quantity, .. } = &self.settings;
        let statements = if warehouses.is_empty() { marker::OF_STOCK } else { marker::OF_STOCK_BY_WAREHOUSE };
        let mut marker = Marker::default();
        for batch in articles.chunks(BATCH) {
            let answers = self.database.read("look for new stock", statements, List::Integers(batch)).await?;
            marker.add(&answers)?;
        }
        // Other settings publish other figures of the same stock.
        Ok(format!("{} {warehouses:?} {unmanaged_quantity:?}", marker.text()))
    }
}
