//! What CONTRIBUTING.md says about adding a job type, word for word, and that it works.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_domain::clock::{ManualClock, SharedClock};
use marktwerk_domain::log::Level;
use marktwerk_domain::run::RunState;
use marktwerk_engine::jobs::JobDraft;
use marktwerk_engine::{Engine, EngineError, EngineOptions, Registry};
use marktwerk_store::SharedStore;
use marktwerk_store::logs::LogFilter;
use marktwerk_store::sqlite::SqliteStore;
use serde_json::{Map, json};

// From here …
use async_trait::async_trait;
use marktwerk_domain::run::{Outcome, WorkflowResult};
use marktwerk_engine::{RunContext, Workflow, WorkflowDescription};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Greeting {
    name: String,
}

struct Greet;

#[async_trait]
impl Workflow for Greet {
    fn description(&self) -> WorkflowDescription {
        WorkflowDescription::of::<Greeting>("greet", "Says hello")
    }

    async fn run(&self, context: &RunContext) -> WorkflowResult {
        let greeting: Greeting = context.parameters()?;
        context.info(format!("hello, {}", greeting.name));
        Ok(Outcome::Done)
    }
}
// … to here.

fn named(name: &str) -> Map<String, serde_json::Value> {
    Map::from_iter([("name".to_owned(), json!(name))])
}

#[tokio::test(start_paused = true)]
async fn the_new_job_type_runs() {
    let clock: SharedClock = ManualClock::starting_at("2026-11-02T09:00:00Z".parse().unwrap());
    let store: SharedStore = Arc::new(SqliteStore::open_in_memory(jiff::tz::TimeZone::UTC).unwrap());
    let registry = Registry::new().with(Greet);
    let engine =
        Engine::start(EngineOptions::default(), store.clone(), clock.clone(), registry).await.unwrap();

    let nobody = JobDraft { job_type: "greet".to_owned(), interval_minutes: Some(5), ..JobDraft::default() };
    let refused = engine.on_behalf_of("test").add_job(nobody.clone()).await;
    assert!(matches!(refused, Err(EngineError::Invalid { .. })), "{refused:?}");

    let job = JobDraft { enabled: true, parameters: named("world"), ..nobody };
    let job = engine.on_behalf_of("test").add_job(job).await.unwrap();
    clock.sleep(Duration::from_secs(301)).await;
    let by_hand = engine.on_behalf_of("test").run_now(&job.id, named("you")).await.unwrap();
    while !engine.is_idle().await.unwrap() {
        clock.sleep(Duration::from_millis(100)).await;
    }

    assert_eq!(store.run(by_hand.id).await.unwrap().unwrap().state, RunState::Succeeded);
    let filter = LogFilter { levels: vec![Level::Info], after: Some(0), limit: 100, ..LogFilter::default() };
    let lines = store.logs(&filter).await.unwrap();
    let lines: Vec<(&str, &str, &str)> = lines
        .iter()
        .map(|row| (row.job_id.as_str(), row.message.as_str(), row.status.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        lines,
        [
            ("greet_1", "greet started (schedule, attempt 1)", "-"),
            ("greet_1", "hello, world", "-"),
            ("greet_1", "greet finished in 0.0 s", "SUCCESS"),
            ("greet_2", "greet started (manual, attempt 1)", "-"),
            ("greet_2", "hello, you", "-"),
            ("greet_2", "greet finished in 0.0 s", "SUCCESS"),
        ]
    );
    engine.shutdown().await;
}

#[test]
fn contributing_says_the_same() {
    let (document, here) = (include_str!("../../../CONTRIBUTING.md"), include_str!("add_a_job_type.rs"));
    let (_, lines) = here.split_once("// From here …\n").unwrap();
    let (lines, _) = lines.split_once("// … to here.\n").unwrap();
    assert!(document.contains(&format!("```rust\n{lines}```\n")), "CONTRIBUTING.md shows something else");
}
