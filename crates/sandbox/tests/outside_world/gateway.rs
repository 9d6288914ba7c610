//! What the marketplace checks before it answers anything: body, type, time, keys, signature; and the faults.

use marktwerk_sandbox::{Fault, FaultKind, Faults, WorldOptions};
use serde_json::{Value, json};

use crate::world::{World, md5_hex, sign};

const TOKEN_INFO: &str = "bg.open.accesstoken.info.get";

#[tokio::test]
async fn a_signed_call_is_answered() {
    let world = World::quiet().await;
    let result = world.result(TOKEN_INFO, json!({})).await;
    assert_eq!(result["regionId"], 76);
    assert!(result["expiredTime"].as_i64().expect("time") > world.clock.seconds());
    assert_eq!(world.control.calls().expect("calls")[TOKEN_INFO], 1);
    world.sandbox.shutdown().await;
}

#[tokio::test]
async fn the_gateway_names_what_is_wrong() {
    let world = World::quiet().await;
    let now = world.clock.seconds();
    let cases: [(&str, Option<Value>, i64); 16] = [
        ("type", None, 3_000_002),
        ("type", Some(json!("bg.nothing.get")), 3_000_003),
        ("timestamp", None, 3_000_010),
        ("timestamp", Some(json!(now + 301)), 3_000_011),
        ("timestamp", Some(json!(now * 1000)), 3_000_011),
        ("timestamp", Some(json!("soon")), 3_000_011),
        ("timestamp", Some(json!(now - 301)), 3_000_012),
        ("data_type", None, 3_000_013),
        ("data_type", Some(json!("XML")), 3_000_014),
        ("app_key", None, 3_000_019),
        ("app_key", Some(json!("who")), 3_000_020),
        ("access_token", None, 3_000_030),
        ("access_token", Some(json!("who")), 3_000_031),
        ("access_token", Some(json!("sandbox-other-access-token")), 3_000_033),
        ("access_token", Some(json!("sandbox-expired-access-token")), 3_000_034),
        ("data_type", Some(json!("json")), 1_000_000),
    ];
    for (member, value, code) in cases {
        let mut body = world.common(TOKEN_INFO);
        match &value {
            Some(value) => body.insert(member.to_owned(), value.clone()),
            None => body.remove(member),
        };
        let envelope = world.send_signed(body).await;
        assert_eq!(envelope["errorCode"], code, "{member} {value:?}: {envelope}");
        assert!(envelope["requestId"].as_str().expect("id").starts_with("eu-"));
    }
}

#[tokio::test]
async fn a_body_or_a_signature_that_is_wrong() {
    let world = World::quiet().await;
    let code = async |body: String| {
        let text = world.send(body).await.expect("answer").text().await.expect("text");
        serde_json::from_str::<Value>(&text).expect("json")["errorCode"].as_i64().expect("code")
    };
    assert_eq!(code("[]".to_owned()).await, 3_000_000);
    assert_eq!(code("{".to_owned()).await, 3_000_000);
    let body = world.common(TOKEN_INFO);
    assert_eq!(code(Value::Object(body.clone()).to_string()).await, 3_000_040);
    let mut wrong = body.clone();
    wrong.insert("sign".to_owned(), json!("0".repeat(32)));
    assert_eq!(code(Value::Object(wrong).to_string()).await, 3_000_001);
    let mut lower = body.clone();
    lower.insert("sign".to_owned(), json!(sign(&body, "sandbox-app-secret-not-a-real-one").to_lowercase()));
    assert_eq!(code(Value::Object(lower).to_string()).await, 3_000_001);
}

#[tokio::test]
async fn nested_values_are_signed_as_sent_and_compact() {
    let world = World::quiet().await;
    let credentials = marktwerk_sandbox::Sandbox::credentials();
    let now = world.clock.seconds();
    let send = async |nested: &str| {
        // Key order inside the nested object is the sender's, the text is signed as it stands.
        let text = format!(
            "{0}access_token{1}app_key{2}data_typeJSONparentOrderSnList{nested}timestamp{now}typebg.order.list.v2.get{0}",
            credentials.app_secret, credentials.access_token, credentials.app_key
        );
        let body = format!(
            "{{\"type\":\"bg.order.list.v2.get\", \"app_key\":\"{}\",\"access_token\":\"{}\",\"timestamp\":{now},\
             \"data_type\":\"JSON\",\"parentOrderSnList\":{nested},\"sign\":\"{}\",\"sign\":\"second\"}}",
            credentials.app_key,
            credentials.access_token,
            md5_hex(&text)
        );
        let text = world.send(body).await.expect("answer").text().await.expect("text");
        serde_json::from_str::<Value>(&text).expect("json")["errorCode"].as_i64().expect("code")
    };
    assert_eq!(send("[\"Gr\u{fc}n \\\" x\",\"b\"]").await, 1_000_000);
    assert_eq!(send("[\"a\", \"b\"]").await, 3_000_001);
    assert_eq!(send("[\"Gr\\u00fcn\"]").await, 3_000_001);
}

#[tokio::test]
async fn too_many_calls_in_a_second() {
    let world = World::with(WorldOptions { calls_per_second: Some(2), ..WorldOptions::quiet() }).await;
    world.result(TOKEN_INFO, json!({})).await;
    world.result(TOKEN_INFO, json!({})).await;
    assert_eq!(world.code(TOKEN_INFO, json!({})).await, 4_000_004);
    world.clock.advance(1);
    world.result(TOKEN_INFO, json!({})).await;
}

#[tokio::test]
async fn faults_strike_as_ordered() {
    let world = World::quiet().await;
    let order = |what: FaultKind| {
        let fault = Fault::new(what).only(TOKEN_INFO).times(1);
        world.control.set_faults(Faults::one(fault)).expect("faults");
    };
    let body = || {
        let mut body = world.common(TOKEN_INFO);
        let sign = sign(&body, marktwerk_sandbox::Sandbox::credentials().app_secret);
        body.insert("sign".to_owned(), json!(sign));
        Value::Object(body).to_string()
    };
    order(FaultKind::TooManyRequests { retry_after_seconds: 7 });
    let answer = world.send(body()).await.expect("answer");
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (429, &b"7"[..]));
    order(FaultKind::ServerError { status: 502 });
    assert_eq!(world.send(body()).await.expect("answer").status(), 502);
    order(FaultKind::Maintenance);
    assert_eq!(world.send(body()).await.expect("answer").status(), 503);
    order(FaultKind::Html);
    let page = world.send(body()).await.expect("answer").text().await.expect("text");
    assert!(page.starts_with("<!DOCTYPE html>"));
    order(FaultKind::BrokenJson);
    let half = world.send(body()).await.expect("answer").text().await.expect("text");
    assert!(serde_json::from_str::<Value>(&half).is_err(), "{half}");
    order(FaultKind::Cut);
    assert!(world.send(body()).await.is_err(), "no status line may arrive");
    order(FaultKind::RateLimited);
    assert_eq!(world.code(TOKEN_INFO, json!({})).await, 4_000_004);
    order(FaultKind::TokenExpired);
    assert_eq!(world.code(TOKEN_INFO, json!({})).await, 3_000_034);
    // The fault is spent, and never meant another call.
    world.result(TOKEN_INFO, json!({})).await;
    order(FaultKind::Maintenance);
    world.result("bg.logistics.warehouse.list.get", json!({})).await;
}
