//! From the start of a process to a worker that has registered and looks for work; and the memory that this takes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use apalis::prelude::*;

use crate::report;
use crate::store::{self, WORKER};

/// Makes this program the process that is measured.
pub(crate) const FLAG: &str = "--start";

/// From its word to the look at its memory.
const SETTLE: Duration = Duration::from_secs(1);

/// Starts one and waits for its word.
pub(crate) async fn measure(folder: &Path) -> Result<()> {
    let database = folder.join("start.db");
    store::teach(&database).await?;
    let program = std::env::current_exe().context("this program does not know where it is")?;
    let begun = Instant::now();
    let mut command = Command::new(program);
    command.arg(FLAG).arg(&database).stdout(Stdio::piped());
    let mut process = command.spawn().context("the process to be measured cannot be started")?;
    let output = process.stdout.take().context("the process has no output")?;
    let word = BufReader::new(output).lines().next().transpose()?;
    let took = begun.elapsed();
    tokio::time::sleep(SETTLE).await;
    let megabytes = resident_megabytes(process.id());
    process.kill()?;
    process.wait()?;
    word.context("the process ended before it was ready")?;
    let note = "from the process to a registered worker; no schedules, 1000 ended tasks";
    report("empty_start_ms", Some(took.as_secs_f64() * 1_000.0), note);
    let note =
        if megabytes.is_some() { "resident memory of that process" } else { "not measured: no /proc here" };
    report("idle_memory_mb", megabytes, note);
    Ok(())
}

/// Memory of a process, where the kernel tells it.
fn resident_megabytes(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1_024.0)
}

/// The process that is measured: says so when it is ready, and is then ended by the other.
pub(crate) async fn say_when_ready(database: &Path) -> Result<()> {
    let (pool, listener) = store::open(database).await?;
    let backend = store::storage(&pool).poll_with_strategy(store::strategy(listener));
    let worker = WorkerBuilder::new(WORKER)
        .backend(backend)
        .on_event(|_, event| {
            // The first of them comes when it has registered.
            if matches!(event, Event::HeartBeat) {
                println!("ready");
            }
        })
        .build(nothing);
    tokio::time::timeout(Duration::from_secs(60), worker.run()).await??;
    Ok(())
}

async fn nothing(_number: u32) -> Result<(), BoxDynError> {
    Ok(())
}
