//! How a jobs file is written: `{"jobs": […]}`, or the bare list that the system in use today writes.

use std::path::Path;

use marktwerk_domain::job::{Parameters, Priority};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::JobsFileError;

/// One entry. The first four fields are the documented ones; fields that this program does not know are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The job's id, where the job type alone does not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The job type, as written.
    pub job_type: String,
    /// 1 to 525,600.
    pub interval_minutes: i64,
    /// Whether it runs by its schedule.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// The account, where it is not the marketplace's first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// Which of its runs go first.
    #[serde(default, skip_serializing_if = "is_medium")]
    pub priority: Priority,
    /// Given to each run.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
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

/// A file, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobsDocument {
    /// The entries with the place where each begins (byte offset).
    pub entries: Vec<(FileEntry, usize)>,
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
            let entry = serde_json::from_str(raw.get()).map_err(|error| {
                let (line, column) = place(text, offset);
                let reason = format!(
                    "this job is not complete: {}; expected job_type and interval_minutes",
                    plain(&error)
                );
                at(path, line, column, reason)
            })?;
            entries.push((entry, offset));
        }
        Ok(Self { entries, unknown })
    }

    /// Where a field of the entry at `offset` stands, for an error.
    pub fn fault(text: &str, path: &Path, offset: usize, field: &str, reason: &str) -> JobsFileError {
        let within = text[offset..].find(&format!("\"{field}\"")).unwrap_or(0);
        let (line, column) = place(text, offset + within);
        at(path, line, column, format!("{field}: {reason}"))
    }

    /// The text of a file with these entries.
    pub fn render(entries: Vec<FileEntry>, unknown: &Map<String, Value>) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            jobs: Vec<FileEntry>,
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
    JobsFileError::Malformed { path: path.display().to_string(), line, column, reason: strip_place(&reason) }
}

/// serde_json appends the place, which the error names in front already.
fn strip_place(reason: &str) -> String {
    reason.split(" at line ").next().unwrap_or(reason).to_owned()
}

fn plain(error: &serde_json::Error) -> String {
    strip_place(&error.to_string())
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
    fn a_missing_field_is_named_with_the_place_of_its_job() {
        let error = parse("{\"jobs\": [\n  {\"job_type\": \"a\"}\n]}").unwrap_err();
        assert!(error.starts_with("jobs.json:2:3: ") && error.contains("interval_minutes"), "{error}");
    }
}
