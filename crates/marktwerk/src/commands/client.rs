//! Talks to the running server, as any other program would.

use std::fmt;

use anyhow::{Context, bail};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::config::{Environment, Settings};

/// The running server.
#[derive(Debug)]
pub(super) struct Client {
    base: String,
    token: Option<String>,
    http: reqwest::Client,
}

/// A call that was not carried out, in words for people.
#[derive(Debug)]
pub(super) struct CallError {
    kind: Kind,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// No answer, or one that says "later".
    Temporary,
    /// What was asked for cannot be: wrong usage.
    Usage,
    /// Not possible in the current state.
    Refused,
}

impl CallError {
    /// Whether the same call may go well later.
    pub(super) fn is_temporary(&self) -> bool {
        self.kind == Kind::Temporary
    }

    /// Whether what was typed is wrong.
    pub(super) fn is_usage(&self) -> bool {
        self.kind == Kind::Usage
    }
}

impl std::error::Error for CallError {}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Client {
    /// The server at `address`, or in `MARKTWERK_SERVER_URL`, or where the settings say that it listens.
    pub(super) fn new(
        settings: &Settings,
        environment: &Environment,
        address: Option<&str>,
    ) -> anyhow::Result<Self> {
        let named = address.or_else(|| environment.get("MARKTWERK_SERVER_URL").map(|(url, _)| url));
        let base = named.map_or_else(|| local_address(settings), |url| url.trim_end_matches('/').to_owned());
        let token = match environment.get("MARKTWERK_TOKEN") {
            Some((token, _)) => Some(token.to_owned()),
            None => settings.server.token.as_ref().map(|token| token.expose().to_owned()),
        };
        if token.as_ref().is_some_and(|token| token.starts_with("$argon2")) {
            bail!(
                "[server] token is stored as a hash: set the environment variable MARKTWERK_TOKEN to the token itself"
            );
        }
        // No proxy: the server is on this machine or in this house.
        let http = reqwest::Client::builder().no_proxy().build().context("no HTTP client can be made")?;
        Ok(Self { base, token, http })
    }

    /// Where it is looked for.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value, CallError> {
        self.json(self.request(Method::GET, path).query(query)).await
    }

    /// The answer as it was written.
    pub(super) async fn get_text(&self, path: &str) -> Result<String, CallError> {
        self.text(self.request(Method::GET, path)).await
    }

    pub(super) async fn post(&self, path: &str, body: Option<&Value>) -> Result<Value, CallError> {
        let request = self.request(Method::POST, path);
        self.json(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// Sends a body to an address with a query.
    pub(super) async fn post_with(
        &self,
        path: &str,
        query: &[(&str, String)],
        body: &Value,
    ) -> Result<Value, CallError> {
        self.json(self.request(Method::POST, path).query(query).json(body)).await
    }

    /// Sends a text as it is.
    pub(super) async fn post_text(
        &self,
        path: &str,
        query: &[(&str, String)],
        text: String,
    ) -> Result<Value, CallError> {
        let json = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        self.json(self.request(Method::POST, path).query(query).headers(json).body(text)).await
    }

    pub(super) async fn patch(&self, path: &str, body: &Value) -> Result<Value, CallError> {
        self.json(self.request(Method::PATCH, path).json(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, CallError> {
        self.json(self.request(Method::DELETE, path)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn json(&self, request: RequestBuilder) -> Result<Value, CallError> {
        Ok(serde_json::from_str(&self.text(request).await?).unwrap_or(Value::Null))
    }

    async fn text(&self, request: RequestBuilder) -> Result<String, CallError> {
        let response = request.send().await.map_err(|error| self.no_answer(&error))?;
        let status = response.status();
        let broken = |error| CallError {
            kind: Kind::Temporary,
            text: format!("the answer of {} broke off: {error}", self.base),
        };
        let text = response.text().await.map_err(broken)?;
        if status.is_success() {
            return Ok(text);
        }
        let kind = match status {
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
                Kind::Usage
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => {
                Kind::Temporary
            }
            _ => Kind::Refused,
        };
        let text = match status {
            StatusCode::UNAUTHORIZED => format!(
                "{} asks for a token: set the environment variable MARKTWERK_TOKEN, or use the server's settings with --config",
                self.base
            ),
            status => {
                let value = serde_json::from_str(&text).unwrap_or(Value::Null);
                refusal(&value).unwrap_or_else(|| format!("the server answered {status}"))
            }
        };
        Err(CallError { kind, text })
    }

    fn no_answer(&self, error: &reqwest::Error) -> CallError {
        let text = if error.is_connect() {
            format!(
                "no Marktwerk answers on {}: start it with `marktwerk`, or name another one with --server URL",
                self.base
            )
        } else {
            format!("{} gave no answer that can be used: {error}", self.base)
        };
        CallError { kind: Kind::Temporary, text }
    }
}

/// A name as one segment of a path.
pub(super) fn segment(name: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    name.bytes()
        .map(|byte| if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn local_address(settings: &Settings) -> String {
    let mut address = settings.server.listen;
    if address.ip().is_unspecified() {
        let loopback = if address.is_ipv4() { "127.0.0.1" } else { "::1" };
        // Both are addresses.
        address.set_ip(loopback.parse().unwrap_or(address.ip()));
    }
    format!("http://{address}")
}

/// What the server says about a refused call: `{"detail": …}` as documented, or a problem of `/api/v1`.
fn refusal(value: &Value) -> Option<String> {
    let detail = value.get("detail").or_else(|| value.get("title"))?;
    if let Some(text) = detail.as_str() {
        return Some(text.to_owned());
    }
    let faults = detail.as_array()?.iter().map(|fault| {
        let field = fault["loc"].as_array().and_then(|place| place.last()).and_then(Value::as_str);
        format!("{}: {}", field.unwrap_or("request"), fault["msg"].as_str().unwrap_or("is refused"))
    });
    Some(faults.collect::<Vec<_>>().join("; "))
}
