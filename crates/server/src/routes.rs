//! All routes, and the order of the layers around them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi as Document;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::error::ApiError;
use crate::routing::Routes;
use crate::safety::{Permission, Role};
use crate::state::AppState;
use crate::{documented, live, metrics, openapi, safety, screen, v1};

/// The described routes with their description.
pub(crate) fn described(version: &str) -> (Routes, Document) {
    let outline = Routes::described_in(openapi::outline(version));
    let mut routes = outline.merge(documented::routes()).merge(v1::routes());
    let mut document = routes.take_description();
    openapi::name_problems(&mut document);
    let missing = openapi::complete_words(&mut document);
    debug_assert!(missing.is_empty(), "not in the description: {missing:?}");
    (routes, document)
}

/// Every route, with the role that it needs.
fn all(version: &str) -> Routes {
    let (described, document) = described(version);
    let document: Arc<str> = document.to_pretty_json().unwrap_or_else(|_| "{}".to_owned()).into();
    described
        .get(Role::Viewer, "/openapi.json", move || openapi_json(Arc::clone(&document)))
        .pages(Role::Viewer, &["/docs", "/docs/", "/docs/{*rest}"], docs())
        .get(Role::Viewer, "/ws/logs", live::open)
        .merge(metrics::routes())
        .merge(screen::routes())
        .merge(safety::login_routes())
}

/// Which role each route needs, in the order of their declaration.
pub fn permissions() -> Vec<Permission> {
    all("").into_permissions()
}

/// The whole server.
pub(crate) fn router(state: AppState) -> Router {
    let (router, permissions) = all(state.version).into_parts();
    let guard = (state.clone(), Arc::new(permissions));
    router
        .fallback(unknown)
        .method_not_allowed_fallback(async || ApiError::WrongMethod)
        .layer(from_fn_with_state(guard, safety::require_access))
        .layer(DefaultBodyLimit::max(safety::LARGEST_BODY))
        .layer(from_fn(safety::limit_size))
        .layer(from_fn(safety::refuse_unreadable))
        .layer(from_fn_with_state(state.clone(), safety::limit_time))
        .layer(from_fn_with_state(state.clone(), safety::refuse_foreign))
        .layer(CatchPanicLayer::custom(safety::without_trace))
        .layer(from_fn(v1::problems))
        .layer(from_fn(screen::refusals))
        .layer(from_fn(safety::set_headers))
        .with_state(state)
}

/// The description for people; its assets are embedded, and it asks nobody else whether it is valid.
fn docs() -> Router<AppState> {
    SwaggerUi::new("/docs").config(Config::new(["/openapi.json"]).validator_url("none")).into()
}

async fn openapi_json(document: Arc<str>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}

async fn unknown() -> ApiError {
    ApiError::NotFound("there is nothing at this address; /docs describes what there is".to_owned())
}
