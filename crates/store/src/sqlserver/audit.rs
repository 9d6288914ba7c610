//! The audit on SQL Server.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::run::RunId;
use marktwerk_sqlserver::{Row, SqlError, ToSql, reading};

use super::columns::{self, Columns, micros};
use super::store::SqlServerStore;
use super::writing::{SCHEDULER, Writing, write_in};
use crate::audit::{AuditFilter, AuditStore};
use crate::{SharedStore, StoreError, StoreResult};

const INSERT: &str = "INSERT INTO marktwerk.audit (at, who, action, subject, run_id, value_before, value_after) \
     VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7)";

#[async_trait]
impl AuditStore for SqlServerStore {
    fn audited(&self, entries: Vec<AuditEntry>) -> SharedStore {
        Arc::new(self.carrying(entries))
    }

    async fn record(&self, entries: Vec<AuditEntry>) -> StoreResult<()> {
        write_in!(self, "store entries of the audit", SCHEDULER, |writing| insert(writing, &entries))
    }

    async fn audit(&self, filter: &AuditFilter) -> StoreResult<Vec<AuditEntry>> {
        let AuditFilter { who, actions, subject, run, before, limit } = filter;
        let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
        let before = before.unwrap_or(i64::MAX);
        let run = run.map(|run| run.0);
        let mut sql = "SELECT TOP (@P1) id, at, who, action, subject, run_id, value_before, value_after \
             FROM marktwerk.audit WHERE id < @P2"
            .to_owned();
        let mut values: Vec<&dyn ToSql> = vec![&limit, &before];
        let conditions: [(&str, Option<&dyn ToSql>); 3] = [
            ("who =", who.as_ref().map(|who| who as _)),
            ("subject =", subject.as_ref().map(|subject| subject as _)),
            ("run_id =", run.as_ref().map(|run| run as _)),
        ];
        for (condition, value) in conditions {
            if let Some(value) = value {
                values.push(value);
                sql.push_str(&format!(" AND {condition} @P{}", values.len()));
            }
        }
        if !actions.is_empty() {
            let words: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
            sql.push_str(&format!(" AND action IN ('{}')", words.join("', '")));
        }
        sql.push_str(" ORDER BY id DESC");
        let rows: Result<Vec<Row>, SqlError> = reading!(self.pool, "read the audit", |connection| async {
            connection.query("read the audit", &sql, &values).await
        });
        columns::map(&rows?, entry)
    }

    async fn prune_audit(&self, before: Timestamp) -> StoreResult<u64> {
        let before = micros(before);
        write_in!(self, "delete old entries of the audit", SCHEDULER, |writing| async {
            let sql = "DELETE FROM marktwerk.audit WHERE at < @P1";
            let name = "delete old entries of the audit";
            Ok::<_, StoreError>(writing.connection.execute(name, sql, &[&before]).await?)
        })
    }
}

/// Stores entries in this transaction.
pub(crate) async fn insert(writing: &mut Writing<'_>, entries: &[AuditEntry]) -> StoreResult<()> {
    for entry in entries {
        let AuditEntry { id: _, at, who, action, subject, run, before, after } = entry;
        let run = run.or(writing.queued).map(|run| run.0);
        let before = before.as_ref().map(columns::json).transpose()?;
        let after = after.as_ref().map(columns::json).transpose()?;
        let values: [&dyn ToSql; 7] = [&micros(*at), who, &action.as_str(), subject, &run, &before, &after];
        writing.connection.execute("store an entry of the audit", INSERT, &values).await?;
    }
    Ok(())
}

fn entry(columns: &mut Columns<'_>) -> StoreResult<AuditEntry> {
    Ok(AuditEntry {
        id: columns.integer()?,
        at: columns.time()?,
        who: columns.text()?,
        action: columns.word()?,
        subject: columns.text()?,
        run: columns.optional_integer()?.map(RunId),
        before: columns.optional_json()?,
        after: columns.optional_json()?,
    })
}
