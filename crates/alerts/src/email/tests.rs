//! The e-mail channel against a mail server on a real socket.

use lettre::transport::smtp::client::Certificate;
use secrecy::SecretString;
use tokio::net::TcpListener;

use super::fake::{FakeServer, Script};
use super::{Email, EmailSettings, Security};
use crate::error::AlertError;
use crate::{sample, tls};

const PLAIN: &str = "AUTH PLAIN AHVzZXIAc2VjcmV0";

fn signing_in(settings: EmailSettings) -> EmailSettings {
    EmailSettings { user: Some("user".to_owned()), password: Some(SecretString::from("secret")), ..settings }
}

async fn send(settings: EmailSettings) -> Result<(), AlertError> {
    Email::new(settings).unwrap().send(&sample::alert(), &sample::sender()).await
}

async fn failing(script: Script) -> (AlertError, FakeServer) {
    let server = FakeServer::start(script).await;
    let error = send(signing_in(server.settings())).await.unwrap_err();
    let told = format!("{error} {error:?}");
    for private in ["ada@", "ben@", "alerts@", "secret", "AHVzZXIA"] {
        assert!(!told.contains(private), "{told}");
    }
    assert!(told.contains("the mail server localhost"), "{told}");
    (error, server)
}

#[tokio::test]
async fn a_mail_is_handed_over_word_for_word_and_the_same_at_every_try() {
    let server = FakeServer::start(Script::default()).await;
    let email = Email::new(signing_in(server.settings())).unwrap();
    email.send(&sample::alert(), &sample::sender()).await.unwrap();
    let conversation = [
        "EHLO [127.0.0.1]",
        PLAIN,
        "MAIL FROM:<alerts@example.org>",
        "RCPT TO:<ada@example.org>",
        "RCPT TO:<ben@example.net>",
        "DATA",
        &server.mails()[0],
        "QUIT",
    ];
    assert_eq!(server.told(), conversation);
    let mail = &server.mails()[0];
    assert!(mail.contains("\r\nMessage-ID: <marktwerk-alert-17-1796026500@example.org>\r\n"), "{mail}");
    assert!(mail.contains("\r\nAuto-Submitted: auto-generated\r\n"), "{mail}");
    assert!(
        mail.contains("\r\n\r\nTEMU refuses the key.\r\n.\r\nRenew it & resume <the job>.\r\n"),
        "{mail}"
    );

    email.send(&sample::alert(), &sample::sender()).await.unwrap();
    assert_eq!(server.mails()[0], server.mails()[1]);
}

#[tokio::test]
async fn without_a_user_nobody_signs_in() {
    let server = FakeServer::start(Script::default()).await;
    send(server.settings()).await.unwrap();
    assert!(!server.told().iter().any(|line| line.starts_with("AUTH")));
}

