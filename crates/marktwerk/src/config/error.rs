//! The one error of the settings: a sentence that names the place, the key and the cure.
//!
//! Values do not appear in it, for a value in the wrong place may be a secret.

use std::fmt;

use figment::error::{Actual, Kind};

/// Settings that cannot be used. Nothing was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    place: String,
    key: String,
    reason: String,
}

impl SettingsError {
    /// A fault of `key` (dotted, may be empty) at `place` (file and line, variable, flag).
    pub(crate) fn new(place: impl Into<String>, key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), key: key.into(), reason: reason.into() }
    }

    /// What figment found, in our words. `known` are the keys of the section where one was not known.
    pub(super) fn from_kind(place: String, path: &str, kind: &Kind) -> Self {
        match kind {
            Kind::UnknownField(name, known) => {
                let section =
                    path.rsplit_once('.').map_or(String::new(), |(section, _)| format!("[{section}] "));
                let reason = format!("{section}has no key `{name}`; {}", suggestion(name, known));
                Self::new(place, "", reason)
            }
            Kind::MissingField(name) => Self::new(place, join(path, name), "is missing; add it"),
            Kind::UnknownVariant(_, known) => {
                Self::new(place, path, format!("is not one of {}", known.join(", ")))
            }
            Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => Self::new(
                place,
                path,
                format!("must be {}, not {}{}", wanted(expected), name_of(actual), hint(path)),
            ),
            Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => {
                Self::new(place, path, "is too big or too small a number")
            }
            other => Self::new(place, path, format!("{other}{}", hint(path))),
        }
    }
}

impl std::error::Error for SettingsError {}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.place)?;
        match self.key.rsplit_once('.') {
            Some((section, key)) => write!(formatter, "[{section}] {key}: {}", self.reason),
            None if self.key.is_empty() => formatter.write_str(&self.reason),
            None => write!(formatter, "{}: {}", self.key, self.reason),
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// "did you mean" with the nearest known key, and what is known at all.
pub(crate) fn suggestion(name: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|key| (strsim::jaro_winkler(name, key), key))
        .filter(|(likeness, _)| *likeness > 0.75);
    let known = known.join(", ");
    match near.max_by(|one, other| one.0.total_cmp(&other.0)) {
        Some((_, key)) => format!("did you mean `{key}`? Known here: {known}"),
        None => format!("known here: {known}"),
    }
}

/// What serde expects, in words of the settings file.
fn wanted(expected: &str) -> &str {
    match expected {
        "a boolean" | "bool" => "true or false",
        "a string" | "str" | "String" | "string" => "a text",
        "a sequence" => "a list",
        "a map" => "a section",
        number if is_whole(number) => "a whole number",
        "f32" | "f64" => "a number",
        other => other,
    }
}

fn is_whole(expected: &str) -> bool {
    let size = expected.strip_prefix(['u', 'i']).unwrap_or_default();
    ["8", "16", "32", "64", "128", "size"].contains(&size)
}

fn name_of(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a section",
        _ => "something else",
    }
}

fn hint(path: &str) -> &'static str {
    if path.ends_with("listen") { ", such as \"127.0.0.1:8000\"" } else { "" }
}
