//! What apalis does with its SQLite store: WAL, synchronous=FULL. Run by `cargo xtask bench scheduler`. It prints one JSON
//! object per measurement, as it comes: `{"measure": name, "value": number or null, "note": how it was measured}`.

mod latency;
mod start;
mod store;
mod throughput;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail};

/// What is asked for on the command line.
struct Asked {
    folder: PathBuf,
    runs: u32,
    per_second: u32,
    seconds: u32,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, database] = arguments.as_slice()
        && flag == start::FLAG
    {
        return start::say_when_ready(Path::new(database)).await;
    }
    let asked = parse(&arguments)?;
    if asked.folder.exists() {
        std::fs::remove_dir_all(&asked.folder).context("the folder for the databases cannot be emptied")?;
    }
    std::fs::create_dir_all(&asked.folder).context("the folder for the databases cannot be made")?;
    throughput::bare_loop(&asked.folder).await?;
    throughput::measure(&asked.folder, asked.runs).await?;
    latency::measure(&asked.folder, asked.per_second, asked.seconds).await?;
    start::measure(&asked.folder).await?;
    let schedules = "not offered: its schedules (apalis-cron) live in the program, one worker for each; \
                     the database holds single tasks, due at whole seconds";
    for measure in
        ["start_ms", "bytes_per_schedule", "idle_cpu_percent", "lateness_p50_ms", "lateness_p99_ms"]
    {
        report(measure, None, schedules);
    }
    report("log_lines_per_second", None, "not offered: it stores no log lines");
    Ok(())
}

/// Tells the caller one figure.
fn report(measure: &str, value: Option<f64>, note: &str) {
    println!("{}", serde_json::json!({ "measure": measure, "value": value, "note": note }));
}

/// The smallest value that this share of all does not exceed.
fn percentile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied()
}

fn parse(arguments: &[String]) -> Result<Asked> {
    let mut asked = Asked { folder: PathBuf::new(), runs: 20_000, per_second: 100, seconds: 10 };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { bail!("`{}` has no value", pair[0]) };
        match name.as_str() {
            "--folder" => asked.folder = PathBuf::from(value),
            "--runs" => asked.runs = number(name, value)?,
            "--per-second" => asked.per_second = number(name, value)?,
            "--seconds" => asked.seconds = number(name, value)?,
            _ => bail!("`{name}` is unknown: --folder, --runs, --per-second, --seconds"),
        }
    }
    if asked.folder.as_os_str().is_empty() {
        bail!("--folder is missing: where may the databases lie?");
    }
    Ok(asked)
}

fn number(name: &str, value: &str) -> Result<u32> {
    u32::from_str(value).with_context(|| format!("{name} takes a whole number, not `{value}`"))
}
