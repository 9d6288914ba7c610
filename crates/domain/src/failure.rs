//! How things fail, in the words that decide what happens next. A connector or the ERP says *whether*
//! another try is worth it ([`FailureClass`]); the engine says *when* ([`crate::retry`]).

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What kind of failure it was, which decides whether another try is worth it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum FailureClass {
    /// It may go away by itself: a cut connection, a 5xx, a locked database. Retried.
    Transient,
    /// The other side asks for patience. Retried, not before `until` where it is known; a wait that the other side asked
    /// for uses up no attempt.
    RateLimited {
        /// When the other side will listen again, if it said so.
        until: Option<Timestamp>,
    },
    /// The other side understood and said no. Not retried.
    Refused,
    /// The answer is not what the interface describes (HTML, broken JSON, a missing field). Retried like a transient one:
    /// gateways send such pages while they restart.
    Unreadable,
    /// The credentials are not good (any more). Not retried; a person must act.
    Unauthorised,
    /// A limit of time was reached, or the run was asked to stop by it.
    TimedOut,
    /// A mistake in this program: a panic, a broken invariant. Retried, for the next attempt may take another path.
    Defect,
}

impl FailureClass {
    /// Whether another attempt of the same run can end differently.
    pub fn is_worth_retrying(self) -> bool {
        !matches!(self, Self::Refused | Self::Unauthorised)
    }

    /// When the other side will listen again, if it said so.
    pub fn not_before(self) -> Option<Timestamp> {
        match self {
            Self::RateLimited { until } => until,
            _ => None,
        }
    }

    /// The word stored in the database and shown on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimited { .. } => "rate_limited",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
            Self::Unauthorised => "unauthorised",
            Self::TimedOut => "timed_out",
            Self::Defect => "defect",
        }
    }
}

/// A failure with its class and a text for people that names the place and, where known, the cure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Decides what happens next.
    pub class: FailureClass,
    /// For people: what failed, where, and what to do. Carries no personal data and no secret.
    pub message: String,
}

impl Failure {
    /// A failure of `class`.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self { class, message: message.into() }
    }

    /// A failure worth another try.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Transient, message)
    }

    /// A failure that another try would not change.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Refused, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
