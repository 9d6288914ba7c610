//! How calls to a marketplace fail, cut by what a caller does about it.
//!
//! Policy: every error names account, call and, where the marketplace told them, its error code and the id
//! of the request. No text in here carries personal data or secrets. A marketplace's "no" to a report of
//! shipment or to a single stock figure is an answer, not an error.

use std::fmt;

use jiff::Timestamp;
use marktwerk_domain::failure::{Failure, FailureClass};

/// Where a call failed: enough to find it again at the marketplace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The merchant's name of the account.
    pub account: Box<str>,
    /// The marketplace's name of the call (TEMU: `type`).
    pub call: &'static str,
    /// The marketplace's error code, if it told one.
    pub code: Option<Box<str>>,
    /// The marketplace's id of the request, if it told one.
    pub request_id: Option<Box<str>>,
    /// The call asked for what all orders of the account need, such as the list of carriers: each of them would fail in the same way.
    pub is_shared: bool,
    /// Nothing came back, neither from the marketplace nor from a gateway before it: other calls would hang as well.
    pub is_silent: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "account {}, call {}", self.account, self.call)?;
        if let Some(code) = &self.code {
            write!(formatter, ", code {code}")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(formatter, ", request {request_id}")?;
        }
        Ok(())
    }
}

/// How a call to a marketplace failed. `message` is the marketplace's or the transport's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorError {
    /// It may go away by itself: a cut connection, a time-out, a 5xx, a system error there.
    #[error("{message} ({place})")]
    Transient {
        /// Where.
        place: Place,
        /// What.
        message: String,
    },
    /// The marketplace has not worked this one thing out yet; nothing is wrong, and later it will have.
    #[error("not ready yet: {message} ({place})")]
    NotReady {
        /// Where.
        place: Place,
        /// What it said.
        message: String,
    },
    /// No connection came about: the request certainly did not arrive. Like a transient one, but a write may be
    /// repeated.
    #[error("{message} ({place})")]
    NoConnection {
        /// Where.
        place: Place,
        /// What.
        message: String,
    },
    /// The marketplace asks for patience.
    #[error("the marketplace asks to wait: {message} ({place})")]
    RateLimited {
        /// Where.
        place: Place,
        /// What it said.
        message: String,
        /// When it will listen again, if it said so.
        until: Option<Timestamp>,
    },
    /// The marketplace understood and said no.
    #[error("refused: {message} ({place}){}", cure_text(.cure))]
    Refused {
        /// Where.
        place: Place,
        /// What it said.
        message: String,
        /// What to do, where known; else empty.
        cure: &'static str,
        /// Whether the call was about one order and the answer is about that order's own content, so that other
        /// orders may fare better.
        is_about_order: bool,
    },
    /// The credentials are not good, or not good for this call.
    #[error("not authorised: {message} ({place}){}", cure_text(.cure))]
    Unauthorised {
        /// Where.
        place: Place,
        /// What it said.
        message: String,
        /// What to do.
        cure: &'static str,
    },
    /// The answer is not what the interface describes.
    #[error("unreadable answer: {message} ({place})")]
    Unreadable {
        /// Where.
        place: Place,
        /// What came instead, without personal data.
        message: String,
    },
    /// A list kept changing while it was read; reading it was given up after several restarts.
    #[error(
        "the list of orders kept changing while it was read: restarted {restarts} times, saw {seen} of {total} \
         orders; the next run reads it again"
    )]
    Unsettled {
        /// How often reading was restarted.
        restarts: u32,
        /// Distinct orders seen in the last pass.
        seen: u64,
        /// Orders that the marketplace counted last.
        total: u64,
    },
    /// The HTTP client or an account's settings cannot be used; no call was made.
    #[error("{0}")]
    Setup(String),
}

fn cure_text(cure: &str) -> String {
    if cure.is_empty() { String::new() } else { format!("; {cure}") }
}

impl ConnectorError {
    /// The failure as the engine understands it: its class and a text for people.
    pub fn failure(&self) -> Failure {
        let class = match self {
            Self::Transient { .. }
            | Self::NotReady { .. }
            | Self::NoConnection { .. }
            | Self::Unsettled { .. } => FailureClass::Transient,
            Self::RateLimited { until, .. } => FailureClass::RateLimited { until: *until },
            Self::Refused { .. } | Self::Setup(_) => FailureClass::Refused,
            Self::Unauthorised { .. } => FailureClass::Unauthorised,
            Self::Unreadable { .. } => FailureClass::Unreadable,
        };
        Failure::new(class, self.to_string())
    }

    /// Whether it says no to one order only. Everything else (keys, permissions, the kind of shop, a call that
    /// Marktwerk makes wrongly) would meet each order alike: no reason to set any of them aside.
    pub fn concerns_one_order(&self) -> bool {
        matches!(self, Self::Refused { is_about_order: true, .. })
    }

    /// The same for a call whose answer all orders of the account need.
    pub(crate) fn of_shared(mut self) -> Self {
        if let Some(place) = self.place_mut() {
            place.is_shared = true;
        }
        self
    }

    /// Where it failed, if in a call.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Transient { place, .. }
            | Self::NotReady { place, .. }
            | Self::NoConnection { place, .. }
            | Self::RateLimited { place, .. }
            | Self::Refused { place, .. }
            | Self::Unauthorised { place, .. }
            | Self::Unreadable { place, .. } => Some(place),
            Self::Unsettled { .. } | Self::Setup(_) => None,
        }
    }

    fn place_mut(&mut self) -> Option<&mut Place> {
        match self {
            Self::Transient { place, .. }
            | Self::NotReady { place, .. }
            | Self::NoConnection { place, .. }
            | Self::RateLimited { place, .. }
            | Self::Refused { place, .. }
            | Self::Unauthorised { place, .. }
            | Self::Unreadable { place, .. } => Some(place),
            Self::Unsettled { .. } | Self::Setup(_) => None,
        }
    }
}

impl From<ConnectorError> for Failure {
    fn from(error: ConnectorError) -> Self {
        error.failure()
    }
}
