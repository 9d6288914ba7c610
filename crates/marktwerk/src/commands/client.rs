//! Talks to the running server, as any other program would.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, WARNING};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use super::usage::UsageError;
use crate::config::{Environment, Settings};

/// How long a server may take to be reached.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an answer may take as a whole.
const LONGEST: Duration = Duration::from_secs(120);

/// The running server.
#[derive(Debug)]
pub(super) struct Client {
    base: String,
    token: Option<String>,
    /// Where the token was said.
    token_origin: String,
    http: reqwest::Client,
}

/// A call that was not carried out, in words for people.
#[derive(Debug)]
pub(super) struct CallError {
    kind: Kind,
    text: String,
    /// What the server said of it, where it said so.
    problem: Option<Value>,
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

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Temporary => "unavailable",
            Self::Usage => "usage",
            Self::Refused => "refused",
        }
    }
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

    /// Its kind, for programs.
    pub(super) fn word(&self) -> &'static str {
        self.kind.word()
    }

    /// What the server said of it, as it said it.
    pub(super) fn problem(&self) -> Option<&Value> {
        self.problem.as_ref()
    }

    fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), problem: None }
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
        let of_environment =
            || environment.get("MARKTWERK_SERVER_URL").map(|(url, origin)| (url, origin.to_string()));
        let base = match address.map(|url| (url, "--server".to_owned())).or_else(of_environment) {
            Some((url, origin)) => {
                base(url).map_err(|reason| UsageError::new(format!("{origin}: {reason}")))?
            }
            None => local_address(settings),
        };
        let (token, token_origin) = match environment.get("MARKTWERK_TOKEN") {
            Some((token, origin)) => (Some(token.to_owned()), origin.to_string()),
            None => {
                let token = settings.server.token.as_ref().map(|token| token.expose().to_owned());
                (token, settings.origins.near("server.token").to_string())
            }
        };
        if token.as_ref().is_some_and(|token| token.starts_with("$argon2")) {
            bail!(
                "[server] token is stored as a hash: set the environment variable MARKTWERK_TOKEN to the token itself"
            );
        }
        // No proxy: the server is on this machine or in this house.
        let http = reqwest::Client::builder().no_proxy().connect_timeout(PATIENCE).timeout(LONGEST).build();
        Ok(Self { base, token, token_origin, http: http.context("no HTTP client can be made")? })
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

    /// Sends a document as it is.
    pub(super) async fn post_document(
        &self,
        path: &str,
        query: &[(&str, String)],
        document: Vec<u8>,
    ) -> Result<Value, CallError> {
        let json = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        self.json(self.request(Method::POST, path).query(query).headers(json).body(document)).await
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

    /// Whether the server works, and what it says of itself; an error only where there is no such answer.
    pub(super) async fn health(&self, probe: Option<&str>) -> Result<(bool, Value), CallError> {
        let probe: Vec<(&str, &str)> = probe.map(|probe| ("probe", probe)).into_iter().collect();
        let request = self.request(Method::GET, "/api/health").query(&probe).timeout(PATIENCE);
        let (status, text) = self.answer(request).await?;
        match serde_json::from_str::<Value>(&text) {
            Ok(health) if health["status"].is_string() => Ok((status.is_success(), health)),
            _ if status.is_success() => Err(self.stranger(status)),
            _ => Err(self.refused(status, &text)),
        }
    }

    async fn json(&self, request: RequestBuilder) -> Result<Value, CallError> {
        let text = self.text(request).await?;
        match text.trim() {
            "" => Ok(Value::Null),
            text => {
                let answer: Value = serde_json::from_str(text).map_err(|_| self.stranger(StatusCode::OK))?;
                answer["warning"].as_str().into_iter().for_each(warn);
                Ok(answer)
            }
        }
    }

    async fn text(&self, request: RequestBuilder) -> Result<String, CallError> {
        let (status, text) = self.answer(request).await?;
        if status.is_success() { Ok(text) } else { Err(self.refused(status, &text)) }
    }

    async fn answer(&self, request: RequestBuilder) -> Result<(StatusCode, String), CallError> {
        let response = request.send().await.map_err(|error| self.no_answer(&error))?;
        let status = response.status();
        let broken = |error: reqwest::Error| {
            let why = if error.is_timeout() { "it took too long".to_owned() } else { error.to_string() };
            CallError::new(Kind::Temporary, format!("the answer of {} broke off: {why}", self.base))
        };
        let warning = response.headers().get(WARNING).and_then(|warning| warning.to_str().ok());
        warning.and_then(|warning| warning.split('"').nth(1)).into_iter().for_each(warn);
        Ok((status, response.text().await.map_err(broken)?))
    }

    /// An answer that Marktwerk would not give.
    fn stranger(&self, status: StatusCode) -> CallError {
        let text = format!(
            "{} answered {status}, but not as Marktwerk does: another program listens there; name the right one with --server URL",
            self.base
        );
        CallError::new(Kind::Refused, text)
    }

    fn refused(&self, status: StatusCode, text: &str) -> CallError {
        let kind = match status {
            StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY => {
                Kind::Usage
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => {
                Kind::Temporary
            }
            _ => Kind::Refused,
        };
        let problem: Option<Value> = serde_json::from_str(text).ok();
        if status == StatusCode::UNAUTHORIZED {
            let text = match &self.token {
                None => format!(
                    "{} asks for a token: set the environment variable MARKTWERK_TOKEN, or use the server's settings with --config",
                    self.base
                ),
                Some(_) => format!(
                    "{} does not accept the token of {}; it asks for a token that its own settings have: set MARKTWERK_TOKEN to that one",
                    self.base, self.token_origin
                ),
            };
            return CallError { kind, text, problem };
        }
        match problem.as_ref().and_then(refusal) {
            Some(text) => CallError { kind, text, problem },
            None => self.stranger(status),
        }
    }

    fn no_answer(&self, error: &reqwest::Error) -> CallError {
        let base = &self.base;
        let text = if error.is_timeout() {
            format!(
                "{base} gave no answer in time: is it busy, or another program? Name the right one with --server URL"
            )
        } else if error.is_connect() {
            format!(
                "no Marktwerk answers on {base}: start it with `marktwerk`, or name another one with --server URL"
            )
        } else {
            format!(
                "{base} gave no answer that can be used ({error}): name the right address with --server URL"
            )
        };
        CallError::new(Kind::Temporary, text)
    }
}

/// An address as it was typed, complete.
fn base(written: &str) -> Result<String, String> {
    let expected =
        format!("`{written}` is not the address of a server; write one such as http://127.0.0.1:8000");
    let written = written.trim();
    let full = if written.contains("://") { written.to_owned() } else { format!("http://{written}") };
    let url = reqwest::Url::parse(&full).map_err(|_| expected.clone())?;
    let full = full.trim_end_matches('/').to_owned();
    let is_server =
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    if is_server { Ok(full) } else { Err(expected) }
}

/// What was done is done; something beside it was not.
fn warn(warning: &str) {
    // A terminal that is gone needs no warning.
    let _ = writeln!(std::io::stderr().lock(), "marktwerk: done, but: {warning}");
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
