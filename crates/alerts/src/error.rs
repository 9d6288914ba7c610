//! How a delivery fails, cut by what a caller does about it.
//!
//! Policy: every text names the other side by its host alone, says what it answered, and what to do where that is known. An
//! address of a webhook, a secret or a person's address stands in none.

use std::time::Duration;

use marktwerk_domain::failure::{Failure, FailureClass};

/// How a channel cannot be made, or a delivery failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlertError {
    /// A setting cannot be used; nothing was sent.
    #[error("{field} {reason}")]
    Settings {
        /// Its key within the channel's section, such as `url`.
        field: &'static str,
        /// What is wrong and what to write, to be read after the key.
        reason: String,
    },
    /// The channel cannot be made on this machine, whatever the settings.
    #[error("{0}")]
    Setup(String),
    /// It may go away by itself: no connection, a time-out, a busy or failing receiver.
    #[error("{message}")]
    Transient {
        /// What happened.
        message: String,
        /// How long the receiver asks to be left alone, where it said so; a day at most.
        wait: Option<Duration>,
    },
    /// The receiver understood and said no: another try would not change it. Or the alert reached some of the people only, and another
    /// try would tell them again.
    #[error("{message}")]
    Permanent {
        /// What it said, and what to do.
        message: String,
    },
}

impl AlertError {
    pub(crate) fn settings(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Settings { field, reason: reason.into() }
    }

    pub(crate) fn transient(message: impl Into<String>) -> Self {
        Self::Transient { message: message.into(), wait: None }
    }

    pub(crate) fn permanent(message: impl Into<String>) -> Self {
        Self::Permanent { message: message.into() }
    }

    /// Whether the same delivery can end differently when it is tried again.
    pub fn is_worth_retrying(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }

    /// How long the receiver asks to be left alone, where it said so.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Transient { wait, .. } => *wait,
            _ => None,
        }
    }
}

impl From<AlertError> for Failure {
    fn from(error: AlertError) -> Self {
        let class = if error.is_worth_retrying() { FailureClass::Transient } else { FailureClass::Refused };
        Self::new(class, error.to_string())
    }
}
