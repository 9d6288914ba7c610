//! A job on the command line: a flag for each field of a draft, or a draft in a file. What is allowed is the server's to say.

use std::io::Read;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use marktwerk_engine::jobs_file::read_json;
use serde_json::{Map, Value, json};

use super::words::{condition, length, link, parameter};
use crate::commands::usage::UsageError;
use crate::commands::words::{decimal, one_of, whole};

/// A job to be added.
#[derive(Debug, Args)]
pub(crate) struct NewDraft {
    /// `order_workflow`, `inventory_workflow`, … (`marktwerk jobs types` lists them)
    #[arg(required_unless_present = "file")]
    job_type: Option<String>,
    /// The job's id; by default the next free name of its type
    #[arg(long)]
    id: Option<String>,
    /// Add it without running it by its schedule
    #[arg(long)]
    paused: bool,
    #[command(flatten)]
    draft: Draft,
}

impl NewDraft {
    /// As the interface takes it.
    pub(super) fn fields(self) -> anyhow::Result<Map<String, Value>> {
        let mut fields = self.draft.fields()?;
        let mut set =
            |name: &str, value: Option<Value>| fields.extend(value.map(|value| (name.to_owned(), value)));
        set("job_type", self.job_type.map(Value::from));
        set("id", self.id.map(Value::from));
        set("enabled", self.paused.then_some(Value::from(false)));
        Ok(fields)
    }
}

/// What a job is told to do. A length of time has a unit: `90s`, `5m`, `1h 30m`.
#[derive(Debug, Default, Args)]
pub(crate) struct Draft {
    /// A job as JSON, from a file or (`-`) from the input; flags change what it says
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Run at this interval
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    every: Option<String>,
    /// Run at this interval, in minutes
    #[arg(long, value_name = "MINUTES", conflicts_with = "every", value_parser = whole, allow_negative_numbers = true)]
    interval_minutes: Option<i64>,
    /// Count the interval from the start or the finish of the previous run
    #[arg(long, value_name = "WHERE", value_parser = one_of(["start", "finish"]), ignore_case = true)]
    from: Option<String>,
    /// Run at the times of a cron expression of five or six fields, such as `30 2,14 * * MON-FRI`
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// Run each day at these times, such as 02:00,14:30
    #[arg(long, value_name = "TIMES", value_delimiter = ',')]
    daily: Option<Vec<String>>,
    /// Run only by hand
    #[arg(long)]
    manual: bool,
    /// A description for people
    #[arg(long)]
    description: Option<String>,
    /// The account; by default the first of its marketplace
    #[arg(long)]
    account: Option<String>,
    /// The zone of its schedule, such as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Start at random up to this much later
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    jitter: Option<String>,
    /// Which missed runs to make up for
    #[arg(long, value_name = "WHAT", value_parser = one_of(["latest", "all", "skip"]), ignore_case = true)]
    misfire: Option<String>,
    /// How late a missed run may still start
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    grace: Option<String>,
    /// What happens if a run is due while another is busy
    #[arg(long, value_name = "WHAT", value_parser = one_of(["skip", "queue_one", "queue_all", "cancel_running"]), ignore_case = true)]
    overlap: Option<String>,
    /// How many runs may be live at the same time
    #[arg(long, value_name = "COUNT", value_parser = whole, allow_negative_numbers = true)]
    max_instances: Option<i64>,
    /// Stop a run that takes longer, all attempts together
    #[arg(long, value_name = "LENGTH", value_parser = length)]
    time_limit: Option<String>,
    /// Priority of its runs
    #[arg(long, value_parser = one_of(["high", "medium", "low"]), ignore_case = true)]
    priority: Option<String>,
    /// Attempts per run, the first included
    #[arg(long, value_name = "COUNT", value_parser = whole, allow_negative_numbers = true)]
    retry_attempts: Option<i64>,
    /// Seconds before the second attempt
    #[arg(long, value_name = "SECONDS", value_parser = whole, allow_negative_numbers = true)]
    retry_first_delay: Option<i64>,
    /// Factor by which each further delay grows
    #[arg(long, value_name = "FACTOR", value_parser = decimal, allow_negative_numbers = true)]
    retry_factor: Option<f64>,
    /// Longest delay between attempts, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = whole, allow_negative_numbers = true)]
    retry_longest_delay: Option<i64>,
    /// A condition for scheduled starts: new_data, account_healthy, erp_reachable, window:mon,tue/08:00-18:00,
    /// succeeded_within:JOB:MINUTES, or JSON; repeatable
    #[arg(long = "condition", value_name = "CONDITION", value_parser = condition)]
    conditions: Vec<Value>,
    /// Run after this job, such as `order_workflow` or `order_workflow:failure` (success, failure, always); repeatable
    #[arg(long, value_name = "JOB[:ON]", value_parser = link)]
    after: Vec<Value>,
    /// A parameter of every run, such as `mode=full`; all that are given replace all that there are
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, Value)>,
}

