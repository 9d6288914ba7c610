//! An engine with one job type whose behaviour the test writes down beforehand.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use marktwerk_domain::clock::{ManualClock, SharedClock};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::job::{Job, JobId, Parameters};
use marktwerk_domain::run::{Outcome, Run, RunId, WorkflowResult};
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::{
    Engine, EngineError, EngineOptions, Probe, ProbeQuestion, ProbeResult, Registry, RunContext, Workflow,
    WorkflowDescription,
};
use marktwerk_store::SharedStore;
use marktwerk_store::logs::LogFilter;
use marktwerk_store::runs::{NewRun, RunFilter};
use marktwerk_store::sqlite::SqliteStore;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What one attempt does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Answers at once.
    Answer(WorkflowResult),
    /// Works for so long, telling progress each minute, then it is done.
    Work(Duration),
    /// Answers after so long.
    Slow(Duration, WorkflowResult),
    /// Does nothing, for ever.
    Hang,
    /// Panics.
    Panic,
    /// Writes so many lines without a pause.
    Chatter(usize),
    /// Says a line after so long and is done a minute later.
    SpeakLate(Duration),
}

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Wishes {
    /// Anything.
    pub(crate) colour: Option<String>,
}

/// Plays acts, one per attempt; without one it is done at once.
#[derive(Clone, Default)]
pub(crate) struct Stage {
    acts: Arc<Mutex<VecDeque<Act>>>,
    /// Colours of the attempts so far.
    pub(crate) colours: Arc<Mutex<Vec<Option<String>>>>,
    /// Attempts at work now, and at the most so far.
    pub(crate) at_work: Arc<Mutex<(usize, usize)>>,
    /// The probe panics.
    pub(crate) is_blind: Arc<AtomicBool>,
    /// What the probe of `play` and `reader` sees, and how often it was asked.
    pub(crate) sight: Arc<Mutex<(Option<ProbeResult>, usize)>>,
}

#[async_trait]
impl Probe for Stage {
    async fn look(&self, _: &ProbeQuestion) -> Result<ProbeResult, Failure> {
        assert!(!self.is_blind.load(Ordering::Relaxed), "nobody looks in this test");
        let mut sight = self.sight.lock().unwrap();
        sight.1 += 1;
        sight.0.clone().ok_or_else(|| Failure::transient("nobody sees anything"))
    }
}

impl Stage {
    /// From now on the probe sees this.
    pub(crate) fn shows(&self, marker: &str, unfinished: Option<&str>) {
        let unfinished = unfinished.map(str::to_owned);
        self.sight.lock().unwrap().0 = Some(ProbeResult { marker: marker.to_owned(), unfinished });
    }

    pub(crate) fn then(&self, act: Act) -> &Self {
        self.acts.lock().unwrap().push_back(act);
        self
    }
}

/// The job type under test.
struct Play {
    stage: Stage,
    job_type: &'static str,
}

#[async_trait]
impl Workflow for Play {
    fn description(&self) -> WorkflowDescription {
        WorkflowDescription {
            accounts: vec!["shop".to_owned()],
            writes: self.job_type != "reader",
            aliases: if self.job_type == "play" { &["old_play"] } else { &[] },
            steps: &["learn", "work"],
            ..WorkflowDescription::of::<Wishes>(self.job_type, "A play")
        }
    }

    async fn run(&self, context: &RunContext) -> WorkflowResult {
        let wishes: Wishes = context.parameters()?;
        self.stage.colours.lock().unwrap().push(wishes.colour);
        let act = self.stage.acts.lock().unwrap().pop_front();
        {
            let mut at_work = self.stage.at_work.lock().unwrap();
            at_work.0 += 1;
            at_work.1 = at_work.1.max(at_work.0);
        }
        let _leaving = Leaving(self.stage.at_work.clone());
        match act.unwrap_or(Act::Answer(Ok(Outcome::Done))) {
            Act::Answer(result) => result,
            Act::Slow(duration, result) => {
                context.clock().sleep(duration).await;
                result
            }
            Act::Panic => panic!("the curtain fell"),
            Act::Hang => std::future::pending().await,
            Act::Work(duration) => {
                let step = context.begin_step("work").await;
                for _ in 0..duration.as_secs().div_ceil(60) {
                    context.clock().sleep(Duration::from_secs(60).min(duration)).await;
                    step.count("minutes", 1);
                }
                step.end(Ok::<(), Failure>(())).await?;
                Ok(Outcome::Done)
            }
            Act::SpeakLate(after) => {
                context.clock().sleep(after).await;
                context.info("a late line");
                context.clock().sleep(Duration::from_secs(60)).await;
                Ok(Outcome::Done)
            }
            Act::Chatter(lines) => {
                for number in 0..lines {
                    context.info(format!("line {number}"));
                }
                context.warning("a warning among them").await;
                Ok(Outcome::Done)
            }
        }
    }
}

