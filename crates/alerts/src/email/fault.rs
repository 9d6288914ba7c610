//! What a mail server's answers mean, in words for people. Recipients are named by their place in the settings and their domain.

use std::error::Error as _;
use std::fmt::Write;

use lettre::transport::smtp::Error;

use super::session::Server;
use super::settings::Security;
use crate::error::AlertError;
use crate::quote::quote;

/// The recipients that the server did not take.
#[derive(Default)]
pub(super) struct Refusals {
    told: Vec<String>,
    /// One of them may be taken later.
    may_pass: bool,
}

impl Refusals {
    /// Notes a recipient by its place (from 0) in the settings.
    pub(super) fn note(&mut self, index: usize, domain: &str, error: &Error) {
        self.may_pass |= error.is_transient();
        self.told.push(format!("number {} (at {domain}) with {}", index + 1, said(error)));
    }

    pub(super) fn len(&self) -> usize {
        self.told.len()
    }

    /// What became of a mail to `total` recipients. Once somebody has it, it is not tried again: the others would get it each time,
    /// and one full mailbox would hold up every later alert.
    pub(super) fn verdict(self, server: &Server, total: usize) -> Result<(), AlertError> {
        if self.told.is_empty() {
            return Ok(());
        }
        let taken = total - self.told.len();
        let message = format!(
            "the mail server {} took the mail for {taken} of {total} recipients and refused {}; check to",
            server.host,
            self.told.join(", ")
        );
        let is_worth_retrying = taken == 0 && self.may_pass;
        Err(if is_worth_retrying { AlertError::transient(message) } else { AlertError::permanent(message) })
    }
}

/// Nothing has been said yet, or the greeting was no welcome.
pub(super) fn at_connection(server: &Server, error: &Error) -> AlertError {
    if error.status().is_some() {
        return answer(server, "to the greeting", error, "");
    }
    let mut message =
        format!("no connection to the mail server {}, port {}: {}", server.host, server.port, cause(error));
    message.push_str(mismatch(server));
    AlertError::transient(message)
}

/// The time limit ended it; whether the mail arrived is unknown.
pub(super) fn too_slow(server: &Server) -> AlertError {
    let mismatch = mismatch(server);
    AlertError::transient(format!("the mail server {} did not answer in time{mismatch}", server.host))
}

/// It would have to go on in clear, which is what somebody in between would like.
pub(super) fn no_starttls(server: &Server) -> AlertError {
    AlertError::permanent(format!(
        "the mail server {} does not offer STARTTLS on port {}; set security = \"tls\" where it takes that, usually on port 465",
        server.host, server.port
    ))
}

/// The server does not know user and password, or no way to ask for them.
pub(super) fn at_sign_in(server: &Server, error: &Error) -> AlertError {
    let cure = "; check user and password (some providers want a password of its own for each program)";
    if error.is_client() {
        let message = format!(
            "the mail server {} offers no way to sign in that is known here (PLAIN, LOGIN); remove user and password where it \
             wants none",
            server.host
        );
        return AlertError::permanent(message);
    }
    answer(server, "to the sign-in", error, cure)
}

/// An answer's class by its code (RFC 5321 §4.2.1): 5xx is a no, everything else may pass. `place` reads after "answered".
pub(super) fn answer(server: &Server, place: &str, error: &Error, cure: &str) -> AlertError {
    let host = &server.host;
    if error.status().is_none() && !error.is_client() {
        let cause = cause(error);
        return AlertError::transient(format!("the connection to the mail server {host} broke: {cause}"));
    }
    let message = format!("the mail server {host} answered {place} with {}", said(error));
    if error.is_permanent() || error.is_client() {
        return AlertError::permanent(format!("{message}{cure}"));
    }
    AlertError::transient(message)
}

/// Code and words, the words without what names somebody.
fn said(error: &Error) -> String {
    let mut said = error.status().map_or_else(String::new, |code| code.to_string());
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    if let Some(words) = quote(&words, |_| false) {
        // Writing to a text does not fail.
        let _ = write!(said, " \"{words}\"");
    }
    said.trim_start().to_owned()
}

/// The innermost cause says what happened; the outer ones say that something did.
fn cause(error: &Error) -> String {
    let Some(mut cause) = error.source() else { return "no further cause given".to_owned() };
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// The two usual ports, and what happens on them, are mixed up by everybody once.
fn mismatch(server: &Server) -> &'static str {
    match (server.security, server.port) {
        (Security::StartTls | Security::None, 465) => "; port 465 goes with security = \"tls\"",
        (Security::Tls, 25 | 587) => "; this port usually goes with security = \"starttls\"",
        _ => "",
    }
}
