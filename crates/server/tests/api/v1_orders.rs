//! Orders under `/api/v1`: looked for, looked at, decided, read and sent again; and their plain pages.

use marktwerk_domain::history::Author;
use marktwerk_domain::judgement::{Document, ErpFacts, Limits, Notice, OrderFacts};
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_domain::reason::Reason;
use marktwerk_store::judging::{self, Occasion};
use marktwerk_store::orders::{FetchedOrder, OrderPatch};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, answer};

/// Stores an order whose facts are these.
pub(crate) async fn store(
    server: &TestServer,
    account: &str,
    number: &str,
    change: impl FnOnce(&mut OrderFacts),
) {
    let now = server.engine.clock().now();
    let order = FetchedOrder {
        number: number.to_owned(),
        changed_at: now,
        ordered_at: now,
        status: MarketplaceStatus::Ready,
        raw: json!({}),
        is_complete: true,
        contents: Vec::new(),
        cancelled: Vec::new(),
        was_over: false,
        fingerprint: String::new(),
    };
    server.store.save_fetched(account, &[order], now).await.unwrap();
    let record = server.store.order(account, number).await.unwrap().unwrap();
    let mut facts = OrderFacts::default();
    facts.there.document = Document::Translated;
    change(&mut facts);
    let patch = OrderPatch { kept: Some(facts), is_unread: Some(false), ..OrderPatch::default() };
    let occasion = Occasion { now, by: Author::Run(3), limits: Limits::default() };
    let change = judging::judged(&record, patch, &occasion);
    assert_eq!(server.store.change_orders(account, &[change], now).await.unwrap(), [true]);
}

fn aside(facts: &mut OrderFacts) {
    facts.there.document = Document::Untranslatable { reason: Reason::quoted("VAT 0.5 %") };
}

async fn decide(server: &TestServer, path: &str, body: Value) -> (StatusCode, Value) {
    answer(server.request(Method::POST, path).json(&body)).await
}

