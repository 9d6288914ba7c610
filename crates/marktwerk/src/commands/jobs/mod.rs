//! `marktwerk jobs …`

mod draft;
mod preview;
mod words;

use clap::{Args, Subcommand};
use marktwerk_engine::jobs::JobDraft;
use serde_json::{Map, Value, json};

use self::draft::{Draft, NewDraft};
use self::words::parameter;
use super::client::{Client, segment};
use super::output::{Column, Output, column, either, plain, wide};
use super::usage::UsageError;
use super::waiting::wait;
use super::words::{JOB_HEALTH, JOB_STATUSES, listed, name, one_of};

/// Jobs read at once.
const PAGE: usize = 500;

const COLUMNS: [Column; 9] = [
    column("JOB", "/id"),
    wide("TYPE", "/job_type"),
    column("SCHEDULE", "/state/schedule/en"),
    column("ENABLED", "/enabled"),
    column("STATUS", "/state/status"),
    wide("HEALTH", "/state/health/mark"),
    column("LAST RUN", "/state/last_run"),
    either("NEXT RUN", "/state/next_run", "/state/obstacle"),
    wide("DESCRIPTION", "/description"),
];

/// What one job shows beyond what it is told to do.
const MORE: [Column; 10] = [
    column("SCHEDULE", "/state/schedule/en"),
    column("WORKS FOR", "/state/account"),
    column("STATUS", "/state/status"),
    column("HEALTH", "/state/health/mark"),
    column("LAST RUN", "/state/last_run"),
    column("LAST DURATION (SECONDS)", "/state/last_duration"),
    column("LAST ERROR", "/state/last_error"),
    column("NEXT RUN", "/state/next_run"),
    column("CANNOT RUN", "/state/obstacle"),
    column("VERSION", "/version"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// All jobs, or some of them
    List(Filter),
    /// One job: its settings and its present state
    Show {
        /// Its id, such as `order_workflow`
        #[arg(value_parser = name)]
        job: String,
    },
    /// Add a job
    Add(Box<NewDraft>),
    /// Change a job; other fields stay as they are
    Edit {
        /// Its id
        #[arg(value_parser = name)]
        job: String,
        #[command(flatten)]
        changes: Box<Changes>,
    },
    /// Show when a job will run, or would run with other settings
    Preview(Box<preview::Options>),
    /// Run a job now
    Run {
        /// Its id
        #[arg(value_parser = name)]
        job: String,
        /// A parameter for this run only, such as `mode=full`
        #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
        parameters: Vec<(String, Value)>,
        /// Wait for the end of the run, and fail if it fails
        #[arg(long)]
        wait: bool,
    },
    /// Stop running a job by its schedule: what is at work ends, and what would follow on it waits
    Pause {
        /// Its id
        #[arg(value_parser = name, required_unless_present = "all", conflicts_with = "all")]
        job: Option<String>,
        /// Every job
        #[arg(long)]
        all: bool,
    },
    /// Run a job by its schedule again
    Resume {
        /// Its id
        #[arg(value_parser = name, required_unless_present = "all", conflicts_with = "all")]
        job: Option<String>,
        /// Every job that is paused and can run
        #[arg(long)]
        all: bool,
    },
    /// Remove a job; its history is kept
    Remove {
        /// Its id
        #[arg(value_parser = name)]
        job: String,
    },
    /// The job types, with the steps and conditions of each; --json has their parameters too
    Types,
}

/// Which jobs; several values are separated by commas.
#[derive(Debug, Default, Args)]
pub(super) struct Filter {
    /// Only of this type
    #[arg(long = "type", value_name = "JOB_TYPE")]
    job_type: Option<String>,
    /// Only of this account
    #[arg(long)]
    account: Option<String>,
    /// Only in these states
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = one_of(JOB_STATUSES))]
    status: Vec<String>,
    /// Only with this health
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = one_of(JOB_HEALTH))]
    health: Vec<String>,
    /// Only enabled jobs (true) or paused ones (false)
    #[arg(long)]
    enabled: Option<bool>,
}

/// What can be changed in a job; at least one of them.
#[derive(Debug, Args)]
pub(super) struct Changes {
    #[command(flatten)]
    draft: Draft,
    /// Reset a field to its default, such as `conditions`; repeatable
    #[arg(long, value_name = "FIELD", value_parser = one_of(fields_to_unset()), hide_possible_values = true)]
    unset: Vec<String>,
}

