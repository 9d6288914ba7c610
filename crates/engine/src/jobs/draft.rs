//! A job as people and programs write it: in the jobs file, over HTTP, from the command line. One form for all three.

use jiff::civil::Time;
use marktwerk_domain::job::{Job, Parameters, Priority};
use marktwerk_domain::policy::{After, Condition, Misfire, On, Overlap, Policies, written_time};
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_domain::schedule::{CountedFrom, Schedule};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::seconds::Seconds;
use super::words::in_words;
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
        let fault = || {
            D::Error::custom(format!(
                "must be times of the day with two digits each, such as \"02:30\", not {text}"
            ))
        };
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
            let reason = in_words(&error.to_string());
            D::Error::custom(format!("{reason}; write a job's id, or {{\"job\": id, \"on\": \"success\", \"failure\" or \"always\"}}"))
        }),
    }
    };
    match Value::deserialize(deserializer)? {
        Value::Array(links) => links.into_iter().map(link).collect(),
        value => Ok(vec![link(value)?]),
    }
}

/// Fields whose values are words: whether they are in capitals does not matter.
const WORDS: [&str; 4] = ["from", "misfire", "overlap", "priority"];

/// Writes such words as they are known.
fn small(document: &mut Value) {
    for field in WORDS {
        if let Some(Value::String(word)) = document.get_mut(field) {
            *word = word.to_lowercase();
        }
    }
    let links = document.get_mut("after").and_then(Value::as_array_mut);
    for link in links.into_iter().flatten() {
        if let Some(Value::String(word)) = link.get_mut("on") {
            *word = word.to_lowercase();
        }
    }
}

impl JobDraft {
    /// All fields of a job, in the order in which people are told them.
    pub const FIELDS: [&str; 23] = [
        "id",
        "job_type",
        "interval_minutes",
        "every",
        "from",
        "cron",
        "daily",
        "manual",
        "enabled",
        "description",
        "account",
        "time_zone",
        "jitter",
        "misfire",
        "grace",
        "overlap",
        "max_instances",
        "time_limit",
        "priority",
        "retry",
        "conditions",
        "after",
        "parameters",
    ];

    /// Reads a draft; an error names the field.
    pub fn read(mut document: Value) -> Result<Self, EngineError> {
        small(&mut document);
        serde_path_to_error::deserialize(document).map_err(|error| {
            let field = match error.path().to_string().as_str() {
                "" | "." => "job".to_owned(),
                path => path.to_owned(),
            };
            EngineError::invalid(field, in_words(&error.inner().to_string()))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(field: &str, value: Value) -> String {
        let document = json!({ "job_type": "order_workflow", field: value });
        JobDraft::read(document).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_value_is_told_in_words_of_people() {
        for (field, value, told) in [
            ("interval_minutes", json!("five"), "interval_minutes: must be a whole number, not \"five\""),
            ("interval_minutes", json!(1.5), "interval_minutes: must be a whole number, not 1.5"),
            ("enabled", json!("maybe"), "enabled: must be true or false, not \"maybe\""),
            ("description", json!(5), "description: must be a text, not 5"),
            ("priority", json!("urgent"), "priority: must be high, medium or low, not `urgent`"),
            ("overlap", json!(["skip"]), "overlap: "),
            ("max_instances", json!(-1), "max_instances: must be a whole number of 0 or more, not -1"),
            ("parameters", json!([]), "parameters: must be an object, not a list"),
            ("retry", json!({ "attempts": "many" }), "retry.attempts: must be a whole number of 0 or more"),
            ("daily", json!(["25:00"]), "daily: must be times of the day"),
            ("after", json!([{ "job": "x", "on": "sunday" }]), "after: must be success, failure or always"),
        ] {
            let reason = refusal(field, value);
            assert!(reason.starts_with(told), "{reason}");
            for word in ["invalid", "expected", "i64", "u32", "enum", "sequence"] {
                assert!(!reason.contains(word), "{reason}");
            }
        }
    }

    #[test]
    fn words_may_be_in_capitals() {
        let document = json!({ "job_type": "a", "interval_minutes": 5, "priority": "HIGH", "overlap": "Queue_One",
            "after": [{ "job": "b", "on": "FAILURE" }] });
        let draft = JobDraft::read(document).unwrap();
        assert_eq!((draft.priority, draft.overlap), (Priority::High, Some(Overlap::QueueOne)));
        assert_eq!(draft.after[0].on, On::Failure);
    }

    /// What a job can say is what it can be told to take back.
    #[test]
    fn the_list_of_fields_is_complete() {
        let all = JobDraft {
            id: Some("a".to_owned()),
            interval_minutes: Some(1),
            every: Some(Seconds(1)),
            from: Some(CountedFrom::Start),
            cron: Some(String::new()),
            daily: Some(Vec::new()),
            manual: Some(true),
            account: "a".to_owned(),
            time_zone: Some(String::new()),
            jitter: Some(Seconds(1)),
            misfire: Some(Misfire::All),
            coalesce: Some(true),
            grace: Some(Seconds(1)),
            overlap: Some(Overlap::Skip),
            max_instances: Some(1),
            time_limit: Some(Seconds(1)),
            priority: Priority::High,
            retry: Some(RetryPolicy::default()),
            conditions: vec![Condition::NewData],
            after: vec![After { job: marktwerk_domain::job::JobId("b".to_owned()), on: On::Success }],
            parameters: Map::from_iter([("a".to_owned(), json!(1))]),
            ..JobDraft::default()
        };
        let Ok(Value::Object(written)) = serde_json::to_value(all) else { panic!("not an object") };
        let unlisted: Vec<&String> = written
            .keys()
            .filter(|name| !JobDraft::FIELDS.contains(&name.as_str()) && *name != "coalesce")
            .collect();
        assert!(unlisted.is_empty() && written.len() == JobDraft::FIELDS.len() + 1, "{unlisted:?}");
    }
}
