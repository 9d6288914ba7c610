//! The seam between JTL-Wawi and the database that it lives on: what [`super::Jtl`] needs of a connection, in a
//! trait that SQL Server implements later beside SQLite. Semantics are here and in [`super::presence`];
//! an implementation adds names, parameters and locks.

use std::fmt::Debug;

use async_trait::async_trait;

use super::row::Row;
use crate::{ErpError, HandedOver, Presence};

/// Values of the one list parameter of a statement.
#[derive(Debug, Clone, Copy)]
pub(super) enum List<'values> {
    /// Keys.
    Integers(&'values [i64]),
    /// Numbers and names.
    Texts(&'values [String]),
}

/// A row for `dbo.tXMLBestellImport`.
#[derive(Clone)]
pub(super) struct ImportRow {
    /// The marketplace's order number, to look for.
    pub(super) number: String,
    /// `cText`.
    pub(super) document: String,
    /// `nPlattform`.
    pub(super) platform: i64,
    /// `nRechnung`.
    pub(super) invoice: i64,
}

/// A JTL-Wawi database.
#[async_trait]
pub(super) trait Database: Debug + Send + Sync {
    /// Whether it is the sandbox's.
    fn is_simulated(&self) -> bool;

    /// Where it is, for people; no secrets.
    fn describe(&self) -> String;

    /// Whether the statement names only what exists; [`ErpError::Schema`] where it does not. Reads nothing.
    async fn understands(&self, statement: &'static str) -> Result<(), ErpError>;

    /// Runs statements of [`super::sql`] with the same list, one after the other on one state of the database where
    /// it can give that. The answer has the rows of each statement.
    async fn read(
        &self,
        action: &'static str,
        statements: &'static [&'static str],
        list: List<'_>,
    ) -> Result<Vec<Vec<Row>>, ErpError>;

    /// The identity value of `dbo.tXMLBestellImport`; 0 before the first row.
    async fn identity(&self) -> Result<i64, ErpError>;

    /// Under the lock that [`Database::insert_absent`] takes: what there is of each number, in the order asked.
    async fn look_up(&self, numbers: &[String]) -> Result<Vec<Presence>, ErpError>;

    /// Under a lock and in one transaction: inserts the rows whose number is neither an order nor a waiting row.
    async fn insert_absent(&self, rows: Vec<ImportRow>) -> Result<Vec<HandedOver>, ErpError>;
}
