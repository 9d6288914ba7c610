//! One source of values under the name that its errors carry.

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::origin::Origin;

/// Values from one place: the file, or one variable, or one flag.
#[derive(Debug)]
pub(super) struct Layer {
    origin: Origin,
    values: Dict,
}

impl Layer {
    pub(super) fn new(origin: Origin, values: Dict) -> Self {
        Self { origin, values }
    }

    /// One value at a dotted key. A text becomes a number, a truth value or a list where `defaults` has one there.
    pub(super) fn single(origin: Origin, key: &str, text: &str, defaults: &Value) -> Self {
        let is_text = match defaults.find_ref(key) {
            Some(Value::String(..) | Value::Char(..) | Value::Empty(..)) => true,
            Some(_) => false,
            None => !is_in_free_table(key, defaults),
        };
        // Parsing never fails: what is neither number nor list is a text again.
        let parsed = if is_text { None } else { text.parse().ok() };
        let value = parsed.unwrap_or_else(|| Value::from(text.to_owned()));
        Self::of(origin, key, value)
    }

    /// One value at a dotted key.
    pub(super) fn of(origin: Origin, key: &str, value: Value) -> Self {
        let mut value = value;
        let mut names = key.split('.').rev();
        let first = names.next().unwrap_or(key);
        let mut values = Dict::from([(first.to_owned(), value)]);
        for name in names {
            value = Value::from(values);
            values = Dict::from([(name.to_owned(), value)]);
        }
        Self { origin, values }
    }
}

/// A table that is empty by default has keys that nobody knows beforehand, and numbers as values.
fn is_in_free_table(key: &str, defaults: &Value) -> bool {
    let table = key.rsplit_once('.').and_then(|(table, _)| defaults.find_ref(table));
    table.and_then(Value::as_dict).is_some_and(|keys| keys.is_empty())
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}
