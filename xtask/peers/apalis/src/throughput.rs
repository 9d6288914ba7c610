//! Empty tasks per second, from the first push to the last row; and what SQLite itself does meanwhile.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use apalis::prelude::*;

use crate::report;
use crate::store::{self, BATCH, WORKER};

/// Measured this often; the median counts.
const ROUNDS: usize = 3;
/// Without statistics it becomes slower with each task; fewer of them show it.
const UNTAUGHT_RUNS: u32 = 5_000;
/// How long the bare loop runs.
const BARE: Duration = Duration::from_secs(1);
/// Nobody waits longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one connection of SQLite does on this machine right now: the disk's speed changes with what else runs.
pub(crate) async fn bare_loop(folder: &Path) -> Result<()> {
    let (pool, _) = store::open(&folder.join("bare.db")).await?;
    let mut connection = pool.acquire().await?;
    sqlx::query("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)").execute(&mut *connection).await?;
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < BARE {
        let insert = "INSERT INTO rows (text) VALUES ('a row of a run, about as long as one is')";
        sqlx::query(insert).execute(&mut *connection).await?;
        count += 1;
    }
    let per_second = f64::from(count) / begun.elapsed().as_secs_f64();
    let note = "the limit: a bare loop that stores one short row per transaction";
    report("commits_per_second", Some(per_second), note);
    Ok(())
}

/// Both ways: with SQLite's statistics, and as its documentation leaves the database.
pub(crate) async fn measure(folder: &Path, runs: u32) -> Result<()> {
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let database = folder.join(format!("throughput-{round}.db"));
        store::teach(&database).await?;
        rounds.push(run_tasks(&database, runs).await?);
    }
    rounds.sort();
    let (in_all, once_pushed) = rounds[ROUNDS / 2];
    let note = format!(
        "{runs} tasks, pushed and fetched {BATCH} at a time, median of {ROUNDS}; one row per task is kept; after ANALYZE; \
         {:.0}/s when pushing is not counted",
        f64::from(runs) / once_pushed.as_secs_f64()
    );
    report("runs_per_second", Some(f64::from(runs) / in_all.as_secs_f64()), &note);
    let (in_all, _) = run_tasks(&folder.join("untaught.db"), UNTAUGHT_RUNS).await?;
    let note = format!(
        "{UNTAUGHT_RUNS} tasks; without ANALYZE, which its set-up does not do, each task costs more the more have ended"
    );
    report("runs_per_second_as_set_up", Some(f64::from(UNTAUGHT_RUNS) / in_all.as_secs_f64()), &note);
    Ok(())
}

/// Pushes, then runs; how long in all, and how long once they were pushed.
async fn run_tasks(database: &Path, runs: u32) -> Result<(Duration, Duration)> {
    let (pool, listener) = store::open(database).await?;
    let before = store::ended(&pool).await?;
    let mut storage = store::storage(&pool);
    let backend = storage.clone().poll_with_strategy(store::strategy(listener));
    let begun = Instant::now();
    // One call is one transaction.
    let numbers: Vec<u32> = (0..runs).collect();
    for batch in numbers.chunks(BATCH) {
        storage.push_bulk(batch.to_vec()).await?;
    }
    let pushed = Instant::now();
    let worker = WorkerBuilder::new(WORKER).backend(backend).concurrency(BATCH).build(empty_task);
    let worker = tokio::spawn(worker.run());
    while store::ended(&pool).await? < before + i64::from(runs) {
        ensure!(!worker.is_finished(), "the worker has given up: {:?}", worker.await);
        ensure!(pushed.elapsed() < PATIENCE, "not done after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = (begun.elapsed(), pushed.elapsed());
    worker.abort();
    pool.close().await;
    Ok(took)
}

async fn empty_task(_number: u32) -> Result<(), BoxDynError> {
    Ok(())
}
