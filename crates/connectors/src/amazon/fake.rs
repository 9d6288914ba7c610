//! An Amazon of a few lines for the tests of this crate: it says what a test tells it to and writes down what it was asked. Checks
//! nothing; the sandbox is the one that does.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use jiff::Timestamp;
use marktwerk_domain::clock::{ManualClock, SharedClock};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Amazon, AmazonAccount};
use crate::http::HttpClient;
use crate::limiter::Budgets;

/// What the fake was asked.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) path: String,
    /// In the order in which they came, decoded.
    pub(super) query: Vec<(String, String)>,
    pub(super) token: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What the fake answers: status, headers, body.
pub(super) struct Say(pub(super) u16, pub(super) Vec<(&'static str, String)>, pub(super) String);

impl Say {
    pub(super) fn json(value: &Value) -> Self {
        Self(200, vec![("content-type", "application/json".to_owned())], value.to_string())
    }

    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({ "errors": [{ "code": code, "message": message, "details": "" }] });
        Self(status, vec![("x-amzn-RequestId", "request-1".to_owned())], body.to_string())
    }

    /// A sign-in that is granted; the token bears the number of the sign-in.
    pub(super) fn token(number: usize) -> Self {
        let token = format!("token-{number}");
        Self::json(&json!({ "access_token": token, "expires_in": 3_600, "token_type": "bearer" }))
    }
}

/// Where the sign-in is.
pub(super) const SIGN_IN: &str = "/auth/o2/token";

/// A connector, the clock it lives by, and what it asked.
pub(super) struct Fake {
    pub(super) amazon: Amazon,
    pub(super) clock: SharedClock,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// A connector whose calls are answered by `answer` of what is asked and the number of questions for its path so far, counted
    /// from 1.
    pub(super) async fn new(answer: impl Fn(&Asked, usize) -> Say + Send + Sync + 'static) -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (book, answer) = (asked.clone(), Arc::new(answer));
        let router = Router::new().fallback(move |request: Request| {
            let (book, answer) = (book.clone(), answer.clone());
            async move {
                let asked = read(request).await;
                let count = {
                    let mut book = book.lock().unwrap();
                    book.push(asked.clone());
                    book.iter().filter(|other| other.path == asked.path).count()
                };
                let Say(status, headers, body) = answer(&asked, count);
                let response = Response::builder().status(status);
                let response = headers
                    .into_iter()
                    .fold(response, |response, (name, value)| response.header(name, value));
                response.body(Body::from(body)).unwrap()
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock: SharedClock = ManualClock::starting_at(Timestamp::from_second(1_780_000_000).unwrap());
        let account = AmazonAccount {
            name: "shop".to_owned(),
            endpoint: format!("http://{address}/"),
            sign_in: format!("http://{address}{SIGN_IN}"),
            client_id: "client".to_owned(),
            client_secret: SecretString::from("very secret"),
            refresh_token: SecretString::from("refresh secret"),
            seller_id: "SELLER".to_owned(),
            marketplace_ids: vec!["A1PA6795UKMFR9".to_owned(), "A13V1IB3VIYZZH".to_owned()],
        };
        let budgets = Budgets::new(clock.clone());
        let amazon = Amazon::new(account, clock.clone(), &budgets, HttpClient::new().unwrap());
        Self { amazon, clock, asked }
    }

    /// The questions for a path.
    pub(super) fn asked(&self, path: &str) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|asked| asked.path == path).cloned().collect()
    }
}

async fn read(request: Request) -> Asked {
    let (head, body) = request.into_parts();
    let address = reqwest::Url::parse(&format!("http://fake{}", head.uri)).unwrap();
    let token = head.headers.get("x-amz-access-token").map(|token| token.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    Asked {
        path: head.uri.path().to_owned(),
        query: address.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
        token: token.unwrap_or_default(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}
