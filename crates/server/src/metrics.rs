//! `GET /metrics`: the figures of the program as Prometheus reads them. What they are is the program's business, which hands
//! over how to render them; here they only get their address, behind the same rules as every other page.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::error::{ApiError, ApiResult};
use crate::routing::Routes;
use crate::safety::Role;
use crate::state::AppState;

/// The text format that every Prometheus reads.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Renders the program's figures in Prometheus' text format 0.0.4.
#[derive(Clone)]
pub struct MetricsSource(Arc<dyn Fn() -> BoxFuture<'static, String> + Send + Sync>);

impl MetricsSource {
    /// What is asked at each scrape.
    pub fn new<F, Rendered>(render: F) -> Self
    where
        F: Fn() -> Rendered + Send + Sync + 'static,
        Rendered: Future<Output = String> + Send + 'static,
    {
        Self(Arc::new(move || render().boxed()))
    }
}

impl fmt::Debug for MetricsSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MetricsSource")
    }
}

pub(crate) fn routes() -> Routes {
    Routes::new().get(Role::Viewer, "/metrics", metrics)
}

async fn metrics(State(state): State<AppState>) -> ApiResult<Response> {
    let source = state.metrics.as_ref();
    let source = source.ok_or_else(|| ApiError::NotFound("nothing is measured here".to_owned()))?;
    Ok(([(header::CONTENT_TYPE, FORMAT)], (source.0)().await).into_response())
}
