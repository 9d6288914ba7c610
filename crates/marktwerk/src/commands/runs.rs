//! `marktwerk runs …`

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::Client;
use super::listing::Listing;
use super::moment::Calendar;
use super::output::{Column, Output, column, either, plain, wide};
use super::usage::UsageError;
use super::waiting::{steps, wait};
use super::words::{RUN_STATES, TRIGGERS, count, listed, number, one_of};

const COLUMNS: [Column; 8] = [
    column("RUN", "/id"),
    column("JOB", "/job_id"),
    column("STATE", "/state"),
    wide("TRIGGER", "/trigger"),
    column("STARTED", "/started_at"),
    column("ENDED", "/ended_at"),
    wide("MERGED", "/merged"),
    either("WHY", "/error", "/reason"),
];

/// What one run shows beyond the list.
const MORE: [Column; 5] = [
    column("PLANNED", "/planned_at"),
    column("PARAMETERS", "/parameters"),
    column("FROM STEP", "/from_step"),
    column("ATTEMPT", "/attempt"),
    column("LOGS", "/execution_id"),
];

const STEPS: [Column; 5] = [
    column("STEP", "/name"),
    column("STATE", "/state"),
    column("COUNTS", "/counts"),
    column("WARNINGS", "/warnings"),
    column("ERROR", "/error"),
];

const ATTEMPTS: [Column; 5] = [
    column("ATTEMPT", "/number"),
    column("OUTCOME", "/outcome"),
    column("STARTED", "/started_at"),
    column("ENDED", "/ended_at"),
    column("ERROR", "/error"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Runs, newest first
    List(Filter),
    /// One run with its steps, its attempts, and what started it
    Show {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        run: i64,
    },
    /// Cancel a run
    Cancel {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        run: i64,
    },
    /// Repeat an ended run with its parameters
    Retry {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        run: i64,
        /// Start with this step; `marktwerk jobs types` lists those of each type
        #[arg(long, value_name = "STEP")]
        from_step: Option<String>,
        /// Wait for the end of the run, and fail if it fails
        #[arg(long)]
        wait: bool,
    },
}

/// Which runs; several values are separated by commas.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Only of this job
    #[arg(long)]
    job: Option<String>,
    /// Only in these states
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = one_of(RUN_STATES))]
    state: Vec<String>,
    /// Only with these triggers
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = one_of(TRIGGERS))]
    trigger: Vec<String>,
    /// Only planned at this time or later: yesterday, 2h (ago), "2026-11-30 08:00"
    #[arg(long, visible_alias = "since", value_name = "TIME")]
    from: Option<String>,
    /// Only planned before this time
    #[arg(long, visible_alias = "until", value_name = "TIME")]
    to: Option<String>,
    /// Only runs with a smaller number: the next page
    #[arg(long, value_name = "RUN", value_parser = number, allow_negative_numbers = true)]
    before: Option<i64>,
    /// At most this many
    #[arg(long, default_value_t = 20, value_parser = count, allow_negative_numbers = true)]
    limit: usize,
}

pub(super) async fn run(
    command: Command,
    client: &Client,
    output: &Output,
    calendar: &Calendar,
) -> anyhow::Result<()> {
    match command {
        Command::List(filter) => {
            let next = |run: &Value| Some(format!("--before {}", run["id"]));
            let (path, limit) = ("/api/v1/runs", filter.limit);
            let listing = Listing { path, query: filter.query(calendar)?, limit, most: 500, next };
            listing.show(client, output, &COLUMNS).await?;
        }
        Command::Show { run } => show(&one(client, run).await?, output)?,
        Command::Cancel { run } => {
            client.post(&format!("/api/v1/runs/{run}/cancel"), None).await?;
            let cancelled = one(client, run).await?;
            show(&cancelled, output)?;
            if cancelled["state"] == "running" {
                output.aside("it was asked to stop, and does so as soon as it can stop safely")?;
            }
        }
        Command::Retry { run, from_step, wait: waits } => {
            let body = json!({ "from_step": from_step });
            let fresh = client.post(&format!("/api/v1/runs/{run}/retry"), Some(&body)).await?;
            match fresh["id"].as_i64() {
                Some(number) if waits => return wait(number, client, output).await,
                _ => show(&fresh, output)?,
            }
        }
    }
    Ok(())
}

impl Filter {
    fn query(self, calendar: &Calendar) -> anyhow::Result<Vec<(&'static str, String)>> {
        let time = |flag: &str, text: Option<String>| -> anyhow::Result<Option<String>> {
            let time = text.map(|text| calendar.past_text(&text)).transpose();
            Ok(time.map_err(|reason| UsageError::new(format!("{flag}: {reason}")))?)
        };
        let given = [
            ("job", self.job),
            ("state", listed(&self.state)),
            ("trigger", listed(&self.trigger)),
            ("from", time("--from (or --since)", self.from)?),
            ("to", time("--to (or --until)", self.to)?),
            ("before", self.before.map(|run| run.to_string())),
        ];
        Ok(given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
    }
}

async fn one(client: &Client, run: i64) -> anyhow::Result<Value> {
    Ok(client.get(&format!("/api/v1/runs/{run}"), &[]).await?)
}

fn show(run: &Value, output: &Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.json(run);
    }
    let columns: Vec<Column> = COLUMNS.into_iter().chain(MORE).collect();
    output.one(run, &columns)?;
    if let Some(cause) = run["cause"].as_object() {
        output.line(&format!("caused by run {} of {}", plain(&cause["id"]), plain(&cause["job_id"])))?;
    }
    for caused in run["caused"].as_array().into_iter().flatten() {
        let [id, job, trigger, state] =
            ["id", "job_id", "trigger", "state"].map(|field| plain(&caused[field]));
        output.line(&format!("caused run {id} of {job} ({trigger}, {state})"))?;
    }
    if run["attempts"].as_array().is_some_and(|attempts| attempts.len() > 1) {
        output.line("")?;
        output.whole(&run["attempts"], &ATTEMPTS)?;
    }
    if steps(run).next().is_some() {
        output.line("")?;
        output.whole(&run["steps"], &STEPS)?;
    }
    Ok(())
}
