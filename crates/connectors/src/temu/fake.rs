//! A TEMU of a few lines for the tests of this crate: it says what a test tells it to and writes down what it
//! was asked. Checks nothing; the sandbox is the one that does.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::post;
use jiff::Timestamp;
use marktwerk_domain::clock::{ManualClock, SharedClock};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Temu, TemuAccount};
use crate::http::HttpClient;
use crate::limiter::Budgets;

/// What the fake answers.
pub(super) enum Say {
    /// Success with this result.
    Result(Value),
    /// An error code with HTTP status 200.
    Code(i64, &'static str),
    /// Status, content type, `Retry-After`, body.
    Raw(u16, &'static str, Option<&'static str>, String),
}

/// A connector, the clock it lives by, and what it asked.
pub(super) struct Fake {
    pub(super) temu: Temu,
    pub(super) clock: SharedClock,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Fake {
    /// A connector whose calls are answered by `answer` of call type, parameters and the number of calls of
    /// this type so far, counted from 1.
    pub(super) async fn new(answer: impl Fn(&str, &Value, usize) -> Say + Send + Sync + 'static) -> Self {
        let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
        let book = asked.clone();
        let answer = Arc::new(answer);
        let router = Router::new().route(
            "/",
            post(move |body: String| {
                let request: Value = serde_json::from_str(&body).unwrap();
                let call = request["type"].as_str().unwrap().to_owned();
                book.lock().unwrap().push(request.clone());
                let count =
                    book.lock().unwrap().iter().filter(|asked| asked["type"] == call.as_str()).count();
                let response = respond(answer(&call, &request, count));
                async move { response }
            }),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self::at(&format!("http://{address}/"), asked)
    }

    /// A connector that calls an address where nobody answers.
    pub(super) async fn nobody() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // Closed again: connections to it are refused.
        drop(listener);
        Self::at(&format!("http://{address}/"), Arc::default())
    }

    fn at(endpoint: &str, asked: Arc<Mutex<Vec<Value>>>) -> Self {
        let clock: SharedClock = ManualClock::starting_at(Timestamp::from_second(1_780_000_000).unwrap());
        let account = TemuAccount {
            name: "shop".to_owned(),
            endpoint: endpoint.to_owned(),
            app_key: "key".to_owned(),
            app_secret: SecretString::from("very secret"),
            access_token: SecretString::from("token secret"),
            calls_per_second: None,
        };
        let budgets = Budgets::new(clock.clone());
        let temu = Temu::new(account, clock.clone(), &budgets, HttpClient::new().unwrap());
        Self { temu, clock, asked }
    }

    /// The requests of one type.
    pub(super) fn asked(&self, call: &str) -> Vec<Value> {
        self.asked.lock().unwrap().iter().filter(|asked| asked["type"] == call).cloned().collect()
    }
}

fn respond(say: Say) -> Response {
    let (status, content_type, retry_after, body) = match say {
        Say::Result(result) => {
            let body = json!({"success": true, "errorCode": 1_000_000, "errorMsg": "", "requestId": "eu-1",
                              "result": result});
            (200, "application/json", None, body.to_string())
        }
        Say::Code(code, message) => {
            let body = json!({"success": false, "errorCode": code, "errorMsg": message, "requestId": "eu-1"});
            (200, "application/json", None, body.to_string())
        }
        Say::Raw(status, content_type, retry_after, body) => (status, content_type, retry_after, body),
    };
    let mut response = Response::builder().status(status).header("content-type", content_type);
    if let Some(retry_after) = retry_after {
        response = response.header("retry-after", retry_after);
    }
    response.body(Body::from(body)).unwrap()
}
