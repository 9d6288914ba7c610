//! What people and programs tell the engine to do. Every change goes through [`Commands`], which belongs to somebody: there is no way
//! to change a job or a run without saying who asks, and the audit's entry is stored in the transaction of the change.

use marktwerk_domain::audit::{Actor, AuditAction, AuditEntry};
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::run::{Run, RunId, Trigger};
use marktwerk_store::runs::NewRun;
use serde_json::json;

use crate::dispatcher::Command;
use crate::engine::Engine;
use crate::error::EngineError;

/// The commands of one actor. Each command uses it up.
#[derive(Clone)]
pub struct Commands<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) actor: Actor,
}

impl Engine {
    /// The commands that `actor` gives.
    pub fn on_behalf_of(&self, actor: impl Into<Actor>) -> Commands<'_> {
        Commands { engine: self, actor: actor.into() }
    }
}

impl Commands<'_> {
    /// Queues a run of a job by hand: whether it is paused or not, with parameters for this run only. The job's own parameters
    /// hold where `parameters` says nothing.
    pub async fn run_now(self, id: &JobId, parameters: Parameters) -> Result<Run, EngineError> {
        let engine = self.engine;
        let job = engine.existing(id).await?;
        let description = engine.runnable(&job.spec.job_type)?;
        let mut merged = job.spec.parameters.clone();
        merged.extend(parameters);
        engine.registry.check_parameters(description.job_type, &merged)?;
        let now = engine.clock.now();
        let entry = self.entry(AuditAction::RunStarted, id).after(json!({ "parameters": &merged }));
        let run = NewRun { parameters: merged, ..engine.planner.new_run(&job, Trigger::Manual, now, now) };
        engine.queue(run, vec![entry]).await
    }

    /// Queues a repetition of an ended run, with its parameters; from one of the workflow's steps, where that is given.
    pub async fn run_again(self, id: RunId, from_step: Option<String>) -> Result<Run, EngineError> {
        let engine = self.engine;
        let old = engine.store.run(id).await?.ok_or(EngineError::UnknownRun(id.0))?;
        if !old.state.is_ended() {
            return Err(EngineError::NotEnded { run: id.0, state: old.state.as_str() });
        }
        let job = engine.existing(&old.job_id).await?;
        let description = engine.runnable(&job.spec.job_type)?;
        if let Some(step) = &from_step
            && !description.steps.contains(&step.as_str())
        {
            let known = match description.steps {
                [] => "none".to_owned(),
                steps => steps.join(", "),
            };
            let reason =
                format!("`{step}` is not a step that {} can begin with; there is {known}", old.job_type);
            return Err(EngineError::invalid("from_step", reason));
        }
        let now = engine.clock.now();
        let entry = self
            .entry(AuditAction::RunRepeated, &old.job_id)
            .before(json!({ "run": id.0, "state": old.state.as_str() }))
            .after(json!({ "parameters": &old.parameters, "from_step": &from_step }));
        let fresh = engine.planner.new_run(&job, Trigger::Again, now, now);
        let fresh = NewRun { parameters: old.parameters, caused_by: Some(id), from_step, ..fresh };
        engine.queue(fresh, vec![entry]).await
    }

    /// Cancels a run: at once where it waits, cooperatively where it runs.
    pub async fn cancel(self, id: RunId) -> Result<Run, EngineError> {
        let engine = self.engine;
        let run = engine.store.run(id).await?.ok_or(EngineError::UnknownRun(id.0))?;
        if run.state.is_ended() {
            return Err(EngineError::Ended { run: id.0, state: run.state.as_str() });
        }
        let entry = self
            .entry(AuditAction::RunCancelled, &run.job_id)
            .before(json!({ "state": run.state.as_str(), "cancel_requested": run.cancel_requested }))
            .after(json!({ "cancel_requested": true }))
            .of_run(id);
        engine.ask(|answer| Command::Cancel(id, vec![entry], answer)).await
    }

    /// An entry about a job or a run of it, now.
    pub(crate) fn entry(&self, action: AuditAction, job: &JobId) -> AuditEntry {
        AuditEntry::of_job(self.engine.clock.now(), &self.actor, action, job)
    }
}
