//! The interface's description is an artefact: a change of it is seen in its snapshot.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::harness::TestServer;

#[test]
fn the_interface_is_described_as_the_snapshot_says() {
    insta::assert_snapshot!("openapi", marktwerk_server::openapi_document("0.0.0-test"));
}

#[tokio::test(start_paused = true)]
async fn the_description_is_served_with_its_own_assets() {
    let server = TestServer::start().await;
    let served = server.get("/openapi.json").await;
    let expected: Value = serde_json::from_str(&marktwerk_server::openapi_document("0.0.0-test")).unwrap();
    assert_eq!(served, expected);
    let redirect = server.request(Method::GET, "/docs").send().await.unwrap();
    assert_eq!(
        (redirect.status(), redirect.headers()["location"].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/docs/")
    );
    let page = server.page("/docs/").await;
    assert!(page.contains("swagger-ui") && !page.contains("//unpkg"), "{page}");
    for path in ["/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/docs/swagger-initializer.js"] {
        let asset = server.request(Method::GET, path).send().await.unwrap();
        assert_eq!(asset.status(), StatusCode::OK, "{path}");
        if path.ends_with("initializer.js") {
            assert!(asset.text().await.unwrap().contains("/openapi.json"));
        }
    }
}
