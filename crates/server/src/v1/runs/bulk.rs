//! One command for all runs that a filter finds; a dry run tells which those are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use marktwerk_domain::run::{RunId, RunState};
use marktwerk_store::runs::RunFilter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filter::{self, RunFilterDocument};
use crate::error::ApiResult;
use crate::fields::Fields;
use crate::safety::Caller;
use crate::state::AppState;
use crate::v1::body::Object;
use crate::v1::many::{Refused, carry_out};
use crate::v1::problem::Problem;

/// Runs read at once.
const PAGE: usize = 500;
/// Runs of one command at the most.
const MOST: usize = 50_000;

const LIVE: [RunState; 3] = [RunState::Waiting, RunState::Running, RunState::Retrying];
const ENDED: [RunState; 5] =
    [RunState::Succeeded, RunState::Failed, RunState::Cancelled, RunState::Skipped, RunState::Lost];

/// A command for many runs.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read by hand so that faults name their field")]
pub(crate) struct BulkRuns {
    /// `cancel` or `retry`.
    action: String,
    /// Which runs; `{}` is all of them. Only live runs can be cancelled, only ended ones repeated.
    filter: RunFilterDocument,
    /// Only tells which runs it would be.
    #[schema(default = false)]
    dry_run: Option<bool>,
}

/// What a command for many runs did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkRunsResult {
    action: &'static str,
    dry_run: bool,
    /// How many runs the command is for: those of the filter that it can change.
    count: usize,
    /// Their numbers, newest first.
    ids: Vec<i64>,
    /// With `retry`: the runs that wait now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    runs: Vec<i64>,
    /// Runs that stood elsewhere when their turn came.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused<i64>>,
    /// How many were not told yet when this was answered; they are told without being asked for again.
    under_way: usize,
}

#[derive(Debug, Clone, Copy, Default)]
enum Action {
    #[default]
    Cancel,
    Retry,
}

/// Cancels all live runs of a filter, or repeats all ended ones.
#[utoipa::path(post, path = "/api/v1/runs/bulk", tag = "v1", operation_id = "bulk_runs", request_body = BulkRuns,
    responses((status = 200, body = BulkRunsResult, description = "a dry run"),
        (status = 202, body = BulkRunsResult, description = "the runs are cancelled or repeated"), (status = 400, body = Problem),
        (status = 422, body = Problem)))]
pub(in crate::v1) async fn bulk(
    State(state): State<AppState>,
    caller: Caller,
    body: Object,
) -> ApiResult<Response> {
    let mut fields = body.fields();
    let action = fields.word("action", action);
    let action = fields.required("action", action);
    let filter = fields.object("filter");
    let filter = fields.required("filter", filter);
    let dry_run = fields.boolean("dry_run").unwrap_or(false);
    fields.finish()?;
    let mut inner = Fields::of_object(filter).within("filter.").without_null();
    let mut filter = filter::read(&mut inner);
    inner.finish()?;

    let can = action.can();
    if filter.states.is_empty() {
        filter.states = can.to_vec();
    }
    filter.states.retain(|state| can.contains(state));
    let ids = if filter.states.is_empty() { Vec::new() } else { all(&state, filter).await? };
    let (count, numbers) = (ids.len(), ids.iter().map(|id| id.0).collect());
    let action_word = action.as_str();
    let mut result = BulkRunsResult {
        action: action_word,
        dry_run,
        count,
        ids: numbers,
        runs: Vec::new(),
        refused: Vec::new(),
        under_way: 0,
    };
    if dry_run {
        return Ok(Json(result).into_response());
    }
    let engine = Arc::clone(&state.engine);
    let told = carry_out(&state, ids, move |id: RunId| {
        let (engine, actor) = (Arc::clone(&engine), caller.actor());
        async move {
            let commands = engine.on_behalf_of(actor);
            match action {
                Action::Cancel => commands.cancel(id).await,
                Action::Retry => commands.run_again(id, None).await,
            }
        }
    })
    .await;
    if let Action::Retry = action {
        result.runs = told.runs.iter().map(|run| run.id.0).collect();
    }
    result.refused = told.refused.into_iter().map(|refused| refused.map(|id| id.0)).collect();
    result.under_way = told.under_way;
    Ok((StatusCode::ACCEPTED, Json(result)).into_response())
}

/// The numbers of all runs of a filter, page by page.
async fn all(state: &AppState, mut filter: RunFilter) -> ApiResult<Vec<RunId>> {
    filter.limit = PAGE;
    let mut ids = Vec::new();
    loop {
        let page = state.store().runs(&filter).await?;
        ids.extend(page.iter().map(|run| run.id));
        if page.len() < PAGE || ids.len() >= MOST {
            ids.truncate(MOST);
            return Ok(ids);
        }
        filter.before = ids.last().copied();
    }
}

impl Action {
    fn can(self) -> &'static [RunState] {
        match self {
            Self::Cancel => &LIVE,
            Self::Retry => &ENDED,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }
}

fn action(word: &str) -> Result<Action, String> {
    let found = [Action::Cancel, Action::Retry].into_iter().find(|action| action.as_str() == word);
    found.ok_or_else(|| format!("must be cancel or retry, not `{word}`"))
}
