//! RFC 9457 for `/api/v1`: the errors of [`crate::error`] with a stable `type`, and for people what it means and what to do.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
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
    /// What happened here.
    detail: String,
    /// What that means.
    meaning: &'static str,
    /// What to do.
    remedy: &'static str,
    /// Which fields, where it is about fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// With 412: the version that is stored now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_version: Option<i64>,
    /// With 412: how it stands now.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Value>,
}

/// What is wrong with a field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Its name; within another with a dot, as in `retry.attempts`.
    field: String,
    /// Why, and what would be accepted.
    reason: String,
    /// body, query, path or header.
    place: String,
}

/// Shows the errors of this part of the interface as problems.
pub(crate) async fn problems(request: Request, next: Next) -> Response {
    let is_ours = request.uri().path().starts_with("/api/v1/");
    let mut response = next.run(request).await;
    let error = if is_ours { response.extensions_mut().remove::<ApiError>() } else { None };
    let Some(error) = error else { return response };
    let mut shown = (error.status(), Json(problem(error))).into_response();
    for (name, value) in response.headers() {
        if *name != header::CONTENT_LENGTH {
            shown.headers_mut().insert(name.clone(), value.clone());
        }
    }
    shown.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    shown
}

/// Type, title, meaning and remedy.
type Words = (&'static str, &'static str, &'static str, &'static str);

const NOTHING: &str = "Nothing was changed.";

fn words(error: &ApiError) -> Words {
    match error {
        ApiError::Fields(_) => (
            "invalid-fields",
            "A field cannot be accepted",
            NOTHING,
            "Correct the fields named in `errors` and send it again; /docs describes them.",
        ),
        ApiError::Malformed { .. } => (
            "malformed",
            "The body is not the JSON that is expected",
            NOTHING,
            "Correct the place that `detail` names and send it again.",
        ),
        ApiError::NotFound(_) => {
            ("not-found", "There is no such thing", NOTHING, "Look at the list of what there is.")
        }
        ApiError::WrongMethod => (
            "wrong-method",
            "This address does not know that method",
            NOTHING,
            "/docs describes what it knows.",
        ),
        ApiError::Conflict(_) => (
            "conflict",
            "Not possible in the current state",
            NOTHING,
            "Do first what `detail` says, then send it again.",
        ),
        ApiError::Taken(_) => (
            "taken",
            "That belongs to another already",
            NOTHING,
            "Choose another value for the field, or change the other one.",
        ),
        ApiError::Outdated { .. } => (
            "outdated",
            "Somebody else changed it meanwhile",
            "The change was not made: it was written for an older version.",
            "Compare with `current`, then send the change again with its version in If-Match.",
        ),
        ApiError::Unauthorised => {
            ("unauthorised", "Access needs a token", NOTHING, "Send a token as `Authorization: Bearer …`.")
        }
        ApiError::Forbidden { .. } => (
            "forbidden",
            "Your role does not allow this",
            NOTHING,
            "Use the token of somebody who has the role that `detail` names, or ask whoever manages [[server.people]] for that role.",
        ),
        ApiError::Refused(..) => (
            "refused",
            "The request comes from elsewhere",
            NOTHING,
            "Use the address that the program listens on, or set [server] public_url to the one that people use.",
        ),
        ApiError::Stopped(_) => (
            "stopped",
            "The request did not come to its end",
            NOTHING,
            "Send it again, over a connection that does not stop.",
        ),
        ApiError::WrongType(_) => (
            "wrong-type",
            "The body is of a type that is not read here",
            NOTHING,
            "Send it as `detail` says.",
        ),
        ApiError::TooLarge(_) => ("too-large", "The request is too large", NOTHING, "Send less at once."),
        ApiError::TooMany => ("too-many", "Too many requests at once", NOTHING, "Try again in a moment."),
        ApiError::Unavailable(_) => (
            "unavailable",
            "It may work later",
            "The program is there, but something that it needs is not.",
            "Try again in a moment; `detail` says what is missing.",
        ),
        ApiError::Internal => (
            "internal",
            "Something went wrong inside",
            "This is a mistake in the program, not in the request.",
            "The program's own log says what happened; report it.",
        ),
    }
}

fn problem(error: ApiError) -> Problem {
    let (kind, title, meaning, remedy) = words(&error);
    let (status, detail) = (error.status().as_u16(), error.to_string());
    let (current_version, current) = match &error {
        ApiError::Outdated { version, current, .. } => (Some(*version), current.as_deref().cloned()),
        _ => (None, None),
    };
    let errors = match error {
        ApiError::Fields(faults) => faults.into_iter().map(FieldError::from).collect(),
        ApiError::Taken(fault) => vec![fault.into()],
        ApiError::TooLarge(_) => {
            vec![FieldError { field: "body".to_owned(), reason: detail.clone(), place: "body".to_owned() }]
        }
        _ => Vec::new(),
    };
    let kind = format!("urn:marktwerk:problem:{kind}");
    Problem { kind, title, status, detail, meaning, remedy, errors, current_version, current }
}

impl From<FieldFault> for FieldError {
    fn from(fault: FieldFault) -> Self {
        let mut place = fault.loc;
        let field = if place.len() > 1 { place.split_off(1).join(".") } else { "body".to_owned() };
        Self { field, reason: fault.msg, place: place.join(".") }
    }
}
