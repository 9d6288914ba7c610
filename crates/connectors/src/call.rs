//! One call to a marketplace, whatever its protocol: the turn under its budget, limits of time, the few repetitions that are safe within a
//! call, pauses that the marketplace asks for, counts and metrics. What a request says and what an answer means is the connector's.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::clock::SharedClock;
use reqwest::header::RETRY_AFTER;

use crate::error::{ConnectorError, Place};
use crate::http::{HttpAnswer, HttpClient, NoAnswer};
use crate::limiter::{Bucket, NoTurn, Patience};
use crate::metrics;

/// Tries of a read, the first included.
const TRIES: u32 = 3;
/// A marketplace that wants a longer pause than this gets it between runs, not within one.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// No pause that the marketplace asks for is shorter: without any, who is over the limit would call on at full speed.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// And none is longer: a broken `Retry-After` must not stop a shop for days.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Whether a call may be made again once it may have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It changes nothing: made up to three times.
    Read,
    /// It changes something: made again only when no connection came about.
    Write,
}

/// A try that failed, and whether another one within the call makes sense.
#[derive(Debug)]
pub(crate) struct Failed {
    error: Box<ConnectorError>,
    may_repeat: bool,
    /// How long nobody should call, if the marketplace said that it is too much.
    pause: Option<Duration>,
}

impl Failed {
    /// Another try would end alike.
    pub(crate) fn for_good(error: ConnectorError) -> Self {
        Self { error: Box::new(error), may_repeat: false, pause: None }
    }

    /// Another try may end well.
    pub(crate) fn for_now(error: ConnectorError) -> Self {
        Self { error: Box::new(error), may_repeat: true, pause: None }
    }
}

/// Makes the calls of one account.
pub(crate) struct Caller {
    marketplace: &'static str,
    account: String,
    clock: SharedClock,
    http: HttpClient,
    patience: Patience,
    calls: Mutex<BTreeMap<String, u64>>,
}

impl Caller {
    /// `of_turn` is how long a call waits for its turn: for ever where turns come every few milliseconds, not where they come every few
    /// minutes.
    pub(crate) fn new(
        marketplace: &'static str,
        account: String,
        clock: SharedClock,
        http: HttpClient,
        of_turn: Duration,
    ) -> Self {
        let patience = Patience { of_pause: LONGEST_PAUSE, of_turn };
        Self { marketplace, account, clock, http, patience, calls: Mutex::default() }
    }

    pub(crate) fn clock(&self) -> &SharedClock {
        &self.clock
    }

    pub(crate) fn http(&self) -> &HttpClient {
        &self.http
    }

    /// Calls made so far, repeated tries included.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The place of a failure in `call`.
    pub(crate) fn place(&self, call: &'static str) -> Place {
        Place { account: self.account.as_str().into(), call, ..Place::default() }
    }

    /// Makes a call, each try of it by `attempt`, which sends one request and reads its answer.
    pub(crate) async fn make<T, A>(
        &self,
        call: &'static str,
        repeat: Repeat,
        bucket: &Bucket,
        attempt: impl Fn() -> A + Sync,
    ) -> Result<T, ConnectorError>
    where
        A: Future<Output = Result<T, Failed>> + Send,
    {
        let mut tries_left = TRIES;
        loop {
            tries_left -= 1;
            let failed = match self.try_once(call, bucket, attempt()).await {
                Ok(result) => return Ok(result),
                Err(failed) => failed,
            };
            if let Some(pause) = failed.pause {
                bucket.pause(pause);
            }
            let is_arrived = !matches!(*failed.error, ConnectorError::NoConnection { .. });
            if tries_left == 0 || !failed.may_repeat || (repeat == Repeat::Write && is_arrived) {
                return Err(*failed.error);
            }
            tracing::debug!(account = %self.account, call, error = %failed.error, "a call is made again");
            if failed.pause.is_none() {
                let pause = jitter(Duration::from_millis(500), self.clock.now());
                self.clock.sleep(pause).await;
            }
        }
    }

