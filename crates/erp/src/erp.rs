//! What Marktwerk asks of an ERP. Every question about many orders or articles is one call: an
//! implementation answers it in a few set-based statements, whatever the length of the list.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::inventory::{ArticleState, MappedArticle, StockLevel};
use marktwerk_domain::order::Order;
use marktwerk_domain::shipment::ErpOrder;

use crate::error::ErpError;
use crate::hand_over::{HandOver, HandedOver, Presence, Rendered};
use crate::search::{Search, Wanted};

/// The merchant's ERP.
#[async_trait]
pub trait Erp: Send + Sync {
    /// Whether this is a simulation (the sandbox's SQLite file): then nothing real may be told to a marketplace.
    fn is_simulated(&self) -> bool;

    /// Where it is, for people; no secrets.
    fn describe(&self) -> String;

    /// Self-test: schema, version, company, user, warehouses, method names, platform. Gives one sentence with place
    /// and cure per finding; none means that nothing is wrong.
    ///
    /// # Errors
    /// Only where the ERP cannot be asked at all.
    async fn check(&self) -> Result<Vec<String>, ErpError>;

    /// What works, and should be otherwise: a sentence with place and cure for each.
    ///
    /// # Errors
    /// Only where the ERP cannot be asked at all.
    async fn advice(&self) -> Result<Vec<String>, ErpError>;

    /// The ERP's customer numbers for orders of `account`, by order number, as the settings choose them. An order without one is a
    /// new customer's.
    ///
    /// # Errors
    /// If the ERP cannot be asked, or a setting names no customer for this account.
    async fn customers(&self, orders: &[&Order], account: &str) -> Result<HashMap<String, String>, ErpError>;

    /// Renders the document to hand over for an order of `account` (the merchant's name of it), with the number that the ERP is to have
    /// for it, and of a customer that [`Erp::customers`] told, or of a new one. Pure, no I/O.
    ///
    /// # Errors
    /// [`ErpError::Order`] if the ERP could not take the order as it is.
    fn render(
        &self,
        order: &Order,
        number: &str,
        account: &str,
        customer: Option<&str>,
    ) -> Result<Rendered, ErpError>;

    /// The import table's identity value now: it never falls, and moves with each row that anybody inserts. `None` where the database
    /// does not show it to this login.
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn identity(&self) -> Result<Option<i64>, ErpError>;

    /// Hands documents over: under a lock on the order numbers each is looked up first under all its numbers, and only what is neither
    /// an order nor a waiting row is inserted. One transaction for all; the answer has a row per document, in the same
    /// order. A number that occurs twice in `documents` is inserted once.
    ///
    /// # Errors
    /// Then nothing of it was written, unless the error is a lost connection: [`Erp::look_up`] tells.
    async fn hand_over(&self, documents: &[HandOver]) -> Result<Vec<HandedOver>, ErpError>;

    /// What the ERP has of these order numbers, one row per number in the order asked. Waits for hand-overs under way.
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn look_up(&self, numbers: &[String]) -> Result<Vec<Presence>, ErpError>;

    /// Orders that may be these under another number: by the number that the ERP gave them, and by buyer, date and basket. Meant for
    /// the moment before a person has an order handed over again; what is found is shown and never taken as the order by itself.
    ///
    /// # Errors
    /// If the ERP cannot be asked at all. A part of the search that is not possible is [`Search::shortcoming`].
    async fn search(&self, wanted: &[Wanted<'_>]) -> Result<Search, ErpError>;

    /// The receipts of these order numbers: for each that a hand-over with a receipt inserted, when the last such one was intended. A
    /// receipt is there if and only if that insert was committed. `None` where receipts cannot be kept: our own database is on
    /// another server, or the login has no right there.
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn receipts(&self, numbers: &[String]) -> Result<Option<HashMap<String, Timestamp>>, ErpError>;

    /// Those of the article numbers that the ERP cannot take in an order: unknown, inactive, deleted, or the parent
    /// of variations, which is never sold itself.
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn unknown_articles(&self, skus: &[String]) -> Result<BTreeSet<String>, ErpError>;

    /// Everything the ERP has of these order numbers; numbers that it does not know are absent. Sorted by number.
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn orders(&self, numbers: &[String]) -> Result<Vec<ErpOrder>, ErpError>;

    /// A marker of what [`Erp::orders`] answers for these numbers, much cheaper than the answer: another text as soon as one of
    /// the orders, its positions, delivery notes or parcels comes, goes or changes. It may change without need, too.
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn orders_marker(&self, numbers: &[String]) -> Result<String, ErpError>;

    /// The ERP's articles of these article numbers, under the number as asked; neither case nor blanks at the end count. Absent are
    /// unknown and deleted articles, parents of variations, and numbers that several articles have; inactive ones are there, since
    /// their stock still counts.
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn map_articles(&self, skus: &[String]) -> Result<HashMap<String, MappedArticle>, ErpError>;

    /// A marker of which of these article numbers may be sold, much cheaper than [`Erp::map_articles`].
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn articles_marker(&self, skus: &[String]) -> Result<String, ErpError>;

    /// How the articles with these keys stand; those that the ERP does not have any more are absent.
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn article_states(&self, articles: &[i64]) -> Result<Vec<ArticleState>, ErpError>;

    /// The bundles that hold at least one of these articles, each once.
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn bundles_with(&self, articles: &[i64]) -> Result<Vec<i64>, ErpError>;

    /// Stock of these articles, in the order asked; an article that the ERP does not have is absent. One without a row in the stock
    /// table has 0. A bundle comes with its components.
    ///
    /// # Errors
    /// If it cannot be read: a failed read is never a stock of zero.
    async fn stock(&self, articles: &[i64]) -> Result<Vec<StockLevel>, ErpError>;

    /// The same kind of marker of what [`Erp::stock`] answers for these articles.
    ///
    /// # Errors
    /// If the ERP cannot be asked.
    async fn stock_marker(&self, articles: &[i64]) -> Result<String, ErpError>;
}
