//! Telling people: one delivery of an [`Alert`](marktwerk_domain::alert::Alert), by webhook or by e-mail.
//!
//! A delivery is *at least once*: after a time-out nobody knows whether it arrived, so whoever calls tries again, and a receiver
//! tells repeated ones by the key that each carries. Nothing here remembers anything or decides when to try again; an error says
//! whether it is worth it ([`AlertError::is_worth_retrying`]). Addresses of webhooks, secrets and people's addresses stand in no
//! error.
//!
//! - [`webhook`]: what is posted, and how a receiver checks it
//! - [`email`]: a plain mail, handed to a mail server
//! - [`error`]: how a delivery fails

pub mod email;
pub mod error;
mod identity;
mod loopback;
mod quote;
#[cfg(test)]
mod sample;
mod sender;
#[cfg(test)]
mod tls;
pub mod webhook;

pub use email::{Email, EmailSettings, Security};
pub use error::AlertError;
pub use sender::Sender;
pub use webhook::{Webhook, WebhookSettings};
