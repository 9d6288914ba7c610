//! Stock: listed, shown, pushed; over `/api/v1` and on the page.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::inventory::Listing;
use marktwerk_domain::run::RunState;
use marktwerk_domain::stock::view::{ArticleView, ListingView, OrderUnits};
use marktwerk_domain::stock::{Figures, Held, LostArticle, LostReason};
use marktwerk_engine::StockDesk;
use marktwerk_store::inventory::ListingPatch;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{TestServer, errors_of};

/// A shelf with one article that two accounts list, and one that cannot be looked at.
pub(crate) struct Shelf;

#[async_trait]
impl StockDesk for Shelf {
    async fn article(&self, sku: &str, now: Timestamp) -> Result<Option<ArticleView>, Failure> {
        match sku {
            "A-1" => Ok(Some(view(sku, now, &["main"]))),
            "A/2" => Ok(Some(view(sku, now, &["main", "other"]))),
            "NOT-LISTED" => Ok(Some(view(sku, now, &[]))),
            "BROKEN" => Err(Failure::transient("JTL does not answer")),
            _ => Ok(None),
        }
    }

    fn publisher(&self, account: &str) -> Option<&'static str> {
        (account == "main").then_some("inventory_workflow")
    }
}

fn view(sku: &str, now: Timestamp, accounts: &[&str]) -> ArticleView {
    let listing = |account: &&str| ListingView {
        account: (*account).to_owned(),
        listing: "1".to_owned(),
        sku: sku.to_owned(),
        figures: Figures { live: Some(5), live_at: Some(now), sold: 2, ..Figures::default() },
        known: Some(3),
        wanted: Some(9),
        publish: Some(4),
        held: Some(Held { unread: vec!["other".to_owned()] }),
        lost: None,
        error: None,
    };
    ArticleView {
        sku: sku.to_owned(),
        article: Some(7),
        available: Some(12),
        buffer: Some(1),
        figure_at: now,
        own_buffer: 0,
        orders: vec![OrderUnits {
            account: "main".to_owned(),
            number: "PO-<1>".to_owned(),
            sku: sku.to_owned(),
            quantity: 2,
        }],
        listings: accounts.iter().map(listing).collect(),
    }
}

/// Three listings, the last of which lost its article.
async fn with_listings(server: &TestServer) {
    let now = server.engine.clock().now();
    let figures = Figures { live: Some(5), live_at: Some(now), ..Figures::default() };
    let patches = ["A-1", "A-2", "<b>"].map(|sku| ListingPatch {
        told: Some(Listing {
            id: format!("id-{sku}"),
            group: "g".to_owned(),
            sku: sku.to_owned(),
            title: "a thing".to_owned(),
            stock: Some(5),
        }),
        article: Some(Some(7)),
        figures: Some((Figures::default(), figures)),
        lost: (sku == "<b>").then_some(Some(LostArticle {
            reason: LostReason::Deleted,
            since: now,
            is_settled: true,
        })),
        ..ListingPatch::of(format!("id-{sku}"))
    });
    server.store.change_listings("main", &patches).await.unwrap();
}

