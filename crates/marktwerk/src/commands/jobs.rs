//! `marktwerk jobs …`

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::client::{Client, segment};
use super::output::{Column, Output, column};
use super::runs;

/// Columns of a list of jobs.
const COLUMNS: [Column; 8] = [
    column("JOB", "/job_id"),
    column("TYPE", "/config/job_type"),
    column("MINUTES", "/config/schedule/interval_minutes"),
    column("ENABLED", "/config/schedule/enabled"),
    column("STATUS", "/status/status"),
    column("LAST RUN", "/status/last_run"),
    column("NEXT RUN", "/status/next_run"),
    column("DESCRIPTION", "/config/description"),
];

/// What one job shows beyond the list.
const MORE: [Column; 3] = [
    column("ACCOUNT", "/account"),
    column("LAST DURATION", "/status/last_duration"),
    column("LAST ERROR", "/status/last_error"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// All jobs
    List,
    /// One job
    Show {
        /// Its id, such as `order_workflow`
        job: String,
    },
    /// Add a job
    Add {
        /// `order_workflow`, `inventory_workflow`, …
        job_type: String,
        /// Minutes from one start to the next
        #[arg(long, value_name = "MINUTES")]
        every: i64,
        /// For people
        #[arg(long, default_value = "")]
        description: String,
        /// Add it without running it by its schedule
        #[arg(long)]
        paused: bool,
    },
    /// Change a job
    Edit {
        /// Its id
        job: String,
        #[command(flatten)]
        changes: Changes,
    },
    /// Run a job now
    Run {
        /// Its id
        job: String,
        /// A parameter for this run only, such as `mode=full`
        #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
        parameters: Vec<(String, String)>,
        /// Wait for the end, and fail where the run fails
        #[arg(long)]
        wait: bool,
    },
    /// Stop running a job by its schedule
    Pause {
        /// Its id
        job: String,
    },
    /// Run a job by its schedule again
    Resume {
        /// Its id
        job: String,
    },
    /// Take a job out of the schedule; its history stays
    Remove {
        /// Its id
        job: String,
    },
}

/// What can be changed in a job; at least one of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Changes {
    /// Minutes from one start to the next
    #[arg(long, value_name = "MINUTES")]
    every: Option<i64>,
    /// For people
    #[arg(long)]
    description: Option<String>,
    /// Which of its runs go first
    #[arg(long, value_parser = ["high", "medium", "low"])]
    priority: Option<String>,
    /// A parameter of every run; all that are given replace all that there are
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
}

pub(super) async fn run(command: Command, client: &Client, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::List => output.list(&client.get("/api/jobs", &[]).await?, &COLUMNS)?,
        Command::Show { job } => show(&client.get(&documented(&job), &[]).await?, output)?,
        Command::Add { job_type, every, description, paused } => {
            let body = json!({
                "job_type": job_type, "interval_minutes": every, "description": description, "enabled": !paused,
            });
            show(&client.post("/api/jobs/add", &[], Some(body)).await?, output)?;
        }
        Command::Edit { job, changes } => {
            show(&client.patch(&resource(&job), changes.body()).await?, output)?;
        }
        Command::Run { job, parameters, wait } => start(&job, &parameters, wait, client, output).await?,
        Command::Pause { job } => toggle(&job, false, client, output).await?,
        Command::Resume { job } => toggle(&job, true, client, output).await?,
        Command::Remove { job } => {
            client.delete(&resource(&job)).await?;
            done(
                &json!({ "status": "removed", "job_id": job }),
                &format!("{job} is removed; its history stays"),
                output,
            )?;
        }
    }
    Ok(())
}

async fn start(
    job: &str,
    parameters: &[(String, String)],
    wait: bool,
    client: &Client,
    output: &Output,
) -> anyhow::Result<()> {
    let query: Vec<(&str, String)> =
        parameters.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let answer = client.post(&format!("{}/run-now", documented(job)), &query, None).await?;
    let number = answer["run"].as_i64().context("the server did not say which run it began")?;
    if !output.is_json() {
        output.line(&format!("run {number} of {job} is queued"))?;
        if let Some(ignored) = answer["ignored"].as_array().filter(|names| !names.is_empty()) {
            let names: Vec<&str> = ignored.iter().filter_map(Value::as_str).collect();
            output.line(&format!("{job} does not know {}", names.join(", ")))?;
        }
    } else if !wait {
        output.json(&answer)?;
    }
    if wait { runs::wait(number, client, output).await } else { Ok(()) }
}

async fn toggle(job: &str, enabled: bool, client: &Client, output: &Output) -> anyhow::Result<()> {
    let query = [("enabled", enabled.to_string())];
    let answer = client.post(&format!("{}/toggle", documented(job)), &query, None).await?;
    let words = if enabled { "runs by its schedule again" } else { "is paused" };
    Ok(done(&answer, &format!("{job} {words}"), output)?)
}

impl Changes {
    fn body(self) -> Value {
        let mut body = Map::new();
        let mut change =
            |name: &str, value: Option<Value>| body.extend(value.map(|value| (name.to_owned(), value)));
        change("interval_minutes", self.every.map(Value::from));
        change("description", self.description.map(Value::from));
        change("priority", self.priority.map(Value::from));
        let parameters: Map<String, Value> =
            self.parameters.into_iter().map(|(name, value)| (name, typed(value))).collect();
        change("parameters", (!parameters.is_empty()).then_some(Value::Object(parameters)));
        Value::Object(body)
    }
}

/// `7` is a number and `true` a truth value, as JSON reads them; all else is a text.
fn typed(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
        _ => Value::String(text),
    }
}

fn show(job: &Value, output: &Output) -> std::io::Result<()> {
    let columns: Vec<Column> = COLUMNS.into_iter().chain(MORE).collect();
    output.one(job, &columns)
}

fn done(answer: &Value, words: &str, output: &Output) -> std::io::Result<()> {
    if output.is_json() { output.json(answer) } else { output.line(words) }
}

fn documented(job: &str) -> String {
    format!("/api/jobs/{}", segment(job))
}

fn resource(job: &str) -> String {
    format!("/api/v1/jobs/{}", segment(job))
}

fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, such as mode=full".to_owned()),
    }
}