    async fn try_once<T>(
        &self,
        call: &'static str,
        bucket: &Bucket,
        attempt: impl Future<Output = Result<T, Failed>>,
    ) -> Result<T, Failed> {
        self.take_turn(call, bucket).await?;
        let mut made = metrics::Call::begins(self.marketplace, &self.account, &self.clock);
        let answer = attempt.await;
        made.ends(answer.as_ref().map_or_else(|failed| metrics::outcome(&failed.error), |_| metrics::OK));
        answer
    }

    async fn take_turn(&self, call: &'static str, bucket: &Bucket) -> Result<(), Failed> {
        let asked = self.clock.monotonic();
        let turn = bucket.take(self.patience).await;
        let waited = self.clock.monotonic().saturating_sub(asked);
        metrics::waited(self.marketplace, &self.account, waited);
        if waited > Duration::from_secs(2) {
            let waited_ms = waited.as_millis() as u64;
            // Below the usual output: a shop at its limit waits before nearly each call.
            tracing::debug!(account = %self.account, call, waited_ms, "waited for the marketplace's limit of calls");
        }
        if let Err(no_turn) = turn {
            let message = match no_turn {
                NoTurn::Paused(_) => "calls are paused because the marketplace asked for it",
                NoTurn::Full(_) => "as many calls as the marketplace permits have been made",
            };
            return Err(Failed::for_good(ConnectorError::RateLimited {
                place: self.place(call),
                message: message.to_owned(),
                until: self.clock.now().checked_add(no_turn.remaining()).ok(),
            }));
        }
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(call.to_owned()).or_default() += 1;
        Ok(())
    }

    /// Nothing came back.
    pub(crate) fn no_answer(&self, call: &'static str, none: NoAnswer) -> Failed {
        let (place, message) = (Place { is_silent: true, ..self.place(call) }, none.message);
        let error = match none.never_arrived {
            true => ConnectorError::NoConnection { place, message },
            false => ConnectorError::Transient { place, message },
        };
        // Who hangs is not asked twice within a call: an outage would cost three limits of time for each.
        Failed { error: Box::new(error), may_repeat: !none.timed_out, pause: None }
    }

    /// The marketplace asks for patience. A wait within the call's patience pauses everybody's calls, and then it is tried again.
    pub(crate) fn limited(&self, place: Place, message: String, until: Option<Timestamp>) -> Failed {
        let pause = match until {
            Some(until) => Duration::try_from(until.duration_since(self.clock.now()))
                .unwrap_or_default()
                .clamp(SHORTEST_WAIT, LONGEST_WAIT),
            None => jitter(SHORTEST_WAIT, self.clock.now()),
        };
        let error = Box::new(ConnectorError::RateLimited { place, message, until });
        Failed { error, may_repeat: pause <= LONGEST_PAUSE, pause: Some(pause) }
    }

    /// A status that says that the marketplace, or a gateway before it, is not well.
    pub(crate) fn unwell(&self, place: Place, answer: &HttpAnswer) -> Failed {
        match self.retry_after(answer) {
            Some(until) => self.limited(place, answer.describe(), Some(until)),
            None => Failed::for_now(ConnectorError::Transient { place, message: answer.describe() }),
        }
    }

    /// `Retry-After` in seconds or as a date, brought between the shortest and the longest wait.
    pub(crate) fn retry_after(&self, answer: &HttpAnswer) -> Option<Timestamp> {
        let text = answer.header(RETRY_AFTER.as_str())?.trim();
        let now = self.clock.now();
        let wait = if text.bytes().all(|letter| letter.is_ascii_digit()) && !text.is_empty() {
            // More digits than fit are more than the longest wait as well.
            text.parse().map_or(LONGEST_WAIT, Duration::from_secs)
        } else {
            let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(date.duration_since(now)).unwrap_or_default()
        };
        now.checked_add(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)).ok()
    }
}

/// Between once and twice `shortest`, so that calls that failed together do not come back together. What the moment decides comes out
/// the same where time does, as in a play that is repeated.
fn jitter(shortest: Duration, now: Timestamp) -> Duration {
    let mut hasher = DefaultHasher::new();
    now.as_nanosecond().hash(&mut hasher);
    let part = (hasher.finish() >> 32) as f64 / f64::from(u32::MAX);
    shortest.mul_f64(1.0 + part)
}
