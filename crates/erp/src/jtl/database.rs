//! The seam between JTL-Wawi and the database that it lives on: what [`super::Jtl`] needs of a connection, in a
//! trait that SQLite and SQL Server implement. Semantics are here and in [`super::presence`];
//! an implementation adds names, parameters and locks.

use std::collections::HashMap;
use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;

use super::row::Row;
use super::sql;
use crate::{ErpError, HandedOver, Presence};

/// Values of the one list parameter of a statement.
#[derive(Debug, Clone, Copy)]
pub(super) enum List<'values> {
    /// Keys.
    Integers(&'values [i64]),
    /// Numbers and names.
    Texts(&'values [String]),
}

/// What the settings ask for beyond the statements that always run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    /// Stock is read by warehouse.
    pub(super) warehouses: bool,
}

impl Needs {
    /// The statements that will run with a list of texts.
    pub(super) fn with_texts(self) -> impl Iterator<Item = &'static str> {
        sql::NEEDED_WITH_TEXTS.iter().copied()
    }

    /// The statements that will run with a list of keys.
    pub(super) fn with_keys(self) -> impl Iterator<Item = &'static str> {
        let by_warehouse = if self.warehouses { sql::NEEDED_FOR_WAREHOUSES } else { &[] };
        sql::NEEDED_WITH_KEYS.iter().chain(by_warehouse).copied()
    }
}

/// A row for `dbo.tXMLBestellImport`.
#[derive(Clone)]
pub(super) struct ImportRow {
    /// The order's number, to look for.
    pub(super) number: String,
    /// Other numbers to look for.
    pub(super) also: Vec<String>,
    /// `cText`.
    pub(super) document: String,
    /// `nPlattform`.
    pub(super) platform: i64,
    /// `nRechnung`.
    pub(super) invoice: i64,
    /// Where a receipt is to be kept: when it was intended.
    pub(super) receipt: Option<Timestamp>,
}

/// A JTL-Wawi database.
#[async_trait]
pub(super) trait Database: Debug + Send + Sync {
    /// Whether it is the sandbox's.
    fn is_simulated(&self) -> bool;

    /// Where it is, for people; no secrets.
    fn describe(&self) -> String;

    /// Statements sent so far, where they are counted.
    fn statements(&self) -> u64 {
        0
    }

    /// Values per statement. [`super::Jtl`] cuts longer lists.
    fn batch(&self) -> usize;

    /// What of the schema and of the login's rights is not as the statements need it: a sentence each.
    async fn shortcomings(&self, needs: Needs) -> Result<Vec<String>, ErpError>;

    /// What works, and should be otherwise: a sentence each.
    async fn advice(&self) -> Result<Vec<String>, ErpError> {
        Ok(Vec::new())
    }

    /// Whether every table whose row versions the statements ask for has them: older ones of JTL do not.
    async fn has_versions(
        &self,
        action: &'static str,
        statements: &'static [&'static str],
    ) -> Result<bool, ErpError>;

    /// Runs statements of [`super::sql`] with the same list, one after the other on one state of the database where
    /// it can give that. The answer has the rows of each statement.
    async fn read(
        &self,
        action: &'static str,
        statements: &'static [&'static str],
        list: List<'_>,
    ) -> Result<Vec<Vec<Row>>, ErpError>;

    /// The identity value of `dbo.tXMLBestellImport`; 0 before the first row, `None` where it is not shown.
    async fn identity(&self) -> Result<Option<i64>, ErpError>;

    /// Under the lock that [`Database::insert_absent`] takes: what there is of each number, in the order asked.
    async fn look_up(&self, numbers: &[String]) -> Result<Vec<Presence>, ErpError>;

    /// See [`crate::Erp::receipts`].
    async fn receipts(&self, _numbers: &[String]) -> Result<Option<HashMap<String, Timestamp>>, ErpError> {
        Ok(None)
    }

    /// Under a lock and in one transaction: inserts the rows none of whose numbers is an order or a waiting row.
    async fn insert_absent(&self, rows: Vec<ImportRow>) -> Result<Vec<HandedOver>, ErpError>;
}
