//! The webhook against real sockets.

use std::process::Command;
use std::time::Duration;

use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::fake::{PATH, Receiver, webhook};
use super::{Webhook, WebhookSettings};
use crate::error::AlertError;
use crate::{sample, tls};

/// HMAC-SHA256 from its definition, RFC 2104: H(K ⊕ opad, H(K ⊕ ipad, text)), for keys of at most 64 bytes.
fn hmac_by_definition(key: &[u8], text: &[u8]) -> String {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let padded = |pad: u8| block.map(|byte| byte ^ pad);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    let outer = Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn assert_hides_the_address(error: &AlertError) {
    let told = format!("{error} {error:?}");
    for secret in ["very-private", "private-path", "private-signature", "hooks"] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(told.contains("127.0.0.1"), "{told}");
}

#[tokio::test]
async fn an_alert_arrives_whole_and_signed_and_the_same_at_every_try() {
    let receiver = Receiver::answering(204, &[], "").await;
    let secret = "a long random text";
    let webhook = webhook(receiver.address, Some(secret));
    let alert = sample::alert();
    webhook.send(&alert, &sample::sender()).await.unwrap();
    webhook.send(&alert, &sample::sender()).await.unwrap();

    let received = receiver.received();
    assert_eq!(received.len(), 2);
    for request in &received {
        let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
        assert_eq!(request.path, PATH);
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(header("idempotency-key"), "17-1796026500");
        let expected = hmac_by_definition(secret.as_bytes(), &request.body);
        assert_eq!(header("x-marktwerk-signature"), format!("sha256={expected}"));
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!((&body["id"], &body["title"]), (&17.into(), &alert.title.as_str().into()));
    }
    assert_eq!(received[0].body, received[1].body);
}

#[tokio::test]
async fn without_a_secret_nothing_is_signed() {
    let receiver = Receiver::answering(200, &[], "ok").await;
    receiver.webhook().send(&sample::alert(), &sample::sender()).await.unwrap();
    assert!(!receiver.received()[0].headers.contains_key("x-marktwerk-signature"));
}

/// The environment is the process's: the test above runs once more, in a process with a proxy where nobody is.
#[test]
fn a_proxy_in_the_environment_is_not_used() {
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "webhook::tests::without_a_secret_nothing_is_signed"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        again.env(name, "http://127.0.0.1:1");
    }
    let output = again.env("no_proxy", "").env("NO_PROXY", "").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1 passed"), "{told}");
}

#[tokio::test]
async fn what_may_pass_is_worth_another_try_and_a_no_is_not() {
    for (status, is_worth_retrying) in [
        (408, true),
        (425, true),
        (429, true),
        (500, true),
        (502, true),
        (503, true),
        (599, true),
        (400, false),
        (401, false),
        (403, false),
        (404, false),
        (410, false),
        (413, false),
        (422, false),
        (304, false),
    ] {
        let receiver = Receiver::answering(status, &[], "").await;
        let error = receiver.webhook().send(&sample::alert(), &sample::sender()).await.unwrap_err();
        assert_eq!(error.is_worth_retrying(), is_worth_retrying, "{error:?}");
        assert!(error.to_string().contains(&format!("HTTP status {status}")), "{error}");
        assert_hides_the_address(&error);
    }
}

