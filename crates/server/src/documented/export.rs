//! `GET /api/logs/export`: read page by page as it is sent, so that it takes no more memory than a page, however much there is and
//! however slowly it is read.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt, stream};
use marktwerk_domain::log::LogRow;
use marktwerk_store::logs::LogFilter;
use marktwerk_store::{SharedStore, StoreResult};
use serde::Serialize;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;

use super::logs::{days, source};
use super::{LogEntry, csv};
use crate::error::{ApiError, ApiResult};
use crate::fields::QueryFields;
use crate::openapi::{Detail, ExportQuery, FieldDetail};
use crate::state::AppState;

/// Lines exported at the most; the answer tells when there are more.
const MOST: usize = 100_000;
/// Lines read at once.
const PAGE: usize = 500;
const _: () = assert!(MOST.is_multiple_of(PAGE), "the last page is a whole one, too");
/// Exports at the same time.
pub(crate) const MOST_EXPORTS: usize = 4;

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
#[expect(dead_code, reason = "describes the answer; it is written piece by piece")]
pub(crate) enum ExportedLines {
    /// With `format=json`.
    Rows(Vec<LogEntry>),
    /// With `format=csv`: RFC 4180, always with its header.
    Text(String),
}

/// Lines of the last days as JSON or CSV. Four of them are written at the same time.
#[utoipa::path(get, path = "/api/logs/export", tag = "logs", operation_id = "export_logs", params(ExportQuery),
    responses((status = 200, body = LogExport), (status = 422, body = FieldDetail), (status = 503, body = Detail)))]
pub(super) async fn export(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Response> {
    let (job_id, days) = (fields.text("job_id"), days(&mut fields, 7));
    let format = fields.word("format", |word| match word {
        "json" => Ok(Format::Json),
        "csv" => Ok(Format::Csv),
        _ => Err(format!("must be json or csv, not `{word}`")),
    });
    fields.finish()?;
    let place = Arc::clone(&state.exports).try_acquire_owned().map_err(|_| {
        let text = format!("{MOST_EXPORTS} exports are being written, which is the most at the same time");
        ApiError::Unavailable(format!("{text}: try again in a moment"))
    })?;
    let (source, since) = (source(&state, job_id).await?, Some(state.days_ago(days)));
    let filter = LogFilter { source, since, limit: PAGE, ..LogFilter::default() };
    let store = Arc::clone(state.store());
    // Before the answer begins: where the database is away, its status still says so.
    let first = store.logs(&filter).await?;
    let pages = Pages { store, filter, page: Some(first), written: 0, _place: place };
    let format = format.unwrap_or(Format::Json);
    let pieces = stream::try_unfold(pages, move |pages| pages.next(format)).map_err(|error| {
        tracing::warn!("an export was cut off, the database could not be read: {error}");
        std::io::Error::other("the database could not be read")
    });
    let beginning = stream::once(async move { Ok(Bytes::from(format.beginning())) });
    let body = Body::from_stream(beginning.chain(pieces));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The lines, page by page.
struct Pages {
    store: SharedStore,
    filter: LogFilter,
    /// What is written next; none after the end.
    page: Option<Vec<LogRow>>,
    written: usize,
    _place: OwnedSemaphorePermit,
}

impl Pages {
    /// The text of a page, with the end where it is the last.
    async fn next(mut self, format: Format) -> StoreResult<Option<(Bytes, Self)>> {
        let Some(page) = self.page.take() else { return Ok(None) };
        let is_short = page.len() < PAGE;
        self.filter.before = page.last().map(|row| row.log_id);
        let mut text = String::new();
        for row in page.into_iter().map(LogEntry::from) {
            format.write(&mut text, &row, self.written == 0);
            self.written += 1;
        }
        let next = if is_short { Vec::new() } else { self.store.logs(&self.filter).await? };
        if next.is_empty() || self.written >= MOST {
            text.push_str(&format.end(!next.is_empty()));
        } else {
            self.page = Some(next);
        }
        Ok(Some((text.into(), self)))
    }
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Json,
    Csv,
}

impl Format {
    fn beginning(self) -> String {
        match self {
            Self::Json => r#"{"status":"ok","format":"json","data":["#.to_owned(),
            Self::Csv => {
                let header = within_text(&csv::line(&COLUMNS.map(str::to_owned)));
                format!(r#"{{"status":"ok","format":"csv","data":"{header}"#)
            }
        }
    }

    fn write(self, text: &mut String, row: &LogEntry, is_first: bool) {
        match self {
            Self::Json => {
                if !is_first {
                    text.push(',');
                }
                text.push_str(&json!(row).to_string());
            }
            Self::Csv => text.push_str(&within_text(&line(row))),
        }
    }

    fn end(self, truncated: bool) -> String {
        let data = match self {
            Self::Json => ']',
            Self::Csv => '"',
        };
        format!(r#"{data},"truncated":{truncated}}}"#)
    }
}

/// A text as it stands within a text of JSON.
fn within_text(text: &str) -> String {
    let quoted = json!(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn line(row: &LogEntry) -> String {
    csv::line(&[
        row.log_id.to_string(),
        csv::field(&row.job_id),
        csv::field(&row.job_type),
        csv::field(&row.level),
        csv::field(&row.message),
        csv::field(&row.timestamp),
        row.duration_seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
        csv::field(row.status.as_deref().unwrap_or_default()),
        csv::field(row.error_text.as_deref().unwrap_or_default()),
    ])
}
