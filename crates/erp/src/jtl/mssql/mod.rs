//! JTL-Wawi's database as every merchant runs it: on SQL Server, written by JTL and its worker at the same time.
//!
//! READ COMMITTED and short statements; never NOLOCK, which misses rows and reads some twice. Statements of one question are not
//! one snapshot (JTL's database need not allow that): they go from an order to its parcels, so that what comes in between is news for
//! the next question.

mod dialect;
mod fault;
mod hand_over;
mod model;
mod shortcomings;

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use marktwerk_sqlserver::{Address, Connection, Pool, reading, transaction};

use super::database::{Database, ImportRow, List, Needs};
use super::row::Row;
use crate::{ErpError, HandedOver, Presence};
use fault::Fault;
use model::Model;

/// A merchant's JTL-Wawi.
#[derive(Debug)]
pub(super) struct SqlServerDatabase {
    pool: Pool,
    /// Found out with the first question, and again after an error that a new version of JTL may have brought.
    model: Mutex<Option<Model>>,
}

impl SqlServerDatabase {
    /// Asks nobody yet.
    pub(super) fn new(address: Address) -> Self {
        Self { pool: Pool::new(address), model: Mutex::default() }
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
            if matches!(error, ErpError::Schema { .. }) {
                *self.model.lock().unwrap_or_else(PoisonError::into_inner) = None;
            }
            error
        })
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
        // JTL may have been updated since.
        *self.model.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
        let found: Result<_, Fault> =
            reading!(self.pool, "ask about rights", |connection| shortcomings::excess(connection));
        self.told(found, "ask about rights")
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

    async fn identity(&self) -> Result<i64, ErpError> {
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

    async fn insert_absent(&self, rows: Vec<ImportRow>) -> Result<Vec<HandedOver>, ErpError> {
        let action = "hand orders over";
        let model = self.model(action).await?;
        let handed_over: Result<_, Fault> =
            transaction!(self.pool, action, |transaction| hand_over::insert_absent(
                transaction,
                &model,
                &rows
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
