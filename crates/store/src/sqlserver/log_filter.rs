//! Log sources as SQL conditions. `_` is literal everywhere: ids are full of it.
//!
//! `job_id` is varchar in the database's own collation, whatever that is: the first condition finds the place in the index, and a
//! second one compares by code point where a source is exact.

use marktwerk_sqlserver::ToSql;

use crate::logs::LogSource;

/// What may stand behind the job's name and the underscore: a run's number.
const LONGEST: usize = 255;

/// A condition under construction, with the values of its parameters.
#[derive(Default)]
pub(super) struct Conditions {
    terms: Vec<String>,
    values: Vec<Box<dyn ToSql>>,
}

impl Conditions {
    /// Takes a value; answers with the name of its parameter.
    pub(super) fn take(&mut self, value: impl ToSql + 'static) -> String {
        self.values.push(Box::new(value));
        format!("@P{}", self.values.len())
    }

    /// Adds a term.
    pub(super) fn add(&mut self, term: String) {
        self.terms.push(term);
    }

    /// Adds "written by this source".
    pub(super) fn add_source(&mut self, source: &LogSource) {
        let term = self.term(source);
        self.terms.push(term);
    }

    /// The WHERE clause; empty without terms.
    pub(super) fn clause(&self) -> String {
        match self.terms.as_slice() {
            [] => String::new(),
            terms => format!("WHERE {}", terms.join(" AND ")),
        }
    }

    /// The values of the parameters.
    pub(super) fn values(&self) -> Vec<&dyn ToSql> {
        self.values.iter().map(|value| value.as_ref() as &dyn ToSql).collect()
    }

    fn term(&mut self, source: &LogSource) -> String {
        match source {
            LogSource::Job(job) => {
                // A run's number is what stands behind the last underscore: one digit at least, and digits only.
                let begin = format!("{job}_");
                let number = begin.chars().count() + 1;
                let (pattern, begin) = (self.take(format!("{}[0-9]%", literal(&begin))), self.take(begin));
                format!(
                    "(job_id LIKE CAST({pattern} AS varchar(1000)) ESCAPE '\\' \
                     AND LEFT(job_id, {}) COLLATE Latin1_General_BIN2 = {begin} \
                     AND SUBSTRING(job_id, {number}, {LONGEST}) NOT LIKE '%[^0-9]%')",
                    number - 1
                )
            }
            LogSource::Execution(id) => {
                let id = self.take(id.clone());
                format!(
                    "(job_id = CAST({id} AS varchar({LONGEST})) AND job_id COLLATE Latin1_General_BIN2 = {id})"
                )
            }
            LogSource::Prefix(prefix) if prefix.is_empty() => "1 = 1".to_owned(),
            LogSource::Prefix(prefix) => {
                let length = prefix.chars().count();
                let (pattern, begin) =
                    (self.take(format!("{}%", literal(prefix))), self.take(prefix.clone()));
                format!(
                    "(job_id LIKE CAST({pattern} AS varchar(1000)) ESCAPE '\\' \
                     AND LEFT(job_id, {length}) COLLATE Latin1_General_BIN2 = {begin})"
                )
            }
            LogSource::Pattern(pattern) => {
                let pattern = self.take(literal_but_percent(pattern));
                format!("job_id LIKE CAST({pattern} AS varchar(1000)) ESCAPE '\\'")
            }
            LogSource::AnyOf(sources) => {
                let terms: Vec<String> = sources.iter().map(|source| self.term(source)).collect();
                match terms.as_slice() {
                    [] => "1 = 0".to_owned(),
                    terms => format!("({})", terms.join(" OR ")),
                }
            }
            LogSource::JobType(job_type) => {
                let job_type = self.take(job_type.clone());
                format!(
                    "(job_type = CAST({job_type} AS varchar(100)) AND job_type COLLATE Latin1_General_BIN2 = {job_type})"
                )
            }
        }
    }
}

/// A text as a LIKE pattern that means nothing but itself.
fn literal(text: &str) -> String {
    literal_but_percent(text).replace('%', "\\%")
}

fn literal_but_percent(pattern: &str) -> String {
    pattern.replace('\\', "\\\\").replace('_', "\\_").replace('[', "\\[")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_percent_has_a_meaning_in_a_pattern() {
        assert_eq!(literal_but_percent("%a_b[1]\\"), "%a\\_b\\[1]\\\\");
        assert_eq!(literal("100%_"), "100\\%\\_");
    }

    #[test]
    fn each_value_has_a_parameter_of_its_own() {
        let mut conditions = Conditions::default();
        conditions.add_source(&LogSource::AnyOf(vec![
            LogSource::Execution("a_1".to_owned()),
            LogSource::Pattern("b%".to_owned()),
        ]));
        let clause = conditions.clause();
        assert!(clause.contains("@P1") && clause.contains("LIKE CAST(@P2"), "{clause}");
        assert_eq!(conditions.values().len(), 2);
    }
}
