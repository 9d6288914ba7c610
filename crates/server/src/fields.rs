//! Reads the fields of a query, a form or a JSON body by hand, so that every fault names its field. All faults of a request
//! are told at once; a name that nobody asked for is a fault too, since passing over it would be a silent default.

use std::collections::BTreeSet;
use std::error::Error;
use std::ops::RangeInclusive;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use marktwerk_domain::words::nearest;
use marktwerk_engine::jobs_file;
use marktwerk_engine::strict_json::{self, Misread};
use serde_json::{Map, Value};

use crate::connections::StoppedBody;
use crate::error::{ApiError, ApiResult, FieldFault};
use crate::safety::LARGEST_BODY;

const TRUE: [&str; 6] = ["true", "1", "yes", "on", "t", "y"];
const FALSE: [&str; 6] = ["false", "0", "no", "off", "f", "n"];

/// The fields of a request, taken out one by one.
#[derive(Debug)]
pub(crate) struct Fields {
    place: &'static str,
    /// Before the names, where the fields stand within another: `filter.`.
    within: &'static str,
    values: Map<String, Value>,
    /// What was asked for: what there is to know of the rest.
    asked: BTreeSet<String>,
    faults: Vec<FieldFault>,
}

impl Fields {
    /// The fields of a query. An empty value is not given: `?level=&limit=100` asks for every level.
    pub(crate) fn of_query(pairs: Vec<(String, String)>) -> Self {
        let mut fields = Self { place: "query", ..Self::of_object(Map::new()) };
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            if fields.values.insert(name.clone(), Value::String(value)).is_some() {
                fields.fault(&name, "duplicate", "is given twice");
            }
        }
        fields
    }

    /// The fields of a JSON object.
    pub(crate) fn of_body(body: &[u8]) -> ApiResult<Self> {
        let expected = "a JSON object is expected";
        match jobs_file::decoded(body).and_then(|text| strict_json::read(&text)) {
            Ok(Value::Object(values)) => Ok(Self::of_object(values)),
            Ok(_) => Err(ApiError::Fields(vec![FieldFault {
                loc: vec!["body".to_owned()],
                msg: expected.to_owned(),
                kind: "dict_type".to_owned(),
            }])),
            Err(Misread { line, column, reason }) => Err(ApiError::Fields(vec![FieldFault {
                loc: vec!["body".to_owned(), format!("{line}:{column}")],
                msg: format!("{expected}: {reason} at line {line} column {column}"),
                kind: "json_invalid".to_owned(),
            }])),
        }
    }

    /// The fields of a JSON object that was read.
    pub(crate) fn of_object(values: Map<String, Value>) -> Self {
        Self { place: "body", within: "", values, asked: BTreeSet::new(), faults: Vec::new() }
    }

    /// The same for one that stands within another.
    pub(crate) fn within(self, within: &'static str) -> Self {
        Self { within, ..self }
    }

    /// Refuses null, which says neither what is meant nor that nothing is.
    pub(crate) fn without_null(mut self) -> Self {
        let values = std::mem::take(&mut self.values);
        let (nulls, values) = values.into_iter().partition(|(_, value)| value.is_null());
        self.values = values;
        let nulls: Map<String, Value> = nulls;
        for name in nulls.keys() {
            self.fault(name, "none_not_allowed", "must not be null: leave it out if nothing is meant");
        }
        self
    }

    /// A whole number within bounds.
    pub(crate) fn integer(&mut self, name: &str, bounds: RangeInclusive<i64>) -> Option<i64> {
        let value = self.take(name)?;
        let number = match &value {
            Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if bounds.contains(&number) => Some(number),
            Some(number) => {
                let (least, most) = (bounds.start(), bounds.end());
                let kind = if number < *least { "greater_than_equal" } else { "less_than_equal" };
                self.fault(
                    name,
                    kind,
                    &format!("must be a whole number from {least} to {most}, not {number}"),
                );
                None
            }
            None => {
                self.fault(name, "int_parsing", &format!("must be a whole number, not {value}"));
                None
            }
        }
    }

    /// Yes or no.
    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        let value = self.take(name)?;
        let word = match &value {
            Value::Bool(answer) => return Some(*answer),
            Value::String(text) => text.trim().to_ascii_lowercase(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        if TRUE.contains(&word.as_str()) {
            return Some(true);
        }
        if FALSE.contains(&word.as_str()) {
            return Some(false);
        }
        self.fault(name, "bool_parsing", &format!("must be true or false, not {value}"));
        None
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            value => {
                self.fault(name, "string_type", &format!("must be a text, not {value}"));
                None
            }
        }
    }

    /// A text that `parse` understands; its refusal is told.
    pub(crate) fn word<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.fault(name, "enum", &reason);
                None
            }
        }
    }

    /// Several texts: separated by commas, or a list.
    pub(crate) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let texts: Option<Vec<String>> = match self.take(name)? {
            Value::String(text) => Some(text.split(',').map(|one| one.trim().to_owned()).collect()),
            Value::Array(values) if values.is_empty() => {
                self.fault(name, "too_short", "names nothing: leave it out if everything is meant");
                return None;
            }
            Value::Array(values) => values.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.fault(name, "string_type", "must be texts: separated by commas, or a list");
        }
        texts
    }

    /// Several texts that `parse` understands, each.
    pub(crate) fn words<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let texts = self.texts(name).unwrap_or_default();
        match texts.iter().map(|text| parse(text)).collect() {
            Ok(values) => values,
            Err(reason) => {
                self.fault(name, "enum", &reason);
                Vec::new()
            }
        }
    }

    /// A JSON object.
    pub(crate) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        match self.take(name)? {
            Value::Object(values) => Some(values),
            value => {
                self.fault(name, "dict_type", &format!("must be an object, not {value}"));
                None
            }
        }
    }

    /// What a field has to be there for.
    pub(crate) fn required<T: Default>(&mut self, name: &str, value: Option<T>) -> T {
        let full = format!("{}{name}", self.within);
        let has_fault = self.faults.iter().any(|fault| fault.loc.last() == Some(&full));
        if value.is_none() && !has_fault {
            self.fault(name, "missing", "is required");
        }
        value.unwrap_or_default()
    }

    /// Records a fault of a field.
    pub(crate) fn fault(&mut self, name: &str, kind: &str, reason: &str) {
        let name = format!("{}{name}", self.within);
        self.faults.push(FieldFault::new(self.place, &name, kind, format!("{name} {reason}")));
    }

    /// Ends the reading: what is left over was not asked for, and `words` says of each name what there is instead.
    pub(crate) fn finish_with(mut self, words: impl Fn(&str) -> String) -> ApiResult<()> {
        for name in self.values.keys() {
            let loc = format!("{}{name}", self.within);
            self.faults.push(FieldFault::new(self.place, &loc, "extra_forbidden", words(name)));
        }
        self.values.clear();
        self.finish()
    }

    /// Ends the reading: what is left over was not asked for.
    pub(crate) fn finish(mut self) -> ApiResult<()> {
        let rest: Vec<String> = self.values.keys().cloned().collect();
        let known: Vec<String> = self.asked.iter().cloned().collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        for name in rest {
            let reason = match (nearest(&name, &known), known.as_slice()) {
                (_, []) => "is not known here".to_owned(),
                (Some(near), known) => {
                    format!("is not known here; did you mean {near}? Known: {}", known.join(", "))
                }
                (None, known) => format!("is not known here; known: {}", known.join(", ")),
            };
            self.fault(&name, "extra_forbidden", &reason);
        }
        if self.faults.is_empty() { Ok(()) } else { Err(ApiError::Fields(self.faults)) }
    }

    /// Ends the reading: what is left over is somebody else's to judge.
    pub(crate) fn rest(self) -> ApiResult<Map<String, Value>> {
        if self.faults.is_empty() { Ok(self.values) } else { Err(ApiError::Fields(self.faults)) }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.asked.insert(name.to_owned());
        self.values.remove(name).filter(|value| !value.is_null())
    }
}