#[tokio::test(start_paused = true)]
async fn an_order_shows_what_it_waits_for_and_its_whole_way() {
    let server = TestServer::start().await;
    store(&server, "main", "PO-1", aside).await;
    let shown = server.get("/api/v1/orders/PO-1").await;
    assert_eq!((&shown["state"], &shown["situation"]), (&json!("set_aside"), &json!("set_aside")));
    let words: Vec<&str> =
        shown["decisions"].as_array().unwrap().iter().map(|one| one["decision"].as_str().unwrap()).collect();
    assert_eq!(words, ["read_again", "done_by_hand", "leave_out", "remind_me"]);
    let history = shown["history"].as_array().unwrap();
    assert_eq!(
        (&history[0]["what"], &history[0]["run"]),
        (&json!("read at the marketplace: to be shipped"), &json!(3))
    );
    let german = server.get("/api/v1/orders/PO-1?lang=de").await;
    assert!(german["reason"].as_str().unwrap().contains("Beheben Sie den Grund"), "{german}");
    assert_eq!(server.call(Method::GET, "/api/v1/orders/PO-2").await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        server.call(Method::GET, "/api/v1/orders/PO-1?lang=fr").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let page = server.page("/orders/PO-1?lang=de").await;
    for expected in ["VAT 0.5 %", "Neu einlesen", "Verlauf", "am Marktplatz gelesen"] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(server.page("/orders?number=PO-1").await.contains("data-order=\"PO-1\""));
}

#[tokio::test(start_paused = true)]
async fn what_people_should_know_who_send_an_order_is_shown() {
    let server = TestServer::start().await;
    store(&server, "main", "PO-1", |facts| facts.there.notices = vec![Notice::SignatureRequired]).await;
    let shown = server.get("/api/v1/orders/PO-1").await;
    assert_eq!(shown["notices"], json!(["to be delivered against a signature"]));
    let page = server.page("/orders/PO-1?lang=de").await;
    assert!(page.contains("Zustellung nur gegen Unterschrift"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_checked_against_how_things_stand() {
    let server = TestServer::start().await;
    store(&server, "main", "PO-1", aside).await;
    let entry = server.get("/api/v1/attention").await[0].clone();
    let path = format!("/api/v1/attention/{}/decide", entry["id"]);
    for (body, status) in [
        (json!({}), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "decision": "close" }), StatusCode::UNPROCESSABLE_ENTITY),
        (json!({ "decision": "hand_over_again" }), StatusCode::CONFLICT),
        (json!({ "decision": "remind_me", "until": "2026-02-03T08:00:00Z" }), StatusCode::CONFLICT),
        (json!({ "decision": "leave_out", "situation": "unclear" }), StatusCode::CONFLICT),
    ] {
        let (answered, problem) = decide(&server, &path, body.clone()).await;
        assert_eq!(answered, status, "{body}: {problem}");
    }
    let moved = decide(&server, &path, json!({ "decision": "leave_out", "situation": "unclear" })).await.1;
    assert!(moved["detail"].as_str().unwrap().contains("It is now set aside"), "{moved}");
    assert_eq!(server.get("/api/v1/attention").await[0], entry, "nothing was done");

    let body = json!({ "decision": "leave_out", "situation": entry["situation"] });
    let (status, decided) = decide(&server, &path, body).await;
    assert_eq!((status, &decided[0]["is_decided"]), (StatusCode::OK, &json!(true)));
    assert_eq!(server.get("/api/v1/attention").await, json!([]));
    let shown = server.get("/api/v1/orders/PO-1").await;
    assert_eq!(shown["decided"]["decision"], "leave_out");
    let taken_back = decide(&server, "/api/v1/orders/PO-1/decide", json!({ "decision": "take-back" })).await;
    assert_eq!(taken_back.0, StatusCode::OK, "{}", taken_back.1);
    assert_eq!(server.get("/api/v1/attention").await[0]["subject"], "PO-1");
    let until = "2036-02-10T08:00:00Z";
    let reminder = json!({ "decision": "remind_me", "until": until });
    let put_off = decide(&server, "/api/v1/orders/PO-1/decide", reminder).await.1;
    let told: jiff::Timestamp = put_off[0]["put_off_until"].as_str().unwrap().parse().unwrap();
    assert_eq!(told, until.parse().unwrap(), "{put_off}");
}

#[tokio::test(start_paused = true)]
async fn many_orders_with_one_cause_are_one_entry_with_one_decision() {
    let server = TestServer::start().await;
    for number in 0..30 {
        let unknown = |facts: &mut OrderFacts| facts.erp.unknown_articles = vec!["A-1".to_owned()];
        store(&server, "main", &format!("PO-{number:02}"), unknown).await;
    }
    let listed = server.get("/api/v1/attention").await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["orders"].as_array().unwrap().len(), 30);
    assert!(listed[0]["message"].as_str().unwrap().starts_with("30 orders (PO-00"), "{listed}");
    let page = server.page("/?lang=de").await;
    assert!(page.contains("30 Bestellungen (PO-00"), "{page}");
    let action = format!("/screen/attention/{}/decide", listed[0]["id"]);
    let form = [("decision", "leave_out"), ("situation", "unknown_article")];
    let pressed =
        server.request(Method::POST, &action).header("accept", "text/html").form(&form).send().await.unwrap();
    assert_eq!(pressed.status(), StatusCode::SEE_OTHER);
    assert_eq!(server.get("/api/v1/attention").await, json!([]));
}

#[tokio::test(start_paused = true)]
async fn two_accounts_with_one_number_are_told_apart() {
    let server = TestServer::start().await;
    store(&server, "main", "PO-1", aside).await;
    store(&server, "zweites", "PO-1", |_| ()).await;
    let (status, problem) = server.call(Method::GET, "/api/v1/orders/PO-1").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["detail"].as_str().unwrap().contains("main, zweites"), "{problem}");
    assert_eq!(server.get("/api/v1/orders/PO-1?account=zweites").await["state"], "imported");
    assert_eq!(server.get("/api/v1/orders?number=PO-1").await.as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn orders_are_read_and_sent_again_by_runs() {
    let server = TestServer::start().await;
    server.add_job("order_workflow").await;
    store(&server, "main", "PO-1", |_| ()).await;
    let now = server.engine.clock().now();
    store(&server, "main", "PO-2", |facts| {
        facts.ours.handed_over_at = Some(now);
        facts.erp = ErpFacts { since: Some(now), orders: 1, was_seen: true, ..ErpFacts::default() };
    })
    .await;
    let path = "/api/v1/orders/fetch";
    for body in [
        json!({}),
        json!({ "orders": ["PO-1"], "from": "2026-02-01T00:00:00Z" }),
        json!({ "from": "2027-01-01T00:00:00Z" }),
        json!({ "from": "2026-02-02T00:00:00Z", "until": "2026-02-01T00:00:00Z" }),
        json!({ "from": "soon" }),
    ] {
        assert_eq!(decide(&server, path, body.clone()).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    let (status, would) = decide(&server, path, json!({ "orders": ["PO-1", "PO-9"], "dry_run": true })).await;
    assert_eq!((status, &would["run"], &would["unknown"]), (StatusCode::OK, &Value::Null, &json!(["PO-9"])));
    assert_eq!(server.get("/api/v1/runs").await, json!([]));
    let (status, started) = decide(&server, path, json!({ "orders": ["PO-1"] })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{started}");
    let run = server.get(&format!("/api/v1/runs/{}", started["run"])).await;
    assert_eq!(run["parameters"]["orders"], "PO-1");

    let (status, would) = decide(&server, "/api/v1/orders/PO-1/send?dry_run=true", json!({})).await;
    assert_eq!((status, &would["what"]), (StatusCode::OK, &json!("it is handed over to JTL")));
    let (status, refused) = decide(&server, "/api/v1/orders/PO-2/send", json!({})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(refused["detail"].as_str().unwrap().contains("in JTL"), "{refused}");
}
