//! One call to TEMU: signature, envelope, and what its answers mean. Pace, time and repetitions are in [`crate::call`]; what the calls say
//! is in the files named after their subjects.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::clock::SharedClock;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::auth::{self, Fields};
use super::wire::{Envelope, without_values};
use super::{TemuAccount, codes};
pub(super) use crate::call::Repeat;
use crate::call::{Caller, Failed};
use crate::error::{ConnectorError, Place};
use crate::http::{HttpAnswer, HttpClient};
use crate::limiter::{Bucket, Budget};

/// The signed way to one shop.
pub(super) struct Client {
    endpoint: String,
    app_key: String,
    app_secret: SecretString,
    access_token: SecretString,
    bucket: Arc<Bucket>,
    caller: Caller,
}

impl Client {
    pub(super) fn new(
        account: TemuAccount,
        clock: SharedClock,
        bucket: Arc<Bucket>,
        http: HttpClient,
    ) -> Self {
        Self {
            endpoint: account.endpoint,
            app_key: account.app_key,
            app_secret: account.app_secret,
            access_token: account.access_token,
            bucket,
            caller: Caller::new(super::KIND.name, account.name, clock, http, Duration::MAX),
        }
    }

    pub(super) fn clock(&self) -> &SharedClock {
        self.caller.clock()
    }

    pub(super) fn calls(&self) -> BTreeMap<String, u64> {
        self.caller.calls()
    }

    pub(super) fn budget(&self) -> Budget {
        self.bucket.budget()
    }

    /// The place of a failure in `call`.
    pub(super) fn place(&self, call: &'static str) -> Place {
        self.caller.place(call)
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
        let parameters = &parameters;
        let attempt = move || async move {
            let body = self.body(call, parameters, self.clock().now());
            let answer = self.caller.http().post_json(&self.endpoint, body).await;
            self.read(call, &answer.map_err(|none| self.caller.no_answer(call, none))?)
        };
        self.caller.make(call, repeat, &self.bucket, attempt).await
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
        let until = self.caller.retry_after(answer);
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
                Err(self.caller.limited(place, message, until))
            }
            (200..=499, Ok(envelope), Some(code)) if code != codes::SUCCESS => {
                let message = said(Some(envelope)).unwrap_or_else(|| "without a message".to_owned());
                let error = codes::error(place, code, message, until);
                match error {
                    ConnectorError::RateLimited { place, message, .. } => {
                        Err(self.caller.limited(place, message, until))
                    }
                    // Calculating takes longer than a call's patience; the order comes again with the next run.
                    _ if code == codes::STILL_CALCULATING => Err(Failed::for_good(error)),
                    ConnectorError::Transient { .. } => Err(Failed::for_now(error)),
                    error => Err(Failed::for_good(error)),
                }
            }
            (408 | 500..=599, _, _) => Err(self.caller.unwell(place, answer)),
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
