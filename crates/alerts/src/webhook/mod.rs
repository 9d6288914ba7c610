//! One HTTP POST to an address that the merchant was given: a chat's incoming webhook, or a program of his own.
//!
//! The body is JSON ([`body`]); with a secret it is signed:
//!
//! - `X-Marktwerk-Signature: sha256=<hex>`: HMAC-SHA256 over the body's bytes with the secret as key, 64 small hexadecimal digits.
//! - `Idempotency-Key: <id>-<second>`: the same at every try of one alert.
//!
//! Any 2xx is "delivered"; its body is not read. Redirects are not followed, and no proxy is used: the address itself is a secret,
//! and goes to nobody that the settings do not name.

mod address;
mod answer;
pub mod body;
#[cfg(test)]
mod fake;
mod signature;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use marktwerk_domain::alert::Alert;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret, SecretString};

use self::address::WebhookAddress;
use crate::error::AlertError;
use crate::identity;
use crate::sender::Sender;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(15);

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "X-Marktwerk-Signature";
/// The header by which a receiver knows a repeated delivery.
pub const KEY_HEADER: &str = "Idempotency-Key";

/// Where alerts are posted. Neither value shows in its `Debug`.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// The address, a secret as a whole: who knows it can post. https, or http to this machine.
    pub url: SecretString,
    /// The key of the signature; without one nothing is signed.
    pub secret: Option<SecretString>,
}

/// A webhook, ready to send. Its `Debug` shows the host alone.
pub struct Webhook {
    client: reqwest::Client,
    address: WebhookAddress,
    secret: Option<SecretString>,
}

impl Webhook {
    /// Checks the settings; nothing is sent. Connecting will take 5 s at most, a delivery 15 s.
    pub fn new(settings: WebhookSettings) -> Result<Self, AlertError> {
        let address = WebhookAddress::parse(settings.url.expose_secret())?;
        if let Some(secret) = &settings.secret
            && secret.expose_secret().trim().is_empty()
        {
            return Err(AlertError::settings(
                "secret",
                "is empty; write a long random text, or remove the key",
            ));
        }
        let client = reqwest::Client::builder()
            .user_agent(concat!("Marktwerk/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            // Alerts are days apart: a kept connection would be found closed.
            .pool_max_idle_per_host(0)
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| {
                AlertError::Setup(format!("no HTTP client can be made: {}", error.without_url()))
            })?;
        Ok(Self { client, address, secret: settings.secret })
    }

    /// The host that it posts to.
    pub fn host(&self) -> &str {
        self.address.host()
    }

    /// Posts an alert once. `Ok` is a 2xx.
    pub async fn send(&self, alert: &Alert, sender: &Sender) -> Result<(), AlertError> {
        let body = body::render(alert, sender)?;
        let mut request = self
            .client
            .post(self.address.url().clone())
            .header(CONTENT_TYPE, "application/json")
            .header(KEY_HEADER, identity::delivery_key(alert));
        if let Some(secret) = &self.secret {
            request = request.header(SIGNATURE_HEADER, signature::sign(secret, body.as_bytes())?);
        }
        match request.body(body).send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(answer::refusal(&self.address, response).await),
            Err(error) => Err(answer::silence(&self.address, &error)),
        }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_signed = self.secret.is_some();
        formatter.debug_struct("Webhook").field("host", &self.host()).field("is_signed", &is_signed).finish()
    }
}
