//! The form of a workflow's parameters, made from its JSON Schema, and the way back from what the form sends.

use marktwerk_domain::job::Parameters;
use marktwerk_engine::WorkflowDescription;
use maud::{Markup, html};
use serde_json::Value;

use super::Words;
use crate::fields::FormPairs;

/// What a parameter takes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Takes {
    Number,
    Answer,
    Choice(Vec<String>),
    Text,
}

/// The fields of a workflow's parameters. `prefix` makes their ids unique on the page; an empty field leaves the job's own value.
pub(super) fn fields(
    words: Words,
    description: &WorkflowDescription,
    set: &Parameters,
    prefix: &str,
) -> Markup {
    html! {
        @for (name, schema) in properties(description) {
            @let id = format!("{prefix}-{name}");
            @let hint = set.get(&name).or(schema.get("default")).filter(|value| !value.is_null()).map(shown);
            label for=(id) { (name) }
            @match takes(description, &schema) {
                Takes::Number => input #(id) name=(name) type="number" placeholder=[hint];,
                Takes::Text => input #(id) name=(name) type="text" placeholder=[hint];,
                Takes::Answer => (choice(words, &id, &name, hint, &[("true", words.yes), ("false", words.no)])),
                Takes::Choice(values) => {
                    @let values: Vec<(&str, &str)> = values.iter().map(|value| (value.as_str(), value.as_str())).collect();
                    (choice(words, &id, &name, hint, &values))
                }
            }
        }
    }
}

/// The parameters that a form gives; empty fields give none.
pub(super) fn given(description: &WorkflowDescription, form: &FormPairs) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, schema) in properties(description) {
        let text = form.value(&name);
        if text.is_empty() {
            continue;
        }
        let value = match takes(description, &schema) {
            // What is no number stays text: the workflow's schema refuses it, naming the field.
            Takes::Number => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
            Takes::Answer => Value::from(text == "true"),
            Takes::Choice(_) | Takes::Text => Value::from(text),
        };
        parameters.insert(name, value);
    }
    parameters
}

fn choice(words: Words, id: &str, name: &str, hint: Option<String>, values: &[(&str, &str)]) -> Markup {
    html! {
        select #(id) name=(name) {
            option value="" { (words.job_default) @if let Some(hint) = hint { " (" (hint) ")" } }
            @for (value, word) in values { option value=(value) { (word) } }
        }
    }
}

fn properties(description: &WorkflowDescription) -> Vec<(String, Value)> {
    let properties = description.parameters.get("properties").and_then(Value::as_object);
    properties
        .map(|map| map.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect())
        .unwrap_or_default()
}

fn takes(description: &WorkflowDescription, schema: &Value) -> Takes {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let pointer = target.trim_start_matches('#');
        return description
            .parameters
            .pointer(pointer)
            .map_or(Takes::Text, |schema| takes(description, schema));
    }
    let words =
        |values: &[Value]| values.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Takes::Choice(words(values));
    }
    if let Some(branches) =
        ["oneOf", "anyOf"].iter().find_map(|key| schema.get(*key)).and_then(Value::as_array)
    {
        let constants: Vec<Value> =
            branches.iter().filter_map(|branch| branch.get("const").cloned()).collect();
        if !constants.is_empty() {
            return Takes::Choice(words(&constants));
        }
        let branch =
            branches.iter().find(|branch| branch.get("type").and_then(Value::as_str) != Some("null"));
        return branch.map_or(Takes::Text, |branch| takes(description, branch));
    }
    let kinds = match schema.get("type") {
        Some(Value::Array(kinds)) => words(kinds),
        Some(Value::String(kind)) => vec![kind.clone()],
        _ => Vec::new(),
    };
    let has = |kind: &str| kinds.iter().any(|known| known == kind);
    match () {
        () if has("integer") || has("number") => Takes::Number,
        () if has("boolean") => Takes::Answer,
        () => Takes::Text,
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
