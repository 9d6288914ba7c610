//! JSON bodies of `/api/v1`: what is no JSON is 400 with its place, what is no object is 422.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

use crate::error::{ApiError, ApiResult};
use crate::fields::{Fields, whole_body};
use crate::safety::LARGEST_BODY;

/// A JSON object. Nothing at all stands for an empty one.
pub(super) struct Object(pub(super) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Object {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> ApiResult<Self> {
        let text = text(request.into_body(), LARGEST_BODY).await?;
        if text.trim().is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_str(&text) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            Ok(_) => Err(ApiError::field("body", "body", "dict_type", "must be a JSON object")),
            Err(error) => {
                let told = error.to_string();
                let reason = told.split(" at line ").next().unwrap_or_default();
                let reason = format!("a JSON object is expected: {reason}");
                Err(ApiError::Malformed { line: error.line(), column: error.column(), reason })
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

/// A body as text.
pub(super) async fn text(body: Body, most: usize) -> ApiResult<String> {
    let bytes = whole_body(body, most).await?;
    let not_text = |error: std::string::FromUtf8Error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        ApiError::Malformed { line, column, reason: "this is not UTF-8".to_owned() }
    };
    String::from_utf8(bytes.into()).map_err(not_text)
}
