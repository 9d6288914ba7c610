//! [`Jtl`]: the trait [`Erp`] on a JTL-Wawi database. Lists are cut into batches here; what a statement says
//! is in `sql`, what its rows mean in `orders` and `stock`.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::inventory::{ArticleState, MappedArticle, StockLevel};
use marktwerk_domain::order::Order;
use marktwerk_domain::shipment::ErpOrder;
use marktwerk_sqlserver::Address;

use super::customers::{self, CustomerPolicy};
use super::database::{Database, ImportRow, List};
use super::marker::{self, Marker};
use super::mssql::{ReceiptTable, SqlServerDatabase};
use super::row::Row;
use super::settings::JtlSettings;
use super::sqlite::SqliteDatabase;
use super::{check, orders, presence, search, sql, stock, xml};
use crate::{Erp, ErpError, HandOver, HandedOver, Presence, Rendered, Search, Wanted};

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
    /// [`ErpError::Setting`] where a setting cannot work, [`ErpError::Unreachable`] where the SQLite file is not there. A
    /// SQL Server is asked with the first question, and again with each: it may come later, go, and come back.
    pub async fn open(settings: JtlSettings) -> Result<Self, ErpError> {
        Self::open_beside(settings, None).await
    }

    /// The same where hand-overs may leave receipts in our own database, if that is on JTL's server.
    ///
    /// # Errors
    /// As [`Jtl::open`].
    pub async fn open_beside(
        settings: JtlSettings,
        receipts: Option<ReceiptTable>,
    ) -> Result<Self, ErpError> {
        let zone = TimeZone::get(&settings.time_zone).map_err(|_| ErpError::Setting {
            setting: "time_zone",
            reason: format!(
                "`{}` is not a time zone on this machine, such as Europe/Berlin",
                settings.time_zone
            ),
        })?;
        let database = open_database(&settings.url, receipts).await?;
        Ok(Self { settings, zone, database })
    }

    /// How many statements it has sent to a SQL Server so far; benchmarks and tests compare them.
    pub fn statements(&self) -> u64 {
        self.database.statements()
    }

    /// The answer of one statement for a list of any length.
    async fn rows_in_batches(
        &self,
        action: &'static str,
        statement: &'static [&'static str; 1],
        values: &[String],
    ) -> Result<Vec<Row>, ErpError> {
        let mut rows = Vec::new();
        for batch in values.chunks(self.database.batch()) {
            let answers = self.database.read(action, statement, List::Texts(batch)).await?;
            rows.extend(answers.into_iter().flatten());
        }
        Ok(rows)
    }

    /// The same for a list of keys.
    async fn rows_of_keys(
        &self,
        action: &'static str,
        statement: &'static [&'static str; 1],
        keys: &[i64],
    ) -> Result<Vec<Row>, ErpError> {
        let mut rows = Vec::new();
        for batch in keys.chunks(self.database.batch()) {
            let answers = self.database.read(action, statement, List::Integers(batch)).await?;
            rows.extend(answers.into_iter().flatten());
        }
        Ok(rows)
    }
}

