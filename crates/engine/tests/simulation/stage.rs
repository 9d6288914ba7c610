//! Where the acts are played: the workflows, probes and questions of a process.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::clock::Clock;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::run::WorkflowResult;
use marktwerk_engine::probe::{Probe, ProbeQuestion, ProbeResult};
use marktwerk_engine::{Diagnose, Registry, RunContext, Workflow, WorkflowDescription};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::acts::{self, Act};
use crate::ground::Ground;
use crate::kinds::{KINDS, Kind};
use crate::process::{Passing, Process};
use crate::trace::{Said, What, Who};

/// Work that moves tells so this often.
const MOVES_EVERY: Duration = Duration::from_secs(10);

/// The outside world as a process sees it.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) ground: Arc<Ground>,
    pub(crate) process: Arc<Process>,
}

impl Stage {
    pub(crate) fn registry(&self) -> Registry {
        let mut registry = Registry::new().with_diagnose(Arc::new(self.clone()));
        for kind in KINDS {
            registry = registry.with(Play { stage: self.clone(), kind: *kind });
            if kind.has_probe {
                registry = registry.with_probe(kind.name, Arc::new(self.clone()));
            }
        }
        registry
    }

    fn note(&self, what: What) {
        self.ground.trace.note(self.process.number, what, Vec::new());
    }

    async fn take(&self, duration: Duration) {
        if !duration.is_zero() {
            self.ground.clock.sleep(duration).await;
        }
        self.process.pass(Passing::Worker).await;
    }
}

/// A job type.
struct Play {
    stage: Stage,
    kind: Kind,
}

/// Parameters of most job types.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Wishes {
    /// Whose run it is.
    name: Option<String>,
    /// Anything.
    size: Option<u32>,
}

/// Those of a job type that takes fewer.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct FewerWishes {
    name: Option<String>,
}

#[async_trait]
impl Workflow for Play {
    fn description(&self) -> WorkflowDescription {
        let Kind { name, accounts, writes, has_probe: _ } = self.kind;
        let described = match name {
            "chore" => WorkflowDescription::of::<FewerWishes>(name, "A play"),
            _ => WorkflowDescription::of::<Wishes>(name, "A play"),
        };
        WorkflowDescription {
            accounts: accounts.iter().map(|account| (*account).to_owned()).collect(),
            writes,
            ..described
        }
    }

    async fn run(&self, context: &RunContext) -> WorkflowResult {
        let stage = &self.stage;
        stage.take(Duration::ZERO).await;
        let run = context.run();
        let mut at_work = AtWork { stage, who: (run.id, context.epoch()), said: None };
        stage.note(What::WorkBegan(at_work.who));
        let act = match stage.ground.is_calm() {
            true => Act::CALM,
            false => Act::of(&stage.ground.world, run, stage.ground.trace.since()),
        };
        let was_stopped = tokio::select! {
            biased;
            () = context.stopped(), if !act.is_stubborn => true,
            () = self.perform(&act, context) => false,
        };
        stage.take(Duration::ZERO).await;
        let answer = match was_stopped {
            true => Some(Err(Failure::transient("it was asked to stop"))),
            false => act.answer.at(stage.ground.clock.now()),
        };
        match answer {
            Some(result) => {
                at_work.said = Some(Said::Result(result.clone()));
                result
            }
            None => {
                at_work.said = Some(Said::Panicked);
                // Without the noise of a panic that nobody expects.
                std::panic::resume_unwind(Box::new("the curtain fell"))
            }
        }
    }
}

impl Play {
    async fn perform(&self, act: &Act, context: &RunContext) {
        let Some(mut left) = act.works else { return std::future::pending().await };
        if left.is_zero() {
            return;
        }
        let step = context.begin_step("work").await;
        while !left.is_zero() {
            let part = left.min(MOVES_EVERY);
            self.stage.take(part).await;
            left -= part;
            if act.moves {
                step.count("parts", 1);
            }
        }
        if act.writes_outside && context.ensure_lease().is_ok() {
            let who = (context.run().id, context.epoch());
            self.stage.note(What::WroteOutside(who));
        }
        step.warning("something needs a look", Value::Null).await;
        let _ = step.end(Ok::<(), Failure>(())).await;
    }
}

/// Somebody is at work; says when he is no more.
struct AtWork<'a> {
    stage: &'a Stage,
    who: Who,
    said: Option<Said>,
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.stage.note(What::WorkEnded(self.who, self.said.take()));
    }
}

#[async_trait]
impl Probe for Stage {
    async fn look(&self, question: &ProbeQuestion) -> Result<ProbeResult, Failure> {
        let job = question.parameters.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let word = acts::sight(&self.ground.world, &job, self.ground.trace.since());
        let is_in_time = word.takes < Duration::from_secs(30);
        self.note(What::Probed(job, is_in_time.then(|| word.answer.clone())));
        self.take(word.takes).await;
        word.answer
    }
}

#[async_trait]
impl Diagnose for Stage {
    fn accounts(&self) -> Vec<AccountSummary> {
        Vec::new()
    }

    async fn test_account(&self, name: &str) -> Result<AccountHealth, Failure> {
        self.examine(name).await.map(|()| AccountHealth { message: "well".to_owned(), expires_at: None })
    }

    async fn test_erp(&self) -> Result<Vec<String>, Failure> {
        self.examine("erp").await.map(|()| Vec::new())
    }

    fn describe(&self) -> String {
        "a simulation".to_owned()
    }
}

impl Stage {
    async fn examine(&self, what: &str) -> Result<(), Failure> {
        let word = acts::health(&self.ground.world, what, self.ground.trace.since());
        let is_well = word.answer.is_ok() && word.takes < Duration::from_secs(30);
        self.note(What::Examined(what.to_owned(), is_well));
        self.take(word.takes).await;
        word.answer
    }
}
