//! What is wrong with a field, in the words of people: what it must be, never what a type or a library is called.

use marktwerk_domain::words::one_of;
use serde_json::Value;

/// A reason of serde's (`invalid type: string "five", expected i64`) in our words. Others are left as they are.
pub(crate) fn in_words(reason: &str) -> String {
    let reason = reason.split(" at line ").next().unwrap_or(reason);
    for beginning in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) =
            reason.strip_prefix(beginning).and_then(|rest| rest.split_once(", expected "))
        {
            return format!("must be {}, not {}", wanted(expected), found_in_words(found));
        }
    }
    if let Some((found, known)) =
        reason.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", expected "))
    {
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        return format!("must be {}, not {found}", one_of(&known));
    }
    if let Some((found, known)) =
        reason.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected "))
    {
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        return format!("has no {found}; it takes {}", known.join(", "));
    }
    if let Some(name) = reason.strip_prefix("missing field ") {
        return format!("lacks {name}");
    }
    reason.to_owned()
}

fn wanted(expected: &str) -> String {
    match expected {
        "a boolean" => "true or false".to_owned(),
        "a string" | "string" | "str" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "i64" | "i32" | "isize" => "a whole number".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of 0 or more".to_owned(),
        other if other.starts_with("struct ") || other.starts_with("internally tagged") => {
            "an object".to_owned()
        }
        other if other.contains("enum") || other.contains("variant") => {
            "one of the documented words".to_owned()
        }
        other => other.to_owned(),
    }
}

/// serde names the kind before the value: `string "five"`, `integer `5``, `floating point `1.5``.
fn found_in_words(found: &str) -> String {
    match found {
        "null" | "unit" | "unit value" => return "empty (null)".to_owned(),
        "sequence" => return "a list".to_owned(),
        "map" => return "an object".to_owned(),
        _ => {}
    }
    for kind in ["string ", "integer ", "floating point ", "boolean ", "character "] {
        if let Some(value) = found.strip_prefix(kind) {
            return value.trim_matches('`').to_owned();
        }
    }
    found.to_owned()
}

/// What the schema of a parameter asks for: `quick or full`, `a whole number from 1 to 365`. `root` holds what it refers to.
pub(crate) fn asked_for(schema: &Value, root: &Value) -> String {
    let mut words: Vec<String> = Vec::new();
    collect(schema, root, &mut words, 0);
    if words.is_empty() { "what its description says".to_owned() } else { one_of(&words) }
}

/// A parameter may refer to a part of the document, and be one of several things; empty is not said, for it is left out instead.
fn collect(schema: &Value, root: &Value, words: &mut Vec<String>, depth: u8) {
    if depth > 8 {
        return;
    }
    if let Some(reference) = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        if let Some(target) = root.pointer(reference) {
            collect(target, root, words, depth + 1);
        }
        return;
    }
    for several in ["anyOf", "oneOf", "allOf"] {
        for one in schema[several].as_array().into_iter().flatten() {
            collect(one, root, words, depth + 1);
        }
        if schema[several].is_array() {
            return;
        }
    }
    let mut add = |word: String| {
        if !words.contains(&word) {
            words.push(word);
        }
    };
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(value) = schema.get("const") {
        return add(shown(value));
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().filter(|value| !value.is_null()).for_each(|value| add(shown(value)));
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    for kind in kinds {
        match kind {
            "integer" => add(format!("a whole number{}", range(schema))),
            "number" => add(format!("a number{}", range(schema))),
            "boolean" => add("true or false".to_owned()),
            "string" if is_time(schema) => {
                add("a time with its offset, such as 2026-11-30T08:00:00+01:00".to_owned());
            }
            "string" => add("a text".to_owned()),
            "array" => add("a list".to_owned()),
            "object" => add("an object".to_owned()),
            _ => {}
        }
    }
}

/// Whether a text has to be a time, which a schema says and does not check.
pub(crate) fn is_time(schema: &Value) -> bool {
    schema["format"] == "date-time"
}

fn range(schema: &Value) -> String {
    let bound = |name: &str| schema[name].as_f64();
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" of {least} or more"),
        (None, Some(most)) => format!(" of {most} or less"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn serdes_reasons_become_words() {
        for (reason, words) in [
            ("invalid type: string \"five\", expected i64", "must be a whole number, not \"five\""),
            ("invalid value: integer `-1`, expected u32", "must be a whole number of 0 or more, not -1"),
            (
                "invalid type: floating point `1.5`, expected u32",
                "must be a whole number of 0 or more, not 1.5",
            ),
            ("invalid type: integer `1`, expected a boolean", "must be true or false, not 1"),
            ("invalid type: map, expected a string at line 2 column 3", "must be a text, not an object"),
            (
                "unknown variant `urgent`, expected one of `high`, `medium`, `low`",
                "must be high, medium or low, not `urgent`",
            ),
            ("unknown field `x`, expected `job` or `on`", "has no `x`; it takes job, on"),
            ("missing field `job`", "lacks `job`"),
            ("must be times of the day", "must be times of the day"),
        ] {
            assert_eq!(in_words(reason), words);
        }
    }

    #[test]
    fn a_schema_says_what_it_asks_for() {
        let root = json!({ "$defs": { "Mode": { "oneOf": [{ "const": "quick" }, { "const": "full" }] } } });
        for (schema, words) in [
            (json!({ "$ref": "#/$defs/Mode" }), "quick or full"),
            (json!({ "anyOf": [{ "$ref": "#/$defs/Mode" }, { "type": "null" }] }), "quick or full"),
            (
                json!({ "type": ["integer", "null"], "minimum": 1, "maximum": 365 }),
                "a whole number from 1 to 365",
            ),
            (json!({ "enum": [0, 1, 2, null] }), "0, 1 or 2"),
            (json!({ "type": ["boolean", "null"] }), "true or false"),
            (json!({ "type": ["string", "null"] }), "a text"),
            (
                json!({ "type": ["string", "null"], "format": "date-time" }),
                "a time with its offset, such as 2026-11-30T08:00:00+01:00",
            ),
            (json!({ "type": "integer", "format": "uint8", "minimum": 0 }), "a whole number of 0 or more"),
        ] {
            assert_eq!(asked_for(&schema, &root), words);
        }
    }
}
