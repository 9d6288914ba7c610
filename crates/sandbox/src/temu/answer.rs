//! The envelope of every answer and the refusals in it. HTTP stays 200: the error code says what happened.

use serde_json::{Value, json};

/// `1000000`, the code of success.
pub(crate) const SUCCESS: i64 = 1_000_000;

/// Why a call was refused: code and text of the envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn bad_parameters(message: impl Into<String>) -> Self {
        Self::new(3_000_000, message)
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the simulated marketplace's database failed");
        Self::new(4_000_000, "SYSTEM_EXCEPTION")
    }
}

/// What a call type answers.
pub(crate) type Answer = Result<Value, Refusal>;

/// The document that goes over the wire.
pub(crate) fn envelope(answer: Answer, request_number: u64) -> Value {
    let request_id = format!("eu-sandbox-{request_number:08}");
    match answer {
        Ok(result) => json!({"success": true, "errorCode": SUCCESS, "errorMsg": "", "requestId": request_id,
                             "result": result}),
        Err(refusal) => json!({"success": false, "errorCode": refusal.code, "errorMsg": refusal.message,
                               "requestId": request_id, "result": null}),
    }
}