fn whole(number: f64) -> Option<i64> {
    // 2^53: beyond it a float does not name one whole number.
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

/// The query of a request, as fields.
pub(crate) struct QueryFields(pub(crate) Fields);

impl<S: Send + Sync> FromRequestParts<S> for QueryFields {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let pairs = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Query(pairs) =
            pairs.map_err(|error| ApiError::field("query", "query", "value_error", error.body_text()))?;
        Ok(Self(Fields::of_query(pairs)))
    }
}

/// The JSON body of a request, as fields.
pub(crate) struct BodyFields(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for BodyFields {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> ApiResult<Self> {
        require_json(&request)?;
        let body = whole_body(request.into_body(), LARGEST_BODY).await?;
        Ok(Self(Fields::of_body(&body)?.without_null()))
    }
}

/// The fields of a form that a page sent.
pub(crate) struct FormPairs(pub(crate) Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for FormPairs {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> ApiResult<Self> {
        let Form(pairs) =
            Form::<Vec<(String, String)>>::from_request(request, state).await.map_err(|error| match error
                .status()
            {
                StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge(LARGEST_BODY),
                StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                    ApiError::WrongType("application/x-www-form-urlencoded")
                }
                _ => ApiError::field("body", "form", "value_error", error.body_text()),
            })?;
        Ok(Self(pairs))
    }
}

impl FormPairs {
    /// The first value of a name; empty if there is none.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim()).unwrap_or_default()
    }
}