#[tokio::test]
async fn the_receivers_words_are_repeated_but_not_what_they_give_away() {
    let page = "<html>no_service at /hooks/very-private-path for ada@example.org</html>";
    let receiver = Receiver::answering(404, &[("content-type", "text/html")], page).await;
    let error = receiver.webhook().send(&sample::alert(), &sample::sender()).await.unwrap_err();
    assert!(
        error.to_string().contains("and \"no_service at for\"; it does not know this address"),
        "{error}"
    );
    assert_hides_the_address(&error);

    let receiver = Receiver::answering(400, &[], r#"{"text":"Aufträge angehalten"}"#).await;
    let error = receiver.webhook().send(&sample::alert(), &sample::sender()).await.unwrap_err();
    assert!(!error.to_string().contains("angehalten"), "{error}");
}

#[tokio::test]
async fn the_receiver_may_ask_for_patience_but_for_a_day_at_most() {
    for (header, wait) in [
        ("30", Some(Duration::from_secs(30))),
        ("99999999", Some(Duration::from_hours(24))),
        ("99999999999999999999999", Some(Duration::from_hours(24))),
        ("Wed, 21 Oct 2026 07:28:00 GMT", Some(Duration::from_secs(90))),
        ("Wed, 21 Oct 2026 07:00:00 GMT", Some(Duration::ZERO)),
        ("soon", None),
    ] {
        let date = ("date", "Wed, 21 Oct 2026 07:26:30 GMT");
        let headers: &'static [(&str, &str)] = vec![("retry-after", header), date].leak();
        let receiver = Receiver::answering(429, headers, "").await;
        let error = receiver.webhook().send(&sample::alert(), &sample::sender()).await.unwrap_err();
        assert_eq!(error.wait(), wait, "{header}");
    }
}

#[tokio::test]
async fn a_redirect_is_refused_and_not_followed() {
    let elsewhere = Receiver::answering(200, &[], "").await;
    let location = format!("http://{}/elsewhere", elsewhere.address);
    for status in [301, 302, 307, 308] {
        let headers: &'static [(&str, &str)] = vec![("location", &*location.clone().leak())].leak();
        let receiver = Receiver::answering(status, headers, "").await;
        let error = receiver.webhook().send(&sample::alert(), &sample::sender()).await.unwrap_err();
        assert!(!error.is_worth_retrying());
        assert!(error.to_string().contains("redirects are not followed"), "{error}");
        assert_eq!(receiver.received().len(), 1);
    }
    assert_eq!(elsewhere.received().len(), 0);
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = webhook(address, None).send(&sample::alert(), &sample::sender()).await.unwrap_err();
    assert!(error.is_worth_retrying());
    assert!(error.to_string().starts_with("no connection to the webhook at 127.0.0.1: "), "{error}");
    assert_hides_the_address(&error);
}

#[tokio::test]
async fn a_connection_that_breaks_is_worth_another_try() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let receiver = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
    });
    let error = webhook(address, None).send(&sample::alert(), &sample::sender()).await.unwrap_err();
    receiver.await.unwrap();
    assert!(error.is_worth_retrying());
    assert!(error.to_string().starts_with("the connection to the webhook at 127.0.0.1 broke"), "{error}");
    assert_hides_the_address(&error);
}

#[tokio::test]
async fn a_receiver_that_says_nothing_is_left_after_fifteen_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = webhook(listener.local_addr().unwrap(), None);
    let sending = tokio::spawn(async move { webhook.send(&sample::alert(), &sample::sender()).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.read_u8().await.unwrap();
    // From here on time passes as soon as nobody has anything to do.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let error = sending.await.unwrap().unwrap_err();
    assert!(error.is_worth_retrying());
    assert_eq!(error.to_string(), "the webhook at 127.0.0.1 did not answer in time");
    assert_hides_the_address(&error);
    let waited = began.elapsed();
    assert!((10..=15).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_not_trusted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = tls::server("localhost").acceptor;
    let receiver = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        acceptor.accept(stream).await.is_ok()
    });
    let url = SecretString::from(format!("https://localhost:{port}{PATH}"));
    let webhook = Webhook::new(WebhookSettings { url, secret: None }).unwrap();
    let error = webhook.send(&sample::alert(), &sample::sender()).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(!receiver.await.unwrap(), "the handshake succeeded");
}

#[test]
fn settings_that_cannot_be_used_name_their_key() {
    let settings = |url: &str, secret: Option<&str>| WebhookSettings {
        url: SecretString::from(url),
        secret: secret.map(SecretString::from),
    };
    let error = Webhook::new(settings("http://example.org/private", None)).unwrap_err();
    assert!(matches!(error, AlertError::Settings { field: "url", .. }), "{error:?}");
    let error = Webhook::new(settings("https://example.org/private", Some(" "))).unwrap_err();
    assert_eq!(error.to_string(), "secret is empty; write a long random text, or remove the key");
}

#[test]
fn nothing_secret_shows_in_debug() {
    let settings = WebhookSettings {
        url: SecretString::from("https://example.org/private-path"),
        secret: Some(SecretString::from("private-secret")),
    };
    let shown = format!("{settings:?} {:?}", Webhook::new(settings.clone()).unwrap());
    assert!(!shown.contains("private"), "{shown}");
    assert!(shown.contains("example.org"), "{shown}");
}
