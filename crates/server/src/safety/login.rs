//! The login page for people: a form with one field, a session cookie, and the way out.

use axum::extract::State;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::guard::peer_of;
use super::people::Role;
use super::permissions::EVERYBODY;
use super::sessions::LIFETIME;
use crate::error::{ApiError, ApiResult};
use crate::fields::FormPairs;
use crate::routing::Routes;
use crate::screen::{Words, login_page};
use crate::state::AppState;

/// The cookie of a session.
pub(crate) const SESSION_COOKIE: &str = "marktwerk_session";

/// The routes of login and logout.
pub(crate) fn routes() -> Routes {
    Routes::new().get(EVERYBODY, "/login", show).post(EVERYBODY, "/login", login).post(
        Role::Viewer,
        "/logout",
        logout,
    )
}

/// The id of the session that a request names.
pub(crate) fn session_of(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == SESSION_COOKIE).then_some(value))
}

async fn show(State(state): State<AppState>, words: Words) -> Response {
    match state.access {
        Some(_) => login_page(words, false).into_response(),
        None => Redirect::to("/").into_response(),
    }
}

async fn login(
    State(state): State<AppState>,
    words: Words,
    extensions: Extensions,
    form: FormPairs,
) -> ApiResult<Response> {
    let Some(access) = &state.access else { return Ok(Redirect::to("/").into_response()) };
    let Some(caller) = access.by_token(form.value("token"), peer_of(&extensions)?).await? else {
        return Ok((StatusCode::UNAUTHORIZED, login_page(words, true)).into_response());
    };
    let id = access.open_session(caller);
    with_cookie(&state, Redirect::to("/").into_response(), &id, LIFETIME.as_secs())
}

async fn logout(State(state): State<AppState>, headers: HeaderMap) -> ApiResult<Response> {
    if let (Some(access), Some(id)) = (&state.access, session_of(&headers)) {
        access.close_session(id);
    }
    with_cookie(&state, Redirect::to("/login").into_response(), "", 0)
}

fn with_cookie(state: &AppState, mut response: Response, id: &str, seconds: u64) -> ApiResult<Response> {
    let secure = if state.hosts.is_secure() { "; Secure" } else { "" };
    let cookie =
        format!("{SESSION_COOKIE}={id}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let cookie = HeaderValue::from_str(&cookie).map_err(|_| ApiError::Internal)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}
