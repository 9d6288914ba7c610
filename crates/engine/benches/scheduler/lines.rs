//! Log lines stored, by runs that do nothing else and whose lines are never dropped.

use std::time::Instant;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::run::{Outcome, WorkflowResult};
use marktwerk_engine::{RunContext, Workflow, WorkflowDescription};

use crate::house::{House, folder, insert, jobs, open};
use crate::report;

const RUNS: usize = 8;
const LINES: usize = 25_000;

struct Chatter;

#[async_trait]
impl Workflow for Chatter {
    fn description(&self) -> WorkflowDescription {
        WorkflowDescription::of::<serde_json::Map<String, serde_json::Value>>("chatter", "Talks")
    }

    async fn run(&self, context: &RunContext) -> WorkflowResult {
        for number in 0..LINES {
            context.warning(format!("line {number} of a run that says what it does, as runs do")).await;
        }
        Ok(Outcome::Done)
    }
}

pub(crate) async fn measure() {
    let folder = folder();
    let store = open(&folder.path().join("lines.db"));
    let mut jobs = jobs(RUNS, 86_400, Timestamp::MAX - SignedDuration::from_hours(48));
    jobs.iter_mut().for_each(|job| job.spec.job_type = "chatter".to_owned());
    insert(&store, &jobs).await;
    let house = House::start_with(store, RUNS, |registry| registry.with(Chatter)).await;
    let started = Instant::now();
    for number in 0..RUNS {
        house
            .engine
            .on_behalf_of("test")
            .run_now(&JobId(format!("empty-{number}")), Parameters::new())
            .await
            .unwrap();
    }
    house.is_done().await;
    let lines = (RUNS * LINES) as f64;
    let note = format!("{RUNS} runs, {LINES} lines of level WARNING each");
    report("log_lines_per_second", lines / started.elapsed().as_secs_f64(), &note);
    house.engine.shutdown().await;
}
