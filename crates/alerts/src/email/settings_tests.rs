//! Which settings can be used, and what the others are told.

use secrecy::SecretString;

use super::{Email, EmailSettings, Security};
use crate::error::AlertError;

fn usable() -> EmailSettings {
    EmailSettings {
        server: "smtp.example.org".to_owned(),
        port: None,
        security: Security::Tls,
        allow_clear_text: false,
        user: Some("user".to_owned()),
        password: Some(SecretString::from("private password")),
        from: "alerts@example.org".to_owned(),
        to: vec!["ada@example.org".to_owned()],
    }
}

fn refused(settings: EmailSettings) -> (&'static str, String) {
    match Email::new(settings) {
        Err(AlertError::Settings { field, reason }) => (field, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_port_that_is_not_named_is_the_usual_one() {
    for (security, port) in [(Security::Tls, 465), (Security::StartTls, 587)] {
        let email = Email::new(EmailSettings { security, ..usable() }).unwrap();
        assert_eq!((email.host(), email.server.port), ("smtp.example.org", port));
    }
    let local = EmailSettings { server: "127.0.0.1".to_owned(), security: Security::None, ..usable() };
    assert_eq!(Email::new(local).unwrap().server.port, 25);
}

#[test]
fn in_clear_goes_only_what_may() {
    let anonymous = || EmailSettings { user: None, password: None, security: Security::None, ..usable() };
    let (field, reason) = refused(anonymous());
    assert_eq!(field, "security");
    assert!(reason.contains("allow_clear_text = true permits that"), "{reason}");
    Email::new(EmailSettings { allow_clear_text: true, ..anonymous() }).unwrap();
    for server in ["localhost", "127.0.0.1", "[::1]", "::1"] {
        Email::new(EmailSettings { server: server.to_owned(), security: Security::None, ..usable() })
            .unwrap();
    }
    let (field, reason) =
        refused(EmailSettings { security: Security::None, allow_clear_text: true, ..usable() });
    assert_eq!(field, "security");
    assert!(reason.contains("the password would travel in clear"), "{reason}");
}

#[test]
fn every_fault_names_its_key_and_the_cure() {
    let text = |text: &str| Some(text.to_owned());
    let password = |text: &str| Some(SecretString::from(text));
    for (settings, field, cure) in [
        (EmailSettings { server: " ".to_owned(), ..usable() }, "server", "is missing; write"),
        (
            EmailSettings { server: "smtp.example.org:465".to_owned(), ..usable() },
            "server",
            "the port belongs into `port`",
        ),
        (
            EmailSettings { server: "smtps://smtp.example.org".to_owned(), ..usable() },
            "server",
            "a name alone",
        ),
        (EmailSettings { server: "smtp example".to_owned(), ..usable() }, "server", "a name alone"),
        (EmailSettings { port: Some(0), ..usable() }, "port", "remove the key"),
        (EmailSettings { user: None, ..usable() }, "user", "add it, or remove the password"),
        (EmailSettings { user: text(""), ..usable() }, "user", "the name to sign in with"),
        (EmailSettings { password: None, ..usable() }, "password", "add it, or remove user"),
        (EmailSettings { password: password("private\u{0}"), ..usable() }, "password", "on one line"),
        (EmailSettings { from: String::new(), ..usable() }, "from", "write the sender"),
        (EmailSettings { from: "a@b.example\r\nX: y".to_owned(), ..usable() }, "from", "on one line"),
        (EmailSettings { to: Vec::new(), ..usable() }, "to", "name the recipients"),
        (EmailSettings { to: vec!["ada".to_owned()], ..usable() }, "to", "(number 1) must be one address"),
    ] {
        let (named, reason) = refused(settings);
        assert_eq!(named, field, "{reason}");
        assert!(reason.contains(cure), "{reason}");
        assert!(!reason.contains("private"), "{reason}");
    }
}

#[test]
fn nothing_secret_shows_in_debug() {
    let shown = format!("{:?} {:?}", usable(), Email::new(usable()).unwrap());
    assert!(!shown.contains("private"), "{shown}");
}
