//! Storing log lines, many of them in one statement.

use marktwerk_domain::log::{ClosingStatus, LogLine};
use serde::Serialize;

use super::columns::{self, Columns, micros};
use super::row_values::{self, Row};
use super::writing::Writing;
use crate::StoreResult;

/// The wall time is the server's own, as GETDATE() would have given it: the instant with the offset that the server's clock has now.
/// DATEADD counts no further than an `int` does, so that days, seconds and microseconds are added one by one.
const BEGIN: &str = "\
    DECLARE @epoch datetime2(6) = '1970-01-01', @offset int = DATEPART(TZOFFSET, SYSDATETIMEOFFSET()); \
    INSERT INTO dbo.scheduler_logs (job_id, job_type, level, message, timestamp, duration_seconds, status, error_text, \
        run, attempt, step, line, at_utc, fields) \
    SELECT job_id, job_type, level, message, \
        DATEADD(MINUTE, @offset, DATEADD(MICROSECOND, at_utc % 1000000, \
            DATEADD(SECOND, at_utc / 1000000 % 86400, DATEADD(DAY, at_utc / 86400000000, @epoch)))), \
        duration_seconds, status, error_text, run, attempt, step, line, at_utc, fields \
    FROM ";
const END: &str = " WHERE place IS NOT NULL ORDER BY place; SELECT CAST(SCOPE_IDENTITY() AS bigint)";

/// Stores a line.
pub(crate) async fn insert(writing: &mut Writing<'_>, line: &LogLine) -> StoreResult<()> {
    insert_all(writing, &[line]).await
}

/// Stores lines in their order.
pub(crate) async fn insert_all(writing: &mut Writing<'_>, lines: &[&LogLine]) -> StoreResult<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let texts = lines.iter().map(|line| fields(line)).collect::<StoreResult<Vec<_>>>()?;
    let rows: Vec<Row<'_, 14>> =
        (0..).zip(lines.iter().zip(&texts)).map(|(place, (line, fields))| row(place, line, fields)).collect();
    let blank = row_values::blank(&rows);
    for piece in row_values::pieces("sent", &[], &rows, &blank) {
        let sql = format!("{BEGIN}{}{END}", piece.table);
        let highest = writing.connection.one("store lines", &sql, &piece.values).await?;
        writing.effects.highest_log_id = Some(columns::only(highest, "store lines")?);
    }
    Ok(())
}

fn fields(line: &LogLine) -> StoreResult<Option<String>> {
    Ok(if line.fields == serde_json::Value::Null { None } else { Some(columns::json(&line.fields)?) })
}

fn row<'a>(place: i64, line: &'a LogLine, json: &'a Option<String>) -> Row<'a, 14> {
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
        fields: _,
    } = line;
    [
        ("place", place.into()),
        ("job_id", execution.as_str().into()),
        ("job_type", job_type.as_str().into()),
        ("level", level.as_str().into()),
        ("message", message.as_str().into()),
        ("duration_seconds", (*duration_seconds).into()),
        ("status", status.map(ClosingStatus::as_str).into()),
        ("error_text", error_text.as_deref().into()),
        ("run", run.0.into()),
        ("attempt", i64::from(*attempt).into()),
        ("step", step.as_deref().into()),
        ("line", (*line).into()),
        ("at_utc", micros(*at).into()),
        ("fields", json.as_deref().into()),
    ]
}

/// Lines under these executions with these numbers.
const STORED: &str = "\
    SELECT stored.run, stored.attempt, stored.line \
    FROM OPENJSON(@P1) WITH (job_id varchar(255), run bigint, attempt bigint, line bigint) AS sent \
    JOIN dbo.scheduler_logs AS stored ON stored.job_id = sent.job_id COLLATE DATABASE_DEFAULT AND stored.run = sent.run \
        AND stored.attempt = sent.attempt AND stored.line = sent.line";

#[derive(Serialize)]
struct Sent<'a> {
    job_id: &'a str,
    run: i64,
    attempt: u32,
    line: i64,
}

impl<'a> Sent<'a> {
    fn of(line: &'a LogLine) -> Self {
        Self { job_id: &line.execution, run: line.run.0, attempt: line.attempt, line: line.line }
    }
}

/// Which of these lines are stored already, by run, attempt and number: the answer to the commit that stored them was lost, and
/// they are sent again.
pub(crate) async fn stored(
    writing: &mut Writing<'_>,
    lines: &[&LogLine],
) -> StoreResult<Vec<(i64, u32, i64)>> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let sent: Vec<Sent<'_>> = lines.iter().map(|line| Sent::of(line)).collect();
    let rows = columns::json(&sent)?;
    let found = writing.connection.query("look for lines sent again", STORED, &[&rows]).await?;
    columns::map(&found, |columns: &mut Columns<'_>| {
        Ok((columns.integer()?, columns.integer()?, columns.integer()?))
    })
}