impl Draft {
    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.file.is_none() && self.flags().is_empty()
    }

    /// As the interface takes it: only what was said.
    pub(super) fn fields(&self) -> anyhow::Result<Map<String, Value>> {
        let mut fields = match &self.file {
            Some(path) => read(path)?,
            None => Map::new(),
        };
        fields.extend(self.flags());
        Ok(fields)
    }

    fn flags(&self) -> Map<String, Value> {
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let number = |number: Option<i64>| number.map(Value::from);
        let list = |list: &[Value]| (!list.is_empty()).then(|| Value::from(list.to_vec()));
        let parameters = Map::from_iter(self.parameters.clone());
        let given = [
            ("every", text(&self.every)),
            ("interval_minutes", number(self.interval_minutes)),
            ("from", text(&self.from)),
            ("cron", text(&self.cron)),
            ("daily", self.daily.clone().map(Value::from)),
            ("manual", self.manual.then_some(Value::from(true))),
            ("description", text(&self.description)),
            ("account", text(&self.account)),
            ("time_zone", text(&self.time_zone)),
            ("jitter", text(&self.jitter)),
            ("misfire", text(&self.misfire)),
            ("grace", text(&self.grace)),
            ("overlap", text(&self.overlap)),
            ("max_instances", number(self.max_instances)),
            ("time_limit", text(&self.time_limit)),
            ("priority", text(&self.priority)),
            ("retry", self.retry()),
            ("conditions", list(&self.conditions)),
            ("after", list(&self.after)),
            ("parameters", (!parameters.is_empty()).then_some(Value::Object(parameters))),
        ];
        given.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value))).collect()
    }

    fn retry(&self) -> Option<Value> {
        let given = [
            ("attempts", self.retry_attempts.map(|value| json!(value))),
            ("first_delay_seconds", self.retry_first_delay.map(|value| json!(value))),
            ("factor", self.retry_factor.map(|value| json!(value))),
            ("longest_delay_seconds", self.retry_longest_delay.map(|value| json!(value))),
        ];
        let fields: Map<String, Value> = given
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
            .collect();
        (!fields.is_empty()).then_some(Value::Object(fields))
    }
}

/// A draft in a file, or on the input.
fn read(path: &PathBuf) -> anyhow::Result<Map<String, Value>> {
    let (bytes, name) = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("the input cannot be read")?;
        (bytes, "the input".to_owned())
    } else {
        let name = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|error| UsageError::new(format!("{name} cannot be read: {error}")))?;
        (bytes, name)
    };
    match read_json(&bytes) {
        Ok(Value::Object(job)) => Ok(job),
        Ok(_) => Err(UsageError::new(format!("{name} is not a job: it has to be one object, {{…}}")).into()),
        Err(error) => Err(UsageError::new(format!("{name} is not a job: {error}")).into()),
    }
}
