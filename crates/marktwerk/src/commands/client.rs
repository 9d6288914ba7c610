//! Talks to the running server, as any other program would.

use anyhow::{Context, bail};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::config::{Environment, Settings};

/// The running server.
#[derive(Debug)]
pub(super) struct Client {
    base: String,
    token: Option<String>,
    http: reqwest::Client,
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

    pub(super) async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        self.call(Method::GET, path, query, None).await
    }

    pub(super) async fn post(
        &self,
        path: &str,
        query: &[(&str, String)],
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        self.call(Method::POST, path, query, body).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::PATCH, path, &[], Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::DELETE, path, &[], None).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<Value>,
    ) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).query(query);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(|error| self.no_answer(&error))?;
        let status = response.status();
        let text = response.text().await.with_context(|| format!("the answer of {} broke off", self.base))?;
        let value = serde_json::from_str(&text).unwrap_or(Value::Null);
        match status {
            StatusCode::UNAUTHORIZED => bail!(
                "{} asks for a token: set the environment variable MARKTWERK_TOKEN, or use the server's settings with --config",
                self.base
            ),
            status if status.is_success() => Ok(value),
            status => bail!("{}", refusal(&value).unwrap_or_else(|| format!("the server answered {status}"))),
        }
    }

    fn no_answer(&self, error: &reqwest::Error) -> anyhow::Error {
        if error.is_connect() {
            anyhow::anyhow!(
                "no Marktwerk answers on {}: start it with `marktwerk`, or name another one with --server URL",
                self.base
            )
        } else {
            anyhow::anyhow!("{} gave no answer that can be used: {error}", self.base)
        }
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
