//! Empty runs from a caller's wish to the stored end: a run row, an attempt and two log lines each.

use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::job::{JobId, Parameters};

use crate::house::{House, folder, insert, jobs, open};
use crate::report;

const RUNS: usize = 40_000;
const JOBS: usize = 2_000;
/// Callers at the same time; a commit is shared by all that wait for it.
const CALLERS: usize = 512;
const WORKERS: usize = 1_024;

pub(crate) async fn measure() {
    let folder = folder();
    let store = open(&folder.path().join("runs.db"));
    insert(&store, &jobs(JOBS, 86_400, Timestamp::MAX - SignedDuration::from_hours(48))).await;
    let house = Arc::new(House::start(store, WORKERS).await);
    let started = Instant::now();
    let callers = (0..CALLERS).map(|caller| {
        let house = Arc::clone(&house);
        tokio::spawn(async move {
            for number in (caller..RUNS).step_by(CALLERS) {
                let id = JobId(format!("empty-{}", number % JOBS));
                house.engine.on_behalf_of("test").run_now(&id, Parameters::new()).await.unwrap();
            }
        })
    });
    futures::future::try_join_all(callers).await.unwrap();
    let enqueued = started.elapsed();
    house.is_done().await;
    let seconds = started.elapsed().as_secs_f64();
    let note = format!(
        "{RUNS} runs of {JOBS} jobs, {CALLERS} callers, {WORKERS} workers; all were enqueued after {:.1} s",
        enqueued.as_secs_f64()
    );
    report("runs_per_second", RUNS as f64 / seconds, &note);
    house.engine.shutdown().await;
    scheduled().await;
}

/// The same from schedules: as many jobs as can be are due each second.
async fn scheduled() {
    const JOBS: usize = 40_000;
    let folder = folder();
    let store = open(&folder.path().join("scheduled.db"));
    let due = crate::clock::clock().now() - SignedDuration::from_secs(1);
    let mut jobs = jobs(JOBS, 86_400, due);
    jobs.iter_mut().for_each(|job| job.next_due = Some(due));
    insert(&store, &jobs).await;
    let started = Instant::now();
    let mut house = House::start(store, WORKERS).await;
    // Before the first firing nothing waits either.
    for _ in 0..JOBS {
        house.begun.recv().await.unwrap();
    }
    house.is_done().await;
    let per_second = JOBS as f64 / started.elapsed().as_secs_f64();
    report(
        "scheduled_runs_per_second",
        per_second,
        &format!("{JOBS} schedules due at once, the start included"),
    );
    house.engine.shutdown().await;
}
