//! How a jobs file is written: `{"jobs": […]}`, or the bare list that the system in use today writes.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::JobsFileError;
use crate::error::EngineError;
use crate::jobs::JobDraft;

/// A file, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobsDocument {
    /// The entries with the place where each begins (byte offset).
    pub entries: Vec<(JobDraft, usize)>,
    /// Fields beside `jobs` that others have written.
    pub unknown: Map<String, Value>,
}

#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    jobs: Vec<&'a RawValue>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl JobsDocument {
    /// Reads the file at `path`; `None` if it does not exist.
    pub fn open(path: &Path) -> Result<Option<Self>, JobsFileError> {
        super::read(path)?.map(|text| Self::parse(&text, path)).transpose()
    }

    /// Reads a document; an error names line and column.
    pub fn parse(text: &str, path: &Path) -> Result<Self, JobsFileError> {
        // The shape first: flattening loses the place of a fault.
        let malformed = |error: serde_json::Error| at(path, error.line(), error.column(), error.to_string());
        let shape: &RawValue = serde_json::from_str(text).map_err(malformed)?;
        let (jobs, unknown) = if shape.get().starts_with('[') {
            (serde_json::from_str::<Vec<&RawValue>>(text).map_err(malformed)?, Map::new())
        } else {
            let expected = "expected {\"jobs\": [ … ]} or a list of jobs";
            let wrapped: Wrapped<'_> = serde_json::from_str(text).map_err(|error| {
                at(path, error.line().max(1), error.column().max(1), format!("{expected}: {error}"))
            })?;
            (wrapped.jobs, wrapped.unknown)
        };
        let mut entries = Vec::with_capacity(jobs.len());
        for raw in jobs {
            // A borrowed raw value lies within the text.
            let offset = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            let document = serde_json::from_str::<Value>(raw.get()).map_err(malformed)?;
            if !document.is_object() {
                let (line, column) = place(text, offset);
                let expected =
                    "expected a job such as {\"job_type\": \"order_workflow\", \"interval_minutes\": 5}";
                return Err(at(path, line, column, expected.to_owned()));
            }
            let entry = JobDraft::read(document).map_err(|error| match error {
                EngineError::Invalid { field, reason } => Self::fault(text, path, offset, &field, &reason),
                other => Self::fault(text, path, offset, "job", &other.to_string()),
            })?;
            entries.push((entry, offset));
        }
        Ok(Self { entries, unknown })
    }

    /// Where a field of the entry at `offset` stands, for an error.
    pub fn fault(text: &str, path: &Path, offset: usize, field: &str, reason: &str) -> JobsFileError {
        let name = field.split(['.', '[']).next().unwrap_or(field);
        // Of this entry alone: the next one has fields of the same names.
        let entry = serde_json::Deserializer::from_str(&text[offset..]).into_iter::<&RawValue>().next();
        let entry = entry.and_then(Result::ok).map_or("", RawValue::get);
        let within = entry.find(&format!("\"{name}\"")).unwrap_or(0);
        let (line, column) = place(text, offset + within);
        JobsFileError::Malformed {
            path: path.display().to_string(),
            line,
            column,
            field: Some(field.to_owned()),
            reason: strip_place(reason),
        }
    }

    /// The text of a file with these entries.
    pub fn render(entries: Vec<JobDraft>, unknown: &Map<String, Value>) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            jobs: Vec<JobDraft>,
            #[serde(flatten)]
            unknown: &'a Map<String, Value>,
        }
        // Strings, numbers and maps with text keys always serialise.
        let mut text = serde_json::to_string_pretty(&Document { jobs: entries, unknown }).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn at(path: &Path, line: usize, column: usize, reason: String) -> JobsFileError {
    let path = path.display().to_string();
    JobsFileError::Malformed { path, line, column, field: None, reason: strip_place(&reason) }
}

/// serde_json appends the place, which the error names in front already.
fn strip_place(reason: &str) -> String {
    reason.split(" at line ").next().unwrap_or(reason).to_owned()
}

/// Line and column of a byte offset, counted from 1.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<JobsDocument, String> {
        JobsDocument::parse(text, Path::new("jobs.json")).map_err(|error| error.to_string())
    }

    #[test]
    fn the_documented_form_and_the_bare_list_are_read() {
        let entry =
            r#"{"job_type": "order_workflow", "interval_minutes": 5, "enabled": false, "description": "x"}"#;
        for text in [format!(r#"{{"jobs": [{entry}]}}"#), format!("[{entry}]")] {
            let document = parse(&text).unwrap();
            assert_eq!(document.entries[0].0.job_type, "order_workflow");
            assert!(!document.entries[0].0.enabled);
        }
    }

    #[test]
    fn fields_of_others_survive() {
        let text = r#"{"jobs": [{"job_type": "a", "interval_minutes": 1, "color": "red"}], "owner": "shop"}"#;
        let document = parse(text).unwrap();
        let entries = document.entries.into_iter().map(|(entry, _)| entry).collect();
        let rendered = JobsDocument::render(entries, &document.unknown);
        assert!(
            rendered.contains(r#""color": "red""#) && rendered.contains(r#""owner": "shop""#),
            "{rendered}"
        );
    }

    #[test]
    fn a_broken_bracket_is_named_with_its_place() {
        let error = parse("{\"jobs\": [\n  {\"job_type\": \"a\"\n}").unwrap_err();
        assert!(error.starts_with("jobs.json:3:"), "{error}");
    }

    #[test]
    fn a_field_that_an_entry_lacks_is_not_looked_for_in_the_next_one() {
        let text = "[\n  {\"job_type\": \"a\"},\n  {\"job_type\": \"b\", \"interval_minutes\": 5}\n]";
        let offset = text.find('{').unwrap();
        let fault =
            JobsDocument::fault(text, Path::new("jobs.json"), offset, "interval_minutes", "is missing");
        assert!(fault.to_string().starts_with("jobs.json:2:3: interval_minutes: "), "{fault}");
    }

    #[test]
    fn a_wrong_type_is_named_with_its_field_and_place() {
        let error = parse("{\"jobs\": [\n  {\"job_type\": \"a\",\n   \"interval_minutes\": \"five\"}\n]}")
            .unwrap_err();
        assert!(error.starts_with("jobs.json:3:4: interval_minutes: "), "{error}");
    }
}
