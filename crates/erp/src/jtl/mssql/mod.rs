//! JTL-Wawi's database as every merchant runs it: on SQL Server, written by JTL and its worker at the same time.
//!
//! READ COMMITTED and short statements; never NOLOCK, which misses rows and reads some twice. Statements of one question are not
//! one snapshot (JTL's database need not allow that): they go from an order to its parcels, so that what comes in between is news for
//! the next question.

mod dialect;
mod fault;
mod hand_over;
mod model;
mod receipts;
mod shortcomings;

pub use receipts::ReceiptTable;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_sqlserver::{Address, Connection, Pool, SqlError, reading, transaction};

use super::database::{Database, ImportRow, List, Needs};
use super::row::Row;
use crate::{ErpError, HandedOver, Presence};
use fault::Fault;
use model::Model;
use receipts::Keeping;

/// A merchant's JTL-Wawi.
#[derive(Debug)]
pub(super) struct SqlServerDatabase {
    pool: Pool,
    /// Found out with the first question, and again after an error that a new version of JTL may have brought.
    model: Mutex<Option<Model>>,
    /// Where hand-overs leave their receipts, if our own database is on this server.
    receipts: Option<String>,
    /// Found out as the model is.
    keeping: Mutex<Option<Keeping>>,
}

impl SqlServerDatabase {
    /// Asks nobody yet.
    pub(super) fn new(address: Address, receipts: Option<String>) -> Self {
        Self { pool: Pool::new(address), model: Mutex::default(), receipts, keeping: Mutex::default() }
    }

    fn known_model(&self) -> Option<Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn model(&self, action: &'static str) -> Result<Model, ErpError> {
        if let Some(model) = self.known_model() {
            return Ok(model);
        }
        let model: Result<_, Fault> =
            reading!(self.pool, action, |connection| Model::detect(connection, action));
        let model = model.map_err(|fault| fault.during(action))?;
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = Some(model.clone());
        Ok(model)
    }

    fn told<T>(&self, answer: Result<T, Fault>, action: &'static str) -> Result<T, ErpError> {
        answer.map_err(|fault| {
            let error = fault.during(action);
            if matches!(error, ErpError::Schema { .. } | ErpError::Permission { .. }) {
                self.forget();
            }
            error
        })
    }

    /// JTL may have been updated, or rights may have been given or taken.
    fn forget(&self) {
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.keeping.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether hand-overs can leave receipts in the table; tried out once.
    async fn keeping(&self, action: &'static str, table: &str) -> Result<Keeping, ErpError> {
        let known = || self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeping) = known().clone() {
            return Ok(keeping);
        }
        let keeping: Result<_, SqlError> =
            reading!(self.pool, action, |connection| receipts::keeping(connection, table));
        let keeping = keeping.map_err(|error| Fault::from(error).during(action))?;
        *known() = Some(keeping.clone());
        Ok(keeping)
    }
}

#[async_trait]
impl Database for SqlServerDatabase {
    fn is_simulated(&self) -> bool {
        false
    }

    fn describe(&self) -> String {
        let facts = self.known_model().map(|model| format!(" ({})", model.facts)).unwrap_or_default();
        format!("JTL-Wawi, {}{facts}", self.pool.address())
    }

    fn statements(&self) -> u64 {
        self.pool.statements()
    }

    /// A list is loaded in bulk, and each statement goes through its tables once.
    fn batch(&self) -> usize {
        100_000
    }

    async fn shortcomings(&self, needs: Needs) -> Result<Vec<String>, ErpError> {
        let action = "check its tables";
        self.forget();
        let model = match self.model(action).await {
            Ok(model) => model,
            Err(error @ (ErpError::Schema { .. } | ErpError::Permission { .. })) => {
                return Ok(vec![error.to_string()]);
            }
            Err(error) => return Err(error),
        };
        let found: Result<_, Fault> =
            reading!(self.pool, action, |connection| shortcomings::find(connection, &model, needs));
        self.told(found, action)
    }

