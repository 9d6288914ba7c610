//! `GET /api/health`: open to everybody, so it tells nothing of the merchant: a code and a general sentence for each thing that is wrong.
//! It asks nobody, so that it answers whatever hangs.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use marktwerk_domain::concern::{Concern, ConcernCode};
use marktwerk_domain::language::Language;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::openapi::FieldDetail;
use crate::state::AppState;

/// How the program is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` or `degraded`.
    status: &'static str,
    timestamp: String,
    version: &'static str,
    /// `database`, `scheduler`, `jobs_file`.
    modules: BTreeMap<&'static str, Module>,
    /// What is wrong, the worst first; empty where the status is `ok`.
    reasons: Vec<HealthReason>,
}

/// How a part of the program is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Module {
    /// `ok`, `warning` or `error`.
    status: &'static str,
    /// For people, where something is to be said.
    message: Option<&'static str>,
}

/// Something that is wrong. `/api/v1/health` says whom it concerns and what to do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthReason {
    /// A word that stays, such as `credentials_refused`.
    code: &'static str,
    /// For people.
    message: &'static str,
    /// Whether this process does no work because of it: then the answer has the status 503.
    stops_work: bool,
}

/// How the program is: 503 where this process does no work, else 200, also where something is wrong that it cannot mend.
#[utoipa::path(get, path = "/api/health", tag = "health", operation_id = "health",
    params(
        ("probe" = Option<String>, Query, description = "live: only whether the scheduler looks for work, for a watchdog that restarts"),
        ("lang" = Option<String>, Query, description = "de or en; en if not given")),
    responses((status = 200, body = Health), (status = 422, body = FieldDetail), (status = 503, body = Health)))]
pub(super) async fn show(
    State(state): State<AppState>,
    QueryFields(mut fields): QueryFields,
) -> ApiResult<(StatusCode, Json<Health>)> {
    let language = crate::v1::language(&mut fields);
    let live = fields.word("probe", |word| match word {
        "live" => Ok(()),
        _ => Err(format!("must be live, not `{word}`")),
    });
    fields.finish()?;
    let mut concerns = state.engine.concerns();
    if live.is_some() {
        concerns.retain(|concern| concern.code == ConcernCode::DispatcherLate);
    }
    let stops_work = concerns.iter().any(|concern| concern.code.stops_work());
    let health = Health {
        status: if concerns.is_empty() { "ok" } else { "degraded" },
        timestamp: state.time(state.engine.clock().now()),
        version: state.version,
        modules: modules(&concerns, language),
        reasons: reasons(&concerns, language),
    };
    Ok((if stops_work { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Json(health)))
}

/// Each code once, however many accounts or jobs it concerns.
fn reasons(concerns: &[Concern], language: Language) -> Vec<HealthReason> {
    let mut codes: Vec<ConcernCode> = concerns.iter().map(|concern| concern.code).collect();
    codes.dedup();
    let reason = |code: ConcernCode| HealthReason {
        code: code.as_str(),
        message: code.sentence(language),
        stops_work: code.stops_work(),
    };
    codes.into_iter().map(reason).collect()
}

fn modules(concerns: &[Concern], language: Language) -> BTreeMap<&'static str, Module> {
    let mut modules = BTreeMap::from(
        ["database", "jobs_file", "scheduler"].map(|name| (name, Module { status: "ok", message: None })),
    );
    for code in concerns.iter().map(|concern| concern.code) {
        let name = match code {
            ConcernCode::DatabaseNotWritable | ConcernCode::DatabaseAway | ConcernCode::DiskLow => "database",
            ConcernCode::JobsFileUnreadable => "jobs_file",
            ConcernCode::DispatcherLate
            | ConcernCode::JournalStopped
            | ConcernCode::LinesDropped
            | ConcernCode::TasksRestart
            | ConcernCode::JobsCannotRun => "scheduler",
            _ => continue,
        };
        let status = if code.stops_work() { "error" } else { "warning" };
        if let Some(module) = modules.get_mut(name).filter(|module| module.status != "error") {
            *module = Module { status, message: Some(code.sentence(language)) };
        }
    }
    modules
}
