//! What an answer other than 2xx means, and no answer at all.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{DATE, RETRY_AFTER};
use reqwest::{Response, StatusCode};

use super::address::WebhookAddress;
use crate::error::AlertError;
use crate::quote::{is_part_of, quote};

/// No wait is longer: who says more means "never", and that is not his to say.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// Bytes of an answer that are looked at.
const READ_AT_MOST: usize = 4_096;

/// The receiver answered, but not with 2xx.
pub(super) async fn refusal(address: &WebhookAddress, response: Response) -> AlertError {
    let status = response.status();
    let wait = wait(&response);
    let words = beginning(response).await;
    let mut message =
        format!("the webhook at {} answered with HTTP status {}", address.host(), status.as_u16());
    // Of JSON nothing is shown: an answer may repeat what it was sent.
    if !words.trim_start().starts_with(['{', '[', '"'])
        && let Some(words) = quote(&words, |word| is_part_of(address.url(), word))
    {
        message.push_str(&format!(" and \"{words}\""));
    }
    if is_worth_retrying(status) {
        return AlertError::Transient { message, wait };
    }
    message.push_str(cure(status));
    AlertError::permanent(message)
}

/// The receiver did not answer. Whether the alert arrived is unknown.
pub(super) fn silence(address: &WebhookAddress, error: &reqwest::Error) -> AlertError {
    let host = address.host();
    let what = if error.is_timeout() {
        return AlertError::transient(format!("the webhook at {host} did not answer in time"));
    } else if error.is_connect() {
        format!("no connection to the webhook at {host}")
    } else {
        format!("the connection to the webhook at {host} broke")
    };
    AlertError::transient(match innermost(error) {
        Some(cause) => format!("{what}: {cause}"),
        None => what,
    })
}

/// 408 and 425 ask for another try by their definition (RFC 9110 §15.5.9, RFC 8470 §5.2), 429 and 5xx by custom.
fn is_worth_retrying(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429)
}

fn cure(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => "; redirects are not followed: write the final address to url",
        401 | 403 => "; check url and secret",
        404 | 410 => {
            "; it does not know this address (any more): make a new webhook there and write its address to url"
        }
        _ => "; check that url is the address of a webhook that takes JSON",
    }
}

/// `Retry-After` in seconds, or as a date; that goes by the receiver's own clock, which its `Date` shows.
fn wait(response: &Response) -> Option<Duration> {
    let header = |name| response.headers().get(name)?.to_str().ok().map(str::trim);
    let text = header(RETRY_AFTER)?;
    let wait = match text.bytes().all(|letter| letter.is_ascii_digit()) && !text.is_empty() {
        // More digits than fit are more than the longest wait as well.
        true => text.parse().map_or(LONGEST_WAIT, Duration::from_secs),
        false => {
            let time = |text| Some(jiff::fmt::rfc2822::parse(text).ok()?.timestamp());
            Duration::try_from(time(text)?.duration_since(time(header(DATE)?)?)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// The first bytes of the body; an answer that breaks off there has still been given.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < READ_AT_MOST
        && let Ok(Some(chunk)) = response.chunk().await
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(READ_AT_MOST);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The innermost cause says what happened ("connection refused"); the outer ones repeat the address.
fn innermost(error: &reqwest::Error) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(next) = cause.source() {
        cause = next;
    }
    Some(cause.to_string())
}