    async fn advice(&self) -> Result<Vec<String>, ErpError> {
        let action = "ask about rights";
        let found: Result<_, Fault> =
            reading!(self.pool, action, |connection| shortcomings::excess(connection));
        let mut found = self.told(found, action)?;
        let keeping = match &self.receipts {
            Some(table) => self.keeping(action, table).await?,
            None => Keeping::NoTable,
        };
        if let (Keeping::Refused(reason), Some(table)) = (&keeping, &self.receipts) {
            found.push(format!(
                "an interrupted hand-over may have to wait for a person, for the login cannot keep receipts in {table} ({reason}): give it \
                 SELECT, INSERT and DELETE there"
            ));
        }
        if keeping != Keeping::Possible && matches!(self.identity().await, Ok(None)) {
            let sentence = "an interrupted hand-over has to wait for a person, for the login does not see the identity value of \
                dbo.tXMLBestellImport: give it the right to see the table's definition (VIEW DEFINITION), or keep our own database on \
                the same server";
            found.push(sentence.to_owned());
        }
        Ok(found)
    }

    async fn has_versions(
        &self,
        action: &'static str,
        statements: &'static [&'static str],
    ) -> Result<bool, ErpError> {
        let model = self.model(action).await?;
        Ok(!statements.iter().any(|statement| model.lacks_versions_of(statement)))
    }

    async fn read(
        &self,
        action: &'static str,
        statements: &'static [&'static str],
        list: List<'_>,
    ) -> Result<Vec<Vec<Row>>, ErpError> {
        let model = self.model(action).await?;
        let statements: Vec<String> =
            statements.iter().map(|statement| dialect::written(statement, &model, list)).collect();
        let answers: Result<_, Fault> =
            reading!(self.pool, action, |connection| run(connection, action, &statements, list));
        self.told(answers, action)
    }

    async fn identity(&self) -> Result<Option<i64>, ErpError> {
        let action = "read the import table's identity value";
        let identity: Result<_, Fault> =
            reading!(self.pool, action, |connection| hand_over::identity(connection, action));
        self.told(identity, action)
    }

    async fn look_up(&self, numbers: &[String]) -> Result<Vec<Presence>, ErpError> {
        let action = "look orders up";
        let model = self.model(action).await?;
        let presences: Result<_, Fault> =
            transaction!(self.pool, action, |transaction| hand_over::look_up(transaction, &model, numbers));
        self.told(presences, action)
    }

    async fn receipts(&self, numbers: &[String]) -> Result<Option<HashMap<String, Timestamp>>, ErpError> {
        let action = "read receipts";
        let Some(table) = &self.receipts else { return Ok(None) };
        if self.keeping(action, table).await? != Keeping::Possible {
            return Ok(None);
        }
        let receipts: Result<_, Fault> =
            reading!(self.pool, action, |connection| receipts::read(connection, table, numbers));
        self.told(receipts, action).map(Some)
    }

    async fn insert_absent(&self, rows: Vec<ImportRow>) -> Result<Vec<HandedOver>, ErpError> {
        let action = "hand orders over";
        let model = self.model(action).await?;
        let handed_over: Result<_, Fault> =
            transaction!(self.pool, action, |transaction| hand_over::insert_absent(
                transaction,
                &model,
                &rows,
                self.receipts.as_deref()
            ));
        self.told(handed_over, action)
    }
}

async fn run(
    connection: &mut Connection,
    name: &'static str,
    statements: &[String],
    list: List<'_>,
) -> Result<Vec<Vec<Row>>, Fault> {
    if statements.iter().any(|statement| statement.contains("#list")) {
        dialect::load(connection, list).await?;
    }
    let mut answers = Vec::with_capacity(statements.len());
    for statement in statements {
        answers.push(dialect::rows(connection, name, statement).await?);
    }
    Ok(answers)
}
