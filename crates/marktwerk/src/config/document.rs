//! `marktwerk.toml` as values and as lines: each key's line number is kept for the errors.

use std::collections::BTreeMap;
use std::path::Path;

use figment::value::{Dict, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::SettingsError;

/// A settings file, read.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) values: Dict,
    /// Line by dotted key, counted from 1; list items are `accounts.0`.
    lines: BTreeMap<String, usize>,
    name: String,
}

impl Document {
    pub(super) fn read(path: &Path) -> Result<Self, SettingsError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            SettingsError::new(&name, "", format!("cannot be read: {error}; name another file with --config"))
        })?;
        Self::parse(&name, &text)
    }

    pub(super) fn parse(name: &str, text: &str) -> Result<Self, SettingsError> {
        let table = DeTable::parse(text).map_err(|error| syntax_error(name, text, &error))?;
        let mut lines = BTreeMap::new();
        note_lines(text, "", table.get_ref(), &mut lines);
        let parsed: toml::Table = toml::from_str(text).map_err(|error| syntax_error(name, text, &error))?;
        let values = match Value::serialize(parsed) {
            Ok(Value::Dict(_, values)) => values,
            _ => return Err(SettingsError::new(name, "", "cannot be read as settings")),
        };
        Ok(Self { values, lines, name: name.to_owned() })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// File and line of a key, or of the nearest section around it.
    pub(super) fn place(&self, key: &str) -> String {
        let mut key = key;
        loop {
            if let Some(line) = self.lines.get(key) {
                return format!("{}:{line}", self.name);
            }
            match key.rsplit_once('.') {
                Some((section, _)) => key = section,
                None => return self.name.clone(),
            }
        }
    }
}

fn note_lines(text: &str, section: &str, table: &DeTable<'_>, lines: &mut BTreeMap<String, usize>) {
    for (name, value) in table {
        let key = join(section, name.get_ref());
        lines.insert(key.clone(), line_of(text, name.span().start));
        note_value(text, &key, value, lines);
    }
}

fn note_value(text: &str, key: &str, value: &Spanned<DeValue<'_>>, lines: &mut BTreeMap<String, usize>) {
    match value.get_ref() {
        DeValue::Table(table) => note_lines(text, key, table, lines),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let key = join(key, &index.to_string());
                lines.insert(key.clone(), line_of(text, item.span().start));
                note_value(text, &key, item, lines);
            }
        }
        _ => {}
    }
}

fn syntax_error(name: &str, text: &str, error: &toml::de::Error) -> SettingsError {
    let place =
        error.span().map_or_else(|| name.to_owned(), |span| format!("{name}:{}", line_of(text, span.start)));
    // Not the whole error: it quotes the line, which may hold a secret.
    SettingsError::new(place, "", format!("is not TOML: {}", error.message().replace('\n', ", ")))
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn join(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}
