//! `GET /api/logs`, `GET /api/logs/stats`, `POST /api/logs/cleanup`.

use axum::Json;
use axum::extract::State;
use marktwerk_domain::audit::{AuditAction, AuditEntry};
use marktwerk_domain::log::{Level, LogRow};
use marktwerk_store::logs::{LogFilter, LogSource};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::log_source::log_source;
use crate::error::{ApiError, ApiResult};
use crate::fields::{Fields, QueryFields};
use crate::openapi::{Detail, FieldDetail, LogQuery, StatisticsQuery};
use crate::safety::Caller;
use crate::state::AppState;

/// Lines answered where nothing is said, and at the most.
const USUAL: i64 = 100;
const MOST: i64 = 1_000;
/// Days that can be asked for: ten years.
pub(super) const MOST_DAYS: i64 = 3_650;

/// A row of `scheduler_logs`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LogEntry {
    /// Rises with every stored line: the cursor for `after`.
    pub(crate) log_id: i64,
    /// The execution's id, `<job>_<run number>`.
    pub(crate) job_id: String,
    pub(crate) job_type: String,
    /// DEBUG, INFO, WARNING or ERROR.
    pub(crate) level: String,
    pub(crate) message: String,
    /// Local wall time with its offset.
    pub(crate) timestamp: String,
    /// On a closing line.
    pub(crate) duration_seconds: Option<f64>,
    /// On a closing line: SUCCESS, FAILED or CANCELLED.
    pub(crate) status: Option<String>,
    pub(crate) error_text: Option<String>,
    /// The run, the attempt, the step and the line's number within the run, where one of ours wrote it.
    pub(crate) run: Option<i64>,
    pub(crate) attempt: Option<i64>,
    pub(crate) step: Option<String>,
    pub(crate) line: Option<i64>,
    /// Structured data of the message.
    pub(crate) fields: Option<Value>,
}

impl From<LogRow> for LogEntry {
    fn from(row: LogRow) -> Self {
        let LogRow { log_id, job_id, job_type, level, message, timestamp, duration_seconds, status, .. } =
            row;
        let LogRow { error_text, run, attempt, step, line, fields, .. } = row;
        Self {
            log_id,
            job_id,
            job_type,
            level,
            message,
            timestamp,
            duration_seconds,
            status,
            error_text,
            run,
            attempt,
            step,
            line,
            fields,
        }
    }
}

/// How runs went, from their closing lines.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogStatistics {
    total_runs: u64,
    successful_runs: u64,
    failed_runs: u64,
    /// Percent; 0 without runs.
    success_rate: f64,
    /// Seconds; null without runs.
    avg_duration: Option<f64>,
    /// Seconds; null without runs.
    max_duration: Option<f64>,
}

/// Lines that were deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CleanedUp {
    #[schema(example = "ok")]
    status: &'static str,
    deleted: u64,
}

/// Lines, newest first; with `after` those stored after it, ascending.
#[utoipa::path(get, path = "/api/logs", tag = "logs", operation_id = "list_logs", params(LogQuery),
    responses((status = 200, body = [LogEntry]), (status = 422, body = FieldDetail), (status = 503, body = Detail)))]
pub(super) async fn list(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Vec<LogEntry>>> {
    let (job_id, job_type) = (fields.text("job_id"), fields.text("job_type"));
    let levels = fields.words("level", |word| word.parse::<Level>().map_err(|error| error.to_string()));
    let limit = fields.integer("limit", 1..=MOST).unwrap_or(USUAL);
    let offset = fields.integer("offset", 0..=i64::MAX).unwrap_or(0);
    let after = fields.integer("after", 0..=i64::MAX);
    if after.is_some() && offset > 0 {
        fields.fault("offset", "value_error", "cannot be combined with after: go on with the last log_id");
    }
    if job_id.is_some() && job_type.is_some() {
        fields.fault("job_type", "value_error", "cannot be combined with job_id: give one of them");
    }
    if let Some(after) = after
        && let Some(newest) = newest(&state).await?.filter(|newest| after > *newest)
    {
        let text = format!(
            "is beyond the newest line, {newest}: a backup was put back, or the database is a new one; begin again without after"
        );
        fields.fault("after", "value_error", &text);
    }
    fields.finish()?;
    let source = match (job_id, job_type) {
        (Some(job_id), _) => Some(log_source(&state, &job_id).await?),
        (None, job_type) => job_type.map(LogSource::JobType),
    };
    let filter =
        LogFilter { source, levels, after, limit: size(limit), offset: size(offset), ..LogFilter::default() };
    let rows = state.store().logs(&filter).await?;
    Ok(Json(rows.into_iter().map(LogEntry::from).collect()))
}

/// The number of the newest line, where there is one.
async fn newest(state: &AppState) -> ApiResult<Option<i64>> {
    let rows = state.store().logs(&LogFilter { limit: 1, ..LogFilter::default() }).await?;
    Ok(rows.first().map(|row| row.log_id))
}

/// How the runs of the last days went.
#[utoipa::path(get, path = "/api/logs/stats", tag = "logs", operation_id = "log_statistics", params(StatisticsQuery),
    responses((status = 200, body = LogStatistics), (status = 422, body = FieldDetail)))]
pub(super) async fn stats(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<LogStatistics>> {
    let (job_id, days) = (fields.text("job_id"), days(&mut fields, 7));
    fields.finish()?;
    let source = source(&state, job_id).await?;
    let numbers = state.store().log_statistics(source.as_ref(), state.days_ago(days)).await?;
    Ok(Json(LogStatistics {
        total_runs: numbers.total_runs,
        successful_runs: numbers.successful_runs,
        failed_runs: numbers.failed_runs,
        success_rate: numbers.success_rate,
        avg_duration: numbers.avg_duration,
        max_duration: numbers.max_duration,
    }))
}

/// Deletes lines that are older than this many days.
#[utoipa::path(post, path = "/api/logs/cleanup", tag = "logs", operation_id = "clean_up_logs",
    params(("days" = Option<i64>, Query, description = "lines older than this go; 30 if not given", minimum = 1)),
    responses((status = 200, body = CleanedUp), (status = 422, body = FieldDetail)))]
pub(super) async fn cleanup(
    State(state): State<AppState>,
    caller: Caller,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<CleanedUp>> {
    let days = days(&mut fields, 30);
    fields.finish()?;
    let (now, before) = (state.engine.clock().now(), state.days_ago(days));
    let entry = AuditEntry::new(now, &caller.actor(), AuditAction::LogsDeleted, "")
        .after(json!({ "days": days, "older_than": state.time(before) }));
    // Stored first, because the lines go in many transactions.
    state.store().record(vec![entry]).await?;
    let deleted = state.store().delete_logs(before).await?;
    Ok(Json(CleanedUp { status: "ok", deleted }))
}

/// The number of days asked for.
pub(super) fn days(fields: &mut Fields, usual: i64) -> i64 {
    fields.integer("days", 1..=MOST_DAYS).unwrap_or(usual)
}

/// Whose lines are asked for, if anybody's.
pub(super) async fn source(state: &AppState, job_id: Option<String>) -> ApiResult<Option<LogSource>> {
    match job_id {
        Some(job_id) => Ok::<_, ApiError>(Some(log_source(state, &job_id).await?)),
        None => Ok(None),
    }
}

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
