//! `marktwerk jobs preview`: the next times of a job, of a job with changes, or of one that is not saved.

use clap::Args;
use serde_json::{Map, Value};

use super::draft::Draft;
use super::resource;
use crate::commands::client::Client;
use crate::commands::output::{Output, plain};
use crate::commands::words::count as how_many;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A job's id; with flags, the preview shows the changed job
    #[arg(value_name = "JOB, or --type JOB_TYPE", required_unless_present_any = ["job_type", "file"])]
    job: Option<String>,
    /// The type of a job that is not saved
    #[arg(long = "type", value_name = "JOB_TYPE", conflicts_with = "job")]
    job_type: Option<String>,
    /// How many times to show
    #[arg(long, short = 'n', default_value_t = 10, value_parser = how_many, allow_negative_numbers = true)]
    count: usize,
    #[command(flatten)]
    draft: Draft,
}

pub(super) async fn run(options: Options, client: &Client, output: &Output) -> anyhow::Result<()> {
    let preview = match &options.job {
        Some(job) if options.draft.is_empty() => {
            if let Some(obstacle) = client.get(&resource(job), &[]).await?["state"]["obstacle"].as_str() {
                output
                    .aside(&format!("{job} does not run: {obstacle}; these are the times of its schedule"))?;
            }
            let count = [("count", options.count.to_string())];
            client.get(&format!("{}/preview", resource(job)), &count).await?
        }
        job => {
            let mut draft = match job {
                Some(job) => written(client.get(&resource(job), &[]).await?),
                None => Map::new(),
            };
            draft.extend(options.job_type.clone().map(|job_type| ("job_type".to_owned(), job_type.into())));
            let changes = options.draft.fields()?;
            // Another kind of schedule takes the place of the one that is there.
            const SCHEDULES: [&str; 5] = ["interval_minutes", "every", "cron", "daily", "manual"];
            if SCHEDULES.iter().any(|field| changes.contains_key(*field)) {
                SCHEDULES.iter().chain(&["from"]).for_each(|field| drop(draft.remove(*field)));
            }
            draft.extend(changes);
            let path = format!("/api/v1/jobs/preview?count={}", options.count);
            client.post(&path, Some(&Value::Object(draft))).await?
        }
    };
    if output.is_json() {
        return Ok(output.json(&preview)?);
    }
    let times = preview["times"].as_array().map(Vec::as_slice).unwrap_or_default();
    output.line(&format!("times in {}:", plain(&preview["time_zone"])))?;
    if times.is_empty() {
        output.line("none: it never runs by itself")?;
    }
    for time in times {
        output.line(&plain(time))?;
    }
    Ok(())
}

/// What a job is told to do, without how it stands.
fn written(job: Value) -> Map<String, Value> {
    let mut fields = if let Value::Object(fields) = job { fields } else { Map::new() };
    fields.remove("state");
    fields.remove("version");
    fields
}
