//! The address of a webhook: checked once; only its host is ever shown.

use reqwest::Url;

use crate::error::AlertError;
use crate::loopback::is_loopback;

/// What may be posted to.
pub(super) struct WebhookAddress {
    url: Url,
    host: String,
}

impl WebhookAddress {
    /// The address is not repeated in the error: it is a secret, and half of one may be too.
    pub(super) fn parse(text: &str) -> Result<Self, AlertError> {
        let fault = |reason: String| AlertError::settings("url", reason);
        let example = "an address such as https://hooks.example.org/services/…";
        let text = text.trim();
        if text.is_empty() {
            return Err(fault(format!("is missing; write {example}")));
        }
        let url = Url::parse(text).map_err(|error| fault(format!("must be {example}: {error}")))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        match url.scheme() {
            "https" => Ok(Self { url, host }),
            "http" if is_loopback(&host) => Ok(Self { url, host }),
            "http" => Err(fault(format!(
                "must be {example}: over http the address and the alert would travel in clear to another machine"
            ))),
            _ => Err(fault(format!("must be {example}: it begins with neither https:// nor http://"))),
        }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere_and_http_to_this_machine() {
        for (text, host) in [
            (" https://hooks.example.org/services/x ", "hooks.example.org"),
            ("http://localhost:8065/hooks/x", "localhost"),
            ("http://127.0.0.1/", "127.0.0.1"),
            ("http://[::1]:8065/", "[::1]"),
            ("https://user:word@example.org/", "example.org"),
        ] {
            assert_eq!(WebhookAddress::parse(text).map(|address| address.host).unwrap(), host);
        }
    }

    #[test]
    fn anything_else_is_refused_without_repeating_it() {
        for (text, why) in [
            ("", "is missing"),
            ("hooks.example.org/private-path", "relative URL"),
            ("http://hooks.example.org/private-path", "in clear"),
            ("http://127.0.0.1.example.org/private-path", "in clear"),
            ("ftp://hooks.example.org/private-path", "neither https"),
            ("https://hooks.example.org:999999/private-path", "port"),
        ] {
            let Err(AlertError::Settings { field, reason }) = WebhookAddress::parse(text) else {
                panic!("{text} passes")
            };
            assert_eq!(field, "url");
            assert!(reason.contains(why), "{reason}");
            assert!(!reason.contains("private-path"), "{reason}");
        }
    }
}
