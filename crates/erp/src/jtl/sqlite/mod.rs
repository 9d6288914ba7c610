//! JTL-Wawi's database as the sandbox simulates it: a SQLite file, written by others at the same time.

mod dialect;
mod fault;
mod hand_over;
mod pool;

use async_trait::async_trait;
use rusqlite::TransactionBehavior;

use super::database::{Database, ImportRow, List, Needs};
use super::row::Row;
use crate::{ErpError, HandedOver, Presence};

pub(super) use pool::SqliteDatabase;

#[async_trait]
impl Database for SqliteDatabase {
    fn is_simulated(&self) -> bool {
        true
    }

    fn describe(&self) -> String {
        format!("simulated JTL-Wawi, SQLite file {}", self.path().display())
    }

    /// Short statements do not keep the sandbox waiting.
    fn batch(&self) -> usize {
        1000
    }

    async fn shortcomings(&self, needs: Needs) -> Result<Vec<String>, ErpError> {
        let mut found = Vec::new();
        for statement in needs.with_texts().chain(needs.with_keys()) {
            let prepared = self
                .run("check its tables", move |connection| {
                    dialect::prepared(connection, statement)?;
                    Ok(())
                })
                .await;
            note(prepared, &mut found)?;
        }
        note(self.identity().await.map(drop), &mut found)?;
        // Several statements may miss the same table.
        found.dedup();
        Ok(found)
    }

    async fn has_versions(
        &self,
        _action: &'static str,
        _statements: &'static [&'static str],
    ) -> Result<bool, ErpError> {
        Ok(true)
    }

    async fn read(
        &self,
        action: &'static str,
        statements: &'static [&'static str],
        list: List<'_>,
    ) -> Result<Vec<Vec<Row>>, ErpError> {
        let list = dialect::json(list)?;
        self.run(action, move |connection| {
            // One snapshot for all: a parcel that appears in between would have no contents.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
            let answers =
                statements.iter().map(|statement| dialect::rows(&transaction, statement, &list)).collect();
            transaction.finish()?;
            answers
        })
        .await
    }

    async fn identity(&self) -> Result<Option<i64>, ErpError> {
        self.run("read the import table's identity value", hand_over::identity).await.map(Some)
    }

    async fn look_up(&self, numbers: &[String]) -> Result<Vec<Presence>, ErpError> {
        let numbers = numbers.to_vec();
        self.run("look orders up", move |connection| hand_over::look_up(connection, &numbers)).await
    }

    async fn insert_absent(&self, rows: Vec<ImportRow>) -> Result<Vec<HandedOver>, ErpError> {
        self.run("hand orders over", move |connection| hand_over::insert_absent(connection, &rows)).await
    }
}

/// What does not fit is told; only what hinders the question itself is an error.
fn note(answer: Result<(), ErpError>, found: &mut Vec<String>) -> Result<(), ErpError> {
    match answer {
        Err(error @ ErpError::Schema { .. }) => found.push(error.to_string()),
        other => other?,
    }
    Ok(())
}
