//! The marketplace on the wire: one POST path, HTTP 200 for every answer, unless a fault was ordered.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;

use super::answer::{Answer, Refusal, envelope};
use super::dispatch::{self, OPERATIONS, rate_limited};
use super::market::Market;
use super::request::{Request, token_expired};
use crate::chance::Chance;
use crate::faults::FaultKind;

const PAGE: &str =
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We are back soon</h1>";

/// The Open API.
pub(crate) fn routes(market: Arc<Market>) -> Router {
    Router::new().route("/openapi/router", post(call)).with_state(market)
}

async fn call(State(market): State<Arc<Market>>, body: Bytes) -> Response {
    let request = match Request::read(&body) {
        Ok(request) => request,
        Err(refusal) => return written(Err(refusal), 0),
    };
    let operation = request.operation(&OPERATIONS);
    let (number, fault) = count(&market, operation.as_ref().copied().unwrap_or("unknown"));
    if !market.world.latency.is_zero() {
        market.time.sleep(market.world.latency).await;
    }
    match fault {
        None => written(dispatch::answer(&market, &request, operation), number),
        Some(FaultKind::Slow { milliseconds }) => {
            market.time.sleep(Duration::from_millis(milliseconds)).await;
            written(dispatch::answer(&market, &request, operation), number)
        }
        Some(FaultKind::CutAfterChange) => {
            let answer = dispatch::answer(&market, &request, operation);
            tracing::debug!(is_accepted = answer.is_ok(), "a simulated call took effect without an answer");
            cut()
        }
        Some(FaultKind::BrokenJson) => {
            let whole = envelope(dispatch::answer(&market, &request, operation), number).to_string();
            let half: String = whole.chars().take(whole.chars().count() / 2).collect();
            json_text(half)
        }
        Some(FaultKind::Cut) => cut(),
        Some(FaultKind::Html) => (StatusCode::OK, html(), PAGE).into_response(),
        Some(FaultKind::Maintenance) => (StatusCode::SERVICE_UNAVAILABLE, html(), PAGE).into_response(),
        Some(FaultKind::TooManyRequests { retry_after_seconds }) => {
            let headers = [(header::RETRY_AFTER, retry_after_seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, headers, "too many requests").into_response()
        }
        Some(FaultKind::ServerError { status }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, "upstream error").into_response()
        }
        Some(FaultKind::ErrorCode { code, message }) => written(Err(Refusal::new(code, message)), number),
        Some(FaultKind::RateLimited) => written(Err(rate_limited()), number),
        Some(FaultKind::TokenExpired) => written(Err(token_expired()), number),
    }
}

/// Counts the call and decides whether a fault strikes it.
fn count(market: &Market, operation: &str) -> (u64, Option<FaultKind>) {
    let mut mood = market.mood();
    mood.requests += 1;
    let number = mood.requests;
    *mood.calls.entry(operation.to_owned()).or_default() += 1;
    let fault = mood.faults.strike(operation, &mut Chance::new(market.seed, "fault", number));
    (number, fault)
}

fn written(answer: Answer, number: u64) -> Response {
    json_text(Value::to_string(&envelope(answer, number)))
}

fn json_text(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json;charset=UTF-8")], text).into_response()
}

fn html() -> [(header::HeaderName, &'static str); 1] {
    [(header::CONTENT_TYPE, "text/html; charset=utf-8")]
}

/// A body that fails before its first byte: the connection is closed and nothing was answered.
fn cut() -> Response {
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "cut by the sandbox");
    Response::new(Body::from_stream(futures::stream::iter([Err::<Bytes, _>(broken)])))
}
