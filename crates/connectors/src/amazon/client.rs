//! One call to Amazon: its token, its budget, and what its answers mean. What the calls say is in the files named after their subjects.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::AmazonAccount;
use super::account::NAME;
use super::sign_in::{SIGN_IN, SignIn};
use crate::call::{Caller, Failed, Repeat};
use crate::error::{ConnectorError, Place};
use crate::http::{HttpAnswer, HttpClient};
use crate::json::without_values;
use crate::limiter::{Bucket, Budgets, Rate};
use crate::token::{Token, TokenKeeper};

/// Turns that are further away than this are not waited for: they come minutes apart.
const OF_TURN: Duration = Duration::from_secs(60);
const TOKEN: &str = "x-amz-access-token";
const RATE: &str = "x-amzn-RateLimit-Limit";
const REQUEST_ID: &str = "x-amzn-RequestId";

/// Something that Amazon can be asked.
#[derive(Debug)]
pub(super) struct Operation {
    /// Amazon's own name.
    pub(super) name: &'static str,
    /// What is permitted unless Amazon tells another rate.
    pub(super) rate: Rate,
    /// A refusal is about one order's own content.
    pub(super) is_about_order: bool,
}

/// The way to one seller.
pub(super) struct Client {
    endpoint: String,
    marketplace_ids: Vec<String>,
    account: String,
    sign_in: SignIn,
    tokens: TokenKeeper,
    budgets: Budgets,
    /// Of the keys of all operations.
    key: String,
    /// By operation, as soon as it is used: asking for a bucket again would bring back the rate of the description.
    buckets: Mutex<BTreeMap<&'static str, Arc<Bucket>>>,
    caller: Caller,
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
struct ErrorEntry {
    code: String,
    #[serde(default)]
    message: String,
}

impl Client {
    pub(super) fn new(
        account: AmazonAccount,
        clock: SharedClock,
        budgets: Budgets,
        http: HttpClient,
    ) -> Self {
        Self {
            sign_in: SignIn::of(&account),
            key: format!("{NAME}:{}:{}", account.client_id, account.seller_id),
            endpoint: account.endpoint.trim_end_matches('/').to_owned(),
            marketplace_ids: account.marketplace_ids,
            account: account.name.clone(),
            tokens: TokenKeeper::new(clock.clone()),
            budgets,
            buckets: Mutex::default(),
            caller: Caller::new(NAME, account.name, clock, http, OF_TURN),
        }
    }

    pub(super) fn clock(&self) -> &SharedClock {
        self.caller.clock()
    }

    pub(super) fn account(&self) -> &str {
        &self.account
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(super) fn marketplace_ids(&self) -> &[String] {
        &self.marketplace_ids
    }

    pub(super) fn calls(&self) -> BTreeMap<String, u64> {
        self.caller.calls()
    }

    /// An answer that is not what its description says.
    pub(super) fn unreadable(&self, operation: &Operation, message: impl Into<String>) -> ConnectorError {
        ConnectorError::Unreadable { place: self.caller.place(operation.name), message: message.into() }
    }

    fn bucket(&self, operation: &Operation) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let key = || format!("{}:{}", self.key, operation.name);
        let bucket = buckets.entry(operation.name);
        bucket.or_insert_with(|| self.budgets.bucket(&key(), Some(operation.rate))).clone()
    }

    /// Reads what stands at `path`, which is percent-encoded already.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, ConnectorError> {
        let found = self.find(operation, path, query).await?;
        found.ok_or_else(|| self.unreadable(operation, "Amazon says that there is no such thing"))
    }

