//! One command for all jobs that a filter finds; a dry run tells which those are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use marktwerk_domain::job::{Job, JobId};
use marktwerk_engine::EngineError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::editing::enabled;
use super::filter::{JobFilter, JobFilterDocument};
use crate::documented::running;
use crate::error::ApiResult;
use crate::fields::Fields;
use crate::safety::{Caller, Role};
use crate::state::AppState;
use crate::v1::body::Object;
use crate::v1::many::{Refused, carry_out};
use crate::v1::problem::Problem;

/// How often the jobs of a filter are looked up while others remove some of them.
const TRIES: u32 = 3;

/// A command for many jobs.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes the body; it is read by hand so that faults name their field")]
pub(crate) struct BulkJobs {
    /// `pause`, `resume`, `run` or `remove`.
    action: String,
    /// Which jobs; `{}` is all of them.
    filter: JobFilterDocument,
    /// Only tells which jobs it would be.
    #[schema(default = false)]
    dry_run: Option<bool>,
    /// With `run`: parameters for these runs only.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Map<String, Value>>,
}

/// What a command for many jobs did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkJobsResult {
    action: &'static str,
    dry_run: bool,
    /// How many jobs the command is for: those of the filter that it would change.
    count: usize,
    /// Their ids.
    ids: Vec<String>,
    /// With `run`: the runs that wait now, in the order of `ids`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    runs: Vec<i64>,
    /// With `run`: jobs that could not be started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused<String>>,
    /// It is stored and in force, but the jobs file does not have it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    /// How many were not told yet when this was answered; they are told without being asked for again.
    under_way: usize,
}

#[derive(Debug, Clone, Copy, Default)]
enum Action {
    #[default]
    Pause,
    Resume,
    Run,
    Remove,
}

/// Pauses, resumes or removes all jobs of a filter, all or none of them; or starts each. To remove needs the role admin.
#[utoipa::path(post, path = "/api/v1/jobs/bulk", tag = "v1", operation_id = "bulk_jobs", request_body = BulkJobs,
    responses((status = 200, body = BulkJobsResult, description = "done, or a dry run"),
        (status = 202, body = BulkJobsResult, description = "the runs wait now"), (status = 400, body = Problem),
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
    let parameters = fields.object("parameters");
    if parameters.is_some() && !matches!(action, Action::Run) {
        fields.fault("parameters", "value_error", "are for the action `run` only");
    }
    fields.finish()?;
    if let Action::Remove = action {
        caller.require(Role::Admin)?;
    }
    let mut inner = Fields::of_object(filter).within("filter.").without_null();
    let filter = JobFilter::read(&state, &mut inner);
    inner.finish()?;

    let mut ids = matching(&state, &filter, action).await?;
    let mut result = BulkJobsResult {
        action: action.as_str(),
        dry_run,
        count: 0,
        ids: Vec::new(),
        runs: Vec::new(),
        refused: Vec::new(),
        warning: None,
        under_way: 0,
    };
    if dry_run {
        result.are(&ids);
        return Ok(Json(result).into_response());
    }
    match action {
        Action::Pause | Action::Resume | Action::Remove => {
            // One of them may have been removed since they were looked for: then the others are looked for once more.
            let mut tries = 0;
            while let Err(error) = change(&state, &caller, action, &ids).await {
                tries += 1;
                if tries == TRIES || !matches!(error, EngineError::UnknownJob(_)) {
                    return Err(error.into());
                }
                ids = matching(&state, &filter, action).await?;
            }
            result.are(&ids);
        }
        Action::Run => {
            result.are(&ids);
            let (engine, parameters) = (Arc::clone(&state.engine), parameters.unwrap_or_default());
            let told = carry_out(&state, ids, move |id: JobId| {
                let (engine, actor) = (Arc::clone(&engine), caller.actor());
                let parameters = parameters.clone();
                async move {
                    let started = engine.on_behalf_of(actor).run_now_or_join(&id, parameters).await?;
                    Ok(started.run)
                }
            })
            .await;
            result.runs = told.runs.iter().map(|run| run.id.0).collect();
            result.refused = told.refused.into_iter().map(|refused| refused.map(|id| id.0)).collect();
            result.under_way = told.under_way;
            return Ok((StatusCode::ACCEPTED, Json(result)).into_response());
        }
    }
    result.warning = state.warning();
    Ok(Json(result).into_response())
}

/// The jobs of the filter that the command would change.
async fn matching(state: &AppState, filter: &JobFilter, action: Action) -> ApiResult<Vec<JobId>> {
    let (jobs, running) = (state.engine.jobs().await?, running(&state.source).await?);
    let found = jobs.into_iter().filter(|job| filter.passes(job, &running) && action.is_for(state, job));
    Ok(found.map(|job| job.id).collect())
}

async fn change(state: &AppState, caller: &Caller, action: Action, ids: &[JobId]) -> Result<(), EngineError> {
    let commands = state.commands(caller);
    match action {
        Action::Pause => commands.change_jobs(ids, &enabled(false), None).await.map(drop),
        Action::Resume => commands.change_jobs(ids, &enabled(true), None).await.map(drop),
        Action::Remove => commands.remove_jobs(ids, None).await,
        // Runs are started one by one, by the caller.
        Action::Run => Ok(()),
    }
}

impl BulkJobsResult {
    fn are(&mut self, ids: &[JobId]) {
        self.count = ids.len();
        self.ids = ids.iter().map(|id| id.0.clone()).collect();
    }
}

impl Action {
    /// Whether it would change this job.
    fn is_for(self, state: &AppState, job: &Job) -> bool {
        let can_run = || state.engine.obstacle(job).is_none();
        match self {
            Self::Pause => job.spec.enabled,
            Self::Resume => !job.spec.enabled && can_run(),
            Self::Run => can_run(),
            Self::Remove => true,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Run => "run",
            Self::Remove => "remove",
        }
    }
}

fn action(word: &str) -> Result<Action, String> {
    let actions = [Action::Pause, Action::Resume, Action::Run, Action::Remove];
    let found = actions.into_iter().find(|action| action.as_str() == word);
    found.ok_or_else(|| format!("must be pause, resume, run or remove, not `{word}`"))
}