pub(super) async fn run(command: Command, client: &Client, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::List(filter) => output.list(&list(&filter, client).await?, &COLUMNS)?,
        Command::Show { job } => show(&client.get(&resource(&job), &[]).await?, output)?,
        Command::Add(draft) => {
            let draft = Value::Object(draft.fields()?);
            show(&client.post("/api/v1/jobs", Some(&draft)).await?, output)?;
        }
        Command::Edit { job, changes } => {
            let mut patch = changes.draft.fields()?;
            patch.extend(changes.unset.into_iter().map(|field| (field, Value::Null)));
            if patch.is_empty() {
                return Err(
                    UsageError::new("say what to change, such as --every 5m; --help lists it all").into()
                );
            }
            show(&client.patch(&resource(&job), &Value::Object(patch)).await?, output)?;
        }
        Command::Preview(options) => preview::run(*options, client, output).await?,
        Command::Run { job, parameters, wait: waits } => {
            let body = json!({ "parameters": Map::from_iter(parameters) });
            let run = client.post(&format!("{}/run", resource(&job)), Some(&body)).await?;
            match run["id"].as_i64() {
                Some(number) if waits => {
                    if !output.is_json() {
                        output.line(&format!("run {number} of {job} is queued"))?;
                    }
                    return wait(number, client, output).await;
                }
                _ => done(&run, &format!("run {} of {job} is queued", plain(&run["id"])), output)?,
            }
        }
        Command::Pause { job: None, .. } => {
            let answer = for_all("pause", client).await?;
            done(
                &answer,
                &of_all(&answer, "is paused", "are paused", "every job is paused already"),
                output,
            )?;
        }
        Command::Resume { job: None, .. } => {
            let answer = for_all("resume", client).await?;
            let (one, many) = ("runs by its schedule again", "run by their schedules again");
            done(&answer, &of_all(&answer, one, many, "no paused job can run"), output)?;
        }
        Command::Pause { job: Some(job), .. } => {
            let paused = client.post(&format!("{}/pause", resource(&job)), None).await?;
            done(&paused, &format!("{job} is paused"), output)?;
        }
        Command::Resume { job: Some(job), .. } => {
            let resumed = client.post(&format!("{}/resume", resource(&job)), None).await?;
            let said = match resumed["state"]["not_in_this_version"].as_bool() {
                Some(true) => format!("{job} is enabled and cannot run: its type is not in this version"),
                _ => {
                    let next = plain(&resumed["state"]["next_run"]);
                    format!("{job} runs by its schedule again; next run {next}")
                }
            };
            done(&resumed, &said, output)?;
        }
        Command::Remove { job } => {
            client.delete(&resource(&job)).await?;
            let answer = json!({ "status": "removed", "id": job });
            done(&answer, &format!("{job} is removed; its history stays"), output)?;
        }
        Command::Types => {
            const TYPES: [Column; 6] = [
                column("TYPE", "/name"),
                column("IN THIS VERSION", "/in_this_version"),
                wide("TITLE", "/title"),
                wide("ACCOUNTS", "/accounts"),
                column("STEPS", "/steps"),
                wide("CONDITIONS", "/conditions"),
            ];
            output.list(&client.get("/api/v1/job-types", &[]).await?, &TYPES)?;
        }
    }
    Ok(())
}

/// All jobs.
pub(super) async fn all(client: &Client) -> anyhow::Result<Value> {
    list(&Filter::default(), client).await
}

/// Fields that have a default; the others stay for the life of a job.
fn fields_to_unset() -> impl Iterator<Item = &'static str> {
    JobDraft::FIELDS.into_iter().filter(|field| !matches!(*field, "id" | "job_type"))
}

/// All jobs of a filter, page by page.
async fn list(filter: &Filter, client: &Client) -> anyhow::Result<Value> {
    let mut query = vec![("limit", PAGE.to_string())];
    let given = [
        ("job_type", filter.job_type.clone()),
        ("account", filter.account.clone()),
        ("status", listed(&filter.status)),
        ("health", listed(&filter.health)),
    ];
    query.extend(given.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))));
    query.extend(filter.enabled.map(|enabled| ("enabled", enabled.to_string())));
    let mut jobs: Vec<Value> = Vec::new();
    loop {
        let mut query = query.clone();
        query.extend(jobs.last().and_then(|job| job["id"].as_str()).map(|last| ("after", last.to_owned())));
        let page = client.get("/api/v1/jobs", &query).await?.as_array().cloned().unwrap_or_default();
        let is_last = page.len() < PAGE;
        jobs.extend(page);
        if is_last {
            return Ok(jobs.into());
        }
    }
}

/// One action for all jobs that it is for.
async fn for_all(action: &str, client: &Client) -> anyhow::Result<Value> {
    let body = json!({ "action": action, "filter": {} });
    Ok(client.post("/api/v1/jobs/bulk", Some(&body)).await?)
}

fn of_all(answer: &Value, one: &str, many: &str, none: &str) -> String {
    let ids = plain(&answer["ids"]);
    match answer["count"].as_u64() {
        Some(0) | None => none.to_owned(),
        Some(1) => format!("{ids} {one}"),
        Some(count) => format!("{count} jobs {many}: {ids}"),
    }
}

fn show(job: &Value, output: &Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.json(job);
    }
    let own = job.as_object().into_iter().flatten();
    let own = own.filter(|(name, _)| !matches!(name.as_str(), "id" | "state" | "version"));
    let mut rows = vec![vec!["JOB".to_owned(), plain(&job["id"])]];
    rows.extend(own.map(|(name, value)| vec![name.to_uppercase(), plain(value)]));
    rows.extend(MORE.iter().map(|column| output.pair(*column, job)));
    output.pairs(&rows)
}

fn done(answer: &Value, words: &str, output: &Output) -> std::io::Result<()> {
    if output.is_json() { output.json(answer) } else { output.line(words) }
}

fn resource(job: &str) -> String {
    format!("/api/v1/jobs/{}", segment(job))
}
