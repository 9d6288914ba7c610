//! One call to TEMU: pace, time, signature, envelope, classes of errors, and the few repetitions that are
//! safe within a call. What the calls say is in the files named after their subjects.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::clock::SharedClock;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::auth::{self, Fields};
use super::wire::{Envelope, without_values};
use super::{TemuAccount, codes};
use crate::error::{ConnectorError, Place};
use crate::http::{HttpAnswer, HttpClient};
use crate::limiter::{Bucket, Budget};
use crate::metrics;

/// Tries of a read, the first included.
const TRIES: u32 = 3;
/// A marketplace that wants a longer pause than this gets it between runs, not within one.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// No pause that the marketplace asks for is shorter: without any, an app that is over its limit would call on at
/// full speed.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// And none is longer: a broken `Retry-After` must not stop a shop for days.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Whether a call may be made again once it may have arrived.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It changes nothing: made up to three times.
    Read,
    /// It changes something: made again only when no connection came about.
    Write,
}

/// The signed way to one shop.
pub(super) struct Client {
    name: String,
    endpoint: String,
    app_key: String,
    app_secret: SecretString,
    access_token: SecretString,
    clock: SharedClock,
    bucket: Arc<Bucket>,
    http: HttpClient,
    calls: Mutex<BTreeMap<String, u64>>,
}

/// A try that failed, and whether another one within the call makes sense.
struct Failed {
    error: Box<ConnectorError>,
    may_repeat: bool,
    /// How long nobody should call, if the marketplace said that it is too much.
    pause: Option<Duration>,
}

impl Client {
    pub(super) fn new(
        account: TemuAccount,
        clock: SharedClock,
        bucket: Arc<Bucket>,
        http: HttpClient,
    ) -> Self {
        Self {
            name: account.name,
            endpoint: account.endpoint,
            app_key: account.app_key,
            app_secret: account.app_secret,
            access_token: account.access_token,
            clock,
            bucket,
            http,
            calls: Mutex::default(),
        }
    }

    pub(super) fn clock(&self) -> &SharedClock {
        &self.clock
    }

    pub(super) fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn budget(&self) -> Budget {
        self.bucket.budget()
    }

    /// The place of a failure in `call`.
    pub(super) fn place(&self, call: &'static str) -> Place {
        Place { account: self.name.as_str().into(), call, ..Place::default() }
    }

    /// An answer to `call` that is not what its description says.
    pub(super) fn unreadable(&self, call: &'static str, message: impl Into<String>) -> ConnectorError {
        ConnectorError::Unreadable { place: self.place(call), message: message.into() }
    }

