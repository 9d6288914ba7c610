//! `GET /api/health`: open to everybody, so it tells nothing of the merchant.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

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
}

/// How a part of the program is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Module {
    /// `ok`, `warning` or `error`.
    status: &'static str,
    /// For people, where something is to be said.
    message: Option<&'static str>,
}

const OK: Module = Module { status: "ok", message: None };

/// How the program is: 200 where it works, 503 where it does not.
#[utoipa::path(get, path = "/api/health", tag = "health", operation_id = "health",
    responses((status = 200, body = Health), (status = 503, body = Health)))]
pub(super) async fn show(State(state): State<AppState>) -> (StatusCode, Json<Health>) {
    let database = match state.store().highest_log_id().await {
        Ok(_) => OK,
        Err(error) => {
            tracing::warn!("the health check did not reach the database: {error}");
            Module { status: "error", message: Some("the database is not available") }
        }
    };
    let jobs_file = match state.engine.jobs_file_warning() {
        None => OK,
        Some(_) => Module {
            status: "warning",
            message: Some("the jobs file was edited and cannot be taken over, or it cannot be written"),
        },
    };
    let scheduler = match state.engine.dropped_lines() {
        0 => OK,
        _ => Module { status: "warning", message: Some("log lines were dropped under pressure") },
    };
    let is_well = database.status == "ok";
    let health = Health {
        status: if is_well { "ok" } else { "degraded" },
        timestamp: state.time(state.engine.clock().now()),
        version: state.version,
        modules: BTreeMap::from([("database", database), ("jobs_file", jobs_file), ("scheduler", scheduler)]),
    };
    (if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(health))
}
