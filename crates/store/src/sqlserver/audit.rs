//! The audit on SQL Server.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::run::RunId;
use marktwerk_sqlserver::{Row, SqlError, ToSql, reading};

use super::columns::{self, Columns, micros};
use super::row_values;
use super::store::SqlServerStore;
use super::writing::{SCHEDULER, Writing, write_in};
use crate::audit::{AuditFilter, AuditStore};
use crate::{SharedStore, StoreError, StoreResult};

const NAMES: &str = "at, who, action, subject, run_id, value_before, value_after";

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
    let texts = |value: &Option<serde_json::Value>| value.as_ref().map(columns::json).transpose();
    let texts: StoreResult<Vec<(Option<String>, Option<String>)>> =
        entries.iter().map(|entry| Ok((texts(&entry.before)?, texts(&entry.after)?))).collect();
    let texts = texts?;
    let rows = entries.iter().zip(&texts).map(|(entry, (before, after))| {
        let AuditEntry { id: _, at, who, action, subject, run, before: _, after: _ } = entry;
        let run = run.or(writing.queued).map(|run| run.0);
        [
            ("at", micros(*at).into()),
            ("who", who.as_str().into()),
            ("action", action.as_str().into()),
            ("subject", subject.as_str().into()),
            ("run_id", run.into()),
            ("value_before", before.as_deref().into()),
            ("value_after", after.as_deref().into()),
        ]
    });
    let rows: Vec<row_values::Row<'_, 7>> = rows.collect();
    let blank = row_values::blank(&rows);
    for piece in row_values::pieces("entries", &[], &rows, &blank) {
        let sql = format!(
            "INSERT INTO marktwerk.audit ({NAMES}) SELECT {NAMES} FROM {} WHERE at IS NOT NULL",
            piece.table
        );
        writing.connection.execute("store entries of the audit", &sql, &piece.values).await?;
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