    /// Makes a call and reads its `result`.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        call: &'static str,
        parameters: Value,
        repeat: Repeat,
    ) -> Result<T, ConnectorError> {
        let mut tries_left = TRIES;
        loop {
            tries_left -= 1;
            let failed = match self.try_once(call, &parameters).await {
                Ok(result) => return Ok(result),
                Err(failed) => failed,
            };
            if let Some(pause) = failed.pause {
                self.bucket.pause(pause);
            }
            let is_arrived = !matches!(*failed.error, ConnectorError::NoConnection { .. });
            if tries_left == 0 || !failed.may_repeat || (repeat == Repeat::Write && is_arrived) {
                return Err(*failed.error);
            }
            tracing::debug!(account = %self.name, call, error = %failed.error, "a call is made again");
            if failed.pause.is_none() {
                let pause = jitter(Duration::from_millis(500), self.clock.now());
                self.clock.sleep(pause).await;
            }
        }
    }

    async fn try_once<T: DeserializeOwned>(
        &self,
        call: &'static str,
        parameters: &Value,
    ) -> Result<T, Failed> {
        self.take_turn(call).await?;
        let mut made = metrics::Call::begins("temu", &self.name, &self.clock);
        let answer = self.exchange(call, parameters).await;
        made.ends(answer.as_ref().map_or_else(|failed| metrics::outcome(&failed.error), |_| metrics::OK));
        answer
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        call: &'static str,
        parameters: &Value,
    ) -> Result<T, Failed> {
        let body = self.body(call, parameters, self.clock.now());
        let answer = self.http.post_json(&self.endpoint, body).await;
        let answer = answer.map_err(|none| {
            let (place, message) = (Place { is_silent: true, ..self.place(call) }, none.message);
            let error = if none.never_arrived {
                ConnectorError::NoConnection { place, message }
            } else {
                ConnectorError::Transient { place, message }
            };
            // Who hangs is not asked twice within a call: an outage would cost three limits of time for each.
            Failed { error: Box::new(error), may_repeat: !none.timed_out, pause: None }
        })?;
        self.read(call, &answer)
    }

    async fn take_turn(&self, call: &'static str) -> Result<(), Failed> {
        let asked = self.clock.monotonic();
        let turn = self.bucket.take(LONGEST_PAUSE).await;
        let waited = self.clock.monotonic().saturating_sub(asked);
        metrics::waited("temu", &self.name, waited);
        if waited > Duration::from_secs(2) {
            let waited_ms = waited.as_millis() as u64;
            // Below the usual output: a shop at its limit waits before nearly each call.
            tracing::debug!(account = %self.name, call, waited_ms, "waited for the marketplace's limit of calls");
        }
        if let Err(paused) = turn {
            let error = ConnectorError::RateLimited {
                place: self.place(call),
                message: "calls are paused because the marketplace asked for it".to_owned(),
                until: self.clock.now().checked_add(paused.remaining).ok(),
            };
            return Err(Failed { error: Box::new(error), may_repeat: false, pause: None });
        }
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls.entry(call.to_owned()).or_default() += 1;
        Ok(())
    }

    /// The text of a call made at `now`, signature included.
    fn body(&self, call: &'static str, parameters: &Value, now: Timestamp) -> String {
        let mut fields: Fields = parameters
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone().into()))
            .collect();
        let common: [(&str, Value); 5] = [
            ("type", call.into()),
            ("app_key", self.app_key.as_str().into()),
            ("access_token", self.access_token.expose_secret().into()),
            ("data_type", "JSON".into()),
            ("timestamp", now.as_second().into()),
        ];
        fields.extend(common.map(|(key, value)| (key.to_owned(), value.into())));
        auth::signed_body(&fields, &self.app_secret)
    }

    fn read<T: DeserializeOwned>(&self, call: &'static str, answer: &HttpAnswer) -> Result<T, Failed> {
        let until = self.retry_after(answer);
        let envelope = serde_json::from_str::<Envelope<'_>>(&answer.body);
        let (place, code) = match &envelope {
            Ok(envelope) => {
                let request_id = envelope.request_id.as_deref().map(Box::from);
                (Place { request_id, ..self.place(call) }, envelope.error_code)
            }
            Err(_) => (self.place(call), None),
        };
        match (answer.status, envelope, code) {
            (200..=299, Ok(envelope), code) if is_success(&envelope, code) => {
                let result = envelope.result.map_or("null", |result| result.get());
                serde_json::from_str(result).map_err(|error| {
                    let message = format!("its result does not fit: {}", without_values(&error));
                    Failed::for_good(ConnectorError::Unreadable { place, message })
                })
            }
            (429, envelope, _) => {
                let message = said(envelope.ok()).unwrap_or_else(|| "HTTP status 429".to_owned());
                Err(self.limited(ConnectorError::RateLimited { place, message, until }, until))
            }
            (200..=499, Ok(envelope), Some(code)) if code != codes::SUCCESS => {
                let message = said(Some(envelope)).unwrap_or_else(|| "without a message".to_owned());
                let error = codes::error(place, code, message, until);
                match error {
                    ConnectorError::RateLimited { .. } => Err(self.limited(error, until)),
                    // Calculating takes longer than a call's patience; the order comes again with the next run.
                    _ if code == codes::STILL_CALCULATING => Err(Failed::for_good(error)),
                    ConnectorError::Transient { .. } => {
                        Err(Failed { error: Box::new(error), may_repeat: true, pause: None })
                    }
                    error => Err(Failed::for_good(error)),
                }
            }
            (408 | 500..=599, _, _) => {
                let message = answer.describe();
                let error = match until {
                    Some(_) => {
                        return Err(
                            self.limited(ConnectorError::RateLimited { place, message, until }, until)
                        );
                    }
                    None => ConnectorError::Transient { place, message },
                };
                Err(Failed { error: Box::new(error), may_repeat: true, pause: None })
            }
            (401 | 403, _, _) => {
                let cure = "check the account's endpoint, keys and the app's IP whitelist";
                let message = answer.describe();
                Err(Failed::for_good(ConnectorError::Unauthorised { place, message, cure }))
            }
            (200..=299, Ok(_), _) => {
                let message = "the answer has neither success nor an error code".to_owned();
                Err(Failed::for_good(ConnectorError::Unreadable { place, message }))
            }
            _ => Err(Failed::for_good(ConnectorError::Unreadable { place, message: answer.describe() })),
        }
    }

    /// A wait within the call's patience pauses everybody's calls and is then tried again here.
    fn limited(&self, error: ConnectorError, until: Option<Timestamp>) -> Failed {
        let pause = match until {
            Some(until) => Duration::try_from(until.duration_since(self.clock.now()))
                .unwrap_or_default()
                .clamp(SHORTEST_WAIT, LONGEST_WAIT),
            None => jitter(SHORTEST_WAIT, self.clock.now()),
        };
        Failed { error: Box::new(error), may_repeat: pause <= LONGEST_PAUSE, pause: Some(pause) }
    }

    /// `Retry-After` in seconds or as a date, brought between the shortest and the longest wait.
    fn retry_after(&self, answer: &HttpAnswer) -> Option<Timestamp> {
        let text = answer.retry_after.as_deref()?.trim();
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

impl Failed {
    fn for_good(error: ConnectorError) -> Self {
        Self { error: Box::new(error), may_repeat: false, pause: None }
    }
}

fn is_success(envelope: &Envelope<'_>, code: Option<i64>) -> bool {
    match (envelope.success, code) {
        (Some(true), code) => matches!(code, None | Some(0 | codes::SUCCESS)),
        (Some(false), _) => false,
        (None, code) => code == Some(codes::SUCCESS),
    }
}

/// The marketplace's own words, bounded: they go into messages for people.
fn said(envelope: Option<Envelope<'_>>) -> Option<String> {
    Some(envelope?.error_msg?.chars().take(300).collect())
}

/// Between once and twice `shortest`, so that calls that failed together do not come back together. What the moment decides comes out
/// the same where time does, as in a play that is repeated.
fn jitter(shortest: Duration, now: Timestamp) -> Duration {
    let mut hasher = DefaultHasher::new();
    now.as_nanosecond().hash(&mut hasher);
    let part = (hasher.finish() >> 32) as f64 / f64::from(u32::MAX);
    shortest.mul_f64(1.0 + part)
}
