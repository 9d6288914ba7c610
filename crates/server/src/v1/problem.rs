//! RFC 9457 for `/api/v1`: the errors of [`crate::error`] with a stable `type` and a title.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, FieldFault};

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Stable: what a program tells apart.
    #[serde(rename = "type")]
    #[schema(example = "urn:marktwerk:problem:not-found")]
    kind: String,
    /// The same for every problem of this type.
    title: &'static str,
    status: u16,
    /// What happened here, and what to do.
    detail: String,
    /// Which fields, where it is about fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldFault>,
    /// With 412: the version that is stored now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<i64>,
}

/// Shows the errors of this part of the interface as problems.
pub(crate) async fn problems(request: Request, next: Next) -> Response {
    let is_ours = request.uri().path().starts_with("/api/v1/");
    let mut response = next.run(request).await;
    let error = if is_ours { response.extensions_mut().remove::<ApiError>() } else { None };
    let Some(error) = error else { return response };
    let mut shown = (error.status(), Json(problem(&error))).into_response();
    for (name, value) in response.headers() {
        if *name != header::CONTENT_LENGTH {
            shown.headers_mut().insert(name.clone(), value.clone());
        }
    }
    shown.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    shown
}

fn problem(error: &ApiError) -> Problem {
    let (kind, title) = match error {
        ApiError::Fields(_) => ("invalid-fields", "A field cannot be accepted"),
        ApiError::NotFound(_) => ("not-found", "There is no such thing"),
        ApiError::WrongMethod => ("wrong-method", "This address does not know that method"),
        ApiError::Conflict(_) => ("conflict", "It does not fit to how things stand"),
        ApiError::Outdated { .. } => ("outdated", "Somebody else changed it meanwhile"),
        ApiError::Unauthorised => ("unauthorised", "Access needs the token"),
        ApiError::Refused(..) => ("refused", "The request comes from elsewhere"),
        ApiError::TooLarge(_) => ("too-large", "The request is too large"),
        ApiError::TooMany => ("too-many", "Too many requests at once"),
        ApiError::Unavailable(_) => ("unavailable", "It may work later"),
        ApiError::Internal => ("internal", "Something went wrong inside"),
    };
    let errors = if let ApiError::Fields(faults) = error { faults.clone() } else { Vec::new() };
    let current_version = if let ApiError::Outdated { current, .. } = error { Some(*current) } else { None };
    Problem {
        kind: format!("urn:marktwerk:problem:{kind}"),
        title,
        status: error.status().as_u16(),
        detail: error.to_string(),
        errors,
        current_version,
    }
}
