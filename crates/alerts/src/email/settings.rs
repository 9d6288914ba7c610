//! What it takes to hand a mail to a mail server, and what of it can be used.

use std::net::IpAddr;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::error::AlertError;
use crate::loopback::is_loopback;

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte ("SMTPS", "SSL/TLS"); port 465.
    Tls,
    /// TLS by the command STARTTLS, and nothing without it; port 587.
    StartTls,
    /// None: for a mail server on this machine; port 25.
    None,
}

impl Security {
    /// The port that goes with it (RFC 8314, RFC 6409, RFC 5321).
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

/// By which mail server alerts go, from whom and to whom. The password does not show in its `Debug`.
#[derive(Debug, Clone)]
pub struct EmailSettings {
    /// The mail server's name or number.
    pub server: String,
    /// Its port; `None` is the usual one of `security`.
    pub port: Option<u16>,
    /// How the connection is protected.
    pub security: Security,
    /// Permits `Security::None` to another machine. A password never goes in clear to one.
    pub allow_clear_text: bool,
    /// The user to sign in as; `None` if the server accepts mails without.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// The sender: `alerts@example.org` or `Marktwerk <alerts@example.org>`.
    pub from: String,
    /// The recipients, written as the sender; each sees all.
    pub to: Vec<String>,
}

/// The host of `server`, in ASCII, a number without brackets.
pub(super) fn host(server: &str) -> Result<String, AlertError> {
    let fault = |reason: &str| AlertError::settings("server", reason);
    let server = server.trim();
    if server.is_empty() {
        return Err(fault("is missing; write the mail server's name, such as smtp.example.org"));
    }
    let number = server.trim_start_matches('[').trim_end_matches(']');
    if number.parse::<IpAddr>().is_ok() {
        return Ok(number.to_owned());
    }
    let refused = || fault("must be a name alone, such as smtp.example.org; the port belongs into `port`");
    if server.contains(|letter: char| letter.is_whitespace() || "/\\@:?#[]%".contains(letter)) {
        return Err(refused());
    }
    let url = Url::parse(&format!("https://{server}/")).map_err(|_| refused())?;
    url.host_str().map(str::to_owned).ok_or_else(refused)
}

/// User and password, of which neither is good for anything without the other.
pub(super) fn credentials(settings: &EmailSettings) -> Result<Option<(String, SecretString)>, AlertError> {
    match (&settings.user, &settings.password) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(AlertError::settings("password", "is missing; add it, or remove user")),
        (None, Some(_)) => Err(AlertError::settings("user", "is missing; add it, or remove the password")),
        (Some(user), Some(_)) if user.is_empty() || user.contains(char::is_control) => {
            Err(AlertError::settings("user", "must be the name to sign in with, on one line"))
        }
        (Some(_), Some(password))
            if password.expose_secret().is_empty() || password.expose_secret().contains(char::is_control) =>
        {
            Err(AlertError::settings("password", "must be the password alone, on one line"))
        }
        (Some(user), Some(password)) => Ok(Some((user.clone(), password.clone()))),
    }
}

/// In clear a mail may go to this machine, or further where that was said; a password to this machine only.
pub(super) fn check_security(settings: &EmailSettings, host: &str) -> Result<(), AlertError> {
    let fault = |reason: &str| Err(AlertError::settings("security", reason));
    if settings.security != Security::None || is_loopback(host) {
        return Ok(());
    }
    if settings.password.is_some() {
        return fault(
            "must be tls or starttls: with none the password would travel in clear to another machine",
        );
    }
    if !settings.allow_clear_text {
        return fault(
            "must be tls or starttls: with none the alerts would travel in clear to another machine; \
             allow_clear_text = true permits that",
        );
    }
    Ok(())
}
