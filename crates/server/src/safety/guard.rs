//! Lets in who has the token or a session; shows others the way to the login.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::Access;
use super::login::session_of;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Asks for the token or a session, where there is a token.
pub(crate) async fn require_access(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> ApiResult<Response> {
    let Some(access) = &state.access else { return Ok(next.run(request).await) };
    if is_open(request.uri().path()) || may_enter(access, request.headers()).await? {
        return Ok(next.run(request).await);
    }
    let is_page = request.method() == Method::GET && wants_page(request.headers());
    if is_page { Ok(Redirect::to("/login").into_response()) } else { Err(ApiError::Unauthorised) }
}

/// What tells nothing of the merchant.
fn is_open(path: &str) -> bool {
    path == "/api/health" || path == "/login" || path.starts_with("/assets/")
}

async fn may_enter(access: &Access, headers: &HeaderMap) -> ApiResult<bool> {
    if session_of(headers).is_some_and(|id| access.has_session(id)) {
        return Ok(true);
    }
    match bearer(headers) {
        Some(token) => access.is_token(token).await,
        None => Ok(false),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}
