//! What the buttons of a run's page do: they lead to the run that was told something, or that is new.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use marktwerk_domain::run::{Run, RunId};

use super::{Words, shell};
use crate::error::{ApiError, ApiResult};
use crate::fields::FormPairs;
use crate::safety::Caller;
use crate::state::AppState;

pub(super) async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    words: Words,
    Path(id): Path<String>,
) -> Response {
    let told = match number(&id) {
        Ok(id) => state.commands(&caller).cancel(id).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    lead_to(words, told)
}

pub(super) async fn retry(
    State(state): State<AppState>,
    caller: Caller,
    words: Words,
    Path(id): Path<String>,
    form: FormPairs,
) -> Response {
    let from_step = Some(form.value("from_step")).filter(|step| !step.is_empty()).map(str::to_owned);
    let fresh = match number(&id) {
        Ok(id) => state.commands(&caller).run_again(id, from_step).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    lead_to(words, fresh)
}

fn number(id: &str) -> ApiResult<RunId> {
    let unknown = || ApiError::NotFound(format!("there is no run `{id}`"));
    id.parse().map(RunId).map_err(|_| unknown())
}

fn lead_to(words: Words, run: ApiResult<Run>) -> Response {
    match run {
        Ok(run) => Redirect::to(&format!("/runs/{}", run.id)).into_response(),
        Err(error) => shell::refusal(words, &error),
    }
}
