//! Storing log lines, many per statement.

use std::sync::LazyLock;

use marktwerk_domain::log::{ClosingStatus, LogLine};
use rusqlite::Statement;
use serde_json::Value;

use super::rows::Json;
use super::writing::Writing;
use crate::StoreResult;
use crate::times::wall_time;

const COLUMNS: usize = 14;

/// Rows per statement: compiling and starting one costs more than a row.
const ROWS: usize = 32;

static INSERT_ONE: LazyLock<String> = LazyLock::new(|| insert_statement(1));
static INSERT_MANY: LazyLock<String> = LazyLock::new(|| insert_statement(ROWS));

fn insert_statement(rows: usize) -> String {
    let row = format!("(?{})", ",?".repeat(COLUMNS - 1));
    format!(
        "INSERT INTO scheduler_logs (job_id, job_type, level, message, timestamp, duration_seconds, status, error_text, \
         run, attempt, step, line, at_utc, fields) VALUES {}",
        vec![row; rows].join(",")
    )
}

/// Stores lines in their order.
pub(crate) fn insert(writing: &mut Writing<'_>, lines: &[LogLine]) -> StoreResult<()> {
    let (many, rest) = lines.as_chunks::<ROWS>();
    for chunk in many {
        insert_chunk(writing, &INSERT_MANY, chunk)?;
    }
    for line in rest {
        insert_chunk(writing, &INSERT_ONE, std::slice::from_ref(line))?;
    }
    Ok(())
}

fn insert_chunk(writing: &mut Writing<'_>, sql: &str, lines: &[LogLine]) -> StoreResult<()> {
    let mut statement = writing.connection.prepare_cached(sql)?;
    for (index, line) in lines.iter().enumerate() {
        bind(&mut statement, index * COLUMNS, line, &wall_time(writing.zone, line.at))?;
    }
    statement.raw_execute()?;
    writing.effects.highest_log_id = Some(writing.connection.last_insert_rowid());
    Ok(())
}

/// Binds a line to the parameters after `offset`.
fn bind(
    statement: &mut Statement<'_>,
    offset: usize,
    line: &LogLine,
    wall_time: &str,
) -> rusqlite::Result<()> {
    // Destructured, so that a new field is not forgotten here.
    let LogLine {
        execution,
        job_type,
        level,
        message,
        at,
        duration_seconds,
        status,
        error_text,
        run,
        attempt,
        step,
        line,
        fields,
    } = line;
    statement.raw_bind_parameter(offset + 1, execution)?;
    statement.raw_bind_parameter(offset + 2, job_type)?;
    statement.raw_bind_parameter(offset + 3, level.as_str())?;
    statement.raw_bind_parameter(offset + 4, message)?;
    statement.raw_bind_parameter(offset + 5, wall_time)?;
    statement.raw_bind_parameter(offset + 6, duration_seconds)?;
    statement.raw_bind_parameter(offset + 7, status.map(ClosingStatus::as_str))?;
    statement.raw_bind_parameter(offset + 8, error_text)?;
    statement.raw_bind_parameter(offset + 9, run.0)?;
    statement.raw_bind_parameter(offset + 10, attempt)?;
    statement.raw_bind_parameter(offset + 11, step)?;
    statement.raw_bind_parameter(offset + 12, line)?;
    statement.raw_bind_parameter(offset + 13, at.as_microsecond())?;
    let fields = (*fields != Value::Null).then_some(Json(fields));
    statement.raw_bind_parameter(offset + 14, fields)
}
