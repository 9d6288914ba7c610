//! What is measured of calls to marketplaces. Labels are the marketplace, the account's configured name and a word of a
//! fixed list: never an order, an address or a text of the other side.

use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

use crate::error::ConnectorError;

const CALLS: &str = "marktwerk_marketplace_calls_total";
/// How long calls took, seconds.
pub const CALL_DURATION: &str = "marktwerk_marketplace_call_duration_seconds";
/// How long calls waited for their turn, seconds.
pub const CALL_WAIT: &str = "marktwerk_marketplace_call_wait_seconds";

/// The outcome of a call whose answer could be used.
pub(crate) const OK: &str = "ok";

/// Says what each figure means.
pub fn describe() {
    describe_counter!(
        CALLS,
        "Calls that were sent to a marketplace, repeated ones included, by what came of them."
    );
    describe_histogram!(
        CALL_DURATION,
        Unit::Seconds,
        "Time from sending a call to a marketplace to its answer, or to being abandoned."
    );
    describe_histogram!(
        CALL_WAIT,
        Unit::Seconds,
        "Time that calls waited for their turn under the limit of their budget, before they were sent."
    );
}

/// A call under way; counted when this goes.
pub(crate) struct Call<'a> {
    marketplace: &'static str,
    account: &'a str,
    clock: &'a SharedClock,
    sent_at: Duration,
    outcome: &'static str,
}

impl<'a> Call<'a> {
    pub(crate) fn begins(marketplace: &'static str, account: &'a str, clock: &'a SharedClock) -> Self {
        // A caller that wants the answer no more drops the call; the marketplace has it all the same.
        let outcome = "abandoned";
        Self { marketplace, account, clock, sent_at: clock.monotonic(), outcome }
    }

    pub(crate) fn ends(&mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        let Self { marketplace, account, clock, sent_at, outcome } = *self;
        let (account, took) = (account.to_owned(), clock.monotonic().saturating_sub(sent_at));
        counter!(CALLS, "marketplace" => marketplace, "account" => account.clone(), "outcome" => outcome)
            .increment(1);
        histogram!(CALL_DURATION, "marketplace" => marketplace, "account" => account).record(took);
    }
}

/// A call waited for its turn.
pub(crate) fn waited(marketplace: &'static str, account: &str, waited: Duration) {
    histogram!(CALL_WAIT, "marketplace" => marketplace, "account" => account.to_owned()).record(waited);
}

/// The word for a call that failed.
pub(crate) fn outcome(error: &ConnectorError) -> &'static str {
    match error {
        ConnectorError::Transient { .. } => "transient",
        ConnectorError::NotReady { .. } => "not_ready",
        ConnectorError::NoConnection { .. } => "no_connection",
        ConnectorError::RateLimited { .. } => "rate_limited",
        ConnectorError::Refused { .. } => "refused",
        ConnectorError::Unauthorised { .. } => "unauthorised",
        ConnectorError::Unreadable { .. } => "unreadable",
        // None of these is the end of a call.
        ConnectorError::Unsettled { .. } | ConnectorError::Setup(_) => "none",
    }
}
