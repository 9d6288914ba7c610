//! An action that the caller's role does not allow is refused before it is called: shown as the action itself would show it.

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::Response;

use super::actions::Asked;
use crate::error::ApiError;

/// A page for a plain form, one sentence for the script.
pub(crate) async fn refusals(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/screen/") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(asked) = Asked::from_request_parts(&mut parts, &()).await;
    let response = next.run(Request::from_parts(parts, body)).await;
    let error = response.extensions().get::<ApiError>();
    match error.filter(|error| matches!(error, ApiError::Forbidden { .. })).cloned() {
        Some(error) => asked.answer(Err(error)),
        None => response,
    }
}
