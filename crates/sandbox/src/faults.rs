//! Troubles that a test orders from the simulated marketplace: which one, for which call types, how often.
//! Deciding happens here; what a caller then sees is made in `temu::server`.

use serde::{Deserialize, Serialize};

use crate::chance::Chance;

/// What goes wrong with one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// HTTP 429 with `Retry-After`.
    TooManyRequests {
        /// Value of the header.
        retry_after_seconds: u32,
    },
    /// An HTTP error of the 5xx family with a short text.
    ServerError {
        /// For example 502.
        status: u16,
    },
    /// The right answer, but late.
    Slow {
        /// How late.
        milliseconds: u64,
    },
    /// The connection closes without an answer; nothing was changed.
    Cut,
    /// The call takes effect, then the connection closes without an answer.
    CutAfterChange,
    /// HTTP 200 with a web page.
    Html,
    /// HTTP 200 with half a JSON document; the call takes effect.
    BrokenJson,
    /// The envelope with any error code.
    ErrorCode {
        /// For example 4000000.
        code: i64,
        /// The text beside it.
        message: String,
    },
    /// The envelope with 4000004.
    RateLimited,
    /// The envelope with 3000034.
    TokenExpired,
    /// HTTP 503 with a web page.
    Maintenance,
}

/// One trouble and when it strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What happens.
    pub what: FaultKind,
    /// Only for calls of this `type`; `None` = for all.
    #[serde(default)]
    pub operation: Option<String>,
    /// How many calls are hit; `None` = without end.
    #[serde(default)]
    pub times: Option<u32>,
    /// Share of the calls that are hit, 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
}

fn always() -> f64 {
    1.0
}

impl Fault {
    /// Hits every call without end.
    pub fn new(what: FaultKind) -> Self {
        Self { what, operation: None, times: None, probability: always() }
    }

    /// Hits only calls of this type.
    #[must_use]
    pub fn only(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Hits this many calls, then none.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Hits a share of the calls.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }
}

/// The troubles of the world, in order: the first that strikes is the call's only one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Faults(pub Vec<Fault>);

impl Faults {
    /// A world without trouble.
    pub fn none() -> Self {
        Self::default()
    }

    /// One trouble.
    pub fn one(fault: Fault) -> Self {
        Self(vec![fault])
    }

    /// The trouble of this call, counted down.
    pub(crate) fn strike(&mut self, operation: &str, chance: &mut Chance) -> Option<FaultKind> {
        let fault = self.0.iter_mut().find(|fault| {
            fault.times != Some(0)
                && fault.operation.as_deref().is_none_or(|only| only == operation)
                && (fault.probability >= 1.0 || chance.happens(fault.probability))
        })?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        Some(fault.what.clone())
    }
}
