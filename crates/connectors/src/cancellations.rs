//! Cancellations by the seller, where a marketplace takes them.

use async_trait::async_trait;

use crate::error::ConnectorError;

/// What the marketplace says of a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelAnswer {
    /// It has taken it, now or before; whether the order is cancelled shows in its status.
    Taken,
    /// It understood and said no.
    Refused {
        /// Its own words.
        message: String,
    },
}

/// A marketplace that takes cancellations from the seller. Both calls look first whether they were made before, so that they may be
/// repeated.
#[async_trait]
pub trait Cancellations: Send + Sync {
    /// Accepts the buyer's wish to cancel.
    async fn accept_wish(&self, order: &str) -> Result<CancelAnswer, ConnectorError>;

    /// Asks to cancel these lines because the shop cannot deliver them.
    async fn cancel(&self, order: &str, lines: &[String]) -> Result<CancelAnswer, ConnectorError>;
}
