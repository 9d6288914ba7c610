//! Style and script, embedded. Their addresses carry a digest of their content, so browsers may keep them for ever and a new
//! version is seen at once.

use std::sync::LazyLock;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("../../assets/app.css");
const SCRIPT: &str = include_str!("../../assets/app.js");

static STYLE_DIGEST: LazyLock<String> = LazyLock::new(|| digest(STYLE));
static SCRIPT_DIGEST: LazyLock<String> = LazyLock::new(|| digest(SCRIPT));

pub(super) fn style_address() -> String {
    format!("/assets/app.css?v={}", *STYLE_DIGEST)
}

pub(super) fn script_address() -> String {
    format!("/assets/app.js?v={}", *SCRIPT_DIGEST)
}

pub(super) async fn style(headers: HeaderMap) -> Response {
    asset(&headers, STYLE, &STYLE_DIGEST, "text/css; charset=utf-8")
}

pub(super) async fn script(headers: HeaderMap) -> Response {
    asset(&headers, SCRIPT, &SCRIPT_DIGEST, "text/javascript; charset=utf-8")
}

fn asset(headers: &HeaderMap, content: &'static str, digest: &str, kind: &'static str) -> Response {
    let tag = format!("\"{digest}\"");
    let keep = [
        (header::ETAG, tag.clone()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
        (header::CONTENT_TYPE, kind.to_owned()),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, keep).into_response();
    }
    (keep, content).into_response()
}

fn digest(content: &str) -> String {
    Sha256::digest(content.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
