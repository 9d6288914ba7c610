//! Why the program did not start. Policy: whatever the start needs and does not find is one sentence with
//! place and cure, and ends the process with code 2; nothing was overwritten.

use std::fmt;

/// The program did not start.
#[derive(Debug)]
pub struct StartError(String);

impl StartError {
    /// In words for people.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// An error of another room, with the causes that its own sentence does not tell.
    pub fn from_causes(error: &anyhow::Error) -> Self {
        let mut text = error.to_string();
        for cause in error.chain().skip(1).map(ToString::to_string) {
            if !text.contains(&cause) {
                text = format!("{text}: {cause}");
            }
        }
        Self(text)
    }
}

impl std::error::Error for StartError {}

impl fmt::Display for StartError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
