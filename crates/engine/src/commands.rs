//! What people and programs tell the engine to do. Every change goes through [`Commands`], which belongs to somebody: there is no way
//! to change a job or a run without saying who asks, and the audit's entry is stored in the transaction of the change.

use std::sync::Arc;

use marktwerk_domain::audit::{Actor, AuditAction, AuditEntry};
use marktwerk_domain::job::{Job, JobId, Parameters};
use marktwerk_domain::run::{Run, RunId, RunState, Trigger};
use marktwerk_store::runs::{NewRun, RunFilter};
use serde_json::{Map, Value, json};

use crate::book::{Book, Hand, Import};
use crate::dispatcher::Command;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::jobs::JobDraft;

/// The commands of one actor. Each command uses it up, and is carried out to its end whatever becomes of whoever waits for it.
#[derive(Clone)]
pub struct Commands {
    engine: Arc<Engine>,
    actor: Actor,
}

/// A start by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Started {
    /// The run that does it.
    pub run: Run,
    /// Whether it waited already, so that no new one was queued.
    pub joined: bool,
}

/// Waiting runs of a job that are compared with a start.
const MOST_COMPARED: usize = 100;

impl Engine {
    /// The commands that `actor` gives.
    pub fn on_behalf_of(self: &Arc<Self>, actor: impl Into<Actor>) -> Commands {
        Commands { engine: Arc::clone(self), actor: actor.into() }
    }
}

impl Commands {
    /// Adds a job under its own id, or the next free one of its type.
    pub async fn add_job(self, draft: JobDraft) -> Result<Job, EngineError> {
        let (book, actor) = self.in_the_book();
        let own = Arc::clone(&book);
        book.whole(async move { Hand { book: &own, actor }.add(draft).await }).await
    }

    /// Changes the fields of a job that `patch` names, as they are written in a draft (`null` takes one back to its default).
    /// With another version than `expected_version` it is a conflict. Nothing happens where it stands so already.
    pub async fn change_job(
        self,
        id: &JobId,
        patch: &Map<String, Value>,
        expected_version: Option<i64>,
    ) -> Result<Job, EngineError> {
        let mut jobs = self.change_jobs(std::slice::from_ref(id), patch, expected_version).await?;
        jobs.pop().ok_or_else(|| EngineError::UnknownJob(id.to_string()))
    }

    /// The same change of several jobs, all or none. One that only pauses works whatever else is wrong with them.
    pub async fn change_jobs(
        self,
        ids: &[JobId],
        patch: &Map<String, Value>,
        expected_version: Option<i64>,
    ) -> Result<Vec<Job>, EngineError> {
        let (book, actor) = self.in_the_book();
        let (own, ids, patch) = (Arc::clone(&book), ids.to_vec(), patch.clone());
        book.whole(async move { Hand { book: &own, actor }.change(&ids, &patch, expected_version).await })
            .await
    }

    /// Takes a job out of the schedule and the jobs file; its history stays. Refused while others follow on it.
    pub async fn remove_job(self, id: &JobId, expected_version: Option<i64>) -> Result<(), EngineError> {
        self.remove_jobs(std::slice::from_ref(id), expected_version).await
    }

    /// The same of several jobs, all or none.
    pub async fn remove_jobs(self, ids: &[JobId], expected_version: Option<i64>) -> Result<(), EngineError> {
        let (book, actor) = self.in_the_book();
        let (own, ids) = (Arc::clone(&book), ids.to_vec());
        book.whole(async move { Hand { book: &own, actor }.remove(&ids, expected_version).await }).await
    }

    /// Takes a document over in place of all jobs, as a hand edit of the file would be. Where it has a fault, nothing is changed,
    /// and [`EngineError::Document`] names it.
    pub async fn import_jobs(self, text: &str, is_dry_run: bool) -> Result<Import, EngineError> {
        let (book, actor) = self.in_the_book();
        let (own, text) = (Arc::clone(&book), text.to_owned());
        book.whole(async move { Hand { book: &own, actor }.import(&text, is_dry_run).await }).await
    }

