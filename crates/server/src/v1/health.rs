//! What is wrong with the program, with the names of accounts and jobs, and what to do.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::decisions;
use super::problem::Problem;
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::state::AppState;

/// How the program is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgramHealth {
    /// `ok` or `degraded`.
    status: &'static str,
    /// Whether this process does no work.
    stops_work: bool,
    /// What is free on the disk of the data folder, bytes; null where it is not known.
    free_disk_bytes: Option<u64>,
    /// What is wrong, the worst first.
    reasons: Vec<ProgramConcern>,
}

/// Something that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgramConcern {
    /// A word that stays: dispatcher_late, database_not_writable, journal_stopped, database_away, disk_low, credentials_refused,
    /// credentials_end, worker_stuck, orders_late, jobs_failing, jobs_cannot_run, alerts_failing, jobs_file_unreadable, lines_dropped,
    /// tasks_restart.
    code: &'static str,
    /// An account, a job or a channel; empty for the whole program.
    subject: String,
    /// What it means and what to do.
    message: String,
    /// Whether this process does no work because of it.
    stops_work: bool,
    since: String,
}

/// What is wrong, with what to do. Always 200: the answer tells.
#[utoipa::path(get, path = "/api/v1/health", tag = "v1", operation_id = "show_health",
    params(("lang" = Option<String>, Query, description = "de or en; en if not given")),
    responses((status = 200, body = ProgramHealth), (status = 422, body = Problem)))]
pub(super) async fn show(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<Json<ProgramHealth>> {
    let language = decisions::language(&mut fields);
    fields.finish()?;
    let concerns = state.engine.concerns();
    let reasons = concerns.iter().map(|concern| ProgramConcern {
        code: concern.code.as_str(),
        subject: concern.subject.clone(),
        message: concern.details.words(language),
        stops_work: concern.code.stops_work(),
        since: state.time(concern.since),
    });
    Ok(Json(ProgramHealth {
        status: if concerns.is_empty() { "ok" } else { "degraded" },
        stops_work: concerns.iter().any(|concern| concern.code.stops_work()),
        free_disk_bytes: state.engine.vitals().free_space(),
        reasons: reasons.collect(),
    }))
}
