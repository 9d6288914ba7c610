//! From the call that pushes a task to the task's first line, at a steady rate; and what waiting for tasks costs.

use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use apalis::prelude::*;

use crate::store::{self, POLL, WORKER};
use crate::{percentile, report};

/// After this, what has not started counts as late by the time that has passed.
const PATIENCE: Duration = Duration::from_secs(20);

/// The time of rest whose processor time is counted.
const REST: Duration = Duration::from_secs(5);

/// When each task started, by its number.
#[derive(Clone)]
struct Starts(Arc<Vec<OnceLock<Instant>>>);

impl Deref for Starts {
    type Target = [OnceLock<Instant>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Pushes for some seconds.
pub(crate) async fn measure(folder: &Path, per_second: u32, seconds: u32) -> Result<()> {
    let count = per_second * seconds;
    let database = folder.join("latency.db");
    store::teach(&database).await?;
    let (pool, listener) = store::open(&database).await?;
    let mut storage = store::storage(&pool);
    let starts = Starts((0..count).map(|_| OnceLock::new()).collect::<Vec<_>>().into());
    let backend = storage.clone().poll_with_strategy(store::strategy(listener));
    let worker = WorkerBuilder::new(WORKER).backend(backend).data(starts.clone()).build(note_start);
    let worker = tokio::spawn(worker.run());
    // It registers first; that is not what is measured.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
    let mut called = Vec::new();
    for number in 0..count {
        ticks.tick().await;
        called.push(Instant::now());
        storage.push(number).await?;
    }
    let pushed = Instant::now();
    while starts.iter().any(|start| start.get().is_none()) && pushed.elapsed() < PATIENCE {
        ensure!(!worker.is_finished(), "the worker has given up: {:?}", worker.await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let now = Instant::now();
    let missing = starts.iter().filter(|start| start.get().is_none()).count();
    let took = starts.iter().zip(&called);
    let took = took.map(|(start, called)| start.get().unwrap_or(&now).duration_since(*called));
    let mut took: Vec<f64> = took.map(|took| took.as_secs_f64() * 1_000.0).collect();
    let mut note = format!(
        "{count} tasks at {per_second}/s, from the call of push, which stores it, to the task's start; it looks every {POLL:?}"
    );
    if missing > 0 {
        note += &format!("; {missing} had not started after {PATIENCE:?}");
    }
    report("enqueue_to_start_p50_ms", percentile(&mut took, 0.50), &note);
    report("enqueue_to_start_p99_ms", percentile(&mut took, 0.99), &note);
    rest().await;
    worker.abort();
    pool.close().await;
    Ok(())
}

async fn note_start(number: u32, starts: Data<Starts>) -> Result<(), BoxDynError> {
    // It is set once: no task runs twice here.
    let _ = starts[number as usize].set(Instant::now());
    Ok(())
}

/// With nothing to do, but a worker that looks for it.
async fn rest() {
    let before = processor_seconds();
    tokio::time::sleep(REST).await;
    let used = before.zip(processor_seconds()).map(|(before, after)| after - before);
    let note = match used {
        Some(_) => {
            format!("no tasks, no schedules; it looks every {POLL:?}; {REST:?} long, in percent of one core")
        }
        None => "not measured: no /proc here".to_owned(),
    };
    let percent = used.map(|used| 100.0 * used / REST.as_secs_f64());
    report("empty_idle_cpu_percent", percent, &note);
}

/// User and system time of this process so far; the kernel counts in hundredths of a second.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in front may contain anything.
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / 100.0)
}
