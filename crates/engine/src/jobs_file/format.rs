//! How a jobs file is written: `{"jobs": […]}`, or the bare list that the system in use today writes.

use std::fmt;
use std::path::Path;

use marktwerk_domain::words::slip_of;
use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{JobsFileError, disk};
use crate::error::EngineError;
use crate::jobs::JobDraft;
use crate::strict_json::{self, Misread, Strict};

/// A file, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JobsDocument {
    /// The entries with the place where each begins (byte offset in the text).
    pub entries: Vec<(JobDraft, usize)>,
    /// Fields beside `jobs` that others have written.
    pub unknown: Map<String, Value>,
}

impl JobsDocument {
    /// Reads the file at `path`; `None` if it does not exist. Blocks, but not for ever.
    pub fn open(path: &Path) -> Result<Option<Self>, JobsFileError> {
        let text = disk::read_within_limit(path)?;
        text.map(|text| Self::parse(&text, path)).transpose()
    }

    /// Reads a document; an error names line and column.
    pub fn parse(text: &str, path: &Path) -> Result<Self, JobsFileError> {
        let (jobs, unknown) = outline(text).map_err(|misread| at(path, misread))?;
        let mut entries = Vec::with_capacity(jobs.len());
        for raw in jobs {
            // A borrowed raw value lies within the text.
            let offset = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            let document =
                strict_json::read(raw.get()).map_err(|error| at(path, moved(error, text, offset)))?;
            if !document.is_object() {
                let expected =
                    "expected a job such as {\"job_type\": \"order_workflow\", \"interval_minutes\": 5}";
                return Err(at(path, Misread::at(text, offset, expected.to_owned())));
            }
            let entry = JobDraft::read(document).map_err(|error| match error {
                EngineError::Invalid { field, reason } => Self::fault(text, path, offset, &field, &reason),
                other => Self::fault(text, path, offset, "job", &other.to_string()),
            })?;
            entries.push((entry, offset));
        }
        Ok(Self { entries, unknown })
    }

    /// Names in the entries that are almost fields of a job, each with its place. Other names are kept without a word: others may have
    /// written them.
    pub fn slips(&self, text: &str, path: &Path) -> Vec<String> {
        let named = |(entry, offset): &(JobDraft, usize)| {
            let slip = |name: &String| {
                let near = slip_of(name, &JobDraft::FIELDS)?;
                let reason = format!("is not a field of a job, and not used; did you mean {near}?");
                Some(Self::fault(text, path, *offset, name, &reason).to_string())
            };
            entry.unknown.keys().filter_map(slip).collect::<Vec<_>>()
        };
        self.entries.iter().flat_map(named).collect()
    }

    /// Where a field of the entry at `offset` stands, for an error.
    pub fn fault(text: &str, path: &Path, offset: usize, field: &str, reason: &str) -> JobsFileError {
        // Of this entry alone: the next one has fields of the same names.
        let entry = serde_json::Deserializer::from_str(&text[offset..]).into_iter::<&RawValue>().next();
        let entry = entry.and_then(Result::ok).map_or("", RawValue::get);
        // The fields of `parameters` are named without it.
        let within = strict_json::find(entry, field)
            .or_else(|| strict_json::find(entry, &format!("parameters.{field}")))
            .unwrap_or(0);
        let (line, column) = strict_json::place(text, offset + within);
        JobsFileError::Malformed {
            path: path.display().to_string(),
            line,
            column,
            field: Some(field.to_owned()),
            reason: reason.split(" at line ").next().unwrap_or(reason).to_owned(),
        }
    }

    /// The text of a file with these entries.
    pub fn render(entries: Vec<JobDraft>, unknown: &Map<String, Value>) -> String {
        let texts: Vec<String> = entries.iter().map(entry_text).collect();
        joined(texts.iter().map(String::as_str), unknown)
    }
}

/// An entry as it stands in a file.
pub(crate) fn entry_text(entry: &JobDraft) -> String {
    // Strings, numbers and maps with text keys always serialise. A line break within a text is written `\n`.
    serde_json::to_string_pretty(entry).unwrap_or_default().replace('\n', "\n    ")
}

/// A file with these entries, each as [`entry_text`] gives it.
pub(crate) fn joined<'a>(entries: impl Iterator<Item = &'a str>, unknown: &Map<String, Value>) -> String {
    let mut text = String::from("{\n  \"jobs\": [");
    let mut separator = "\n    ";
    for entry in entries {
        text.push_str(separator);
        text.push_str(entry);
        separator = ",\n    ";
    }
    text.push_str(if separator.starts_with(',') { "\n  ]" } else { "]" });
    for (name, value) in unknown {
        let name = Value::from(name.as_str());
        let value = serde_json::to_string_pretty(value).unwrap_or_default().replace('\n', "\n  ");
        text.push_str(&format!(",\n  {name}: {value}"));
    }
    text.push_str("\n}\n");
    text
}

