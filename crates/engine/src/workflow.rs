//! What a job type is made of: a description and something that runs.

use std::sync::OnceLock;

use async_trait::async_trait;
use jiff::Timestamp;
use jsonschema::Validator;
use marktwerk_domain::job::Parameters;
use marktwerk_domain::run::WorkflowResult;
use marktwerk_domain::words::nearest;
use schemars::JsonSchema;
use serde_json::Value;

use crate::context::RunContext;
use crate::error::EngineError;
use crate::jobs::{asked_for, is_time};

/// What a job type can do. A run of it is one call of [`Workflow::run`].
#[async_trait]
pub trait Workflow: Send + Sync {
    /// What the engine, the screen and the interface need to know of it.
    fn description(&self) -> WorkflowDescription;

    /// Does the work. Everything it may touch of the engine comes with the context; an error ends this attempt, and its class
    /// decides whether there is another.
    async fn run(&self, context: &RunContext) -> WorkflowResult;
}

/// A job type, described.
#[derive(Debug, Clone)]
pub struct WorkflowDescription {
    /// The job type, such as `order_workflow`.
    pub job_type: &'static str,
    /// Older names that mean the same.
    pub aliases: &'static [&'static str],
    /// One line for people.
    pub title: &'static str,
    /// The marketplace it works for (`temu`), or none.
    pub marketplace: Option<&'static str>,
    /// The accounts that it can work for; the first one is used where a job names none.
    pub accounts: Vec<String>,
    /// Whether it writes for its account: then it never runs beside another that does.
    pub writes: bool,
    /// The JSON Schema of its parameters.
    pub parameters: Value,
    /// The steps that a repetition can begin with, in their order.
    pub steps: &'static [&'static str],
}

impl WorkflowDescription {
    /// A job type whose parameters are `P`, without account and without side effects for others.
    pub fn of<P: JsonSchema>(job_type: &'static str, title: &'static str) -> Self {
        Self {
            job_type,
            aliases: &[],
            title,
            marketplace: None,
            accounts: Vec::new(),
            writes: false,
            parameters: schemars::schema_for!(P).to_value(),
            steps: &[],
        }
    }

    /// The names of the parameters that the schema knows.
    pub fn parameter_names(&self) -> Vec<&str> {
        let properties = self.parameters.get("properties").and_then(Value::as_object);
        properties.map(|names| names.keys().map(String::as_str).collect()).unwrap_or_default()
    }
}

/// Refuses parameters that a job type's schema does not describe. Compiling a schema takes longer than checking against it, so it is
/// done once, at the first use.
pub(crate) struct ParameterCheck(OnceLock<Result<Validator, String>>);

impl ParameterCheck {
    pub(crate) fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Names the first field that is wrong, and what it must be. `description` is the same at each call.
    pub(crate) fn check(
        &self,
        description: &WorkflowDescription,
        parameters: &Parameters,
    ) -> Result<(), EngineError> {
        let compile =
            || jsonschema::validator_for(&description.parameters).map_err(|error| error.to_string());
        let validator = self.0.get_or_init(compile).as_ref().map_err(|error| {
            EngineError::invalid(
                "parameters",
                format!("the schema of {} is broken: {error}", description.job_type),
            )
        })?;
        let names = description.parameter_names();
        if let Some(unknown) = parameters.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(EngineError::invalid("parameters", no_parameter(unknown, &names)));
        }
        let instance = Value::Object(parameters.clone());
        let refused = |name: &str| {
            let asked = asked_for(&description.parameters["properties"][name], &description.parameters);
            EngineError::invalid(name, format!("must be {asked}, not {}", shown(&instance[name])))
        };
        if let Some(error) = validator.iter_errors(&instance).next() {
            let path = error.instance_path().to_string();
            return Err(refused(path.trim_start_matches('/').split('/').next().unwrap_or_default()));
        }
        let is_wrong_time = |name: &&String| {
            is_time(&description.parameters["properties"][name.as_str()])
                && parameters[name.as_str()].as_str().is_some_and(|text| text.parse::<Timestamp>().is_err())
        };
        match parameters.keys().find(is_wrong_time) {
            Some(name) => Err(refused(name)),
            None => Ok(()),
        }
    }
}

/// `no parameter dayz; it takes days_back, verbose`.
pub fn no_parameter(name: &str, known: &[&str]) -> String {
    let takes =
        if known.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", known.join(", ")) };
    match nearest(name, known) {
        Some(near) => format!("no parameter {name}; {takes} (did you mean {near}?)"),
        None => format!("no parameter {name}; {takes}"),
    }
}

/// A value in a sentence: a long one would hide what the sentence says.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => format!("`{text}`"),
        other => other.to_string(),
    };
    if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text }
}
