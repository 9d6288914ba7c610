//! The audit on SQLite.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::run::RunId;
use rusqlite::{Row, ToSql, params, params_from_iter};

use super::rows::{self, Columns, Json, Micros};
use super::store::SqliteStore;
use super::writing::Writing;
use crate::audit::{AuditFilter, AuditStore};
use crate::{SharedStore, StoreResult};

const INSERT: &str = "INSERT INTO audit (at, who, action, subject, run_id, value_before, value_after) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

#[async_trait]
impl AuditStore for SqliteStore {
    fn audited(&self, entries: Vec<AuditEntry>) -> SharedStore {
        Arc::new(self.carrying(entries))
    }

    async fn record(&self, entries: Vec<AuditEntry>) -> StoreResult<()> {
        self.write(move |writing| insert(writing, &entries)).await
    }

    async fn audit(&self, filter: &AuditFilter) -> StoreResult<Vec<AuditEntry>> {
        let filter = filter.clone();
        self.read(move |connection| {
            let (sql, values) = page_statement(&filter);
            rows::all(connection, &sql, params_from_iter(values), entry)
        })
        .await
    }

    async fn prune_audit(&self, before: Timestamp) -> StoreResult<u64> {
        self.write(move |writing| {
            let sql = "DELETE FROM audit WHERE at < ?1";
            Ok(rows::execute(writing.connection, sql, [Micros(before)])? as u64)
        })
        .await
    }
}

/// Stores entries in this transaction.
pub(super) fn insert(writing: &Writing<'_>, entries: &[AuditEntry]) -> StoreResult<()> {
    for entry in entries {
        let AuditEntry { id: _, at, who, action, subject, run, before, after } = entry;
        let run = run.or(writing.queued).map(|run| run.0);
        let (before, after) = (before.as_ref().map(Json), after.as_ref().map(Json));
        let values = params![Micros(*at), who, action.as_str(), subject, run, before, after];
        rows::execute(writing.connection, INSERT, values)?;
    }
    Ok(())
}

/// The statement of a page and its parameters.
pub(super) fn page_statement(filter: &AuditFilter) -> (String, Vec<Box<dyn ToSql>>) {
    let AuditFilter { who, actions, subject, run, before, limit } = filter;
    let mut sql = "SELECT id, at, who, action, subject, run_id, value_before, value_after FROM audit \
         WHERE id < ?"
        .to_owned();
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(before.unwrap_or(i64::MAX))];
    let mut narrow = |condition: &str, value: Option<Box<dyn ToSql>>| {
        if let Some(value) = value {
            sql.push_str(condition);
            values.push(value);
        }
    };
    narrow(" AND who = ?", who.clone().map(|who| Box::new(who) as _));
    narrow(" AND subject = ?", subject.clone().map(|subject| Box::new(subject) as _));
    narrow(" AND run_id = ?", run.map(|run| Box::new(run.0) as _));
    if !actions.is_empty() {
        let words: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
        sql.push_str(&format!(" AND action IN ('{}')", words.join("', '")));
    }
    sql.push_str(" ORDER BY id DESC LIMIT ?");
    values.push(Box::new(i64::try_from(*limit).unwrap_or(i64::MAX)));
    (sql, values)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let mut columns = Columns::of(row);
    Ok(AuditEntry {
        id: columns.value()?,
        at: columns.time()?,
        who: columns.value()?,
        action: columns.word()?,
        subject: columns.value()?,
        run: columns.value::<Option<i64>>()?.map(RunId),
        before: columns.optional_json()?,
        after: columns.optional_json()?,
    })
}
