//! What people do: they start, cancel, pause, change, add and remove.

use std::sync::Arc;

use marktwerk_domain::job::{Job, JobId, Parameters};
use marktwerk_domain::policy::Condition;
use marktwerk_domain::run::{Run, RunState};
use marktwerk_domain::schedule::Schedule;
use marktwerk_engine::jobs::{JobDraft, Seconds};
use marktwerk_engine::{Engine, EngineError};
use marktwerk_store::runs::RunFilter;
use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::ground::at_once;
use crate::play::Play;
use crate::script::Deed;
use crate::trace::What;
use crate::{kinds, schedules, world};

/// Runs that a person sees to choose from.
const SEEN: usize = 50;

impl Play {
    /// The jobs as they stand in the database.
    fn jobs(&self) -> Vec<Job> {
        at_once(self.ground.store.jobs(false)).unwrap_or_default()
    }

    /// The runs that have not ended.
    pub(crate) fn live_runs(&self) -> Vec<Run> {
        let states = vec![RunState::Waiting, RunState::Running, RunState::Retrying];
        self.some_runs(states)
    }

    fn some_runs(&self, states: Vec<RunState>) -> Vec<Run> {
        let filter = RunFilter { states, limit: SEEN, ..RunFilter::default() };
        at_once(self.ground.store.runs(&filter)).unwrap_or_default()
    }

    pub(crate) async fn ask_for(&mut self, deed: Deed) {
        match deed {
            Deed::RunNow(which) => {
                let Some(job) = one_of(self.jobs(), which) else { return };
                let mut dice = Dice::of([which]);
                let size = (job.spec.job_type != "chore" && dice.happens(30)).then(|| dice.between(1, 5));
                let parameters: Parameters =
                    size.map(|size| ("size".to_owned(), json!(size))).into_iter().collect();
                let asked = format!("start {} with {}", job.id, Value::Object(parameters.clone()));
                self.ask(asked, |engine| async move {
                    engine.on_behalf_of("test").run_now(&job.id, parameters).await.map(drop)
                })
                .await;
            }
            Deed::RunAgain(which) => {
                let ended = vec![RunState::Succeeded, RunState::Failed, RunState::Cancelled, RunState::Lost];
                let Some(run) = one_of(self.some_runs(ended), which) else { return };
                let asked = format!("repeat run {}", run.id);
                self.ask(asked, |engine| async move {
                    engine.on_behalf_of("test").run_again(run.id, None).await.map(drop)
                })
                .await;
            }
            Deed::Cancel(which) => {
                let Some(run) = one_of(self.live_runs(), which) else { return };
                let asked = format!("cancel run {}", run.id);
                self.ask(asked, |engine| async move {
                    engine.on_behalf_of("test").cancel(run.id).await.map(drop)
                })
                .await;
            }
            Deed::Pause(which) => {
                let Some(job) = one_of(self.jobs(), which) else { return };
                self.change(vec![job.id], json!({ "enabled": false })).await;
            }
            Deed::Resume(which) => {
                let paused = self.jobs().into_iter().filter(|job| !job.spec.enabled).collect();
                let Some(job) = one_of(paused, which) else { return };
                self.change(vec![job.id], json!({ "enabled": true })).await;
            }
            Deed::ResumeAll => {
                let paused = self.jobs().into_iter().filter(|job| !job.spec.enabled).map(|job| job.id);
                self.change(paused.collect(), json!({ "enabled": true })).await;
            }
            Deed::Reschedule(which) => {
                let Some(job) = one_of(self.jobs(), which) else { return };
                let patch = self.another_schedule(which);
                self.change(vec![job.id], patch).await;
            }
            Deed::Repolicy(which) => {
                let Some(job) = one_of(self.jobs(), which) else { return };
                let patch = another_policy(which, &job);
                self.change(vec![job.id], patch).await;
            }
            Deed::Remove(which) => {
                let Some(job) = one_of(self.jobs(), which) else { return };
                let asked = format!("remove {}", job.id);
                self.ask(asked, |engine| async move {
                    engine.on_behalf_of("test").remove_job(&job.id, None).await
                })
                .await;
            }
            Deed::Add(which) => {
                // Often one that was removed: it comes back to life.
                let Some(draft) = one_of(self.ground.world.jobs.clone(), which) else { return };
                let asked = format!("add {}", draft.id.clone().unwrap_or_default());
                self.ask(asked, |engine| async move {
                    engine.on_behalf_of("test").add_job(draft).await.map(drop)
                })
                .await;
            }
            _ => {}
        }
    }

