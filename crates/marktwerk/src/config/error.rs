//! What is wrong with the settings: sentences that name the place, the key and the cure, all of them at once.
//!
//! Values do not appear in them, because a value in the wrong place may be a secret.

use std::fmt;

use figment::error::{Actual, Kind};
use marktwerk_domain::words::{nearest, one_of};

/// Settings that cannot be used. Nothing was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// File, line and column, or a variable, or a flag.
    pub place: String,
    /// The dotted key; empty if it is about none.
    pub key: String,
    /// What is wrong, and the cure.
    pub reason: String,
}

impl SettingsError {
    /// A fault of `key` (dotted, may be empty) at `place` (file, line and column, variable, flag).
    pub(crate) fn new(place: impl Into<String>, key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { faults: vec![Fault { place: place.into(), key: key.into(), reason: reason.into() }] }
    }

    /// All that is wrong, in the order of the file; never empty.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Two results as one: what is wrong with both is told.
    pub(super) fn together<A, B>(one: Result<A, Self>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
            (Err(mut one), Err(other)) => {
                one.faults.extend(other.faults);
                Err(one)
            }
        }
    }

    /// A key that its section does not have.
    pub(super) fn unknown_key(place: String, path: &str, name: &str, known: &[&str]) -> Self {
        let section = path.rsplit_once('.').map_or(String::new(), |(section, _)| format!("[{section}] "));
        Self::new(place, "", format!("{section}has no key `{name}`; {}", suggestion(name, known)))
    }

    /// What figment found, in our words. `known` are the keys of the section where one was not known.
    pub(super) fn from_kind(place: String, path: &str, kind: &Kind) -> Self {
        match kind {
            Kind::UnknownField(name, known) => Self::unknown_key(place, path, name, known),
            Kind::MissingField(name) => Self::new(place, join(path, name), "is missing; add it"),
            kind => Self::new(place, path, must_be(path, kind)),
        }
    }
}

impl std::error::Error for SettingsError {}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.place)?;
        match self.key.rsplit_once('.') {
            Some((section, key)) => write!(formatter, "[{section}] {key}: {}", self.reason),
            None if self.key.is_empty() => formatter.write_str(&self.reason),
            None => write!(formatter, "{}: {}", self.key, self.reason),
        }
    }
}

impl Fault {
    fn follows_from(&self, other: &Self) -> bool {
        if self.key.is_empty() {
            return self == other;
        }
        let is_at = other.place == self.place && other.key == self.key;
        let is_around = other.reason == self.reason && other.key.starts_with(&format!("{}.", self.key));
        let is_misspelt = self.reason.starts_with("is missing")
            && self.key.rsplit_once('.').is_some_and(|(section, key)| {
                other.reason.starts_with(&format!("[{section}] has no key"))
                    && other.reason.contains(&format!("did you mean `{key}`?"))
            });
        is_at || is_around || is_misspelt
    }
}

/// What was found while the settings were read.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    /// What only follows from a fault that was told is not told: of the same key, of what is left around it, of a key that is missing
    /// because it is misspelt.
    pub(super) fn add(&mut self, error: SettingsError) {
        for fault in error.faults {
            if !self.0.iter().any(|other| fault.follows_from(other)) {
                self.0.push(fault);
            }
        }
    }

    /// The value, or none and a fault more.
    pub(super) fn keep<T>(&mut self, result: Result<T, SettingsError>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// Whether anything of a section is wrong: then its default stands there, and what follows from that is no fault.
    pub(super) fn concern(&self, section: &str) -> bool {
        let is_within = |key: &str| {
            key.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let unknown = format!("[{section}]");
        self.0.iter().any(|fault| is_within(&fault.key) || fault.reason.starts_with(&unknown))
    }

    /// The error, if there is any fault; those of a file in its order.
    pub(super) fn into_error(mut self) -> Option<SettingsError> {
        self.0.sort_by_key(|fault| position(&fault.place));
        (!self.0.is_empty()).then_some(SettingsError { faults: self.0 })
    }
}

/// Line and column at the end of a place.
fn position(place: &str) -> (usize, usize) {
    let mut numbers = place.rsplitn(3, ':').map(|part| part.parse().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(column), Some(line)) => (line, column),
        _ => (usize::MAX, 0),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// "did you mean" with the nearest known key, and what is known at all.
pub(crate) fn suggestion(name: &str, known: &[&str]) -> String {
    let all = known.join(", ");
    match nearest(name, known) {
        Some(key) => format!("did you mean `{key}`? Known here: {all}"),
        None => format!("known here: {all}"),
    }
}

/// Keys whose values have a form of their own.
const FORMS: [(&str, &str); 9] = [
    ("server.listen", "an address with its port, such as \"127.0.0.1:8000\""),
    ("sandbox.listen", "an address with its port, such as \"127.0.0.1:0\""),
    ("erp.jtl.customer", "\"new\", \"email_and_name\" or { collective = { ACCOUNT = \"NUMBER\" } }"),
    (
        "accounts.jtl.shipping_method",
        "a name, or names by country, such as { default = \"DHL Paket\", AT = \"DHL International\" }",
    ),
    ("accounts.carriers", "a table such as { \"Versand Lager 2\" = \"DHL\" }"),
    ("erp.jtl.currencies", "a list such as [\"EUR\"]"),
    ("erp.jtl.warehouses", "a list of whole numbers such as [1, 2]"),
    ("alerts.email.to", "a list of addresses such as [\"you@example.org\"]"),
    ("accounts.stock.never", "a list of article numbers such as [\"GUTSCHEIN-50\"]"),
];

/// What a value of a wrong kind should have been.
fn must_be(path: &str, kind: &Kind) -> String {
    let form = FORMS.iter().find(|(key, _)| path == *key || path.starts_with(&format!("{key}.")));
    if let Some((_, form)) = form {
        return format!("must be {form}");
    }
    match kind {
        Kind::UnknownVariant(_, known) => format!("must be {}", one_of(known)),
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            format!("must be {}, not {}", wanted(path, expected), name_of(actual))
        }
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "is too big or too small a number".to_owned(),
        other => other.to_string(),
    }
}

/// What serde expects, in words of the settings file.
fn wanted(path: &str, expected: &str) -> String {
    match expected {
        "a boolean" | "bool" => "true or false".to_owned(),
        "a string" | "str" | "String" | "string" | "path string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        number if is_whole(number) => format!("a whole number{}", unit(path)),
        "f32" | "f64" => "a number".to_owned(),
        "a map" => "a section".to_owned(),
        other if other.starts_with("struct ") || other.starts_with("a struct") => "a section".to_owned(),
        other if other.contains("enum") => "a word in quotes".to_owned(),
        other => other.to_owned(),
    }
}

/// In which unit a figure counts, as its key says.
fn unit(path: &str) -> String {
    let units = ["milliseconds", "seconds", "minutes", "hours", "days"];
    let unit = units.into_iter().find(|unit| path.ends_with(&format!("_{unit}")));
    unit.map(|unit| format!(" of {unit}")).unwrap_or_default()
}

fn is_whole(expected: &str) -> bool {
    let size = expected.strip_prefix(['u', 'i']).unwrap_or_default();
    ["8", "16", "32", "64", "128", "size"].contains(&size)
}

fn name_of(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "true or false",
        Actual::Signed(number) if *number < 0 => "a negative number",
        Actual::Unsigned(_) | Actual::Signed(_) => "a number",
        Actual::Float(_) => "a fraction",
        Actual::Char(_) | Actual::Str(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a section",
        _ => "something else",
    }
}