#[tokio::test]
async fn every_kind_of_answer_has_its_class_and_its_cure() {
    for (beginning, answer, is_worth_retrying, words) in [
        (
            "AUTH",
            "535 5.7.8 bad password",
            false,
            "to the sign-in with 535 \"5.7.8 bad password\"; check user and password",
        ),
        ("AUTH", "454 4.7.0 later", true, "to the sign-in with 454 \"4.7.0 later\""),
        ("MAIL", "550 5.7.1 not yours", false, "to the sender with 550 \"5.7.1 not yours\"; check that from"),
        ("MAIL", "451 4.3.0 later", true, "to the sender with 451"),
        (
            "RCPT",
            "550 5.1.1 <ada@example.org>: unknown",
            false,
            "took the mail for 0 of 2 recipients and refused number 1 (at example.org) with 550 \"5.1.1 : unknown\", number 2",
        ),
        ("RCPT", "450 4.2.0 greylisted", true, "took the mail for 0 of 2 recipients"),
        ("DATA", "554 5.5.1 no", false, "to the text with 554"),
        (".", "552 5.2.2 too big", false, "to the text with 552 \"5.2.2 too big\""),
        (".", "451 4.3.0 disk full", true, "to the text with 451"),
        ("EHLO", "421 4.3.2 closing", true, "to the greeting with 421"),
    ] {
        let answers: &'static [(&str, &str)] = vec![(beginning, answer)].leak();
        let (error, _) = failing(Script { answers, ..Script::default() }).await;
        assert_eq!(error.is_worth_retrying(), is_worth_retrying, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_greeting_that_is_no_welcome_goes_by_its_code() {
    let (error, server) = failing(Script { greeting: "421 4.7.0 too busy", ..Script::default() }).await;
    assert!(error.is_worth_retrying());
    assert!(error.to_string().contains("to the greeting with 421 \"4.7.0 too busy\""), "{error}");
    assert_eq!(server.told(), Vec::<String>::new());
    let (error, _) = failing(Script { greeting: "554 no service here", ..Script::default() }).await;
    assert!(!error.is_worth_retrying(), "{error}");
}

#[tokio::test]
async fn a_connection_that_breaks_is_worth_another_try_wherever_it_does() {
    let (error, _) = failing(Script { greeting: "", ..Script::default() }).await;
    assert!(error.is_worth_retrying(), "{error}");
    for beginning in ["EHLO", "AUTH", "MAIL", "RCPT TO:<ben", "DATA", "."] {
        let answers: &'static [(&str, &str)] = vec![(beginning, "")].leak();
        let (error, _) = failing(Script { answers, ..Script::default() }).await;
        assert!(error.is_worth_retrying(), "{beginning}: {error}");
    }
    let (error, _) = failing(Script { greeting: "hello?", ..Script::default() }).await;
    assert!(error.is_worth_retrying(), "{error}");
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let server = FakeServer::start(Script::default()).await;
    let error = send(EmailSettings { port: Some(port), ..server.settings() }).await.unwrap_err();
    assert!(error.is_worth_retrying());
    assert!(error.to_string().starts_with("no connection to the mail server localhost, port "), "{error}");
}

#[tokio::test]
async fn a_refused_recipient_does_not_keep_the_others_from_being_told_and_they_are_told_once() {
    for answer in ["550 5.1.1 unknown", "452 4.2.2 mailbox full"] {
        let answers: &'static [(&str, &str)] = vec![("RCPT TO:<ada", answer)].leak();
        let (error, server) = failing(Script { answers, ..Script::default() }).await;
        assert!(!error.is_worth_retrying(), "{error}");
        let words = "took the mail for 1 of 2 recipients and refused number 1 (at example.org) with";
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(server.mails().len(), 1);
    }
}

#[tokio::test]
async fn a_mail_that_was_taken_is_delivered_whatever_the_goodbye() {
    let server = FakeServer::start(Script { answers: &[("QUIT", "")], ..Script::default() }).await;
    send(server.settings()).await.unwrap();
    let server = FakeServer::start(Script { answers: &[("QUIT", "421 no")], ..Script::default() }).await;
    send(server.settings()).await.unwrap();
}

#[tokio::test]
async fn a_server_that_knows_no_way_to_sign_in_is_given_no_password() {
    let (error, server) = failing(Script { extensions: &["AUTH GSSAPI"], ..Script::default() }).await;
    assert!(!error.is_worth_retrying());
    assert!(error.to_string().contains("offers no way to sign in"), "{error}");
    assert_eq!(server.told(), ["EHLO [127.0.0.1]"]);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_after_a_minute() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = FakeServer::start(Script::default()).await;
    let port = listener.local_addr().unwrap().port();
    let sending = tokio::spawn(send(EmailSettings { port: Some(port), ..server.settings() }));
    let _connection = listener.accept().await.unwrap();
    // From here on time passes as soon as nobody has anything to do.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let error = sending.await.unwrap().unwrap_err();
    assert!(error.is_worth_retrying());
    assert_eq!(error.to_string(), "the mail server localhost did not answer in time");
    let waited = began.elapsed();
    assert!((50..=60).contains(&waited.as_secs()), "{waited:?}");
}

/// A server with TLS, settings that lead there, and the certificate that it shows.
async fn encrypted(security: Security) -> (FakeServer, EmailSettings, Certificate) {
    let tls = tls::server("localhost");
    let script = Script {
        extensions: if security == Security::StartTls { &["STARTTLS"] } else { &["AUTH PLAIN"] },
        tls: Some(tls.acceptor),
        is_tls_at_once: security == Security::Tls,
        ..Script::default()
    };
    let server = FakeServer::start(script).await;
    let settings = signing_in(EmailSettings { security, ..server.settings() });
    (server, settings, Certificate::from_der(tls.certificate).unwrap())
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let (server, settings, root) = encrypted(Security::Tls).await;
    let email = Email::trusting(settings, Some(root)).unwrap();
    email.send(&sample::alert(), &sample::sender()).await.unwrap();
    assert_eq!(server.told()[..3], ["(TLS)", "EHLO [127.0.0.1]", PLAIN]);
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn starttls_comes_before_anything_else() {
    let (server, settings, root) = encrypted(Security::StartTls).await;
    // This server names no way to sign in.
    let settings = EmailSettings { user: None, password: None, ..settings };
    let email = Email::trusting(settings, Some(root)).unwrap();
    email.send(&sample::alert(), &sample::sender()).await.unwrap();
    let begin =
        ["EHLO [127.0.0.1]", "STARTTLS", "(TLS)", "EHLO [127.0.0.1]", "MAIL FROM:<alerts@example.org>"];
    assert_eq!(server.told()[..5], begin);
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_given_no_password() {
    for (security, begin) in
        [(Security::Tls, &[][..]), (Security::StartTls, &["EHLO [127.0.0.1]", "STARTTLS"][..])]
    {
        let (server, settings, _) = encrypted(security).await;
        let error = send(settings).await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
        assert_eq!(server.told(), begin);
    }
}

#[tokio::test]
async fn a_certificate_of_another_name_is_given_no_password() {
    let tls = tls::server("mail.example.org");
    let root = Certificate::from_der(tls.certificate).unwrap();
    let script = Script { tls: Some(tls.acceptor), is_tls_at_once: true, ..Script::default() };
    let server = FakeServer::start(script).await;
    let settings = signing_in(EmailSettings { security: Security::Tls, ..server.settings() });
    let error = Email::trusting(settings, Some(root))
        .unwrap()
        .send(&sample::alert(), &sample::sender())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    assert_eq!(server.told(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_without_starttls_is_given_neither_password_nor_mail() {
    let server = FakeServer::start(Script::default()).await;
    let settings = signing_in(EmailSettings { security: Security::StartTls, ..server.settings() });
    let error = send(settings).await.unwrap_err();
    assert!(!error.is_worth_retrying());
    assert!(error.to_string().contains("does not offer STARTTLS"), "{error}");
    assert_eq!(server.told(), ["EHLO [127.0.0.1]"]);
}
