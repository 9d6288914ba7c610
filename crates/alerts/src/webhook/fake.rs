//! A receiver for the tests: an HTTP server on a free port that writes down what it is sent and answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use secrecy::SecretString;
use tokio::net::TcpListener;

use super::{Webhook, WebhookSettings};

/// What a test's address hides: it must stand in no error.
pub(super) const PATH: &str = "/hooks/very-private-path?sig=private-signature";

/// One request.
pub(super) struct Received {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The receiver.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// One that answers each request with this status, these headers and this body.
    pub(super) async fn answering(
        status: u16,
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
    ) -> Self {
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let book = received.clone();
        let router = Router::new().fallback(move |uri: Uri, sent: HeaderMap, content: Bytes| {
            book.lock().unwrap().push(Received { path: uri.to_string(), headers: sent, body: content });
            let response = Response::builder().status(status);
            let response =
                headers.iter().fold(response, |response, (name, value)| response.header(*name, *value));
            async move { response.body(Body::from(body)).unwrap() }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, received }
    }

    pub(super) fn webhook(&self) -> Webhook {
        webhook(self.address, None)
    }

    pub(super) fn received(&self) -> Vec<Received> {
        std::mem::take(&mut self.received.lock().unwrap())
    }
}

/// A webhook that posts to [`PATH`] at this address.
pub(super) fn webhook(address: SocketAddr, secret: Option<&str>) -> Webhook {
    let url = SecretString::from(format!("http://{address}{PATH}"));
    Webhook::new(WebhookSettings { url, secret: secret.map(SecretString::from) }).unwrap()
}
