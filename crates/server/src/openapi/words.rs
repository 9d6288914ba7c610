//! Which words a field may have, and that a body has no other fields than those described. Both are said of the finished document,
//! because the words are those of the domain: a new one is described as soon as it exists.

use std::collections::BTreeMap;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::audit::AuditAction;
use marktwerk_domain::concern::ConcernCode;
use marktwerk_domain::order::OrderState;
use serde_json::Value;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema, SchemaType, Type};
use utoipa::openapi::{OpenApi as Document, RefOr};

use super::operations;
use crate::v1::{RUN_STATES, RUN_TRIGGERS};

/// A schema's property with its words.
type Words = (&'static str, &'static str, Vec<&'static str>);

fn words() -> Vec<Words> {
    let states: Vec<&str> = RUN_STATES.iter().map(|state| state.as_str()).collect();
    let triggers: Vec<&str> = RUN_TRIGGERS.iter().map(|trigger| trigger.as_str()).collect();
    let order_states: Vec<&str> = OrderState::ALL.iter().map(|state| state.as_str()).collect();
    let codes: Vec<&str> = ConcernCode::ALL.iter().map(|code| code.as_str()).collect();
    let statuses = || vec!["IDLE", "RUNNING", "SUCCESS", "FAILED"];
    let marks = || vec!["ok", "degraded", "paused"];
    let job_actions = || vec!["pause", "resume", "run", "remove"];
    let run_actions = || vec!["cancel", "retry"];
    let priorities = || vec!["high", "medium", "low"];
    vec![
        ("AfterDocument", "on", vec!["success", "failure", "always"]),
        ("AlertItem", "change", vec!["paused", "degraded", "recovered"]),
        ("AttentionItem", "kind", AttentionKind::ALL.iter().map(|kind| kind.as_str()).collect()),
        ("AuditItem", "action", AuditAction::ALL.iter().map(|action| action.as_str()).collect()),
        ("BulkJobs", "action", job_actions()),
        ("BulkJobsResult", "action", job_actions()),
        ("BulkRuns", "action", run_actions()),
        ("BulkRunsResult", "action", run_actions()),
        ("DecidedOrder", "state", order_states.clone()),
        ("Health", "status", vec!["ok", "degraded"]),
        ("HealthItem", "mark", marks()),
        ("HealthReason", "code", codes.clone()),
        ("JobDocument", "from", vec!["start", "finish"]),
        ("JobDocument", "misfire", vec!["latest", "all", "skip"]),
        ("JobDocument", "overlap", vec!["skip", "queue_one", "queue_all", "cancel_running"]),
        ("JobDocument", "priority", priorities()),
        ("JobFilterDocument", "health", marks()),
        ("JobFilterDocument", "status", statuses()),
        ("JobNow", "status", statuses()),
        ("JobState", "status", statuses()),
        ("LogExport", "format", vec!["json", "csv"]),
        ("Module", "status", vec!["ok", "warning", "error"]),
        ("OrderItem", "state", order_states),
        ("ProgramConcern", "code", codes),
        ("ProgramHealth", "status", vec!["ok", "degraded"]),
        ("RunFilterDocument", "state", states.clone()),
        ("RunFilterDocument", "trigger", triggers.clone()),
        ("RunItem", "priority", priorities()),
        ("RunItem", "state", states.clone()),
        ("RunItem", "trigger", triggers.clone()),
        ("RunLink", "state", states),
        ("RunLink", "trigger", triggers),
        ("StepItem", "state", vec!["running", "done", "failed"]),
        (
            "TestResult",
            "class",
            vec!["transient", "rate_limited", "refused", "unreadable", "unauthorised", "timed_out", "defect"],
        ),
    ]
}

/// Parameters of a query with their words, whichever operation has them.
const OF_QUERIES: [(&str, &[&str]); 4] = [
    ("format", &["json", "csv"]),
    ("lang", &["de", "en"]),
    ("mode", &["quick", "full"]),
    ("probe", &["live"]),
];

/// Bodies that are read field by field, so that any other name is refused.
const CLOSED: [&str; 10] = [
    "AddJob",
    "BulkJobs",
    "BulkRuns",
    "DecisionBody",
    "FetchBody",
    "JobFilterDocument",
    "RetryDocument",
    "RetryRun",
    "RunFilterDocument",
    "StartJob",
];
/// Those among them in which null is refused, too.
const WITHOUT_NULL: [&str; 5] = ["AddJob", "BulkJobs", "BulkRuns", "JobFilterDocument", "RunFilterDocument"];

/// Says all of it. Answers with what it did not find, which a test keeps empty.
pub(crate) fn complete(document: &mut Document) -> Vec<String> {
    let mut missing = Vec::new();
    let schemas = &mut document.components.get_or_insert_default().schemas;
    for (name, property, words) in words() {
        let found = schemas.get_mut(name).and_then(|schema| properties(schema)?.get_mut(property));
        if !found.is_some_and(|found| set_words(found, &words)) {
            missing.push(format!("{name}.{property}"));
        }
    }
    for name in CLOSED {
        match schemas.get_mut(name) {
            Some(RefOr::T(Schema::Object(object))) => {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
                if WITHOUT_NULL.contains(&name) {
                    object.properties.values_mut().for_each(without_null);
                }
            }
            _ => missing.push(name.to_owned()),
        }
    }
    let parameters = document
        .paths
        .paths
        .values_mut()
        .flat_map(operations)
        .filter_map(|(_, operation)| operation.parameters.as_mut())
        .flatten();
    for parameter in parameters {
        let RefOr::T(parameter) = parameter else { continue };
        let Some(schema) = &mut parameter.schema else { continue };
        // A query cannot say null.
        without_null(schema);
        if let Some((_, words)) = OF_QUERIES.iter().find(|(name, _)| *name == parameter.name) {
            set_words(schema, words);
        }
    }
    missing
}

type Properties = BTreeMap<String, RefOr<Schema>>;

fn properties(schema: &mut RefOr<Schema>) -> Option<&mut Properties> {
    match schema {
        RefOr::T(Schema::Object(object)) => Some(&mut object.properties),
        // A part that stands in another as if it were its own.
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().find_map(|part| match part {
            RefOr::T(Schema::Object(object)) => Some(&mut object.properties),
            _ => None,
        }),
        _ => None,
    }
}

fn set_words(schema: &mut RefOr<Schema>, words: &[&str]) -> bool {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            let is_nullable =
                matches!(&object.schema_type, SchemaType::Array(types) if types.contains(&Type::Null));
            let null = is_nullable.then_some(Value::Null);
            object.enum_values = Some(words.iter().map(|word| Value::from(*word)).chain(null).collect());
            true
        }
        RefOr::T(Schema::Array(array)) => {
            let ArrayItems::RefOrSchema(items) = &mut array.items else { return false };
            set_words(items, words)
        }
        _ => false,
    }
}

fn without_null(schema: &mut RefOr<Schema>) {
    let types = match schema {
        RefOr::T(Schema::Object(object)) => &mut object.schema_type,
        RefOr::T(Schema::Array(array)) => {
            // An empty list names nothing.
            array.min_items = Some(1);
            &mut array.schema_type
        }
        _ => return,
    };
    if let SchemaType::Array(several) = types
        && let [one] =
            several.iter().filter(|one| **one != Type::Null).cloned().collect::<Vec<_>>().as_slice()
    {
        *types = SchemaType::Type(one.clone());
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_word_and_every_closed_body_is_found_in_the_description() {
        let mut document = crate::routes::described("").1;
        assert_eq!(super::complete(&mut document), Vec::<String>::new());
    }
}
