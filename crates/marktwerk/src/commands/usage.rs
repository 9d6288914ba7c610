//! What was typed cannot be: exit code 2, as for a flag that nobody knows.

use std::fmt;

/// Why, for people.
#[derive(Debug)]
pub(super) struct UsageError(String);

impl UsageError {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl std::error::Error for UsageError {}

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
