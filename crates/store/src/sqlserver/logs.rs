//! Reading and clearing `scheduler_logs`.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::log::{Level, LogRow};
use marktwerk_sqlserver::{Class, Connection, DateTime2, Row, SqlError, reading};

use super::columns::{self, Columns, micros};
use super::log_filter::Conditions;
use super::store::SqlServerStore;
use super::writing::{SCHEDULER, write_in};
use crate::logs::{LogFilter, LogSource, LogStatistics, LogStore};
use crate::times::{self, wall_time_ceiling, wall_time_floor};
use crate::{StoreError, StoreResult};

/// Lines deleted per transaction: so few that the server keeps to locks of rows and nobody waits for long.
const PIECE: i64 = 1_000;

#[async_trait]
impl LogStore for SqlServerStore {
    async fn logs(&self, filter: &LogFilter) -> StoreResult<Vec<LogRow>> {
        if filter.limit == 0 {
            return Ok(Vec::new());
        }
        reading!(self.pool, "read lines", |connection| read(connection, filter, &self.zone))
    }

    async fn highest_log_id(&self) -> StoreResult<i64> {
        let sql = "SELECT ISNULL(MAX(log_id), 0) FROM dbo.scheduler_logs";
        let highest: Result<Option<Row>, SqlError> =
            reading!(self.pool, "newest line", |connection| connection.one("newest line", sql, &[]));
        columns::only(highest?, "newest line")
    }

    async fn count_logs(&self, after: i64, until: i64) -> StoreResult<u64> {
        let sql = "SELECT COUNT_BIG(*) FROM dbo.scheduler_logs WHERE log_id > @P1 AND log_id <= @P2";
        let count: Result<Option<Row>, SqlError> = reading!(self.pool, "count lines", |connection| async {
            connection.one("count lines", sql, &[&after, &until]).await
        });
        Ok(columns::only(count?, "count lines")?.unsigned_abs())
    }

    async fn log_statistics(
        &self,
        source: Option<&LogSource>,
        since: Timestamp,
    ) -> StoreResult<LogStatistics> {
        reading!(self.pool, "count closing lines", |connection| {
            statistics(connection, source, since, &self.zone)
        })
    }

    async fn delete_logs(&self, before: Timestamp) -> StoreResult<u64> {
        let sql = "DELETE TOP (@P4) FROM dbo.scheduler_logs \
             WHERE timestamp <= @P1 AND (at_utc < @P2 OR (at_utc IS NULL AND timestamp < @P3))";
        let ceiling = DateTime2(Some(wall_time_ceiling(&self.zone, before)));
        let (local, before) = (DateTime2(Some(self.zone.to_datetime(before))), micros(before));
        let mut deleted = 0;
        loop {
            let piece = write_in!(self, "delete old lines", SCHEDULER, |writing| async {
                let values: [&dyn marktwerk_sqlserver::ToSql; 4] = [&ceiling, &before, &local, &PIECE];
                let name = "delete old lines";
                Ok::<_, StoreError>(writing.connection.execute_in(name, sql, &values, Class::Batch).await?)
            })?;
            if piece == 0 {
                return Ok(deleted);
            }
            deleted += piece;
        }
    }
}

async fn read(connection: &mut Connection, filter: &LogFilter, zone: &TimeZone) -> StoreResult<Vec<LogRow>> {
    let LogFilter { source, levels, since, after, before, limit, offset } = filter;
    let mut conditions = Conditions::default();
    if let Some(source) = source {
        conditions.add_source(source);
    }
    if !levels.is_empty() {
        let mut term = |level: &Level| format!("CAST({} AS varchar(20))", conditions.take(level.as_str()));
        let terms: Vec<String> = levels.iter().map(&mut term).collect();
        conditions.add(format!("level IN ({})", terms.join(", ")));
    }
    if let Some(since) = since {
        add_since(&mut conditions, zone, *since);
    }
    if let Some(after) = after {
        let after = conditions.take(*after);
        conditions.add(format!("log_id > {after}"));
    }
    if let Some(before) = before {
        let before = conditions.take(*before);
        conditions.add(format!("log_id < {before}"));
    }
    let (order, offset) = match after {
        Some(_) => ("log_id", 0),
        None => ("log_id DESC", *offset),
    };
    let [offset, limit] =
        [offset, *limit].map(|bound| conditions.take(i64::try_from(bound).unwrap_or(i64::MAX)));
    let sql = format!(
        "SELECT log_id, job_id, job_type, level, message, timestamp, at_utc, duration_seconds, status, error_text, \
         run, attempt, step, line, fields FROM dbo.scheduler_logs {} \
         ORDER BY {order} OFFSET {offset} ROWS FETCH NEXT {limit} ROWS ONLY",
        conditions.clause()
    );
    let rows = connection.query_in("read lines", &sql, &conditions.values(), Class::Batch).await?;
    rows.iter().map(|row| log_row(row, zone)).collect()
}

