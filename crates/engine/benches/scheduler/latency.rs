//! From the wish to the start, at a hundred per second: on an otherwise idle engine, and behind a long line of another job's runs.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::run::WorkflowResult;
use marktwerk_engine::{RunContext, Workflow, WorkflowDescription};
use marktwerk_store::runs::NewRun;

use crate::house::{House, folder, insert, jobs, open};
use crate::{percentile, report};

const PER_SECOND: u32 = 100;
const SECONDS: u32 = 10;

/// So many runs of a job that is at its limit wait before all others.
const LINE: usize = 10_000;

pub(crate) async fn measure() {
    let note = format!(
        "{PER_SECOND} per second for {SECONDS} s, from the call to the workflow's first line of code"
    );
    let took = starts(0).await;
    report("enqueue_to_start_p50_ms", percentile(&took, 0.50), &note);
    report("enqueue_to_start_p99_ms", percentile(&took, 0.99), &note);
    let note = format!("the same, while {LINE} older runs of a job at its limit wait");
    let took = starts(LINE).await;
    report("behind_a_line_p50_ms", percentile(&took, 0.50), &note);
    report("behind_a_line_p99_ms", percentile(&took, 0.99), &note);
}

/// Works until it is told to stop.
struct Long;

#[async_trait]
impl Workflow for Long {
    fn description(&self) -> WorkflowDescription {
        WorkflowDescription::of::<serde_json::Map<String, serde_json::Value>>(
            "long",
            "Does not end by itself",
        )
    }

    async fn run(&self, _context: &RunContext) -> WorkflowResult {
        std::future::pending().await
    }
}

/// A run of the job `long` at work, and `line` more that wait for it.
async fn occupy(house: &House, line: usize) {
    let store = house.engine.store();
    let first = house
        .engine
        .on_behalf_of("test")
        .run_now(&JobId("long".to_owned()), Parameters::new())
        .await
        .unwrap();
    let next = NewRun {
        job_id: first.job_id,
        job_type: first.job_type,
        account: first.account,
        lane: None,
        trigger: first.trigger,
        caused_by: None,
        planned_at: first.planned_at,
        ready_at: first.ready_at,
        priority: first.priority,
        parameters: Parameters::new(),
        from_step: None,
        marker: None,
        merged: 0,
    };
    let all = (0..line).map(|_| store.enqueue(&next, first.created_at));
    futures::future::try_join_all(all).await.unwrap();
}

/// Milliseconds of each start, the shortest first.
async fn starts(line: usize) -> Vec<f64> {
    let folder = folder();
    let store = open(&folder.path().join("latency.db"));
    let count = (PER_SECOND * SECONDS) as usize;
    let mut all = jobs(count + 1, 86_400, Timestamp::MAX - SignedDuration::from_hours(48));
    if let Some(last) = all.last_mut() {
        last.id = JobId("long".to_owned());
        last.spec.job_type = "long".to_owned();
    }
    insert(&store, &all).await;
    let mut house = House::start_with(store, 64, |registry| registry.with(Long)).await;
    if line > 0 {
        occupy(&house, line).await;
    }
    let mut tick = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    let mut took = Vec::with_capacity(count);
    let mut callers = Vec::with_capacity(count);
    for number in 0..count {
        tick.tick().await;
        let (engine, clock) = (house.engine.clone(), house.clock.clone());
        // The planned time of a start by hand is the moment of the call's arrival, so the wish itself is noted here.
        callers.push(tokio::spawn(async move {
            let wished_at = clock.now();
            let run = engine
                .on_behalf_of("test")
                .run_now(&JobId(format!("empty-{number}")), Parameters::new())
                .await
                .unwrap();
            (run.planned_at, wished_at)
        }));
    }
    let mut wishes = std::collections::HashMap::new();
    for caller in callers {
        let (planned_at, wished_at) = caller.await.unwrap();
        wishes.insert(planned_at, wished_at);
    }
    for _ in 0..count {
        let (begun_at, planned_at) = house.begun.recv().await.unwrap();
        let wished_at = wishes.get(&planned_at).copied().unwrap_or(planned_at);
        took.push(begun_at.duration_since(wished_at).as_secs_f64() * 1_000.0);
    }
    took.sort_by(f64::total_cmp);
    house.engine.shutdown().await;
    took
}
