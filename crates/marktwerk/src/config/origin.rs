//! Where a value comes from, in words for people.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

/// Where one value comes from: `default`, `marktwerk.toml:3`, `environment variable X`, `flag --listen`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Nobody said anything.
    pub fn default_value() -> Self {
        Self("default".to_owned())
    }

    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Origins by dotted key, such as `server.listen`; keys that nobody set are not in it.
#[derive(Debug, Clone, Default)]
pub struct Origins(BTreeMap<String, Origin>);

impl Origins {
    /// The origin of a key.
    pub fn of(&self, key: &str) -> Origin {
        self.0.get(key).cloned().unwrap_or_else(Origin::default_value)
    }

    /// The origin of what is nearest to a key: itself, a longer one (`url_env` for `url`), any of its section.
    pub(crate) fn near(&self, key: &str) -> Origin {
        let begins_with = |beginning: &str| {
            let from = (Bound::Included(beginning), Bound::Unbounded);
            let next = self.0.range::<str, _>(from).next();
            next.filter(|(key, _)| key.starts_with(beginning)).map(|(_, origin)| origin.clone())
        };
        let section = || begins_with(&format!("{}.", key.rsplit_once('.')?.0));
        begins_with(key).or_else(section).unwrap_or_else(Origin::default_value)
    }

    pub(super) fn set(&mut self, key: impl Into<String>, origin: Origin) {
        self.0.insert(key.into(), origin);
    }
}
