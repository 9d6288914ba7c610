//! Alerts on SQL Server.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::health::HealthChange;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::RunId;
use marktwerk_sqlserver::{Row, SqlError, ToSql, reading};

use super::columns::{self, Columns, micros};
use super::store::SqlServerStore;
use super::writing::{SCHEDULER, Writing, write_in};
use crate::StoreResult;
use crate::alerts::{AlertStore, NewAlert};

const COLUMNS: &str = "id, at, change, job_id, run_id, title, message";

#[async_trait]
impl AlertStore for SqlServerStore {
    async fn alerts_after(&self, after: AlertId, limit: usize) -> StoreResult<Vec<Alert>> {
        let sql = format!("SELECT TOP (@P2) {COLUMNS} FROM marktwerk.alerts WHERE id > @P1 ORDER BY id");
        let limit = at_most(limit);
        let rows: Result<Vec<Row>, SqlError> = reading!(self.pool, "read alerts", |connection| async {
            connection.query("read alerts", &sql, &[&after.0, &limit]).await
        });
        columns::map(&rows?, alert)
    }

    async fn latest_alerts(&self, limit: usize) -> StoreResult<Vec<Alert>> {
        let sql = format!("SELECT TOP (@P1) {COLUMNS} FROM marktwerk.alerts ORDER BY id DESC");
        let limit = at_most(limit);
        let rows: Result<Vec<Row>, SqlError> =
            reading!(self.pool, "read the latest alerts", |connection| async {
                connection.query("read the latest alerts", &sql, &[&limit]).await
            });
        columns::map(&rows?, alert)
    }

    async fn add_alert(&self, alert: &NewAlert) -> StoreResult<()> {
        let NewAlert { at, change, job_id, run, title, message } = alert;
        // A parameter that is null has no type of its own, which not every server takes.
        let (change, run) = (change.map_or("", HealthChange::as_str), run.map_or(0, |run| run.0));
        write_in!(self, "add an alert", SCHEDULER, |writing| async {
            let sql = "INSERT INTO marktwerk.alerts (at, change, job_id, run_id, title, message) \
                 VALUES (@P1, NULLIF(@P2, ''), @P3, NULLIF(@P4, 0), @P5, @P6)";
            let values: [&dyn ToSql; 6] = [&micros(*at), &change, &job_id.as_str(), &run, title, message];
            writing.connection.execute("add an alert", sql, &values).await?;
            writing.effects.alerts = true;
            Ok::<_, crate::StoreError>(())
        })
    }

    async fn prune_alerts(&self, before: Timestamp) -> StoreResult<u64> {
        let before = micros(before);
        write_in!(self, "delete old alerts", SCHEDULER, |writing| async {
            let sql = "DELETE FROM marktwerk.alerts WHERE at < @P1";
            Ok::<_, crate::StoreError>(
                writing.connection.execute("delete old alerts", sql, &[&before]).await?,
            )
        })
    }
}

/// Stores the alert of a change that happens in this transaction.
pub(crate) async fn insert(
    writing: &mut Writing<'_>,
    change: HealthChange,
    job: &JobId,
    run: RunId,
    error: Option<&str>,
    at: Timestamp,
) -> StoreResult<()> {
    let (title, message) = change.words(job, error);
    let sql = "INSERT INTO marktwerk.alerts (at, change, job_id, run_id, title, message) VALUES (@P1, @P2, @P3, @P4, @P5, @P6)";
    writing
        .connection
        .execute(
            "store an alert",
            sql,
            &[&micros(at), &change.as_str(), &job.as_str(), &run.0, &title, &message],
        )
        .await?;
    writing.effects.alerts = true;
    Ok(())
}

fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn alert(columns: &mut Columns<'_>) -> StoreResult<Alert> {
    Ok(Alert {
        id: AlertId(columns.integer()?),
        at: columns.time()?,
        change: columns.optional_word()?,
        job_id: JobId(columns.text()?),
        run: columns.optional_integer()?.map(RunId),
        title: columns.text()?,
        message: columns.text()?,
    })
}
