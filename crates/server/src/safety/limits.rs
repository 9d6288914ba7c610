//! Limits of size and time, and what is said of a panic.

use std::any::Any;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Bytes of a request body at the most.
pub(crate) const LARGEST_BODY: usize = 64 * 1024;
/// The same where all jobs are sent at once.
pub(crate) const LARGEST_DOCUMENT: usize = 16 * 1024 * 1024;
/// Where that is.
pub(crate) const DOCUMENT_PATH: &str = "/api/v1/jobs/import";
/// How long an answer may take. A socket answers at once and lives on.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// Refuses a body that says itself that it is too large; one that does not say is cut off while it is read.
pub(crate) async fn limit_size(request: Request, next: Next) -> ApiResult<Response> {
    let most = if request.uri().path() == DOCUMENT_PATH { LARGEST_DOCUMENT } else { LARGEST_BODY };
    match told_length(request.headers()) {
        Some(length) if length > most as u64 => Err(ApiError::TooLarge(most)),
        _ => Ok(next.run(request).await),
    }
}

/// Refuses an address that is not UTF-8, which names nothing.
pub(crate) async fn refuse_unreadable(request: Request, next: Next) -> ApiResult<Response> {
    match std::str::from_utf8(&decoded(request.uri().path())) {
        Ok(_) => Ok(next.run(request).await),
        Err(_) => Err(ApiError::NotFound("the address is not UTF-8, so it names nothing".to_owned())),
    }
}

/// The bytes of a path, whose others are written `%C3`.
fn decoded(path: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// Ends what takes too long. Nobody is asked to repeat what may have been carried out, or may still be.
pub(crate) async fn limit_time(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let (path, only_asks) = (request.uri().path().to_owned(), request.method().is_safe());
    let mut response = tokio::select! {
        biased;
        response = next.run(request) => response,
        () = state.engine.clock().sleep(LONGEST_ANSWER) => {
            tracing::warn!(path, "an answer took longer than {} s and was given up", LONGEST_ANSWER.as_secs());
            let again = if only_asks {
                "try again later"
            } else {
                "what was asked for may still be carried out, so look how things stand before you send it again"
            };
            ApiError::Unavailable(format!("the answer took too long and was given up: {again}")).into_response()
        }
    };
    if !only_asks && response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().remove(header::RETRY_AFTER);
    }
    Ok(response)
}

/// What is answered after a panic: that there was one. The panic itself is in the program's log.
pub(crate) fn without_trace(panic: Box<dyn Any + Send>) -> Response {
    let told =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!("a request panicked: {}", told.unwrap_or("without a text"));
    ApiError::Internal.into_response()
}

fn told_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
