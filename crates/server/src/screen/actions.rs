//! What the buttons of the screen do. A plain form is sent back to the page; the script, which asks for JSON, is told in one
//! sentence.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use marktwerk_domain::job::JobId;
use serde_json::{Map, Value, json};

use super::{Words, parameter_form, shell};
use crate::error::{ApiError, ApiResult};
use crate::fields::FormPairs;
use crate::safety::Caller;
use crate::state::AppState;
use crate::v1::test_account;

/// What an action has to know of its request.
pub(super) struct Asked {
    words: Words,
    headers: HeaderMap,
}

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Asked {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, Self::Rejection> {
        let words = Words::from_request_parts(parts, state).await?;
        Ok(Self { words, headers: parts.headers.clone() })
    }
}

impl Asked {
    fn by_script(&self) -> bool {
        let accept = self.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        accept.is_some_and(|accept| accept.contains("application/json"))
    }

    pub(super) fn words(&self) -> Words {
        self.words
    }

    /// Answers whoever asked.
    pub(super) fn answer(&self, outcome: ApiResult<String>) -> Response {
        self.answer_on(self.page(), outcome)
    }

    /// The same for a form of this page.
    pub(super) fn answer_on(&self, page: &str, outcome: ApiResult<String>) -> Response {
        match outcome {
            Ok(message) if self.by_script() => Json(json!({ "message": message })).into_response(),
            Ok(_) => Redirect::to(page).into_response(),
            Err(error) if self.by_script() => {
                (error.status(), Json(json!({ "message": error.to_string() }))).into_response()
            }
            Err(error) => shell::refusal(self.words, &error),
        }
    }

    /// The page that the form stands on.
    fn page(&self) -> &'static str {
        let referrer = self.headers.get(header::REFERER).and_then(|referrer| referrer.to_str().ok());
        if referrer.is_some_and(|referrer| referrer.ends_with("/temu")) { "/temu" } else { "/" }
    }
}

pub(super) async fn run(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    asked: Asked,
    form: FormPairs,
) -> Response {
    let outcome = start(&state, &caller, JobId(id), &form).await;
    asked.answer(outcome.map(|run| format!("{} {run}", asked.words.started)))
}

async fn start(state: &AppState, caller: &Caller, id: JobId, form: &FormPairs) -> ApiResult<i64> {
    let job = state.engine.existing(&id).await?;
    let description = state.engine.registry().description(&job.spec.job_type);
    let given = description.map(|description| parameter_form::given(description, form)).unwrap_or_default();
    Ok(state.commands(caller).run_now_or_join(&id, given).await?.run.id.0)
}

pub(super) async fn pause(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    asked: Asked,
) -> Response {
    asked.answer(changed(&state, &caller, id, "enabled", false.into(), asked.words).await)
}

pub(super) async fn resume(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    asked: Asked,
) -> Response {
    asked.answer(changed(&state, &caller, id, "enabled", true.into(), asked.words).await)
}

pub(super) async fn interval(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    asked: Asked,
    form: FormPairs,
) -> Response {
    let text = form.value("interval_minutes");
    let Ok(minutes) = text.parse::<i64>() else {
        let reason = format!("must be a whole number, not `{text}`");
        return asked.answer(Err(ApiError::field("body", "interval_minutes", "int_parsing", reason)));
    };
    asked.answer(changed(&state, &caller, id, "interval_minutes", minutes.into(), asked.words).await)
}

async fn changed(
    state: &AppState,
    caller: &Caller,
    id: String,
    field: &str,
    value: Value,
    words: Words,
) -> ApiResult<String> {
    let patch = Map::from_iter([(field.to_owned(), value)]);
    let job = state.commands(caller).change_job(&JobId(id), &patch, None).await;
    job?;
    Ok(match state.warning() {
        None => words.saved.to_owned(),
        Some(warning) => format!("{} {}: {warning}", words.saved, words.jobs_file),
    })
}

pub(super) async fn test(State(state): State<AppState>, Path(name): Path<String>, asked: Asked) -> Response {
    let result = match test_account(&state, &name).await {
        Ok(result) => result,
        Err(error) => return asked.answer(Err(error)),
    };
    let mark = if result.ok { "✓" } else { "✕" };
    let until = result.expires_at.map(|time| format!(" ({time})")).unwrap_or_default();
    let told = format!("{mark} {name}: {}{until}", result.message);
    // Without the script the result is a page of its own; there is nowhere else to show it.
    if asked.by_script() { asked.answer(Ok(told)) } else { shell::told(asked.words, &told) }
}
