//! All jobs as one document, in the form of the jobs file.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use marktwerk_domain::job::JobId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::document::JobDocument;
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::safety::{Caller, LARGEST_DOCUMENT};
use crate::state::AppState;
use crate::v1::body::text;
use crate::v1::problem::Problem;

/// All jobs: what `workers_config.json` says. Other fields beside them are kept.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes bodies and answers; the engine reads and writes them")]
pub(crate) struct JobsDocument {
    jobs: Vec<JobDocument>,
}

/// What an import changed, or would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportResult {
    dry_run: bool,
    /// Ids of jobs that are new, or come back.
    added: Vec<String>,
    /// Ids of jobs that are told to do something else.
    changed: Vec<String>,
    /// Ids of jobs that the document does not have; their history stays.
    removed: Vec<String>,
    /// How many stay as they are.
    unchanged: usize,
    /// It is stored and in force, but the jobs file does not have it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
}

/// All jobs, as the jobs file says them.
#[utoipa::path(get, path = "/api/v1/jobs/export", tag = "v1", operation_id = "export_jobs",
    responses((status = 200, body = JobsDocument), (status = 409, body = Problem)))]
pub(in crate::v1) async fn export(State(state): State<AppState>) -> ApiResult<Response> {
    let document = state.engine.export_jobs().await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], document).into_response())
}

/// Takes a document over in place of all jobs, as a hand edit of the jobs file would be. Where it has a fault, nothing is changed.
#[utoipa::path(post, path = "/api/v1/jobs/import", tag = "v1", operation_id = "import_jobs", request_body = JobsDocument,
    params(("dry_run" = Option<bool>, Query, description = "only tell what it would change")),
    responses((status = 200, body = ImportResult), (status = 400, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(in crate::v1) async fn import(
    State(state): State<AppState>,
    caller: Caller,
    QueryFields(mut fields): QueryFields,
    request: Request,
) -> ApiResult<Json<ImportResult>> {
    let dry_run = fields.boolean("dry_run").unwrap_or(false);
    fields.finish()?;
    let document = text(request, LARGEST_DOCUMENT).await?;
    let import = state.commands(&caller).import_jobs(&document, dry_run).await?;
    let warning = state.warning().filter(|_| !dry_run);
    let warnings: Vec<String> = import.slips.into_iter().chain(warning).collect();
    let names = |ids: Vec<JobId>| ids.into_iter().map(|id| id.0).collect();
    Ok(Json(ImportResult {
        dry_run,
        added: names(import.added),
        changed: names(import.changed),
        removed: names(import.removed),
        unchanged: import.unchanged,
        warning: (!warnings.is_empty()).then(|| warnings.join("; ")),
    }))
}