fn skus(listed: &Value) -> Vec<&str> {
    listed.as_array().unwrap().iter().map(|one| one["sku"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn listings_are_filtered_and_come_page_by_page() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/api/v1/stock").await, json!([]));
    with_listings(&server).await;
    let all = server.get("/api/v1/stock").await;
    assert_eq!(skus(&all), ["<b>", "A-1", "A-2"]);
    assert_eq!(
        (&all[0]["lost"], &all[1]["live"], &all[1]["account"]),
        (&json!("deleted"), &json!(5), &json!("main"))
    );
    assert_eq!(skus(&server.get("/api/v1/stock?sku=a-1").await), ["A-1"]);
    assert_eq!(server.get("/api/v1/stock?account=other").await, json!([]));
    let first = server.get("/api/v1/stock?limit=2").await;
    let cursor = first[1]["cursor"].as_str().unwrap();
    let rest = server.get(&format!("/api/v1/stock?limit=2&after={cursor}")).await;
    assert_eq!((skus(&first).len(), skus(&rest)), (2, vec!["A-2"]));
    for (query, field) in [("after=nothing", "after"), ("limit=0", "limit"), ("sort=up", "sort")] {
        let (status, problem) = server.call(Method::GET, &format!("/api/v1/stock?{query}")).await;
        assert_eq!((status, errors_of(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, vec![field]), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_article_is_shown_with_what_decides_about_its_figure() {
    let server = TestServer::start().await;
    let article = server.get("/api/v1/stock/A-1").await;
    assert_eq!((&article["available"], &article["buffer"]), (&json!(12), &json!(1)));
    assert_eq!(article["orders"][0]["number"], "PO-<1>");
    let listing = &article["listings"][0];
    assert_eq!(
        (&listing["known"], &listing["wanted"], &listing["publish"]),
        (&json!(3), &json!(9), &json!(4))
    );
    assert_eq!(listing["held_by"], json!(["other"]));
    assert_eq!(server.get("/api/v1/stock/A%2F2").await["sku"], "A/2");
    assert_eq!(server.call(Method::GET, "/api/v1/stock/NOWHERE").await.0, StatusCode::NOT_FOUND);
    let (status, problem) = server.call(Method::GET, "/api/v1/stock/BROKEN").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(problem["detail"].as_str().unwrap().contains("JTL does not answer"), "{problem}");
}

#[tokio::test(start_paused = true)]
async fn an_article_is_pushed_by_a_run_unless_it_is_dry() {
    let server = TestServer::start().await;
    let push = |path: &'static str| server.call(Method::POST, path);
    let (status, dry) = push("/api/v1/stock/A-1/push?dry_run=true").await;
    assert_eq!((status, &dry["runs"]), (StatusCode::OK, &json!([])));
    assert_eq!(dry["article"]["listings"][0]["publish"], 4);
    let (status, problem) = push("/api/v1/stock/A-1/push").await;
    assert_eq!(status, StatusCode::CONFLICT, "there is no job: {problem}");
    server.add_job("inventory_workflow").await;
    let (status, pushed) = push("/api/v1/stock/A-1/push?account=main").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{pushed}");
    let run = server.ended(pushed["runs"][0]["id"].as_i64().unwrap()).await;
    assert_eq!(run.state, RunState::Succeeded);
    assert_eq!(Value::from(run.parameters), json!({ "mode": "quick", "sku": "A-1" }));
    // Nothing starts where not everything can.
    assert_eq!(push("/api/v1/stock/A%2F2/push").await.0, StatusCode::CONFLICT);
    assert_eq!(push("/api/v1/stock/A-1/push?account=other").await.0, StatusCode::CONFLICT);
    assert_eq!(push("/api/v1/stock/NOT-LISTED/push").await.0, StatusCode::CONFLICT);
    assert_eq!(push("/api/v1/stock/NOWHERE/push").await.0, StatusCode::NOT_FOUND);
    assert_eq!(push("/api/v1/stock/A-1/push?dry_run=perhaps").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.get("/api/v1/runs").await.as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_page_shows_listings_and_an_article_and_publishes_it() {
    let server = TestServer::start().await;
    with_listings(&server).await;
    let page = server.page("/stock?lang=de").await;
    assert!(page.contains("Artikelnummer") && page.contains("der Artikel wurde in JTL gelöscht"), "{page}");
    assert!(!page.contains("<b>") && page.contains("&lt;b&gt;"), "{page}");
    assert!(!page.contains("style=") && !page.contains("<script>"), "the policy would refuse them");
    let page = server.page("/stock?sku=A-1&account=&lang=en").await;
    for expected in
        ["Available in JTL", "PO-&lt;1&gt;", "held back until the orders are known of other", "Publish now"]
    {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    assert!(server.page("/stock?sku=BROKEN").await.contains("BROKEN"), "JTL's silence hides no listings");
    let press = || {
        let request = server.request(Method::POST, "/screen/stock/push").header("accept", "text/html");
        request.form(&[("sku", "A-1")]).send()
    };
    assert_eq!(press().await.unwrap().status(), StatusCode::CONFLICT);
    server.add_job("inventory_workflow").await;
    let pressed = press().await.unwrap();
    let led_to = pressed.headers()["location"].to_str().unwrap().to_owned();
    assert!(pressed.status() == StatusCode::SEE_OTHER && led_to.starts_with("/runs/"), "{led_to}");
}
