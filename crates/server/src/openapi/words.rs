//! Which words a field may have, which form and bounds, and that a body has no other fields than those described. All is said of the finished document,
//! because the words are those of the domain: a new one is described as soon as it exists.

use std::collections::BTreeMap;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::audit::AuditAction;
use marktwerk_domain::concern::ConcernCode;
use marktwerk_domain::log::Level;
use marktwerk_domain::order::OrderState;
use serde_json::Value;
use utoipa::Number;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayItems, KnownFormat, Schema, SchemaFormat, SchemaType, Type,
};
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

/// What a parameter may be, by the beginning of its path and its name.
enum Shape {
    /// One of these words.
    Word(&'static [&'static str]),
    /// Several of these, separated by commas.
    Several(Vec<&'static str>),
    /// A text of this form.
    Form(&'static str),
    /// A number that is not smaller.
    From(isize),
    /// A time with its offset.
    Time,
}

fn shapes() -> Vec<(&'static str, &'static str, Shape)> {
    vec![
        ("/api", "If-Match", Shape::Form(r#"^(\*|(W/)?"?[0-9]{1,18}"?)$"#)),
        ("/api", "format", Shape::Word(&["json", "csv"])),
        ("/api", "lang", Shape::Word(&["de", "en"])),
        ("/api", "mode", Shape::Word(&["quick", "full"])),
        ("/api", "probe", Shape::Word(&["live"])),
        ("/api/logs", "level", Shape::Several(Level::ALL.iter().map(|level| level.as_str()).collect())),
        (
            "/api/v1/audit",
            "action",
            Shape::Several(AuditAction::ALL.iter().map(|one| one.as_str()).collect()),
        ),
        ("/api/v1/audit", "before", Shape::From(1)),
        ("/api/v1/audit", "run", Shape::From(1)),
        ("/api/v1/jobs", "health", Shape::Several(vec!["ok", "degraded", "paused"])),
        ("/api/v1/jobs", "status", Shape::Several(vec!["IDLE", "RUNNING", "SUCCESS", "FAILED"])),
        ("/api/v1/orders", "state", Shape::Several(OrderState::ALL.iter().map(|one| one.as_str()).collect())),
        ("/api/v1/runs", "before", Shape::From(1)),
        ("/api/v1/runs", "caused_by", Shape::From(1)),
        ("/api/v1/runs", "from", Shape::Time),
        ("/api/v1/runs", "state", Shape::Several(RUN_STATES.iter().map(|one| one.as_str()).collect())),
        ("/api/v1/runs", "to", Shape::Time),
        ("/api/v1/runs", "trigger", Shape::Several(RUN_TRIGGERS.iter().map(|one| one.as_str()).collect())),
        ("/api/v1/stock", "after", Shape::Form("^[^/]+/.+$")),
    ]
}

/// Fields of bodies that are times with their offset.
const TIMES: [(&str, &str); 5] = [
    ("DecisionBody", "until"),
    ("FetchBody", "from"),
    ("FetchBody", "until"),
    ("RunFilterDocument", "from"),
    ("RunFilterDocument", "to"),
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
/// Bodies in which null is refused; answers have none in them either.
const WITHOUT_NULL: [&str; 8] = [
    "AddJob",
    "AfterDocument",
    "BulkJobs",
    "BulkRuns",
    "JobDocument",
    "JobFilterDocument",
    "NewJob",
    "RunFilterDocument",
];
/// Those whose lists must name something.
const FILTERS: [&str; 2] = ["JobFilterDocument", "RunFilterDocument"];

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
    for (name, property) in TIMES {
        let found = schemas.get_mut(name).and_then(|schema| properties(schema)?.get_mut(property));
        if !found.is_some_and(|found| shape(found, &Shape::Time)) {
            missing.push(format!("{name}.{property}"));
        }
    }
    for name in CLOSED {
        match schemas.get_mut(name) {
            Some(RefOr::T(Schema::Object(object))) => {
                object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
            _ => missing.push(name.to_owned()),
        }
    }
    for name in WITHOUT_NULL {
        match schemas.get_mut(name).and_then(properties) {
            Some(properties) => properties.values_mut().for_each(without_null),
            None => missing.push(name.to_owned()),
        }
    }
    for name in FILTERS {
        for property in schemas.get_mut(name).and_then(properties).into_iter().flat_map(BTreeMap::values_mut)
        {
            if let RefOr::T(Schema::Array(array)) = property {
                array.min_items = Some(1);
            }
        }
    }
    let shapes = shapes();
    for (path, item) in &mut document.paths.paths {
        let parameters =
            operations(item).filter_map(|(_, operation)| operation.parameters.as_mut()).flatten();
        for parameter in parameters {
            let RefOr::T(parameter) = parameter else { continue };
            let Some(schema) = &mut parameter.schema else { continue };
            // A query cannot say null.
            without_null(schema);
            let own =
                shapes.iter().find(|(start, name, _)| path.starts_with(start) && *name == parameter.name);
            if let Some((.., own)) = own {
                shape(schema, own);
            }
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

/// Says of a property or parameter what it may be.
fn shape(schema: &mut RefOr<Schema>, shape: &Shape) -> bool {
    if let Shape::Word(words) = shape {
        return set_words(schema, words);
    }
    let RefOr::T(Schema::Object(object)) = schema else { return false };
    match shape {
        Shape::Word(_) => {}
        Shape::Several(words) => {
            let one = words.join("|");
            object.pattern = Some(format!("^({one})(,({one}))*$"));
        }
        Shape::Form(pattern) => object.pattern = Some((*pattern).to_owned()),
        Shape::From(least) => object.minimum = Some(Number::Int(*least)),
        Shape::Time => object.format = Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)),
    }
    true
}

fn without_null(schema: &mut RefOr<Schema>) {
    let types = match schema {
        RefOr::T(Schema::Object(object)) => {
            if let Some(words) = &mut object.enum_values {
                words.retain(|word| !word.is_null());
            }
            &mut object.schema_type
        }
        RefOr::T(Schema::Array(array)) => &mut array.schema_type,
        RefOr::T(Schema::OneOf(several)) => {
            several.items.retain(|one| !is_null(one));
            if let [one] = several.items.as_slice() {
                *schema = one.clone();
            }
            return;
        }
        _ => return,
    };
    if let SchemaType::Array(several) = types {
        several.retain(|one| *one != Type::Null);
        if let [one] = several.as_slice() {
            *types = SchemaType::Type(one.clone());
        }
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_word_and_every_closed_body_is_found_in_the_description() {
        let mut document = crate::routes::described("").1;
        assert_eq!(super::complete(&mut document), Vec::<String>::new());
    }
}
