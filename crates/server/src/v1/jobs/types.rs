//! What a job can be of.

use axum::Json;
use axum::extract::State;
use marktwerk_engine::WorkflowDescription;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::state::AppState;

/// A job type.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobType {
    #[schema(example = "order_workflow")]
    name: String,
    /// Older names that mean the same.
    aliases: Vec<&'static str>,
    /// One line for people; none where it is not in this version.
    title: Option<&'static str>,
    /// The marketplace that it works for.
    marketplace: Option<&'static str>,
    /// Accounts that its jobs can work for; the first one is used where a job names none.
    accounts: Vec<String>,
    /// The JSON Schema of its parameters.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Value>,
    /// The steps that a repetition can begin with, in their order.
    steps: Vec<&'static str>,
    /// The conditions that its jobs can have.
    conditions: Vec<&'static str>,
    /// Whether this version runs it; what is documented and not built yet is kept in the jobs file and never run.
    in_this_version: bool,
}

/// The job types by name: those of this version, then those that are documented.
#[utoipa::path(get, path = "/api/v1/job-types", tag = "v1", operation_id = "list_job_types",
    responses((status = 200, body = [JobType])))]
pub(in crate::v1) async fn list(State(state): State<AppState>) -> Json<Vec<JobType>> {
    let registry = state.engine.registry();
    let known = registry.descriptions().map(|description| JobType {
        conditions: registry.conditions(description),
        ..described(description)
    });
    let planned = registry.planned().map(|name| JobType {
        name: name.to_owned(),
        aliases: Vec::new(),
        title: None,
        marketplace: None,
        accounts: Vec::new(),
        parameters: None,
        steps: Vec::new(),
        conditions: Vec::new(),
        in_this_version: false,
    });
    Json(known.chain(planned).collect())
}

fn described(description: &WorkflowDescription) -> JobType {
    JobType {
        name: description.job_type.to_owned(),
        aliases: description.aliases.to_vec(),
        title: Some(description.title),
        marketplace: description.marketplace,
        accounts: description.accounts.clone(),
        parameters: Some(description.parameters.clone()),
        steps: description.steps.to_vec(),
        conditions: Vec::new(),
        in_this_version: true,
    }
}
