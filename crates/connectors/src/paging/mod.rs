//! How the lists of a marketplace are read completely although they change meanwhile. Which way a marketplace numbers its pages is its
//! connector's affair; workflows see batches, and an end that is proven.

mod by_token;
mod newest_first;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::error::ConnectorError;
use crate::orders::{MalformedEntry, OrderEntry};
use crate::stock::ListingBatch;

pub(crate) use self::by_token::{ByToken, TokenPage, TokenPages};
pub(crate) use self::newest_first::{NewestFirst, OrderPage, OrderPages};

/// Some of the orders of a window. An order may come more than once; its newest state comes last.
#[derive(Debug, Clone, Default)]
pub struct OrderBatch {
    /// The readable entries.
    pub entries: Vec<OrderEntry>,
    /// The others: none of them spoils another.
    pub malformed: Vec<MalformedEntry>,
}

/// Reads the orders of a window, batch by batch. An order that changes while the list is read is not missed: it comes in its new state,
/// here or in the next window.
#[async_trait]
pub trait OrderReader: Send {
    /// Whether it is proven that every order of the window has come. Only then may a cursor move.
    fn is_complete(&self) -> bool;

    /// The next batch; an empty one where there is none.
    async fn next(&mut self) -> Result<OrderBatch, ConnectorError>;

    /// Up to when all orders are known, once the reading [is complete](Self::is_complete). `None` where orders kept changing: what is
    /// newer than the window's end comes with the next one.
    fn read_until(&self) -> Option<Timestamp>;
}

/// Reads what the account offers, batch by batch.
#[async_trait]
pub trait ListingReader: Send {
    /// The next batch; `None` at the end.
    async fn next(&mut self) -> Result<Option<ListingBatch>, ConnectorError>;

    /// Whether every listing was seen, once [`next`](Self::next) has answered `None`. Only then are others gone.
    fn is_complete(&self) -> bool;
}
