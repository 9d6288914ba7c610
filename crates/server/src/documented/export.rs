//! `GET /api/logs/export`.

use axum::Json;
use axum::extract::State;
use marktwerk_store::logs::LogFilter;
use serde::Serialize;
use utoipa::ToSchema;

use super::logs::{days, source};
use super::{LogEntry, csv};
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::openapi::{ExportQuery, FieldDetail};
use crate::state::AppState;

/// Lines exported at the most; the answer tells when there are more.
const MOST: usize = 100_000;

/// The documented columns of `scheduler_logs`.
const COLUMNS: [&str; 9] = [
    "log_id",
    "job_id",
    "job_type",
    "level",
    "message",
    "timestamp",
    "duration_seconds",
    "status",
    "error_text",
];

/// Lines as a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogExport {
    #[schema(example = "ok")]
    status: &'static str,
    /// `json` or `csv`.
    format: &'static str,
    /// The rows, or the text of the CSV; newest first.
    data: ExportedLines,
    /// Whether there are more lines than are exported at once: ask for fewer days.
    truncated: bool,
}

/// Rows or text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ExportedLines {
    /// With `format=json`.
    Rows(Vec<LogEntry>),
    /// With `format=csv`: RFC 4180, always with its header.
    Text(String),
}

/// Lines of the last days as JSON or CSV.
#[utoipa::path(get, path = "/api/logs/export", tag = "logs", operation_id = "export_logs", params(ExportQuery),
    responses((status = 200, body = LogExport), (status = 422, body = FieldDetail)))]
pub(super) async fn export(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<LogExport>> {
    let (job_id, days) = (fields.text("job_id"), days(&mut fields, 7));
    let format = fields.word("format", |word| match word {
        "json" => Ok("json"),
        "csv" => Ok("csv"),
        _ => Err(format!("must be json or csv, not `{word}`")),
    });
    fields.finish()?;
    let format = format.unwrap_or("json");
    let (source, since) = (source(&state, job_id).await?, Some(state.days_ago(days)));
    let filter = LogFilter { source, since, limit: MOST + 1, ..LogFilter::default() };
    let mut rows: Vec<LogEntry> =
        state.store().logs(&filter).await?.into_iter().map(LogEntry::from).collect();
    let truncated = rows.len() > MOST;
    rows.truncate(MOST);
    let data = if format == "csv" { ExportedLines::Text(text(&rows)) } else { ExportedLines::Rows(rows) };
    Ok(Json(LogExport { status: "ok", format, data, truncated }))
}

fn text(rows: &[LogEntry]) -> String {
    let mut text = csv::line(&COLUMNS.map(str::to_owned));
    for row in rows {
        text.push_str(&csv::line(&[
            row.log_id.to_string(),
            csv::field(&row.job_id),
            csv::field(&row.job_type),
            csv::field(&row.level),
            csv::field(&row.message),
            csv::field(&row.timestamp),
            row.duration_seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
            csv::field(row.status.as_deref().unwrap_or_default()),
            csv::field(row.error_text.as_deref().unwrap_or_default()),
        ]));
    }
    text
}
