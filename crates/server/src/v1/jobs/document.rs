//! A job as the interface describes it: the schema of [`marktwerk_engine::jobs::JobDraft`], which is read by its own rules.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, Object as SchemaObject, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// What a job is told to do, as it is written in the jobs file, too. A length of time is a number of seconds or a text such as
/// `90s`, `5m` or `1h 30m`. Exactly one of `interval_minutes`, `every`, `cron`, `daily` and `manual` says when it runs.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes bodies and answers; the engine reads and writes them")]
pub(crate) struct JobDocument {
    /// Letters, digits, `-`, `_` and `.`; the next free name of the job type where it is not given. It stays.
    #[schema(max_length = 200, example = "order_workflow-2")]
    id: Option<String>,
    /// `order_workflow`, `inventory_workflow`, … or an older name. It stays.
    #[schema(min_length = 1, example = "order_workflow")]
    job_type: String,
    /// Interval in minutes.
    #[schema(minimum = 1, maximum = 525_600, example = 5)]
    interval_minutes: Option<i64>,
    /// Interval: one second to a year.
    #[schema(value_type = Option<Duration>)]
    every: Option<Value>,
    /// Where an interval is counted from: `start` (if not given) or `finish`, the end of the last run.
    from: Option<String>,
    /// Five fields, or six with the second first.
    #[schema(example = "30 2,14 * * MON-FRI")]
    cron: Option<String>,
    /// Times of each day; one may stand alone.
    #[schema(example = json!(["02:00", "14:30"]))]
    daily: Option<Vec<String>>,
    /// True: never by itself.
    manual: Option<bool>,
    /// Whether it runs by itself.
    #[schema(default = true)]
    enabled: Option<bool>,
    /// For people.
    #[schema(max_length = 2_000, default = "")]
    description: Option<String>,
    /// The account, where it is not the first of its marketplace.
    account: Option<String>,
    /// The zone of its schedule and windows, where it is not the program's.
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// A scheduled run starts at random up to this much later: up to a day.
    #[schema(value_type = Option<Duration>)]
    jitter: Option<Value>,
    /// What happens with missed times: `latest` (if not given), `all` or `skip`.
    misfire: Option<String>,
    /// Another word for misfire: true is `latest`, false is `all`.
    #[schema(write_only)]
    coalesce: Option<bool>,
    /// A planned time that is later than this is too late; never, if not given.
    #[schema(value_type = Option<Duration>)]
    grace: Option<Value>,
    /// What happens while `max_instances` runs are live: `skip` (if not given), `queue_one`, `queue_all` or `cancel_running`.
    overlap: Option<String>,
    /// Live runs at the same time.
    #[schema(minimum = 1, maximum = 100, default = 1)]
    max_instances: Option<u32>,
    /// A run that takes longer in all is stopped.
    #[schema(value_type = Option<Duration>)]
    time_limit: Option<Value>,
    /// `high`, `medium` (if not given) or `low`.
    priority: Option<String>,
    /// What happens after a failed attempt.
    retry: Option<RetryDocument>,
    /// What must hold, so that it starts by itself: `new_data`, `account_healthy`, `erp_reachable`,
    /// `{"window": {"days": ["mon"], "from": "08:00", "to": "18:00"}}`, `{"succeeded_within": {"job": id, "minutes": 60}}`.
    #[schema(value_type = Option<Vec<Object>>, example = json!(["new_data"]))]
    conditions: Option<Vec<Value>>,
    /// The jobs that it follows on; any one suffices. A name alone is on success.
    after: Option<Vec<AfterDocument>>,
    /// Given to each run; the job type's schema says which there are.
    #[schema(value_type = Option<Object>)]
    parameters: Option<Map<String, Value>>,
}

/// A job to be added: a [`JobDocument`] and nothing else.
pub(crate) struct NewJob;

impl PartialSchema for NewJob {
    fn schema() -> RefOr<Schema> {
        closed(|_| ())
    }
}

impl ToSchema for NewJob {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("NewJob")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        JobDocument::schemas(schemas);
    }
}

/// A change of a job: the fields to change, and what an answer has besides, so that a job can be sent back as it was read.
pub(crate) struct JobPatch;

impl PartialSchema for JobPatch {
    fn schema() -> RefOr<Schema> {
        closed(|object| {
            object.required.clear();
            let integer = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
            let version = integer.description(Some("The version that the caller has seen, as in If-Match."));
            object.properties.insert("version".to_owned(), version.into());
            for (name, kind) in [("state", Type::Object), ("warning", Type::String)] {
                let unread = ObjectBuilder::new().schema_type(kind).description(Some("Not read."));
                object.properties.insert(name.to_owned(), unread.into());
            }
        })
    }
}

impl ToSchema for JobPatch {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("JobPatch")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        JobDocument::schemas(schemas);
    }
}

/// The fields of a job, and no other. Answers have other fields beside them, so the document itself is open.
fn closed(change: impl FnOnce(&mut SchemaObject)) -> RefOr<Schema> {
    let mut schema = JobDocument::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        change(object);
    }
    schema
}

/// Whole seconds, or a text such as `90s`, `5m` or `1h 30m`. Answered in seconds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes bodies and answers; the engine reads and writes them")]
pub(crate) enum Duration {
    Seconds(u32),
    Text(String),
}

/// What happens after a failed attempt.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes bodies and answers; the engine reads and writes them")]
pub(crate) struct RetryDocument {
    /// In all, the first one included.
    #[schema(minimum = 1, maximum = 100, default = 3)]
    attempts: Option<u32>,
    #[schema(maximum = 86_400, default = 30)]
    first_delay_seconds: Option<u32>,
    /// What each further delay is multiplied by.
    #[schema(minimum = 1, maximum = 10, default = 2)]
    factor: Option<f64>,
    #[schema(maximum = 86_400, default = 900)]
    longest_delay_seconds: Option<u32>,
}

/// A job that another follows on.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(dead_code, reason = "describes bodies and answers; the engine reads and writes them")]
pub(crate) struct AfterDocument {
    /// Its id.
    job: String,
    /// `success` (if not given), `failure` or `always`.
    on: Option<String>,
}

#[cfg(test)]
mod tests {
    use marktwerk_engine::jobs::JobDraft;
    use serde_json::json;
    use utoipa::PartialSchema;

    use super::*;

    #[test]
    fn every_field_of_a_draft_is_described_and_no_other() {
        let draft = JobDraft::read(json!({
            "id": "a", "job_type": "b", "interval_minutes": 1, "every": 1, "from": "finish", "cron": "", "daily": "02:00",
            "manual": true, "account": "c", "time_zone": "UTC", "jitter": 1, "misfire": "all", "coalesce": true, "grace": 1,
            "overlap": "skip", "max_instances": 2, "time_limit": 1, "priority": "high", "retry": {}, "conditions": ["new_data"],
            "after": ["d"], "parameters": { "e": 1 },
        }));
        let draft = serde_json::to_value(draft.unwrap()).unwrap();
        let schema = serde_json::to_value(JobDocument::schema()).unwrap();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&schema["properties"]), names(&draft));
    }
}
