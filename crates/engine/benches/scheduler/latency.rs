//! From the wish to the start, at a hundred per second on an otherwise idle engine.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::job::{JobId, Parameters};

use crate::house::{House, folder, insert, jobs, open};
use crate::{percentile, report};

const PER_SECOND: u32 = 100;
const SECONDS: u32 = 10;

pub(crate) async fn measure() {
    let folder = folder();
    let store = open(&folder.path().join("latency.db"));
    let count = (PER_SECOND * SECONDS) as usize;
    insert(&store, &jobs(count, 86_400, Timestamp::MAX - SignedDuration::from_hours(48))).await;
    let mut house = House::start(store, 64).await;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    let mut took = Vec::with_capacity(count);
    let mut callers = Vec::with_capacity(count);
    for number in 0..count {
        tick.tick().await;
        let (engine, clock) = (house.engine.clone(), house.clock.clone());
        // The planned time of a start by hand is the moment of the call's arrival, so the wish itself is noted here.
        callers.push(tokio::spawn(async move {
            let wished_at = clock.now();
            let run = engine.run_now(&JobId(format!("empty-{number}")), Parameters::new()).await.unwrap();
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
    let note = format!(
        "{PER_SECOND} per second for {SECONDS} s, from the call to the workflow's first line of code"
    );
    report("enqueue_to_start_p50_ms", percentile(&took, 0.50), &note);
    report("enqueue_to_start_p99_ms", percentile(&took, 0.99), &note);
    house.engine.shutdown().await;
}
