//! Errors as a caller sees them. The policy:
//!
//! - One type, [`ApiError`], with one `IntoResponse`. What a caller did wrong is told in full: which field, why, what would
//!   be accepted. What went wrong inside is logged here, once, and never leaves the program.
//! - The documented routes answer as FastAPI's clients know it: `{"detail": …}`, for 422 a list of `{loc, msg, type}`.
//! - Under `/api/v1` the same errors become `application/problem+json` ([`crate::v1`] renders them from the response).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use marktwerk_engine::EngineError;
use marktwerk_engine::jobs_file::JobsFileError;
use marktwerk_store::StoreError;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::safety::Role;

pub(crate) type ApiResult<T> = Result<T, ApiError>;

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldFault {
    /// Where: `body` or `query` or `path`, then the field's name.
    pub(crate) loc: Vec<String>,
    /// Why, and what would be accepted.
    pub(crate) msg: String,
    /// The kind of fault, in FastAPI's words.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

impl FieldFault {
    pub(crate) fn new(place: &str, field: &str, kind: &str, reason: impl Into<String>) -> Self {
        Self { loc: vec![place.to_owned(), field.to_owned()], msg: reason.into(), kind: kind.to_owned() }
    }
}

/// A request that was not carried out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum ApiError {
    /// 422: fields that cannot be accepted.
    #[error("{}", joined(.0))]
    Fields(Vec<FieldFault>),
    /// 400: what was sent is no JSON (the documented routes answer 422, as FastAPI does).
    #[error("line {line}, column {column}: {reason}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong and what was expected.
        reason: String,
    },
    /// 404.
    #[error("{0}")]
    NotFound(String),
    /// 405.
    #[error("this address does not know that method")]
    WrongMethod,
    /// 409: not possible in the current state.
    #[error("{0}")]
    Conflict(String),
    /// 409: a field's value belongs to somebody else already.
    #[error("{}", joined(std::slice::from_ref(.0)))]
    Taken(FieldFault),
    /// 412: somebody else was faster.
    #[error("{message}")]
    Outdated {
        /// What happened.
        message: String,
        /// The version that is stored now.
        version: i64,
        /// How it stands now, where whoever answers knows it.
        current: Option<Box<Value>>,
    },
    /// 401.
    #[error("access needs a token: send it as `Authorization: Bearer …`, or log in at /login")]
    Unauthorised,
    /// 403: the caller's role is too low.
    #[error("this needs the role {needed}, and {name} has the role {role}")]
    Forbidden {
        /// Who asked.
        name: String,
        /// The role that they have.
        role: Role,
        /// The lowest role that may do it.
        needed: Role,
    },
    /// 403 for a foreign page, 421 for a foreign host name.
    #[error("{1}")]
    Refused(StatusCode, String),
    /// 408: it stopped in the middle.
    #[error("{0}, and the request was given up: send it again")]
    Stopped(String),
    /// 415: a body that is something else than what is read here.
    #[error("a body of type {0} is expected: say so in Content-Type")]
    WrongType(&'static str),
    /// 413.
    #[error("the request is larger than {0} bytes, which is the most that is read")]
    TooLarge(usize),
    /// 429.
    #[error("too many requests at once: try again in a moment")]
    TooMany,
    /// 503: it may work later.
    #[error("{0}")]
    Unavailable(String),
    /// 500, without a word of what happened inside.
    #[error("something went wrong inside; the program's log says what")]
    Internal,
}

impl ApiError {
    /// A field that cannot be accepted.
    pub(crate) fn field(place: &str, field: &str, kind: &str, reason: impl Into<String>) -> Self {
        Self::Fields(vec![FieldFault::new(place, field, kind, reason)])
    }

    /// The same error, its fields said to be of `place`: the engine does not know where a value came from.
    pub(crate) fn at(mut self, place: &str) -> Self {
        if let Self::Fields(faults) = &mut self {
            for first in faults.iter_mut().filter_map(|fault| fault.loc.first_mut()) {
                *first = place.to_owned();
            }
        }
        self
    }

    /// A document of jobs that cannot be taken over: no JSON, or a field of an entry.
    fn of_document(error: JobsFileError) -> Self {
        match error {
            JobsFileError::Malformed { line, column, field: None, reason, .. } => {
                Self::Malformed { line, column, reason }
            }
            JobsFileError::Malformed { line, column, field: Some(field), reason, .. } => {
                let told = format!("{reason} (line {line}, column {column})");
                Self::field("body", &field, "value_error", told)
            }
            error @ JobsFileError::Inaccessible { .. } => {
                tracing::error!("a document of jobs was not read: {error}");
                Self::Internal
            }
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Fields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Malformed { .. } => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) | Self::Taken(_) => StatusCode::CONFLICT,
            Self::Outdated { .. } => StatusCode::PRECONDITION_FAILED,
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::Refused(status, _) => *status,
            Self::Stopped(_) => StatusCode::REQUEST_TIMEOUT,
            Self::WrongType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let detail = match &self {
            Self::Fields(faults) => json!(faults),
            Self::Taken(fault) => json!([fault]),
            other => json!(other.to_string()),
        };
        let mut response = (self.status(), Json(json!({ "detail": detail }))).into_response();
        let headers = response.headers_mut();
        match &self {
            Self::Unauthorised => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Unavailable(_) | Self::TooMany => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            Self::Outdated { version, .. } => {
                if let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\"")) {
                    headers.insert(header::ETAG, tag);
                }
            }
            _ => {}
        }
        // For whoever shows the same error in another form.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::UnknownJob(_) | EngineError::UnknownRun(_) => Self::NotFound(error.to_string()),
            EngineError::NotEnded { .. } | EngineError::Ended { .. } | EngineError::JobsFileEdited(_) => {
                Self::Conflict(error.to_string())
            }
            EngineError::Invalid { field, reason } => Self::field("body", &field, "value_error", reason),
            EngineError::Document(error) => Self::of_document(error),
            EngineError::Store(error) => error.into(),
            EngineError::ShuttingDown => Self::Unavailable(error.to_string()),
            // Nothing was changed; what is stored is told as done, also where the jobs file does not have it yet.
            EngineError::JobsFile(error) => Self::Conflict(error.to_string()),
            other => {
                tracing::error!("the engine failed: {other}");
                Self::Internal
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let is_of_a_full_disk = error.is_of_a_full_disk();
        match error {
            StoreError::Unavailable(reason) => {
                tracing::warn!("a request could not be answered, the database is not available: {reason}");
                let cure = match is_of_a_full_disk {
                    true => "its disk is full; make room there, then try again",
                    false => "try again in a moment",
                };
                Self::Unavailable(format!("the database is not available: {cure}"))
            }
            StoreError::VersionConflict { found, .. } => {
                Self::Outdated { message: error.to_string(), version: found, current: None }
            }
            StoreError::Exists(_) => Self::Conflict(error.to_string()),
            StoreError::NotFound(_) => Self::NotFound(error.to_string()),
            other => {
                tracing::error!("a request failed in the store: {other}");
                Self::Internal
            }
        }
    }
}

fn joined(faults: &[FieldFault]) -> String {
    let name = |fault: &FieldFault| match fault.loc.as_slice() {
        [_, name @ ..] if !name.is_empty() => name.join("."),
        place => place.concat(),
    };
    // A reason may begin with the name, as the documented form has it.
    let told = faults.iter().map(|fault| {
        let name = name(fault);
        let reason = fault.msg.strip_prefix(&format!("{name} ")).unwrap_or(&fault.msg);
        format!("{name}: {reason}")
    });
    told.collect::<Vec<_>>().join("; ")
}
