//! What a person asks about stock: an article with everything that decides about its figure. Answered by the workflows, which know
//! ERP and marketplaces.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::stock::view::ArticleView;

/// Questions about stock.
#[async_trait]
pub trait StockDesk: Send + Sync {
    /// An article by one of its numbers, as the ERP compares them; what would be published says what the next run does if it can read
    /// the orders that it needs. `None`: nobody lists it, and the ERP does not know it.
    ///
    /// # Errors
    /// If the ERP or the database cannot be asked.
    async fn article(&self, sku: &str, now: Timestamp) -> Result<Option<ArticleView>, Failure>;

    /// The job type that publishes the stock of an account; `None` if the account is not configured.
    fn publisher(&self, account: &str) -> Option<&'static str>;
}