/// The entries as texts within the text, and what stands beside them.
fn outline(text: &str) -> Result<(Vec<&RawValue>, Map<String, Value>), Misread> {
    // The shape first, so that a fault within an entry has its own place.
    let misread = |error: serde_json::Error| Misread::of(text, &error);
    let shape: &RawValue = serde_json::from_str(text).map_err(misread)?;
    if shape.get().starts_with('[') {
        return Ok((serde_json::from_str(text).map_err(misread)?, Map::new()));
    }
    let read = serde_json::Deserializer::from_str(text).deserialize_map(Outline);
    read.map_err(|error| {
        let misread = misread(error);
        Misread {
            reason: format!("expected {{\"jobs\": [ … ]}} or a list of jobs: {}", misread.reason),
            ..misread
        }
    })
}

struct Outline;

impl<'de> Visitor<'de> for Outline {
    type Value = (Vec<&'de RawValue>, Map<String, Value>);

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with the field `jobs`")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Self::Value, M::Error> {
        let (mut jobs, mut unknown) = (None, Map::new());
        while let Some(name) = members.next_key::<String>()? {
            if (name == "jobs" && jobs.is_some()) || unknown.contains_key(&name) {
                return Err(strict_json::twice(&name));
            }
            match name.as_str() {
                "jobs" => jobs = Some(members.next_value()?),
                _ => drop(unknown.insert(name, members.next_value_seed(Strict)?)),
            }
        }
        let jobs = jobs.ok_or_else(|| serde::de::Error::missing_field("jobs"))?;
        Ok((jobs, unknown))
    }
}

fn at(path: &Path, misread: Misread) -> JobsFileError {
    let Misread { line, column, reason } = misread;
    JobsFileError::Malformed { path: path.display().to_string(), line, column, field: None, reason }
}

/// The place of a fault within an entry, in the whole text.
fn moved(misread: Misread, text: &str, offset: usize) -> Misread {
    let (line, column) = strict_json::place(text, offset);
    let column = if misread.line == 1 { column + misread.column - 1 } else { misread.column };
    Misread { line: line + misread.line - 1, column, ..misread }
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
    fn a_slip_of_the_pen_is_named_and_fields_of_others_are_not() {
        let text = "[{\"job_type\": \"a\", \"interval_minutes\": 1, \"color\": 1,\n  \"enabeld\": false}]";
        let slips = parse(text).unwrap().slips(text, Path::new("jobs.json"));
        let expected = "jobs.json:2:3: enabeld: is not a field of a job, and not used; did you mean enabled?";
        assert_eq!(slips, [expected]);
    }

    #[test]
    fn fields_of_others_survive() {
        let text = r#"{"jobs": [{"job_type": "a", "interval_minutes": 1, "color": {"x": [1]}}], "owner": {"name": "shop"}}"#;
        let document = parse(text).unwrap();
        let entries = document.entries.into_iter().map(|(entry, _)| entry).collect();
        let rendered = JobsDocument::render(entries, &document.unknown);
        let read: Value = serde_json::from_str(&rendered).unwrap();
        let mut expected: Value = serde_json::from_str(text).unwrap();
        (expected["jobs"][0]["enabled"], expected["jobs"][0]["description"]) = (true.into(), "".into());
        assert_eq!(read, expected);
        // As the library would lay it out.
        assert_eq!(rendered.lines().nth(2), Some("    {"));
        assert_eq!(JobsDocument::render(Vec::new(), &Map::new()), "{\n  \"jobs\": []\n}\n");
    }

    #[test]
    fn a_broken_file_is_named_with_its_place() {
        for (text, place) in [
            ("{\"jobs\": [\n  {\"job_type\": }\n]}", "jobs.json:2:16: "),
            ("{\"jobs\": 5}", "jobs.json:1:"),
            ("[\n 5]", "jobs.json:2:2: "),
            ("{\"job\": []}", "jobs.json:1:"),
            ("", "jobs.json:1:"),
            // Twice: in an entry, deeper, beside the entries.
            ("[{\"job_type\": \"a\",\n  \"job_type\": \"b\"}]", "jobs.json:2:3: `job_type` is given twice"),
            (
                "[\n\t{\"ä\": 1, \"retry\": {\"factor\": 1, \"factor\": 2}}]",
                "jobs.json:2:34: `factor` is given twice",
            ),
            ("{\"jobs\": [],\n \"jobs\": []}", "jobs.json:2:2: "),
            ("{\"jobs\": [], \"a\": 1, \"a\": 2}", "jobs.json:1:22: "),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(place), "{error}");
        }
    }

    #[test]
    fn a_fault_of_a_field_is_counted_in_characters() {
        let text = "[\r\n\t{\"description\": \"🚚 interval_minutes\", \"interval_minutes\": \"five\"}]";
        let error = parse(text).unwrap_err();
        assert!(error.starts_with("jobs.json:2:40: interval_minutes: "), "{error}");
    }

    #[test]
    fn a_fault_of_a_field_is_named_where_it_stands() {
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
