//! The figures' page: what the program renders, behind the rules of every page.

use marktwerk_server::{MetricsSource, ServerOptions};
use reqwest::{Method, StatusCode};

use crate::harness::{TestServer, VIEWER, guarded, options};

const FIGURES: &str = "# HELP one A figure.\n# TYPE one gauge\none 1\n";

fn measured() -> ServerOptions {
    ServerOptions { metrics: Some(MetricsSource::new(async || FIGURES.to_owned())), ..options() }
}

#[tokio::test(start_paused = true)]
async fn the_page_is_what_the_program_renders() {
    let server = TestServer::with(measured()).await;
    let answer = server.request(Method::GET, "/metrics").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.text().await.unwrap(), FIGURES);
    assert_eq!(server.call(Method::POST, "/metrics").await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(start_paused = true)]
async fn a_token_guards_it_as_it_does_all_pages() {
    let server = TestServer::with(ServerOptions { metrics: measured().metrics, ..guarded() }).await;
    // As Prometheus asks: a redirect to the login page would be an answer that it cannot read.
    let asked = || {
        server.request(Method::GET, "/metrics").header("accept", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
    };
    assert_eq!(asked().send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    // A token that can read and nothing else is enough.
    let told = asked().bearer_auth(VIEWER).send().await.unwrap();
    assert_eq!((told.status(), told.text().await.unwrap().as_str()), (StatusCode::OK, FIGURES));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_measured_there_is_no_page() {
    let server = TestServer::start().await;
    assert_eq!(server.call(Method::GET, "/metrics").await.0, StatusCode::NOT_FOUND);
}
