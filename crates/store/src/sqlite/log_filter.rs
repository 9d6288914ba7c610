//! Log sources as SQL conditions. `_` is literal everywhere: ids are full of it.

use rusqlite::types::Value;

use crate::logs::LogSource;

/// A condition under construction, with the values of its parameters.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    terms: Vec<String>,
    pub(super) values: Vec<Value>,
}

impl Conditions {
    /// Adds a term; each `?` in it takes one of the values.
    pub(super) fn add(&mut self, term: &str, values: impl IntoIterator<Item = Value>) {
        self.terms.push(term.to_owned());
        self.values.extend(values);
    }

    /// Adds "written by this source".
    pub(super) fn add_source(&mut self, source: &LogSource) {
        let mut values = Vec::new();
        let term = term(source, &mut values);
        self.add(&term, values);
    }

    /// The WHERE clause; empty without terms.
    pub(super) fn clause(&self) -> String {
        match self.terms.as_slice() {
            [] => String::new(),
            terms => format!("WHERE {}", terms.join(" AND ")),
        }
    }
}

fn term(source: &LogSource, values: &mut Vec<Value>) -> String {
    let mut take = |value: String| values.push(Value::Text(value));
    match source {
        LogSource::Job(job) => {
            // Without its digits an execution's id is its job's id and the underscore: the expression of an index.
            take(format!("{job}_"));
            take(format!("{job}_"));
            "(rtrim(job_id, '0123456789') = ? AND +job_id > ?)".to_owned()
        }
        LogSource::Execution(id) => {
            take(id.clone());
            "job_id = ?".to_owned()
        }
        LogSource::Prefix(prefix) => match after_all_with(prefix) {
            None => "TRUE".to_owned(),
            Some(end) => {
                take(prefix.clone());
                take(end);
                "(job_id >= ? AND job_id < ?)".to_owned()
            }
        },
        LogSource::Pattern(pattern) => {
            take(pattern.replace('\\', "\\\\").replace('_', "\\_"));
            "job_id LIKE ? ESCAPE '\\'".to_owned()
        }
        LogSource::AnyOf(sources) => {
            let terms: Vec<String> = sources.iter().map(|source| term(source, values)).collect();
            match terms.as_slice() {
                [] => "FALSE".to_owned(),
                terms => format!("({})", terms.join(" OR ")),
            }
        }
        LogSource::JobType(job_type) => {
            take(job_type.clone());
            "job_type = ?".to_owned()
        }
    }
}

/// The first text behind all that begin with `prefix`; `None` for the empty one.
fn after_all_with(prefix: &str) -> Option<String> {
    let mut head = prefix.to_owned();
    while let Some(last) = head.pop() {
        // The next character skips the surrogates, which are none in a text.
        if let Some(next) = (last..=char::MAX).nth(1) {
            head.push(next);
            return Some(head);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_text() {
        assert_eq!(after_all_with("temu_"), Some("temu`".to_owned()));
        assert_eq!(after_all_with("a\u{10FFFF}"), Some("b".to_owned()));
        assert_eq!(after_all_with(""), None);
    }
}