    /// The same, or nothing where nothing stands there.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, ConnectorError> {
        // A sign-in that fails costs none of the few turns of the operation.
        self.tokens.token(async || self.signed_in().await).await?;
        let address = &format!("{}{path}", self.endpoint);
        let bucket = &*self.bucket(operation);
        let attempt = move || async move {
            let token = self.tokens.token(async || self.sign_in.token(&self.caller).await).await?;
            let headers = headers(&token).ok_or_else(|| {
                let message = "the token of the sign-in cannot be sent in a header";
                Failed::for_good(self.unreadable(operation, message))
            })?;
            let answer = self.caller.http().get(address, query, headers).await;
            let answer = answer.map_err(|none| self.caller.no_answer(operation.name, none))?;
            learn(bucket, &answer);
            match answer.status {
                401 | 403 => Err(self.not_authorised(operation, &answer, &token).await),
                404 if self.said(operation, &answer).1.is_some() => Ok(None),
                _ => self.read(operation, bucket, &answer).map(Some),
            }
        };
        self.caller.make(operation.name, Repeat::Read, bucket, attempt).await
    }

    /// A token of a sign-in that has a budget of its own.
    async fn signed_in(&self) -> Result<Token, ConnectorError> {
        let bucket = self.budgets.bucket(&format!("{}:{SIGN_IN}", self.key), None);
        let attempt = move || async move { self.sign_in.token(&self.caller).await };
        self.caller.make(SIGN_IN, Repeat::Read, &bucket, attempt).await
    }

    /// The token may have been withdrawn before its end: then another one helps, once.
    async fn not_authorised(
        &self,
        operation: &Operation,
        answer: &HttpAnswer,
        token: &SecretString,
    ) -> Failed {
        let (place, said) = self.said(operation, answer);
        let message = said.unwrap_or_else(|| answer.describe());
        let cure = "check the application's roles and authorise it again in Seller Central";
        let error = ConnectorError::Unauthorised { place, message, cure };
        match self.tokens.refused(token).await {
            true => Failed::for_now(error),
            false => Failed::for_good(error),
        }
    }

    fn read<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        bucket: &Bucket,
        answer: &HttpAnswer,
    ) -> Result<T, Failed> {
        let (place, said) = self.said(operation, answer);
        match answer.status {
            200..=299 => serde_json::from_str(&answer.body).map_err(|error| {
                let message = match answer.body.trim_start().starts_with('{') {
                    true => format!("it does not fit: {}", without_values(&error)),
                    false => answer.describe(),
                };
                Failed::for_good(ConnectorError::Unreadable { place, message })
            }),
            429 => {
                // Without a word of Amazon's the next call is free when the bucket has filled by one.
                let next = self.clock().now().checked_add(bucket.interval()).ok();
                let until = self.caller.retry_after(answer).or(next);
                Err(self.caller.limited(place, said.unwrap_or_else(|| answer.describe()), until))
            }
            408 | 500..=599 => match said {
                Some(message) if answer.header("retry-after").is_none() => {
                    Err(Failed::for_now(ConnectorError::Transient { place, message }))
                }
                _ => Err(self.caller.unwell(place, answer)),
            },
            400..=499 if said.is_some() => Err(Failed::for_good(ConnectorError::Refused {
                place,
                message: said.unwrap_or_default(),
                cure: "",
                is_about_order: operation.is_about_order,
            })),
            _ => Err(Failed::for_good(ConnectorError::Unreadable { place, message: answer.describe() })),
        }
    }

    /// Where it failed, and Amazon's own words, bounded: they go into messages for people.
    fn said(&self, operation: &Operation, answer: &HttpAnswer) -> (Place, Option<String>) {
        let request_id = answer.header(REQUEST_ID).map(Box::from);
        let place = Place { request_id, ..self.caller.place(operation.name) };
        let errors: Option<Errors> = serde_json::from_str(&answer.body).ok();
        let Some(first) = errors.and_then(|errors| errors.errors.into_iter().next()) else {
            return (place, None);
        };
        let words = if first.message.is_empty() { &first.code } else { &first.message };
        let words = words.chars().take(300).collect();
        (Place { code: Some(first.code.chars().take(60).collect::<String>().into()), ..place }, Some(words))
    }
}

fn headers(token: &SecretString) -> Option<HeaderMap> {
    let mut value = HeaderValue::from_str(token.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some([(HeaderName::from_static(TOKEN), value)].into_iter().collect())
}

/// Sellers whose business needs it are given higher rates than the description says.
fn learn(bucket: &Bucket, answer: &HttpAnswer) {
    let told = answer.header(RATE).and_then(|rate| rate.trim().parse().ok());
    if let Some(calls) = told {
        bucket.learn(calls, Duration::from_secs(1));
    }
}
