//! How lengths, conditions, links and parameters are typed.

use marktwerk_engine::strict_json;
use serde_json::{Value, json};

/// `90s`, `5m`, `1h 30m`. A bare number is refused: five what?
pub(super) fn length(text: &str) -> Result<String, String> {
    match text.trim().chars().last() {
        Some(last) if last.is_alphabetic() => Ok(text.to_owned()),
        _ => Err("write it with its unit: 90s, 5m, 1h 30m".to_owned()),
    }
}

/// `order_workflow`, `order_workflow:failure`.
pub(super) fn link(text: &str) -> Result<Value, String> {
    match text.rsplit_once(':') {
        None => Ok(json!({ "job": text })),
        Some((job, on @ ("success" | "failure" | "always"))) => Ok(json!({ "job": job, "on": on })),
        Some((_, on)) => Err(format!("`{on}` is not an outcome of a run; write success, failure or always")),
    }
}

/// `new_data`, `window:mon,tue/08:00-18:00`, `succeeded_within:order_workflow:60`, or JSON.
pub(super) fn condition(text: &str) -> Result<Value, String> {
    if text.starts_with('{') {
        return strict_json::read(text).map_err(|error| format!("is not JSON: {error}"));
    }
    let Some((word, rest)) = text.split_once(':') else { return Ok(Value::from(text)) };
    match word {
        "window" => {
            let (days, hours) = rest.split_once('/').unwrap_or(("", rest));
            let expected = "write window:08:00-18:00 or window:mon,tue/08:00-18:00";
            let (from, to) = hours.split_once('-').ok_or(expected)?;
            let days: Vec<&str> = days.split(',').filter(|day| !day.is_empty()).collect();
            Ok(json!({ "window": { "days": days, "from": from, "to": to } }))
        }
        "succeeded_within" => {
            let expected = "write succeeded_within:JOB:MINUTES";
            let (job, minutes) = rest.rsplit_once(':').ok_or(expected)?;
            let minutes: u32 = minutes.trim_end_matches('m').parse().map_err(|_| expected)?;
            Ok(json!({ "succeeded_within": { "job": job, "minutes": minutes } }))
        }
        other => {
            Err(format!("`{other}` is not a condition with values; there are window and succeeded_within"))
        }
    }
}

/// `NAME=VALUE`: `7` is a number and `true` a truth value, as JSON reads them; all else is a text.
pub(super) fn parameter(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            let value = match serde_json::from_str(value) {
                Ok(typed @ (Value::Bool(_) | Value::Number(_))) => typed,
                _ => Value::from(value),
            };
            Ok((name.to_owned(), value))
        }
        _ => Err("write NAME=VALUE, such as mode=full".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_and_links_are_typed_shortly() {
        assert_eq!(condition("new_data").unwrap(), json!("new_data"));
        let window = json!({ "window": { "days": ["mon", "tue"], "from": "08:00", "to": "18:00" } });
        assert_eq!(condition("window:mon,tue/08:00-18:00").unwrap(), window);
        let within = json!({ "succeeded_within": { "job": "a", "minutes": 60 } });
        assert_eq!(condition("succeeded_within:a:60m").unwrap(), within);
        assert_eq!(condition("{\"window\": 1}").unwrap(), json!({ "window": 1 }));
        assert!(condition("window:soon").is_err() && condition("moon:full").is_err());
        assert_eq!(link("a:failure").unwrap(), json!({ "job": "a", "on": "failure" }));
        assert!(link("a:sunday").is_err());
    }

    #[test]
    fn a_length_has_a_unit_and_a_parameter_a_name() {
        assert!(length("5m").is_ok() && length("1h 30m").is_ok());
        assert!(length("5").is_err() && length("").is_err());
        assert_eq!(parameter("days=3").unwrap(), ("days".to_owned(), json!(3)));
        assert_eq!(parameter("mode=full").unwrap().1, json!("full"));
        assert!(parameter("=3").is_err() && parameter("days").is_err());
    }
}
