//! JSON bodies of `/api/v1`: another content type is 415, what is no JSON is 400 with its place, what is no object is 422.

use axum::extract::{FromRequest, Request};
use marktwerk_engine::jobs_file;
use marktwerk_engine::strict_json::{self, Misread};
use serde_json::{Map, Value};

use crate::error::{ApiError, ApiResult};
use crate::fields::{Fields, require_json, whole_body};
use crate::safety::LARGEST_BODY;

/// A JSON object. Nothing at all, or null, stands for an empty one.
pub(super) struct Object(pub(super) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Object {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> ApiResult<Self> {
        let text = text(request, LARGEST_BODY).await?;
        if text.trim().is_empty() {
            return Ok(Self(Map::new()));
        }
        match strict_json::read(&text) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            Ok(Value::Null) => Ok(Self(Map::new())),
            Ok(_) => Err(ApiError::field("body", "body", "dict_type", "must be a JSON object")),
            Err(Misread { line, column, reason }) => {
                let reason = format!("a JSON object is expected: {reason}");
                Err(ApiError::Malformed { line, column, reason })
            }
        }
    }
}

impl Object {
    /// To be read field by field.
    pub(super) fn fields(self) -> Fields {
        Fields::of_object(self.0)
    }
}

/// A body as text, however an editor or a program encodes it.
pub(super) async fn text(request: Request, most: usize) -> ApiResult<String> {
    require_json(&request)?;
    let bytes = whole_body(request.into_body(), most).await?;
    jobs_file::decoded(&bytes).map_err(|Misread { line, column, reason }| ApiError::Malformed {
        line,
        column,
        reason,
    })
}
