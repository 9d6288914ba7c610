//! Reading and clearing `scheduler_logs`.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::log::LogRow;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::log_filter::Conditions;
use super::rows::{self, Columns, Micros};
use super::store::SqliteStore;
use crate::StoreResult;
use crate::logs::{LogFilter, LogSource, LogStatistics, LogStore};
use crate::times::{self, wall_time, wall_time_ceiling, wall_time_floor, with_offset};

/// Lines deleted per transaction, so that a large clean-up holds nobody up.
const PIECE: i64 = 5_000;

/// At or after an instant: the wall time finds the place in the index, the instant decides. A row of another program has the
/// wall time only.
const SINCE: &str = "timestamp >= ? AND (at_utc >= ? OR (at_utc IS NULL AND timestamp >= ?))";

#[async_trait]
impl LogStore for SqliteStore {
    async fn logs(&self, filter: &LogFilter) -> StoreResult<Vec<LogRow>> {
        let (filter, zone) = (filter.clone(), self.zone().clone());
        self.read(move |connection| read(connection, &filter, &zone)).await
    }

    async fn highest_log_id(&self) -> StoreResult<i64> {
        self.read(highest).await
    }

    async fn count_logs(&self, after: i64, until: i64) -> StoreResult<u64> {
        self.read(move |connection| {
            let sql = "SELECT COUNT(*) FROM scheduler_logs WHERE log_id > ?1 AND log_id <= ?2";
            Ok(rows::one(connection, sql, [after, until], |row| row.get::<_, i64>(0))?.unwrap_or(0) as u64)
        })
        .await
    }

    async fn log_statistics(
        &self,
        source: Option<&LogSource>,
        since: Timestamp,
    ) -> StoreResult<LogStatistics> {
        let (source, zone) = (source.cloned(), self.zone().clone());
        self.read(move |connection| statistics(connection, source.as_ref(), since, &zone)).await
    }

    async fn delete_logs(&self, before: Timestamp) -> StoreResult<u64> {
        let mut deleted = 0;
        let (ceiling, local) =
            (times::text(wall_time_ceiling(self.zone(), before)), wall_time(self.zone(), before));
        loop {
            let (ceiling, local) = (ceiling.clone(), local.clone());
            let piece = self.read(move |connection| older(connection, &ceiling, before, &local)).await?;
            if piece.is_empty() {
                return Ok(deleted);
            }
            deleted += self
                .write(move |writing| {
                    let sql = "DELETE FROM scheduler_logs WHERE log_id = ?1";
                    let mut deleted = 0;
                    for id in piece {
                        deleted += rows::execute(writing.connection, sql, [id])?;
                    }
                    Ok(deleted as u64)
                })
                .await?;
        }
    }
}

/// The highest `log_id` stored; 0 without lines.
pub(super) fn highest(connection: &Connection) -> StoreResult<i64> {
    let sql = "SELECT MAX(log_id) FROM scheduler_logs";
    let highest: Option<Option<i64>> = rows::one(connection, sql, [], |row| row.get(0))?;
    Ok(highest.flatten().unwrap_or(0))
}

fn read(connection: &Connection, filter: &LogFilter, zone: &TimeZone) -> StoreResult<Vec<LogRow>> {
    let LogFilter { source, levels, since, after, before, limit, offset } = filter;
    let mut conditions = Conditions::default();
    if let Some(source) = source {
        conditions.add_source(source);
    }
    if !levels.is_empty() {
        let term = format!("level IN ({})", vec!["?"; levels.len()].join(", "));
        conditions.add(&term, levels.iter().map(|level| Value::Text(level.as_str().to_owned())));
    }
    if let Some(since) = since {
        conditions.add(SINCE, since_values(zone, *since));
    }
    if let Some(after) = after {
        conditions.add("log_id > ?", [Value::Integer(*after)]);
    }
    if let Some(before) = before {
        conditions.add("log_id < ?", [Value::Integer(*before)]);
    }
    let (order, offset) = match after {
        Some(_) => ("log_id", 0),
        None => ("log_id DESC", *offset),
    };
    let sql = format!(
        "SELECT log_id, job_id, job_type, level, message, timestamp, at_utc, duration_seconds, status, error_text, \
         run, attempt, step, line, fields FROM scheduler_logs {} ORDER BY {order} LIMIT ? OFFSET ?",
        conditions.clause()
    );
    let bounds = [*limit, offset].map(|bound| Value::Integer(i64::try_from(bound).unwrap_or(i64::MAX)));
    let values = conditions.values.into_iter().chain(bounds);
    rows::all(connection, &sql, params_from_iter(values), |row| log_row(row, zone))
}

fn since_values(zone: &TimeZone, since: Timestamp) -> [Value; 3] {
    [
        Value::Text(times::text(wall_time_floor(zone, since))),
        Value::Integer(since.as_microsecond()),
        Value::Text(wall_time(zone, since)),
    ]
}

fn statistics(
    connection: &Connection,
    source: Option<&LogSource>,
    since: Timestamp,
    zone: &TimeZone,
) -> StoreResult<LogStatistics> {
    let mut conditions = Conditions::default();
    conditions.add("status IS NOT NULL AND status IN ('SUCCESS', 'FAILED')", []);
    conditions.add(SINCE, since_values(zone, since));
    if let Some(source) = source {
        conditions.add_source(source);
    }
    let sql = format!(
        "SELECT COUNT(*), COALESCE(SUM(status = 'SUCCESS'), 0), AVG(duration_seconds), MAX(duration_seconds) \
         FROM scheduler_logs INDEXED BY scheduler_logs_closing {}",
        conditions.clause()
    );
    let counts = rows::one(connection, &sql, params_from_iter(conditions.values), |row| {
        let (total, successful): (i64, i64) = (row.get(0)?, row.get(1)?);
        let success_rate = if total == 0 { 0.0 } else { successful as f64 * 100.0 / total as f64 };
        Ok(LogStatistics {
            total_runs: total as u64,
            successful_runs: successful as u64,
            failed_runs: (total - successful) as u64,
            success_rate,
            avg_duration: row.get(2)?,
            max_duration: row.get(3)?,
        })
    })?;
    Ok(counts.unwrap_or_default())
}

/// Some lines older than `before`.
fn older(connection: &Connection, ceiling: &str, before: Timestamp, local: &str) -> StoreResult<Vec<i64>> {
    let sql = "SELECT log_id FROM scheduler_logs \
         WHERE timestamp <= ?1 AND (at_utc < ?2 OR (at_utc IS NULL AND timestamp < ?3)) ORDER BY timestamp LIMIT ?4";
    rows::all(connection, sql, params![ceiling, Micros(before), local, PIECE], |row| row.get(0))
}

fn log_row(row: &Row<'_>, zone: &TimeZone) -> rusqlite::Result<LogRow> {
    let mut columns = Columns::of(row);
    Ok(LogRow {
        log_id: columns.value()?,
        job_id: columns.value()?,
        job_type: columns.value()?,
        level: columns.value()?,
        message: columns.value()?,
        timestamp: {
            let wall_time: String = columns.value()?;
            with_offset(zone, columns.optional_time()?, &wall_time)
        },
        duration_seconds: columns.value()?,
        status: columns.value()?,
        error_text: columns.value()?,
        run: columns.value()?,
        attempt: columns.value()?,
        step: columns.value()?,
        line: columns.value()?,
        fields: columns.optional_json()?,
    })
}