/// At or after an instant: the wall time finds the place in the index, the instant decides. A row of another program has the
/// wall time only.
fn add_since(conditions: &mut Conditions, zone: &TimeZone, since: Timestamp) {
    let floor = conditions.take(DateTime2(Some(wall_time_floor(zone, since))));
    let instant = conditions.take(micros(since));
    let local = conditions.take(DateTime2(Some(zone.to_datetime(since))));
    conditions.add(format!(
        "timestamp >= {floor} AND (at_utc >= {instant} OR (at_utc IS NULL AND timestamp >= {local}))"
    ));
}

async fn statistics(
    connection: &mut Connection,
    source: Option<&LogSource>,
    since: Timestamp,
    zone: &TimeZone,
) -> StoreResult<LogStatistics> {
    let mut conditions = Conditions::default();
    conditions.add("status IN ('SUCCESS', 'FAILED')".to_owned());
    add_since(&mut conditions, zone, since);
    if let Some(source) = source {
        conditions.add_source(source);
    }
    let sql = format!(
        "SELECT COUNT_BIG(*), ISNULL(SUM(CASE WHEN status = 'SUCCESS' THEN 1 ELSE 0 END), 0), \
         AVG(CAST(duration_seconds AS float)), MAX(CAST(duration_seconds AS float)) FROM dbo.scheduler_logs {}",
        conditions.clause()
    );
    let name = "count closing lines";
    let rows = connection.query_in(name, &sql, &conditions.values(), Class::Batch).await?;
    let counts = columns::map(&rows, |columns| {
        let (total, successful): (u64, u64) = (columns.integer()?, columns.integer()?);
        let success_rate = if total == 0 { 0.0 } else { successful as f64 * 100.0 / total as f64 };
        Ok(LogStatistics {
            total_runs: total,
            successful_runs: successful,
            failed_runs: total.saturating_sub(successful),
            success_rate,
            avg_duration: columns.optional_float()?,
            max_duration: columns.optional_float()?,
        })
    })?;
    Ok(counts.into_iter().next().unwrap_or_default())
}

/// The number of the column `timestamp`, which is no integer as our own times are.
const TIMESTAMP: usize = 5;

/// A row of another program may lack what ours always have: it is shown all the same, and with it the page it stands on.
fn log_row(row: &Row, zone: &TimeZone) -> StoreResult<LogRow> {
    let wall_time = row.optional_date_time(TIMESTAMP)?;
    let mut columns = Columns::of(row);
    Ok(LogRow {
        log_id: columns.integer()?,
        job_id: columns.optional_text()?.unwrap_or_default(),
        job_type: columns.optional_text()?.unwrap_or_default(),
        level: columns.optional_text()?.unwrap_or_default(),
        message: columns.optional_text()?.unwrap_or_default(),
        timestamp: {
            columns.pass_over();
            let at = columns.optional_time()?;
            let wall_time = wall_time.map(times::text).unwrap_or_default();
            times::with_offset(zone, at, &wall_time)
        },
        duration_seconds: columns.optional_float()?,
        status: columns.optional_text()?,
        error_text: columns.optional_text()?,
        run: columns.optional_integer()?,
        attempt: columns.optional_integer()?,
        step: columns.optional_text()?,
        line: columns.optional_integer()?,
        fields: columns.optional_json()?,
    })
}
