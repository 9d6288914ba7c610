//! Starting a job with the five documented parameters: all five are always accepted, the workflow is given those that it
//! has, and the answer tells which were of no use to it.

use axum::body::Bytes;
use marktwerk_domain::job::{Job, Parameters};
use marktwerk_domain::run::Run;
use marktwerk_domain::words::one_of;
use marktwerk_engine::EngineError;
use marktwerk_engine::workflow::no_parameter;
use serde_json::Value;

use crate::error::{ApiError, ApiResult};
use crate::fields::Fields;
use crate::safety::Caller;
use crate::state::AppState;

const MODES: [&str; 2] = ["quick", "full"];

/// The documented parameters.
const PARAMETERS: [&str; 5] = ["parent_order_status", "days_back", "verbose", "log_to_db", "mode"];

/// A start that was accepted.
#[derive(Debug)]
pub(super) struct Started {
    /// The parameters given, with typed values.
    pub(super) given: Parameters,
    /// The names of those that the workflow does not have.
    pub(super) ignored: Vec<String>,
    /// The run that waits now.
    pub(super) run: Run,
    /// Whether it waited before.
    pub(super) joined: bool,
}

/// Reads the parameters of a start from a query.
pub(super) fn parameters(mut fields: Fields) -> ApiResult<Parameters> {
    let mut given = Parameters::new();
    let mut keep = |name: &str, value: Option<Value>| {
        given.extend(value.map(|value| (name.to_owned(), value)));
    };
    keep("parent_order_status", fields.integer("parent_order_status", 0..=99).map(Value::from));
    keep("days_back", fields.integer("days_back", 1..=3_650).map(Value::from));
    keep("verbose", fields.boolean("verbose").map(Value::from));
    keep("log_to_db", fields.boolean("log_to_db").map(Value::from));
    keep("mode", fields.word("mode", mode).map(Value::from));
    fields.finish_with(|name| no_parameter(name, &PARAMETERS))?;
    Ok(given)
}

/// Queues a run of the job.
pub(super) async fn start(
    state: &AppState,
    caller: &Caller,
    job: &Job,
    given: Parameters,
) -> ApiResult<Started> {
    let Some(description) = state.engine.registry().description(&job.spec.job_type) else {
        let text =
            format!("the job {} is of type `{}`, which is not in this version", job.id, job.spec.job_type);
        return Err(ApiError::Conflict(text));
    };
    let names = description.parameter_names();
    let (used, unused): (Vec<_>, Vec<_>) =
        given.clone().into_iter().partition(|(name, _)| names.contains(&name.as_str()));
    let ignored = unused.into_iter().map(|(name, _)| name).collect();
    let started = state.commands(caller).run_now_or_join(&job.id, used.into_iter().collect()).await;
    let started = started.map_err(|error| match error {
        error @ EngineError::Invalid { .. } => ApiError::from(error).at("query"),
        error => error.into(),
    })?;
    Ok(Started { given, ignored, run: started.run, joined: started.joined })
}

/// Parameters stand in the query; what somebody puts into the body instead is not passed over in silence.
pub(super) fn ignored_of(body: &Bytes) -> Vec<String> {
    match serde_json::from_slice(body) {
        _ if body.is_empty() => Vec::new(),
        Ok(Value::Null) => Vec::new(),
        Ok(Value::Object(fields)) => fields.into_iter().map(|(name, _)| name).collect(),
        Ok(_) | Err(_) => vec!["body".to_owned()],
    }
}

fn mode(text: &str) -> Result<String, String> {
    let text = &text.to_lowercase();
    match MODES.contains(&text.as_str()) {
        true => Ok(text.to_owned()),
        false => Err(format!("must be {}, not `{text}`", one_of(&MODES))),
    }
}