struct Leaving(Arc<Mutex<(usize, usize)>>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.lock().unwrap().0 -= 1;
    }
}

/// An engine, its store, and its stage.
pub(crate) struct House {
    pub(crate) engine: Arc<Engine>,
    pub(crate) store: SharedStore,
    pub(crate) clock: SharedClock,
    pub(crate) stage: Stage,
    pub(crate) options: EngineOptions,
}

pub(crate) fn clock() -> SharedClock {
    ManualClock::starting_at("2026-11-02T09:00:00Z".parse().unwrap())
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(EngineOptions::default()).await
    }

    pub(crate) async fn open_with(options: EngineOptions) -> Self {
        Self::try_open(options).await.unwrap()
    }

    pub(crate) async fn try_open(options: EngineOptions) -> Result<Self, EngineError> {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let store: SharedStore = Arc::new(SqliteStore::open_in_memory(zone).unwrap());
        Self::on(store, clock(), options, Stage::default()).await
    }

    pub(crate) async fn with_file(path: PathBuf) -> Result<Self, EngineError> {
        Self::try_open(EngineOptions { jobs_file: Some(path), ..EngineOptions::default() }).await
    }

    pub(crate) async fn on(
        store: SharedStore,
        clock: SharedClock,
        options: EngineOptions,
        stage: Stage,
    ) -> Result<Self, EngineError> {
        let play = |job_type| Play { stage: stage.clone(), job_type };
        let probe = |registry: Registry, job_type| registry.with_probe(job_type, Arc::new(stage.clone()));
        let registry = Registry::new().with(play("play")).with(play("reader"));
        let registry = probe(probe(registry, "play"), "reader");
        let engine = Engine::start(options.clone(), store.clone(), clock.clone(), registry).await?;
        Ok(Self { engine, store, clock, stage, options })
    }

    /// Another process on the same database, as after a crash or an end.
    pub(crate) async fn reopen(&self) -> Self {
        self.reopen_with([]).await
    }

    /// The same, whose first attempts do this: they may begin before anybody else gets a word in.
    pub(crate) async fn reopen_with<const ACTS: usize>(&self, acts: [Act; ACTS]) -> Self {
        let stage = Stage::default();
        for act in acts {
            stage.then(act);
        }
        Self::on(self.store.clone(), self.clock.clone(), self.options.clone(), stage).await.unwrap()
    }

    /// Another process beside this one, with other options.
    pub(crate) async fn beside(&self, options: EngineOptions) -> Self {
        Self::on(self.store.clone(), self.clock.clone(), options, self.stage.clone()).await.unwrap()
    }

    pub(crate) async fn add(&self, job_type: &str, minutes: i64) -> Job {
        let job = JobDraft {
            job_type: job_type.to_owned(),
            interval_minutes: Some(minutes),
            enabled: true,
            ..JobDraft::default()
        };
        self.engine.on_behalf_of("test").add_job(job).await.unwrap()
    }

    /// Adds a job as it would be written.
    pub(crate) async fn add_written(&self, document: Value) -> Job {
        self.try_add(document).await.unwrap()
    }

    pub(crate) async fn try_add(&self, document: Value) -> Result<Job, EngineError> {
        self.engine.on_behalf_of("test").add_job(JobDraft::read(document)?).await
    }

    /// Changes the fields of a job that the document names.
    pub(crate) async fn change(&self, job: &JobId, document: Value) -> Result<Job, EngineError> {
        self.engine.on_behalf_of("test").change_job(job, document.as_object().unwrap(), None).await
    }

    pub(crate) async fn start(&self, job: &JobId) -> Run {
        self.engine.on_behalf_of("test").run_now(job, Parameters::new()).await.unwrap()
    }

    pub(crate) async fn pass(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }

    pub(crate) async fn minutes(&self, minutes: u64) {
        self.pass(Duration::from_secs(60 * minutes)).await;
    }

    /// Waits for the end of a run.
    pub(crate) async fn end_of(&self, id: RunId) -> Run {
        let mut changes = self.store.changes();
        loop {
            changes.borrow_and_update();
            let run = self.run(id).await;
            if run.state.is_ended() {
                return run;
            }
            changes.changed().await.unwrap();
        }
    }

    pub(crate) async fn run(&self, id: RunId) -> Run {
        self.store.run(id).await.unwrap().unwrap()
    }

    /// All runs, oldest first.
    pub(crate) async fn runs(&self) -> Vec<Run> {
        let filter = RunFilter { limit: 100_000, ..RunFilter::default() };
        let mut runs = self.store.runs(&filter).await.unwrap();
        runs.reverse();
        runs
    }

    /// The log as text: level, execution, message, closing status.
    pub(crate) async fn log(&self) -> Vec<String> {
        let filter = LogFilter { after: Some(0), limit: 1_000_000, ..LogFilter::default() };
        let rows = self.store.logs(&filter).await.unwrap();
        rows.iter()
            .map(|row| {
                let status = row.status.as_deref().map(|status| format!(" [{status}]")).unwrap_or_default();
                format!("{} {} {}{status}", row.level, row.job_id, row.message)
            })
            .collect()
    }

    /// The whole scheduler as text that a person can read.
    pub(crate) async fn picture(&self) -> String {
        let mut text = String::new();
        for job in self.engine.jobs().await.unwrap() {
            let Job {
                id,
                spec,
                target: _,
                version,
                anchor: _,
                next_due,
                created_at: _,
                archived: _,
                history,
                health: _,
            } = job;
            let due = next_due.map(|due| self.since_start(due)).unwrap_or_else(|| "never".to_owned());
            text += &format!(
                "job {id} v{version} {} due {due}, failures {}, error {:?}\n",
                if spec.enabled { "on" } else { "off" },
                history.failures_in_a_row,
                history.last_error
            );
        }
        for run in self.runs().await {
            let planned = self.since_start(run.planned_at);
            text += &format!(
                "run {} of {} {} planned {planned} {} attempts {}/{} merged {} error {:?}\n",
                run.id,
                run.job_id,
                run.trigger.as_str(),
                run.state.as_str(),
                run.attempts_used,
                run.attempt,
                run.merged,
                run.error
            );
        }
        text
    }

    /// Puts so many more runs like this one into the queue, past the dispatcher.
    pub(crate) async fn fill(&self, like: &Run, count: usize) {
        let run = NewRun {
            job_id: like.job_id.clone(),
            job_type: like.job_type.clone(),
            account: like.account.clone(),
            lane: None,
            trigger: like.trigger,
            caused_by: None,
            planned_at: like.planned_at,
            ready_at: like.ready_at,
            priority: like.priority,
            parameters: Parameters::new(),
            from_step: None,
            marker: None,
            merged: 0,
        };
        let queued = (0..count).map(|_| self.store.enqueue(&run, like.ready_at));
        futures::future::try_join_all(queued).await.unwrap();
    }

    /// The runs of a job as a merchant would read them, in the wall time of Berlin. Many equal runs in a row are one line.
    pub(crate) async fn history(&self, job: &str) -> String {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let when = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%a %H:%M").to_string();
        let mut lines: Vec<(String, Vec<String>)> = Vec::new();
        for run in self.runs().await.iter().filter(|run| run.job_id.as_str() == job) {
            let cause = run.caused_by.map(|cause| format!(" of run {cause}")).unwrap_or_default();
            let more = if run.merged > 0 { format!(", and {} more", run.merged) } else { String::new() };
            let error = run.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            let words = format!("{}{cause}, {}{more}{error}", run.trigger.as_str(), run.state.as_str());
            match lines.last_mut() {
                Some((last, times)) if *last == words => times.push(when(run.planned_at)),
                _ => lines.push((words, vec![when(run.planned_at)])),
            }
        }
        let line = |(words, times): &(String, Vec<String>)| match times.as_slice() {
            [only] => format!("{only} {words}\n"),
            [first, .., last] => format!("{first} … {last}, {} runs, each {words}\n", times.len()),
            [] => String::new(),
        };
        lines.iter().map(line).collect()
    }

    fn since_start(&self, at: jiff::Timestamp) -> String {
        let start: jiff::Timestamp = "2026-11-02T09:00:00Z".parse().unwrap();
        format!("+{}s", at.duration_since(start).as_secs())
    }
}
