//! `/api/v1`.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_store::attention::NewAttention;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{TestServer, answer};
use crate::v1_orders;

#[tokio::test(start_paused = true)]
async fn accounts_are_listed_and_tested() {
    let server = TestServer::start().await;
    let accounts = server.get("/api/v1/accounts").await;
    assert_eq!((&accounts[0]["name"], &accounts[0]["is_loopback"]), (&json!("main"), &json!(true)));
    let good = server.post("/api/v1/accounts/main/test").await;
    assert_eq!((&good["ok"], &good["message"]), (&json!(true), &json!("accepted")));
    let bad = server.post("/api/v1/accounts/bad/test").await;
    assert_eq!((&bad["ok"], &bad["class"]), (&json!(false), &json!("unauthorised")));
    assert_eq!(server.call(Method::POST, "/api/v1/accounts/nobody/test").await.0, StatusCode::NOT_FOUND);
    assert_eq!(server.post("/api/v1/erp/test").await["message"], "well");
}

#[tokio::test(start_paused = true)]
async fn each_account_is_counted_by_itself() {
    let server = TestServer::start().await;
    for number in ["PO-1", "PO-2"] {
        v1_orders::store(&server, "main", number, |_| {}).await;
    }
    v1_orders::store(&server, "bad", "PO-3", |_| {}).await;
    let stats = server.get("/api/v1/stats").await;
    let counted: Vec<_> =
        stats.as_array().unwrap().iter().map(|one| (&one["account"], &one["orders"]["total"])).collect();
    assert_eq!(counted, [(&json!("main"), &json!(2)), (&json!("bad"), &json!(1))]);
    assert_eq!(stats[0]["last_success"]["order_workflow"], json!(null), "it never ran: {stats}");
}

/// An entry of the list that could not even be stored as an order: a person takes it off.
#[tokio::test(start_paused = true)]
async fn what_needs_a_person_is_listed_and_decided() {
    let server = TestServer::start().await;
    let item = NewAttention {
        account: "main".to_owned(),
        kind: AttentionKind::SetAside,
        subject: "PO-1".to_owned(),
        message: "no address".to_owned(),
        facts: serde_json::Value::Null,
    };
    server.store.raise(&[item], server.engine.clock().now()).await.unwrap();
    let listed = server.get("/api/v1/attention").await;
    assert_eq!((&listed[0]["subject"], &listed[0]["kind"]), (&json!("PO-1"), &json!("set_aside")));
    assert_eq!(listed[0]["decisions"][0]["decision"], "done_by_hand");
    let path = format!("/api/v1/attention/{}/decide", listed[0]["id"]);
    let body = json!({ "decision": "done_by_hand" });
    assert_eq!(answer(server.request(Method::POST, &path).json(&body)).await.0, StatusCode::OK);
    assert_eq!(server.get("/api/v1/attention").await, json!([]));
    let gone = answer(server.request(Method::POST, "/api/v1/attention/999/decide").json(&body)).await;
    assert_eq!(gone.0, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn orders_are_listed_by_state() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/api/v1/orders?state=set_aside,unclear&limit=5").await, json!([]));
    assert_eq!(
        server.call(Method::GET, "/api/v1/orders?state=lost").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}
