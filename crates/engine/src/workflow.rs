//! What a job type is made of: a description and something that runs.

use std::sync::OnceLock;

use async_trait::async_trait;
use jsonschema::Validator;
use marktwerk_domain::job::Parameters;
use marktwerk_domain::run::WorkflowResult;
use schemars::JsonSchema;
use serde_json::Value;

use crate::context::RunContext;
use crate::error::EngineError;

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

    /// Names the first field that is wrong. `description` is the same at each call.
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
        let instance = Value::Object(parameters.clone());
        match validator.iter_errors(&instance).next() {
            None => Ok(()),
            Some(error) => {
                let path = error.instance_path().to_string();
                let field = match path.trim_start_matches('/') {
                    "" => "parameters".to_owned(),
                    name => name.replace('/', "."),
                };
                Err(EngineError::invalid(field, error.to_string()))
            }
        }
    }
}