    /// From now on no job runs by itself any more, and none is paused: what waits, and what was held by a pause, comes to its end.
    pub(crate) async fn let_all_end(&mut self) {
        let is_over = |job: &Job| job.spec.enabled && job.spec.schedule == Schedule::Manual;
        let ids = self.jobs().into_iter().filter(|job| !is_over(job)).map(|job| job.id).collect();
        self.change(ids, json!({ "manual": true, "enabled": true })).await;
    }

    async fn change(&mut self, ids: Vec<JobId>, patch: Value) {
        let Value::Object(patch): Value = patch else { return };
        if ids.is_empty() {
            return;
        }
        let names: Vec<&str> = ids.iter().map(JobId::as_str).collect();
        let asked = format!("change {} to {}", names.join(", "), Value::Object(patch.clone()));
        let change = |engine: Arc<Engine>| async move { change_jobs(&engine, &ids, &patch).await };
        self.ask(asked, change).await;
    }

    fn another_schedule(&self, which: u64) -> Value {
        let mut dice = Dice::of([which]);
        let mut draft = JobDraft::default();
        schedules::set(&mut dice, self.ground.world.size, &mut draft);
        let JobDraft { every, from, cron, daily, manual, .. } = draft;
        let mut patch =
            json!({ "every": every, "from": from, "cron": cron, "daily": daily, "manual": manual });
        if dice.happens(30) {
            patch["time_zone"] = json!(schedules::zone(&mut dice));
        }
        patch
    }

    async fn ask<F, A>(&mut self, asked: String, ask: F)
    where
        F: FnOnce(Arc<Engine>) -> A,
        A: Future<Output = Result<(), EngineError>> + Send + 'static,
    {
        self.ground.trace.note(self.process.number, What::Asked(asked.clone()), Vec::new());
        let answer = match self.with(ask).await {
            Some(Ok(())) => "done".to_owned(),
            Some(Err(error)) => error.to_string(),
            None => "no answer".to_owned(),
        };
        self.ground.trace.note(self.process.number, What::Asked(format!("{asked}: {answer}")), Vec::new());
    }
}

/// Where somebody else was quicker it is tried again, as a person would.
async fn change_jobs(
    engine: &Arc<Engine>,
    ids: &[JobId],
    patch: &Map<String, Value>,
) -> Result<(), EngineError> {
    let mut answer = engine.on_behalf_of("test").change_jobs(ids, patch, None).await;
    for _ in 0..3 {
        if !matches!(answer, Err(EngineError::Store(_))) {
            break;
        }
        answer = engine.on_behalf_of("test").change_jobs(ids, patch, None).await;
    }
    answer.map(drop)
}

fn one_of<T>(mut of: Vec<T>, which: u64) -> Option<T> {
    let index = usize::try_from(which % of.len().max(1) as u64).ok()?;
    (index < of.len()).then(|| of.swap_remove(index))
}

fn another_policy(which: u64, job: &Job) -> Value {
    let mut dice = Dice::of([which]);
    match dice.between(0, 9) {
        0 => json!({ "overlap": world::overlap(&mut dice) }),
        1 => json!({ "max_instances": dice.between(1, 3) }),
        2 => json!({ "retry": world::retry(&mut dice) }),
        3 => json!({ "priority": dice.pick(&["high", "medium", "low"]) }),
        4 => {
            json!({ "misfire": dice.pick(&["latest", "all", "skip"]), "grace": dice.pick(&[None, Some(Seconds(60))]) })
        }
        5 => json!({ "jitter": dice.pick(&[None, Some(Seconds(8))]) }),
        6 => json!({ "time_limit": dice.pick(&[None, Some(Seconds(30))]) }),
        7 => json!({ "conditions": dice.pick(&[vec![], vec![Condition::ErpReachable]]) }),
        8 => {
            json!({ "account": dice.pick(kinds::kind(&job.spec.job_type).accounts.get(..1).unwrap_or(&[""])) })
        }
        _ => {
            let size = (job.spec.job_type != "chore").then(|| dice.between(1, 3));
            json!({ "parameters": world::parameters(job.id.as_str(), size) })
        }
    }
}
