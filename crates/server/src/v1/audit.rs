//! The audit: who changed what.

use axum::Json;
use axum::extract::State;
use marktwerk_domain::audit::{AuditAction, AuditEntry};
use marktwerk_domain::run::RunId;
use marktwerk_domain::words::meant;
use marktwerk_store::audit::AuditFilter;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::state::AppState;

/// Something that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditItem {
    id: i64,
    at: String,
    /// The name of a person; `token` for the token of `[server] token`, `local` for a caller without access control, `jobs file`
    /// for an edit of the jobs file by hand.
    #[schema(example = "office")]
    who: String,
    /// job_added, job_changed, job_paused, job_resumed, job_removed, run_started, run_repeated, run_cancelled, logs_deleted or decided.
    #[schema(example = "job_paused")]
    action: &'static str,
    /// A job's id, or the order or article number of an entry of the attention list; empty for log lines.
    subject: String,
    /// The run that it is about.
    run: Option<i64>,
    /// How it was before; of a change the changed fields alone.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// How it is afterwards; of a change the changed fields alone.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
}

/// Who changed what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "v1", operation_id = "list_audit",
    params(("who" = Option<String>, Query, description = "only of this person"),
        ("action" = Option<String>, Query, description = "only these actions, separated by commas"),
        ("subject" = Option<String>, Query, description = "only about this job, order or article"),
        ("run" = Option<i64>, Query, description = "only about this run"),
        ("before" = Option<i64>, Query, description = "only entries with a smaller number: the next page"),
        ("limit" = Option<i64>, Query, description = "50 if not given", minimum = 1, maximum = 500)),
    responses((status = 200, body = [AuditItem]), (status = 422, body = Problem)))]
pub(super) async fn list(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<Vec<AuditItem>>> {
    let filter = AuditFilter {
        who: fields.text("who"),
        actions: fields.words("action", action),
        subject: fields.text("subject"),
        run: fields.integer("run", 1..=i64::MAX).map(RunId),
        before: fields.integer("before", 1..=i64::MAX),
        limit: fields.integer("limit", 1..=500).map_or(50, |limit| limit as usize),
    };
    fields.finish()?;
    let entries = state.store().audit(&filter).await?;
    Ok(Json(entries.into_iter().map(|entry| item(&state, entry)).collect()))
}

fn action(word: &str) -> Result<AuditAction, String> {
    meant(word, &AuditAction::ALL, AuditAction::as_str)
}

fn item(state: &AppState, entry: AuditEntry) -> AuditItem {
    AuditItem {
        id: entry.id,
        at: state.time(entry.at),
        who: entry.who,
        action: entry.action.as_str(),
        subject: entry.subject,
        run: entry.run.map(|run| run.0),
        before: entry.before,
        after: entry.after,
    }
}
