//! The one HTTP client: connections are kept and shared, limits of time hold for every call.
//!
//! Knows transport only. What a body means, and whether a call is repeated, is the marketplace's affair.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;

use crate::error::ConnectorError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(30);

/// A shared client; clones share their connections.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: reqwest::Client,
}

/// What came back: any status, any body.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: String,
}

/// Nothing came back.
#[derive(Debug)]
pub(crate) struct NoAnswer {
    /// Whether the request certainly did not arrive: no connection came about.
    pub(crate) never_arrived: bool,
    /// A limit of time was reached: another try would cost as much again.
    pub(crate) timed_out: bool,
    /// What happened, without the address's query and without content.
    pub(crate) message: String,
}

impl HttpAnswer {
    /// Status, content type and the beginning of a page, for messages. Of JSON nothing is shown, for an
    /// answer cut off in the middle may carry an address.
    pub(crate) fn describe(&self) -> String {
        let content_type = if self.content_type.is_empty() { "no content type" } else { &self.content_type };
        let begin = format!("HTTP status {}, {content_type}", self.status);
        let body = self.body.trim_start();
        if body.is_empty() {
            format!("{begin}, empty")
        } else if body.starts_with(['{', '[', '"']) {
            format!("{begin}, {} bytes that are not the JSON expected", self.body.len())
        } else {
            format!("{begin}, beginning `{}`", excerpt(body))
        }
    }
}

/// The first 80 letters of a page without its tags; words with digits or `@` are left out, for they may name a
/// person or a session.
fn excerpt(page: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for letter in page.chars().take(4_000) {
        match letter {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            _ if !is_tag => text.push(letter),
            _ => {}
        }
    }
    let is_harmless = |word: &&str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        !word.contains('@') && (digits <= 3)
    };
    let words: Vec<&str> = text.split_whitespace().filter(is_harmless).collect();
    words.join(" ").chars().take(80).collect()
}

impl HttpClient {
    /// A client with rustls: connecting may take 10 s, a whole call 30 s; redirects are not followed, for a
    /// signed request belongs to no other address.
    pub fn new() -> Result<Self, ConnectorError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("Marktwerk/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .redirect(Policy::none())
            .build()
            .map_err(|error| ConnectorError::Setup(format!("no HTTP client can be made: {error}")))?;
        Ok(Self { client })
    }

    /// Posts a JSON text as it is.
    pub(crate) async fn post_json(&self, address: &str, body: String) -> Result<HttpAnswer, NoAnswer> {
        let request = self.client.post(address).header(CONTENT_TYPE, "application/json").body(body);
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let content_type = header(response.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
        let retry_after = header(response.headers(), RETRY_AFTER.as_str());
        let body = response.text().await.map_err(no_answer)?;
        Ok(HttpAnswer { status, content_type, retry_after, body })
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn no_answer(error: reqwest::Error) -> NoAnswer {
    let what = if error.is_connect() {
        "no connection to"
    } else if error.is_timeout() {
        "no answer in time from"
    } else {
        "the connection broke to"
    };
    let host = error.url().and_then(|url| url.host_str()).unwrap_or("an address without a host");
    let cause = innermost(&error);
    let (never_arrived, timed_out) = (error.is_connect(), error.is_timeout());
    NoAnswer { never_arrived, timed_out, message: format!("{what} {host}: {cause}") }
}

/// The innermost cause says what happened ("connection refused"); the outer ones repeat the address.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if std::ptr::eq(cause as *const _ as *const (), error as *const _ as *const ()) {
        return "no further cause given".to_owned();
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(content_type: &str, body: &str) -> HttpAnswer {
        HttpAnswer {
            status: 502,
            content_type: content_type.to_owned(),
            retry_after: None,
            body: body.to_owned(),
        }
    }

    #[test]
    fn a_page_is_described_without_tags_and_without_what_may_name_somebody() {
        let page =
            "<!DOCTYPE html><p class=\"x\">Bad gateway for ada@example.org, ray 8a7f6c5d4e3 at 12:30</p>";
        let told = answer("text/html", page).describe();
        assert_eq!(told, "HTTP status 502, text/html, beginning `Bad gateway for ray at`");
        let long = answer("text/plain", &"ä".repeat(500)).describe();
        assert_eq!(long.matches('ä').count(), 80);
    }

    #[test]
    fn of_json_nothing_is_shown() {
        let told = answer("application/json", " {\"receiptName\":\"Ada").describe();
        assert_eq!(told, "HTTP status 502, application/json, 20 bytes that are not the JSON expected");
        assert_eq!(answer("", "").describe(), "HTTP status 502, no content type, empty");
    }
}
