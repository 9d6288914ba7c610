//! How TEMU writes values: numbers also as text, lists also as `null`, unknown members to be skipped. The
//! readers here take what comes as far as it is clear, and their errors never repeat a value.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

pub(super) use crate::json::without_values;

/// What every answer is wrapped in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Envelope<'a> {
    #[serde(default, deserialize_with = "flag")]
    pub(super) success: Option<bool>,
    #[serde(default, deserialize_with = "number")]
    pub(super) error_code: Option<i64>,
    #[serde(default, deserialize_with = "text")]
    pub(super) error_msg: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) request_id: Option<String>,
    #[serde(default, borrow)]
    pub(super) result: Option<&'a RawValue>,
}

/// An amount in minor units (documents: `MoneyAmount`).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct MoneyAmount {
    #[serde(default, deserialize_with = "text")]
    pub(super) currency: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) amount: Option<i64>,
}

/// A whole number, also as text of digits or with a fraction of zero; absent, `null` and blank are none.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        value => whole_number(&value).map(Some).ok_or_else(|| D::Error::custom("not a whole number")),
    }
}

/// A whole number, if the value is one.
pub(super) fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(number) => number.as_i64().or_else(|| {
            // 19000000.0 is meant as a whole number; 2^53 bounds what a double holds exactly.
            let float = number.as_f64()?;
            (float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0).then_some(float as i64)
        }),
        _ => None,
    }
}

/// A text, also written as a number; absent, `null` and blank are none. Blanks at the ends go.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(match text.trim() {
            "" => None,
            trimmed if trimmed.len() == text.len() => Some(text),
            trimmed => Some(trimmed.to_owned()),
        }),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(D::Error::custom("not a text")),
    }
}

/// Yes or no, also as 1 and 0 and as text; absent and `null` are none.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(flag)),
        Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => Ok(Some(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => Ok(Some(false)),
        Value::Number(number) if number.as_i64() == Some(1) => Ok(Some(true)),
        Value::Number(number) if number.as_i64() == Some(0) => Ok(Some(false)),
        _ => Err(D::Error::custom("neither true nor false")),
    }
}

/// A list; `null` is an empty one.
pub(super) fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// A member that may be missing, `null` or unreadable without spoiling the rest.
pub(super) fn lenient<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_come_as_numbers_or_text() {
        for value in [json!(42), json!("42"), json!(" 42 "), json!(42.0)] {
            assert_eq!(number(value).unwrap(), Some(42));
        }
        assert_eq!(number(Value::Null).unwrap(), None);
        assert_eq!(number(json!("")).unwrap(), None);
        assert!(number(json!("4.2")).is_err());
        assert!(number(json!([])).is_err());
    }
}