/// Refuses a body that says it is not JSON. A page of a stranger can make a browser send forms and plain texts without asking here
/// first, and JSON not. One that does not say what it is may be JSON: programs have always sent such.
pub(crate) fn require_json(request: &Request) -> ApiResult<()> {
    let Some(kind) = request.headers().get(header::CONTENT_TYPE) else { return Ok(()) };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    let is_json = kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"));
    // What is empty is of no type, whatever a program says of it.
    if is_json || request.body().is_end_stream() {
        return Ok(());
    }
    Err(ApiError::WrongType("application/json"))
}

/// Reads a body that is not too large.
pub(crate) async fn whole_body(body: Body, most: usize) -> ApiResult<Bytes> {
    // Chunked bodies tell no length before: the limit holds while they are read.
    axum::body::to_bytes(body, most).await.map_err(|error| {
        let mut cause: Option<&dyn Error> = Some(&error);
        while let Some(error) = cause {
            if let Some(stopped) = error.downcast_ref::<StoppedBody>() {
                return ApiError::Stopped(stopped.to_string());
            }
            cause = error.source();
        }
        ApiError::TooLarge(most)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_names_its_field_and_all_are_told() {
        let mut fields =
            Fields::of_body(br#"{"interval_minutes": 0, "enabled": "maybe", "colour": 1}"#).unwrap();
        let (minutes, enabled) = (fields.integer("interval_minutes", 1..=10), fields.boolean("enabled"));
        let job_type = fields.text("job_type");
        fields.required("job_type", job_type);
        fields.required("interval_minutes", minutes);
        assert_eq!(enabled, None);
        let ApiError::Fields(faults) = fields.finish().unwrap_err() else { panic!("not about fields") };
        let told: Vec<_> = faults.iter().map(|fault| (fault.loc[1].as_str(), fault.kind.as_str())).collect();
        assert_eq!(
            told,
            [
                ("interval_minutes", "greater_than_equal"),
                ("enabled", "bool_parsing"),
                ("job_type", "missing"),
                ("colour", "extra_forbidden")
            ]
        );
    }

    #[test]
    fn numbers_and_answers_are_understood_as_programs_write_them() {
        let mut fields =
            Fields::of_body(br#"{"a": 5, "b": "5", "c": 5.0, "d": true, "e": "ON", "f": 0}"#).unwrap();
        assert_eq!(
            [fields.integer("a", 1..=9), fields.integer("b", 1..=9), fields.integer("c", 1..=9)],
            [Some(5); 3]
        );
        assert_eq!(
            [fields.boolean("d"), fields.boolean("e"), fields.boolean("f")],
            [Some(true), Some(true), Some(false)]
        );
        assert!(fields.finish().is_ok());
    }
}