/// Never a silent fall-back: what is not supported is an error.
async fn open_database(url: &str, receipts: Option<ReceiptTable>) -> Result<Box<dyn Database>, ErpError> {
    let refuse = |reason: &str| ErpError::Setting { setting: "url", reason: reason.to_owned() };
    match url.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(Box::new(SqliteDatabase::open(path).await?)),
        // The text may be a connection string with a password: it is not repeated.
        Some(("mssql" | "sqlserver", _)) => match Address::parse(url) {
            Ok(address) if address.user.is_empty() => Err(refuse(
                "names no SQL login; write mssql://user:password@host:1433/eazybusiness, special characters of the password as %XX",
            )),
            Ok(address) => {
                let receipts = receipts.and_then(|table| table.beside(&address));
                Ok(Box::new(SqlServerDatabase::new(address, receipts)))
            }
            Err(error) => Err(refuse(&error.to_string())),
        },
        _ => Err(refuse(
            "does not name a database; write mssql://user:password@host:1433/eazybusiness or sqlite:PATH",
        )),
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

    async fn advice(&self) -> Result<Vec<String>, ErpError> {
        let mut advice = self.database.advice().await?;
        advice.extend(check::advice(self.database.as_ref(), &self.settings).await?);
        Ok(advice)
    }

    async fn customers(&self, orders: &[&Order], account: &str) -> Result<HashMap<String, String>, ErpError> {
        if let Some(number) = self.settings.customer.collective(account)? {
            return Ok(orders.iter().map(|order| (order.number.clone(), number.to_owned())).collect());
        }
        if self.settings.customer != CustomerPolicy::EmailAndName {
            return Ok(HashMap::new());
        }
        let emails = customers::emails(orders);
        let rows = self.rows_in_batches("look customers up", &[sql::CUSTOMERS], &emails).await?;
        customers::assign(orders, &rows)
    }

    fn render(
        &self,
        order: &Order,
        number: &str,
        account: &str,
        customer: Option<&str>,
    ) -> Result<Rendered, ErpError> {
        xml::render(order, number, &self.settings.of(account), customer, &self.zone)
    }

    async fn identity(&self) -> Result<Option<i64>, ErpError> {
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
                also: document.also.clone(),
                document: document.document.clone(),
                platform: self.settings.of(&document.account).platform,
                invoice: i64::from(self.settings.invoice),
                receipt: document.receipt,
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

    async fn search(&self, wanted: &[Wanted<'_>]) -> Result<Search, ErpError> {
        search::search(self.database.as_ref(), &self.zone, wanted).await
    }

    async fn receipts(&self, numbers: &[String]) -> Result<Option<HashMap<String, Timestamp>>, ErpError> {
        self.database.receipts(numbers).await
    }

    async fn unknown_articles(&self, skus: &[String]) -> Result<BTreeSet<String>, ErpError> {
        if self.settings.accept_unknown_articles {
            return Ok(BTreeSet::new());
        }
        let rows = self.rows_in_batches("look articles up", &[sql::SELLABLE_ARTICLES], skus).await?;
        let known = unambiguous(&rows, |row| row.integer(1, "tArtikel.kArtikel"))?;
        Ok(skus.iter().filter(|sku| !known.contains_key(*sku)).cloned().collect())
    }

    async fn orders(&self, numbers: &[String]) -> Result<Vec<ErpOrder>, ErpError> {
        let reading = orders::Reading {
            zone: &self.zone,
            tracking_is_enough: self.settings.accept_tracking_without_shipping_date,
        };
        let unique: BTreeSet<&String> = numbers.iter().collect();
        let unique: Vec<String> = unique.into_iter().cloned().collect();
        let mut found = Vec::new();
        for batch in unique.chunks(self.database.batch()) {
            let answers = self.database.read("read orders", orders::STATEMENTS, List::Texts(batch)).await?;
            found.extend(orders::assemble(&answers, &reading)?);
        }
        Ok(found)
    }

    async fn orders_marker(&self, numbers: &[String]) -> Result<String, ErpError> {
        let unique: BTreeSet<&String> = numbers.iter().collect();
        let unique: Vec<String> = unique.into_iter().cloned().collect();
        if !self.database.has_versions("look for news", marker::OF_ORDERS).await? {
            return Ok(marker::unknown());
        }
        let mut marker = Marker::default();
        for batch in unique.chunks(self.database.batch()) {
            let answers = self.database.read("look for news", marker::OF_ORDERS, List::Texts(batch)).await?;
            marker.add(&answers)?;
        }
        Ok(marker.text())
    }

    async fn map_articles(&self, skus: &[String]) -> Result<HashMap<String, MappedArticle>, ErpError> {
        let rows = self.rows_in_batches("map articles", &[sql::ARTICLE_KEYS], skus).await?;
        unambiguous(&rows, |row| {
            let is_active = row.integer(2, "tArtikel.cAktiv")? == 1;
            Ok(MappedArticle { key: row.integer(1, "tArtikel.kArtikel")?, is_active })
        })
    }

    async fn articles_marker(&self, skus: &[String]) -> Result<String, ErpError> {
        let mut marker = Marker::default();
        for batch in skus.chunks(self.database.batch()) {
            let answers =
                self.database.read("look for articles", marker::OF_ARTICLES, List::Texts(batch)).await?;
            marker.add(&answers)?;
        }
        Ok(marker.text())
    }

    async fn article_states(&self, articles: &[i64]) -> Result<Vec<ArticleState>, ErpError> {
        let rows = self.rows_of_keys("look at articles", &[sql::ARTICLE_STATES], articles).await?;
        let state = |row: &Row| {
            Ok(ArticleState {
                key: row.integer(0, "tArtikel.kArtikel")?,
                number: row.text(1, "tArtikel.cArtNr")?,
                is_deleted: row.optional_integer(2, "tArtikel.nDelete")?.unwrap_or_default() != 0,
                is_parent: row.optional_integer(3, "tArtikel.nIstVater")?.unwrap_or_default() != 0,
                is_active: row.integer(4, "tArtikel.cAktiv")? == 1,
            })
        };
        rows.iter().map(state).collect()
    }

    async fn bundles_with(&self, articles: &[i64]) -> Result<Vec<i64>, ErpError> {
        let rows = self.rows_of_keys("look for bundles", &[sql::BUNDLES], articles).await?;
        let bundles: Result<BTreeSet<i64>, ErpError> =
            rows.iter().map(|row| row.integer(0, "tArtikel.kArtikel")).collect();
        Ok(bundles?.into_iter().collect())
    }

    async fn stock(&self, articles: &[i64]) -> Result<Vec<StockLevel>, ErpError> {
        let statements = if self.settings.warehouses.is_empty() {
            stock::STATEMENTS
        } else {
            stock::STATEMENTS_BY_WAREHOUSE
        };
        let mut levels = Vec::with_capacity(articles.len());
        for batch in articles.chunks(self.database.batch()) {
            let answers = self.database.read("read stock", statements, List::Integers(batch)).await?;
            levels.extend(stock::assemble(batch, &answers, &self.settings)?);
        }
        Ok(levels)
    }

    async fn stock_marker(&self, articles: &[i64]) -> Result<String, ErpError> {
        let JtlSettings { warehouses, unmanaged_quantity, .. } = &self.settings;
        let statements = if warehouses.is_empty() { marker::OF_STOCK } else { marker::OF_STOCK_BY_WAREHOUSE };
        if !self.database.has_versions("look for new stock", statements).await? {
            return Ok(marker::unknown());
        }
        let mut marker = Marker::default();
        for batch in articles.chunks(self.database.batch()) {
            let answers = self.database.read("look for new stock", statements, List::Integers(batch)).await?;
            marker.add(&answers)?;
        }
        // Other settings publish other figures of the same stock.
        Ok(format!("{} {warehouses:?} {unmanaged_quantity:?}", marker.text()))
    }
}

/// What rows say, by the number as asked for. A database that ignores case may match a number twice; then it is left out.
fn unambiguous<T: PartialEq>(
    rows: &[Row],
    said: impl Fn(&Row) -> Result<T, ErpError>,
) -> Result<HashMap<String, T>, ErpError> {
    let mut articles: HashMap<String, Option<T>> = HashMap::with_capacity(rows.len());
    for row in rows {
        let number = row.text(0, "tArtikel.cArtNr")?;
        let is_other = |known: &Option<T>, article: &T| known.as_ref() != Some(article);
        let article = said(row)?;
        match articles.get_mut(&number) {
            None => drop(articles.insert(number, Some(article))),
            Some(known) if is_other(known, &article) => *known = None,
            Some(_) => {}
        }
    }
    Ok(articles.into_iter().filter_map(|(number, article)| Some((number, article?))).collect())
}
