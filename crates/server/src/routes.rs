//! All routes, and the order of the layers around them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::error::ApiError;
use crate::state::AppState;
use crate::{documented, live, metrics, openapi, safety, screen, v1};

/// The described routes with their description.
pub(crate) fn described(version: &str) -> (Router<AppState>, Document) {
    let documented = OpenApiRouter::with_openapi(openapi::outline(version)).merge(documented::routes());
    let (router, mut document) = documented.merge(v1::routes()).split_for_parts();
    openapi::name_problems(&mut document);
    (router, document)
}

/// The whole server.
pub(crate) fn router(state: AppState) -> Router {
    let (described, document) = described(state.version);
    let document: Arc<str> = document.to_pretty_json().unwrap_or_else(|_| "{}".to_owned()).into();
    described
        .route("/openapi.json", get(move || openapi_json(Arc::clone(&document))))
        .merge(docs())
        .route("/ws/logs", get(live::open))
        .merge(metrics::routes())
        .merge(screen::routes())
        .merge(safety::login_routes())
        .fallback(unknown)
        .method_not_allowed_fallback(async || ApiError::WrongMethod)
        .layer(from_fn_with_state(state.clone(), safety::require_access))
        .layer(DefaultBodyLimit::max(safety::LARGEST_BODY))
        .layer(from_fn(safety::limit_size))
        .layer(from_fn_with_state(state.clone(), safety::limit_time))
        .layer(from_fn_with_state(state.clone(), safety::refuse_foreign))
        .layer(CatchPanicLayer::custom(safety::without_trace))
        .layer(from_fn(v1::problems))
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
