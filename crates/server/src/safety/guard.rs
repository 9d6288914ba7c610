//! Finds out who a request comes from and whether they may do what it asks for; shows others the way to the login.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::Access;
use super::login::session_of;
use super::people::Caller;
use super::permissions::Permissions;
use crate::connections::Peer;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Lets a request through whose caller has the role that the route needs; the handler can ask who that is.
pub(crate) async fn require_access(
    State((state, permissions)): State<(AppState, Arc<Permissions>)>,
    mut request: Request,
    next: Next,
) -> ApiResult<Response> {
    let path = request.extensions().get::<MatchedPath>();
    let Some(role) = permissions.needed(path, request.method()) else { return Ok(next.run(request).await) };
    let caller = match &state.access {
        None => Some(Caller::local()),
        Some(access) => identify(access, request.headers(), peer_of(request.extensions())?).await?,
    };
    let Some(caller) = caller else {
        let is_page = request.method() == Method::GET && wants_page(request.headers());
        return if is_page {
            Ok(Redirect::to("/login").into_response())
        } else {
            Err(ApiError::Unauthorised)
        };
    };
    caller.require(role)?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// The peer of a request; each connection says which that is.
pub(crate) fn peer_of(extensions: &Extensions) -> ApiResult<Peer> {
    extensions.get::<Peer>().copied().ok_or_else(|| {
        tracing::error!("a request came without its peer");
        ApiError::Internal
    })
}

/// The caller that a session or a token identifies.
async fn identify(access: &Access, headers: &HeaderMap, peer: Peer) -> ApiResult<Option<Caller>> {
    let by_session = session_of(headers).and_then(|id| access.by_session(id));
    match (by_session, bearer(headers)) {
        (None, Some(token)) => access.by_token(token, peer).await,
        (by_session, _) => Ok(by_session),
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
