//! The one HTTP client: connections are kept and shared, limits of time hold for every call.
//!
//! Knows transport only. What a body means, and whether a call is repeated, is the marketplace's affair.

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
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
    pub(crate) headers: HeaderMap,
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
    /// A header, where it is there and a text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Status, content type and the beginning of a page, for messages. Of JSON nothing is shown, for an
    /// answer cut off in the middle may carry an address.
    pub(crate) fn describe(&self) -> String {
        let content_type = self.header(CONTENT_TYPE.as_str()).unwrap_or("no content type");
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
        send(self.client.post(address).header(CONTENT_TYPE, "application/json").body(body)).await
    }

    /// Posts the fields of a form.
    pub(crate) async fn post_form(
        &self,
        address: &str,
        fields: &[(&str, &str)],
    ) -> Result<HttpAnswer, NoAnswer> {
        send(self.client.post(address).form(fields)).await
    }

    /// Gets what is there, with headers of the call's own.
    pub(crate) async fn get(
        &self,
        address: &str,
        query: &[(&str, &str)],
        headers: HeaderMap,
    ) -> Result<HttpAnswer, NoAnswer> {
        send(self.client.get(address).query(query).headers(headers)).await
    }
}

async fn send(request: RequestBuilder) -> Result<HttpAnswer, NoAnswer> {
    let response = request.send().await.map_err(no_answer)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.text().await.map_err(no_answer)?;
    Ok(HttpAnswer { status, headers, body })
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
        let is_told = !content_type.is_empty();
        let content_type = is_told.then(|| (CONTENT_TYPE, content_type.parse().unwrap()));
        HttpAnswer { status: 502, headers: content_type.into_iter().collect(), body: body.to_owned() }
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
