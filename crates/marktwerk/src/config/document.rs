//! `marktwerk.toml` as values and as places: line and column of each key are kept for the errors.

use std::collections::BTreeMap;
use std::path::Path;

use figment::value::{Dict, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Faults, SettingsError};

/// A settings file, read.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) values: Dict,
    /// Line and column by dotted key, counted from 1; list items are `accounts.0`.
    places: BTreeMap<String, (usize, usize)>,
    name: String,
}

impl Document {
    /// Reads a file. What is not TOML becomes faults; the rest can be used if only keys are there twice, and is empty otherwise.
    pub(super) fn read(path: &Path, faults: &mut Faults) -> Self {
        let name = path.display().to_string();
        let fault = |reason: String| SettingsError::new(&name, "", reason);
        let text = std::fs::read(path)
            .map_err(|error| fault(format!("cannot be read: {error}; name another file with --config")))
            .and_then(|bytes| {
                String::from_utf8(bytes)
                    .map_err(|_| fault("is not a text in UTF-8; save it in that encoding".to_owned()))
            });
        match faults.keep(text) {
            Some(text) => Self::parse(name, text.trim_start_matches('\u{feff}'), faults),
            None => Self { name, ..Self::default() },
        }
    }

    fn parse(name: String, text: &str, faults: &mut Faults) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader { text, name: &name, places: BTreeMap::new(), faults };
        let is_readable = errors.iter().all(is_duplicate);
        for error in &errors {
            reader.refuse(error);
        }
        if !is_readable {
            // After a quote that is not closed everything seems wrong.
            return Self { name, ..Self::default() };
        }
        let values = reader.table("", table.get_ref());
        let places = reader.places;
        Self { values, places, name }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// File, line and column of a key, or of the nearest section around it.
    pub(super) fn place(&self, key: &str) -> String {
        let mut key = key;
        loop {
            if let Some((line, column)) = self.places.get(key) {
                return format!("{}:{line}:{column}", self.name);
            }
            match key.rsplit_once('.') {
                Some((section, _)) => key = section,
                None => return self.name.clone(),
            }
        }
    }
}

fn is_duplicate(error: &toml::de::Error) -> bool {
    error.message().starts_with("duplicate key")
}

struct Reader<'text, 'faults> {
    text: &'text str,
    name: &'text str,
    places: BTreeMap<String, (usize, usize)>,
    faults: &'faults mut Faults,
}

impl Reader<'_, '_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) -> Dict {
        let mut values = Dict::new();
        for (name, value) in table {
            let key = join(section, name.get_ref());
            self.places.insert(key.clone(), position(self.text, name.span().start));
            if let Some(value) = self.value(&key, value) {
                values.insert(name.get_ref().to_string(), value);
            }
        }
        values
    }

    fn value(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        Some(match value.get_ref() {
            DeValue::Table(table) => Value::from(self.table(key, table)),
            DeValue::Array(items) => {
                let mut values = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let key = join(key, &index.to_string());
                    self.places.insert(key.clone(), position(self.text, item.span().start));
                    values.extend(self.value(&key, item));
                }
                Value::from(values)
            }
            DeValue::String(text) => Value::from(text.to_string()),
            DeValue::Boolean(answer) => Value::from(*answer),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::from(number),
                Err(_) => return self.too_big(key),
            },
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) => Value::from(number),
                Err(_) => return self.too_big(key),
            },
            DeValue::Datetime(time) => Value::from(time.to_string()),
        })
    }

    fn too_big(&mut self, key: &str) -> Option<Value> {
        let place =
            self.places.get(key).map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        self.faults.add(SettingsError::new(format!("{}{place}", self.name), key, "is too big a number"));
        None
    }

    fn refuse(&mut self, error: &toml::de::Error) {
        let (place, found) = match error.span() {
            Some(span) => {
                let (line, column) = position(self.text, span.start);
                (format!("{}:{line}:{column}", self.name), self.text.get(span))
            }
            None => (self.name.to_owned(), None),
        };
        let reason = match found {
            Some(key) if is_duplicate(error) => format!("`{key}` is there twice; keep one of them"),
            // Not the line itself, which may hold a secret.
            _ => format!("is not TOML: {}", error.message().replace('\n', ", ")),
        };
        self.faults.add(SettingsError::new(place, "", reason));
    }
}

/// Line and column of a byte, counted from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}
