//! Alerts on SQLite.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::health::HealthChange;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::RunId;
use rusqlite::{Row, params};

use super::rows::{self, Columns, Micros};
use super::store::SqliteStore;
use super::writing::Writing;
use crate::StoreResult;
use crate::alerts::{AlertStore, NewAlert};

const COLUMNS: &str = "id, at, change, job_id, run_id, title, message";

#[async_trait]
impl AlertStore for SqliteStore {
    async fn alerts_after(&self, after: AlertId, limit: usize) -> StoreResult<Vec<Alert>> {
        let sql = format!("SELECT {COLUMNS} FROM alerts WHERE id > ?1 ORDER BY id LIMIT ?2");
        self.read(move |connection| rows::all(connection, &sql, params![after.0, at_most(limit)], alert))
            .await
    }

    async fn latest_alerts(&self, limit: usize) -> StoreResult<Vec<Alert>> {
        let sql = format!("SELECT {COLUMNS} FROM alerts ORDER BY id DESC LIMIT ?1");
        self.read(move |connection| rows::all(connection, &sql, [at_most(limit)], alert)).await
    }

    async fn add_alert(&self, alert: &NewAlert) -> StoreResult<()> {
        let NewAlert { at, change, job_id, run, title, message } = alert.clone();
        self.write(move |writing| {
            let sql = "INSERT INTO alerts (at, change, job_id, run_id, title, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let change = change.map(HealthChange::as_str);
            let params =
                params![Micros(at), change, job_id.as_str(), run.map(|run| run.0), title, message];
            rows::execute(writing.connection, sql, params)?;
            writing.effects.alerts = true;
            Ok(())
        })
        .await
    }

    async fn prune_alerts(&self, before: Timestamp) -> StoreResult<u64> {
        self.write(move |writing| {
            let sql = "DELETE FROM alerts WHERE at < ?1";
            Ok(rows::execute(writing.connection, sql, [Micros(before)])? as u64)
        })
        .await
    }
}

/// Stores the alert of a change that happens in this transaction.
pub(crate) fn insert(
    writing: &mut Writing<'_>,
    change: HealthChange,
    job: &JobId,
    run: RunId,
    error: Option<&str>,
    at: Timestamp,
) -> StoreResult<()> {
    let (title, message) = change.words(job, error);
    rows::execute(
        writing.connection,
        "INSERT INTO alerts (at, change, job_id, run_id, title, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![Micros(at), change.as_str(), job.as_str(), run.0, title, message],
    )?;
    writing.effects.alerts = true;
    Ok(())
}

fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn alert(row: &Row<'_>) -> rusqlite::Result<Alert> {
    let mut columns = Columns::of(row);
    Ok(Alert {
        id: AlertId(columns.value()?),
        at: columns.time()?,
        change: columns.optional_word()?,
        job_id: JobId(columns.value()?),
        run: columns.value::<Option<i64>>()?.map(RunId),
        title: columns.value()?,
        message: columns.value()?,
    })
}
