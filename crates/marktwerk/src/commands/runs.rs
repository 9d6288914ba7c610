//! `marktwerk runs …`, and waiting for a run's end.

use std::time::Duration;

use anyhow::bail;
use clap::Subcommand;
use serde_json::Value;

use super::client::Client;
use super::output::{Column, Output, column, plain};
use crate::clock::SystemClock;

/// How often a run is asked for while somebody waits for it.
const POLL: Duration = Duration::from_millis(250);

const COLUMNS: [Column; 7] = [
    column("RUN", "/id"),
    column("JOB", "/job_id"),
    column("STATE", "/state"),
    column("TRIGGER", "/trigger"),
    column("STARTED", "/started_at"),
    column("ENDED", "/ended_at"),
    column("ERROR", "/error"),
];

const STEPS: [Column; 4] = [
    column("STEP", "/name"),
    column("STATE", "/state"),
    column("COUNTS", "/counts"),
    column("WARNINGS", "/warnings"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Runs, newest first
    List {
        /// Only of this job
        #[arg(long)]
        job: Option<String>,
        /// Only in this state: waiting, running, retrying, succeeded, failed, cancelled, skipped, lost
        #[arg(long)]
        state: Option<String>,
        /// How many at the most
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// One run with its steps
    Show {
        /// Its number
        run: i64,
    },
    /// Cancel a run
    Cancel {
        /// Its number
        run: i64,
    },
    /// Run an ended run again, with its parameters
    Retry {
        /// Its number
        run: i64,
        /// Wait for the end, and fail where the run fails
        #[arg(long)]
        wait: bool,
    },
}

pub(super) async fn run(command: Command, client: &Client, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::List { job, state, limit } => {
            let mut query = vec![("limit", limit.to_string())];
            query.extend(job.map(|job| ("job", job)));
            query.extend(state.map(|state| ("state", state)));
            output.list(&client.get("/api/v1/runs", &query).await?, &COLUMNS)?;
        }
        Command::Show { run } => show(&one(client, run).await?, output)?,
        Command::Cancel { run } => {
            client.post(&format!("/api/v1/runs/{run}/cancel"), &[], None).await?;
            show(&one(client, run).await?, output)?;
        }
        Command::Retry { run, wait: waits } => {
            let fresh = client.post(&format!("/api/v1/runs/{run}/retry"), &[], None).await?;
            match fresh["id"].as_i64() {
                Some(number) if waits => return wait(number, client, output).await,
                _ => show(&fresh, output)?,
            }
        }
    }
    Ok(())
}

/// Shows each step as it ends; fails where the run does not succeed.
pub(super) async fn wait(number: i64, client: &Client, output: &Output) -> anyhow::Result<()> {
    let clock = SystemClock::shared();
    let mut told: Vec<String> = Vec::new();
    loop {
        let run = one(client, number).await?;
        if !output.is_json() {
            for line in steps(&run).filter(|step| step["state"] != "running").map(step_line) {
                if !told.contains(&line) {
                    output.line(&line)?;
                    told.push(line);
                }
            }
        }
        let state = run["state"].as_str().unwrap_or_default();
        if !matches!(state, "waiting" | "running" | "retrying") {
            if output.is_json() {
                output.json(&run)?;
            } else {
                output.line(&format!("run {number}: {state}"))?;
            }
            return match state {
                "succeeded" => Ok(()),
                _ => bail!("run {number} ended as {state}: {}", plain(&run["error"])),
            };
        }
        clock.sleep(POLL).await;
    }
}

async fn one(client: &Client, run: i64) -> anyhow::Result<Value> {
    client.get(&format!("/api/v1/runs/{run}"), &[]).await
}

fn show(run: &Value, output: &Output) -> std::io::Result<()> {
    output.one(run, &COLUMNS)?;
    if output.is_json() || steps(run).next().is_none() {
        return Ok(());
    }
    output.line("")?;
    output.list(&run["steps"], &STEPS)
}

fn steps(run: &Value) -> impl Iterator<Item = &Value> {
    run["steps"].as_array().into_iter().flatten()
}

fn step_line(step: &Value) -> String {
    let texts = ["name", "state", "counts"].map(|field| plain(&step[field]));
    texts.join(" ").trim_end().to_owned()
}
