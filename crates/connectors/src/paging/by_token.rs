//! Lists whose pages lead from one to the next by a token. Nobody knows how many there are: the list is complete once a page has none.
//!
//! An order that changes while the list is read leaves its window, for that ends before the reading began; it comes in its new state with
//! the next window. A token that has ended begins the list again: what came before it is not lost, and comes once more.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{OrderBatch, OrderReader};
use crate::error::ConnectorError;
use crate::orders::OrderWindow;

/// Beginnings of a list, the first not counted, before the reading is given up.
const RESTARTS: u32 = 3;

/// A page, and the way to the next.
#[derive(Debug, Default)]
pub(crate) struct TokenPage {
    pub(crate) batch: OrderBatch,
    /// None on the last page.
    pub(crate) next: Option<String>,
    /// Up to when the marketplace has looked, where it says so.
    pub(crate) until: Option<Timestamp>,
}

/// Where the pages come from.
#[async_trait]
pub(crate) trait TokenPages: Send + Sync {
    /// The first page of the window, or the one that a token leads to.
    async fn page(&self, window: &OrderWindow, token: Option<&str>) -> Result<TokenPage, ConnectorError>;

    /// Whether a page could not be had because its token is not good any more.
    fn has_ended(&self, error: &ConnectorError) -> bool;

    /// The page that a token leads to is unreadable because of `message`.
    fn unreadable(&self, message: &str) -> ConnectorError;
}

/// Reads such a list.
pub(crate) struct ByToken<P> {
    pages: P,
    window: OrderWindow,
    token: Option<String>,
    restarts: u32,
    until: Timestamp,
    is_complete: bool,
}

impl<P: TokenPages> ByToken<P> {
    pub(crate) fn new(pages: P, window: OrderWindow) -> Self {
        let until = window.changed_until;
        Self { pages, window, token: None, restarts: 0, until, is_complete: false }
    }
}

#[async_trait]
impl<P: TokenPages> OrderReader for ByToken<P> {
    fn is_complete(&self) -> bool {
        self.is_complete
    }

    async fn next(&mut self) -> Result<OrderBatch, ConnectorError> {
        if self.is_complete {
            return Ok(OrderBatch::default());
        }
        let page = match self.pages.page(&self.window, self.token.as_deref()).await {
            Err(error)
                if self.token.is_some() && self.restarts < RESTARTS && self.pages.has_ended(&error) =>
            {
                self.token = None;
                self.restarts += 1;
                return Ok(OrderBatch::default());
            }
            page => page?,
        };
        if page.next.is_some() && page.next == self.token {
            return Err(self.pages.unreadable("the page leads to itself"));
        }
        self.until = page.until.map_or(self.until, |until| until.min(self.until));
        self.is_complete = page.next.is_none();
        self.token = page.next;
        Ok(page.batch)
    }

    fn read_until(&self) -> Option<Timestamp> {
        self.is_complete.then_some(self.until)
    }
}

#[cfg(test)]
#[path = "by_token_tests.rs"]
mod tests;