    fn in_the_book(self) -> (Arc<Book>, Actor) {
        (Arc::clone(&self.engine.book), self.actor)
    }

    /// Queues a run of a job by hand: whether it is paused or not, with parameters for this run only. The job's own parameters
    /// hold where `parameters` says nothing.
    pub async fn run_now(self, id: &JobId, parameters: Parameters) -> Result<Run, EngineError> {
        let (book, id) = (Arc::clone(&self.engine.book), id.clone());
        book.whole(async move { self.start(&id, parameters).await }).await
    }

    /// The same, except that a run that was started by hand with these parameters and still waits does it: nothing is gained by a
    /// second one behind it.
    pub async fn run_now_or_join(self, id: &JobId, parameters: Parameters) -> Result<Started, EngineError> {
        let (book, id) = (Arc::clone(&self.engine.book), id.clone());
        book.whole(async move { self.start_or_join(&id, parameters).await }).await
    }

    async fn start_or_join(self, id: &JobId, parameters: Parameters) -> Result<Started, EngineError> {
        let engine = &self.engine;
        // Two that come together must not both find nothing.
        let _one_at_a_time = engine.starting.lock().await;
        let (run, entry) = self.prepared(id, parameters).await?;
        let filter = RunFilter {
            job: Some(id.clone()),
            states: vec![RunState::Waiting],
            triggers: vec![Trigger::Manual],
            limit: MOST_COMPARED,
            ..RunFilter::default()
        };
        let does_it = |waiting: &Run| {
            let NewRun { account, priority, parameters, .. } = &run;
            waiting.attempt == 0
                && !waiting.cancel_requested
                && (&waiting.account, &waiting.priority, &waiting.parameters)
                    == (account, priority, parameters)
        };
        match engine.store.runs(&filter).await?.into_iter().find(does_it) {
            Some(waiting) => {
                let after = json!({ "parameters": &run.parameters, "joined": true });
                engine.store.record(vec![entry.after(after).of_run(waiting.id)]).await?;
                Ok(Started { run: waiting, joined: true })
            }
            None => Ok(Started { run: engine.queue(run, vec![entry]).await?, joined: false }),
        }
    }

    async fn start(self, id: &JobId, parameters: Parameters) -> Result<Run, EngineError> {
        let (run, entry) = self.prepared(id, parameters).await?;
        self.engine.queue(run, vec![entry]).await
    }

    /// A run by hand, and what the audit says of it.
    async fn prepared(
        &self,
        id: &JobId,
        parameters: Parameters,
    ) -> Result<(NewRun, AuditEntry), EngineError> {
        let engine = &self.engine;
        let job = engine.existing(id).await?;
        let description = engine.runnable(&job.spec.job_type)?;
        engine.planner.check_account(&job.spec)?;
        let mut merged = job.spec.parameters.clone();
        merged.extend(parameters);
        engine.registry.check_parameters(description.job_type, &merged)?;
        let now = engine.clock.now();
        let entry = self.entry(AuditAction::RunStarted, id).after(json!({ "parameters": &merged }));
        let run = NewRun { parameters: merged, ..engine.planner.new_run(&job, Trigger::Manual, now, now) };
        Ok((run, entry))
    }

    /// Queues a repetition of an ended run, with its parameters; from one of the workflow's steps, where that is given.
    pub async fn run_again(self, id: RunId, from_step: Option<String>) -> Result<Run, EngineError> {
        let book = Arc::clone(&self.engine.book);
        book.whole(async move { self.repeat(id, from_step).await }).await
    }

    async fn repeat(self, id: RunId, from_step: Option<String>) -> Result<Run, EngineError> {
        let engine = &self.engine;
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
        let book = Arc::clone(&self.engine.book);
        book.whole(async move { self.stop(id).await }).await
    }

    async fn stop(self, id: RunId) -> Result<Run, EngineError> {
        let engine = &self.engine;
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
    fn entry(&self, action: AuditAction, job: &JobId) -> AuditEntry {
        AuditEntry::of_job(self.engine.clock.now(), &self.actor, action, job)
    }
}
