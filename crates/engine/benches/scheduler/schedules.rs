//! A hundred thousand schedules: the start with them, what they take while nothing is due, and how late they are when it is.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use crate::clock::clock;
use crate::house::{House, folder, insert, jobs, open};
use crate::process::{cpu_seconds, resident_bytes};
use crate::{percentile, report};

const SCHEDULES: usize = 100_000;
const IDLE: Duration = Duration::from_secs(20);
/// With this interval a hundred are due per second.
const INTERVAL: u32 = 1_000;
const DUE: usize = 1_000;

/// Two processes of their own, each on a file that this one has filled: not due for hours, and a hundred due per second.
pub(crate) fn measure() {
    let folder = folder();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let now = clock().now();
    for (name, count, seconds, start) in [
        ("empty", 0, 3_600, now),
        ("idle", SCHEDULES, 86_400, now + SignedDuration::from_hours(24)),
        ("due", SCHEDULES, INTERVAL, now + SignedDuration::from_secs(30)),
    ] {
        let path = folder.path().join(format!("{name}.db"));
        runtime.block_on(async {
            let store = open(&path);
            insert(&store, &jobs(count, seconds, start)).await;
        });
    }
    for name in ["empty", "idle", "due"] {
        let path = folder.path().join(format!("{name}.db"));
        let status = Command::new(std::env::current_exe().unwrap()).arg("schedules").arg(path).status();
        assert!(status.unwrap().success());
    }
}

/// In a process of its own.
pub(crate) async fn measure_here(path: String) {
    let path = Path::new(&path);
    let name = path.file_stem().unwrap().to_str().unwrap();
    let before = resident_bytes();
    let started = Instant::now();
    let mut house = House::start(open(path), 64).await;
    let start = started.elapsed().as_secs_f64() * 1_000.0;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let grown = resident_bytes() - before;
    match name {
        "empty" => {
            report("empty_start_ms", start, "the engine on an empty database, its schema in place");
            report("idle_memory_mb", resident_bytes() / 1e6, "resident memory of this process, no schedules");
        }
        "idle" => {
            report("start_ms", start, &format!("{SCHEDULES} schedules"));
            let note =
                format!("resident memory by which {SCHEDULES} schedules make the process grow, per schedule");
            report("bytes_per_schedule", grown / SCHEDULES as f64, &note);
            let used = cpu_seconds();
            tokio::time::sleep(IDLE).await;
            let percent = (cpu_seconds() - used) / IDLE.as_secs_f64() * 100.0;
            report(
                "idle_cpu_percent",
                percent,
                &format!("of a core, {SCHEDULES} schedules, none due for a day"),
            );
        }
        _ => {
            let mut late = Vec::with_capacity(DUE);
            while late.len() < DUE {
                let (begun_at, planned_at) = house.begun.recv().await.unwrap();
                late.push(begun_at.duration_since(planned_at).as_secs_f64() * 1_000.0);
            }
            late.sort_by(f64::total_cmp);
            let note = format!(
                "{DUE} runs, of {SCHEDULES} schedules a hundred due per second, planned time to first line of code"
            );
            report("lateness_p50_ms", percentile(&late, 0.50), &note);
            report("lateness_p99_ms", percentile(&late, 0.99), &note);
        }
    }
    house.engine.shutdown().await;
}
