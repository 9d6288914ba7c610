//! A job as people and programs write it: in the jobs file, over HTTP, from the command line. One form for all three.

use jiff::civil::Time;
use marktwerk_domain::job::{Job, Parameters, Priority};
use marktwerk_domain::policy::{After, Condition, Misfire, On, Overlap, Policies, written_time};
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_domain::schedule::{CountedFrom, Schedule};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::seconds::Seconds;
use crate::error::EngineError;

/// The fields that say when a job runs; one of them is given.
pub(super) const SCHEDULES: [&str; 5] = ["interval_minutes", "every", "cron", "daily", "manual"];

/// The first four fields are the documented ones; all others are optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobDraft {
    /// The job's id, where the job type alone does not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A registered name, or an older one of it, as written.
    pub job_type: String,
    /// Interval in minutes, 1 to 525,600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_minutes: Option<i64>,
    /// Interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Seconds>,
    /// Where an interval is counted from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<CountedFrom>,
    /// A cron expression of five or six fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// Times of each day.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one_or_many",
        serialize_with = "times"
    )]
    pub daily: Option<Vec<Time>>,
    /// Never by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual: Option<bool>,
    /// Whether it runs by itself.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// For people, 2,000 characters at the most.
    pub description: String,
    /// The account, where it is not the marketplace's first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// The zone that its schedule and windows go by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// A scheduled run starts at random up to this much later.
    #[serde(alias = "jitter_seconds", skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Seconds>,
    /// What happens with missed times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misfire: Option<Misfire>,
    /// APScheduler's word: `true` is misfire `latest`, `false` is `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coalesce: Option<bool>,
    /// How late is not too late.
    #[serde(alias = "grace_seconds", alias = "misfire_grace_time", skip_serializing_if = "Option::is_none")]
    pub grace: Option<Seconds>,
    /// What happens while the job is busy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// Live runs at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_instances: Option<u32>,
    /// A run that takes longer in all is stopped.
    #[serde(alias = "time_limit_seconds", skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<Seconds>,
    /// Which of its runs go first.
    #[serde(skip_serializing_if = "is_medium")]
    pub priority: Priority,
    /// What happens after a failed attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// What must hold, so that it starts by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The jobs that it follows on.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "names_or_links")]
    pub after: Vec<After>,
    /// Given to each run.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub parameters: Parameters,
    /// What others have written there.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

fn yes() -> bool {
    true
}

fn is_medium(priority: &Priority) -> bool {
    *priority == Priority::Medium
}

fn times<S: Serializer>(times: &Option<Vec<Time>>, serializer: S) -> Result<S::Ok, S::Error> {
    let times = times.iter().flatten().map(|time| written_time(*time));
    serializer.collect_seq(times)
}

/// `"02:00"` or `["02:00", "14:30"]`.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Time>>, D::Error> {
    use serde::de::Error;
    let time = |value: Value| {
        let text = value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
        let fault = || D::Error::custom(format!("must be times of the day such as \"02:30\", not {text}"));
        text.parse::<Time>().map_err(|_| fault())
    };
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Array(times) => times.into_iter().map(time).collect::<Result<_, _>>().map(Some),
        value => Ok(Some(vec![time(value)?])),
    }
}

/// `["order_workflow", {"job": "…", "on": "failure"}]`; a name alone is on success.
fn names_or_links<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<After>, D::Error> {
    use serde::de::Error;
    let link = |value: Value| {
        match value {
        Value::String(job) => {
            Ok(After { job: marktwerk_domain::job::JobId(job), on: On::Success })
        }
        value => serde_json::from_value(value).map_err(|error| {
            D::Error::custom(format!("{error}; expected a job's id, or {{\"job\": id, \"on\": \"success\", \"failure\" or \"always\"}}"))
        }),
    }
    };
    match Value::deserialize(deserializer)? {
        Value::Array(links) => links.into_iter().map(link).collect(),
        value => Ok(vec![link(value)?]),
    }
}

impl JobDraft {
    /// Reads a draft; an error names the field.
    pub fn read(document: Value) -> Result<Self, EngineError> {
        serde_path_to_error::deserialize(document).map_err(|error| {
            let field = match error.path().to_string().as_str() {
                "" | "." => "job".to_owned(),
                path => path.to_owned(),
            };
            EngineError::invalid(field, error.inner().to_string())
        })
    }

    /// A job of this type with an interval in minutes: the documented form.
    pub fn every_minutes(job_type: impl Into<String>, minutes: i64) -> Self {
        Self { job_type: job_type.into(), interval_minutes: Some(minutes), enabled: true, ..Self::default() }
    }

    /// A stored job as it would be written.
    pub fn of(job: &Job) -> Self {
        let spec = &job.spec;
        let Policies {
            time_zone,
            jitter_seconds,
            misfire,
            grace_seconds,
            overlap,
            max_instances,
            time_limit_seconds,
            conditions,
            after,
        } = spec.policies.clone();
        let needs_id = job.id.as_str() != spec.job_type;
        let draft = Self {
            id: needs_id.then(|| job.id.0.clone()),
            job_type: spec.written_type.clone(),
            enabled: spec.enabled,
            description: spec.description.clone(),
            account: spec.account.clone(),
            time_zone,
            jitter: (jitter_seconds > 0).then_some(Seconds(jitter_seconds)),
            misfire: (misfire != Misfire::default()).then_some(misfire),
            grace: grace_seconds.map(Seconds),
            overlap: (overlap != Overlap::default()).then_some(overlap),
            max_instances: (max_instances != 1).then_some(max_instances),
            time_limit: time_limit_seconds.map(Seconds),
            priority: spec.priority,
            retry: (spec.retry != RetryPolicy::default()).then(|| spec.retry.clone()),
            conditions,
            after,
            parameters: spec.parameters.clone(),
            ..Self::default()
        };
        draft.with_schedule(&spec.schedule)
    }

    fn with_schedule(self, schedule: &Schedule) -> Self {
        match schedule {
            Schedule::Every { seconds, from } => Self {
                interval_minutes: (seconds % 60 == 0).then(|| i64::from(seconds / 60)),
                every: (seconds % 60 != 0).then_some(Seconds(*seconds)),
                from: (*from != CountedFrom::Start).then_some(*from),
                ..self
            },
            Schedule::Cron { expression } => Self { cron: Some(expression.clone()), ..self },
            Schedule::Daily { at } => Self { daily: Some(at.clone()), ..self },
            // `Schedule` may grow; what cannot be written must not look like an interval.
            _ => Self { manual: Some(true), ..self },
        }
    }
}
