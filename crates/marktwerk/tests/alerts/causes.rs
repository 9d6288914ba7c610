//! What stops the shop without five failures in a row: told in time, once, with its end; and the health answer says the same.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_sandbox::{Fault, FaultKind, Faults, WorldOptions};
use reqwest::Method;
use rusqlite::Connection;
use serde_json::Value;

use crate::shop::{self, Shop};
use crate::{Receiver, restart};

const MINUTE: Duration = Duration::from_secs(60);

/// A shop whose alerts arrive.
async fn open(receiver: &Receiver) -> Shop {
    let shop = Shop::open(WorldOptions::quiet(), |endpoint| endpoint).await;
    let webhook = Arc::new(receiver.webhook());
    restart(shop, |settings| {
        settings.alerts.webhook = Some(webhook);
        settings.server.public_url = Some("https://marktwerk.example".to_owned());
    })
    .await
}

/// Status and codes of the health answer.
async fn health(shop: &Shop, query: &str) -> (u16, Vec<String>) {
    let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let url = format!("http://{}/api/health{query}", shop.program.address());
    let answer = http.get(url).send().await.unwrap();
    let status = answer.status().as_u16();
    let told: Value = answer.json().await.unwrap();
    let codes = told["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap());
    let codes: Vec<String> = codes.map(str::to_owned).collect();
    assert_eq!(told["status"], if codes.is_empty() { "ok" } else { "degraded" }, "{told}");
    (status, codes)
}

async fn entries(shop: &Shop) -> Vec<String> {
    let entries = shop.ask(Method::GET, "/api/v1/attention").await;
    entries.as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

/// cases.md §5: the JTL-Worker stops for 30 minutes.
#[tokio::test(start_paused = true)]
async fn a_worker_that_stands_still_is_one_alert_and_one_entry_after_five_minutes() {
    let receiver = Receiver::open().await;
    let shop = open(&receiver).await;
    shop.pause_jobs().await;
    shop.world.pause_worker();
    for _ in 0..3 {
        shop.world.add_order(Default::default()).unwrap();
    }
    shop.run(&shop::orders(), "").await;
    shop.wait(4 * MINUTE).await;
    assert_eq!((receiver.causes(), entries(&shop).await), (vec![], vec![]), "it may be busy");
    shop.wait(2 * MINUTE + MINUTE / 2).await;
    let told = ["+ The JTL-Worker takes no orders"];
    assert_eq!(receiver.causes(), told);
    assert_eq!(entries(&shop).await, ["worker_stopped"]);
    assert_eq!(health(&shop, "").await, (200, vec!["worker_stuck".to_owned()]));
    let alert = receiver.last();
    let text = alert["text"].as_str().unwrap();
    assert!(text.starts_with("Marktwerk on ") && text.ends_with("https://marktwerk.example"), "{text}");
    assert!(alert["message"].as_str().unwrap().contains("start it again"), "{alert}");
    let german = shop.ask(Method::GET, "/api/v1/health?lang=de").await;
    assert!(
        german["reasons"][0]["message"].as_str().unwrap().contains("holt keine Bestellungen ab"),
        "{german}"
    );

    // Each order becomes an entry of its own after half an hour; they are one in the list.
    shop.wait(40 * MINUTE).await;
    assert_eq!(receiver.causes(), told, "and not again");
    assert_eq!(entries(&shop).await, ["worker_stuck"]);

    shop.world.resume_worker();
    shop.wait(MINUTE).await;
    shop.run(&shop::orders(), "").await;
    shop.wait(2 * MINUTE).await;
    assert_eq!(receiver.causes(), [told[0], "- Over: The JTL-Worker takes no orders"]);
    assert_eq!(health(&shop, "").await, (200, vec![]));
    shop.program.shutdown().await;
}

/// cases.md §5: told after 20 minutes, without the place and whether a restart is needed.
#[tokio::test(start_paused = true)]
async fn refused_credentials_are_told_at_once_with_what_to_do() {
    let receiver = Receiver::open().await;
    let shop = open(&receiver).await;
    shop.wait(MINUTE).await;
    shop.world.set_faults(Faults::one(Fault::new(FaultKind::TokenExpired))).unwrap();
    let path = "/api/jobs/order_workflow/run-now";
    shop.ask(Method::POST, path).await;
    shop.wait(Duration::from_secs(10)).await;
    assert_eq!(receiver.causes(), ["+ shop: the marketplace refuses the credentials"]);
    let message = receiver.last()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("restart Marktwerk"), "{message}");
    assert_eq!(health(&shop, "").await, (200, vec!["credentials_refused".to_owned()]));

    shop.world.set_faults(Faults::none()).unwrap();
    shop.run(&shop::orders(), "").await;
    shop.wait(MINUTE).await;
    assert_eq!(receiver.causes().len(), 2, "{:?}", receiver.causes());
    assert_eq!(health(&shop, "").await, (200, vec![]));
    shop.program.shutdown().await;
}

/// Credentials that end soon are known before they are refused; a full disk before nothing can be stored.
#[tokio::test(start_paused = true)]
async fn what_is_about_to_stop_the_shop_is_told_before() {
    let receiver = Receiver::open().await;
    let shop = open(&receiver).await;
    let shop = restart(shop, |settings| {
        // The simulated token is good for 30 days.
        settings.alerts.rules.credentials_days = 31;
        settings.alerts.rules.free_disk_megabytes = u64::MAX;
    })
    .await;
    shop.wait(6 * MINUTE).await;
    let told = receiver.causes();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("+ The disk is nearly full: "), "{told:?}");
    assert!(told[1].starts_with("+ The credentials of shop end on 2026-12-02"), "{told:?}");
    let codes = ["disk_low", "credentials_end"].map(str::to_owned);
    assert_eq!(health(&shop, "").await, (200, codes.to_vec()));
    let health = shop.ask(Method::GET, "/api/v1/health").await;
    assert!(health["free_disk_bytes"].as_u64().unwrap() > 0, "{health}");
    shop.program.shutdown().await;
}

/// cases.md §4: health was 200 over a locked database. The health answer itself waits for nobody.
#[tokio::test(start_paused = true)]
async fn a_locked_database_is_503_after_a_minute_with_the_reason_and_live_asks_the_dispatcher_alone() {
    let receiver = Receiver::open().await;
    let shop = open(&receiver).await;
    shop.pause_jobs().await;
    shop.wait(MINUTE).await;
    let other = Connection::open(shop.settings.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    shop.wait(90 * Duration::from_secs(1)).await;
    assert_eq!(health(&shop, "").await, (503, vec!["database_not_writable".to_owned()]));
    assert_eq!(health(&shop, "?probe=live").await, (200, vec![]));
    assert_eq!(receiver.causes(), ["+ Nothing can be stored in the database"]);
    let message = receiver.last()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("locked"), "{message}");

    other.execute_batch("ROLLBACK").unwrap();
    shop.wait(MINUTE).await;
    assert_eq!(health(&shop, "").await, (200, vec![]));
    assert_eq!(receiver.causes().len(), 2);
    shop.program.shutdown().await;
}

/// The same reasons wherever somebody looks.
#[tokio::test(start_paused = true)]
async fn screen_metrics_and_health_say_the_same() {
    let receiver = Receiver::open().await;
    let shop = open(&receiver).await;
    let shop = restart(shop, |settings| settings.alerts.rules.free_disk_megabytes = u64::MAX).await;
    shop.wait(MINUTE).await;
    let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let text = async |path: &str| {
        let url = format!("http://{}{path}", shop.program.address());
        http.get(url).header("accept-language", "de").send().await.unwrap().text().await.unwrap()
    };
    let page = text("/").await;
    assert!(page.contains("data-concern=\"disk_low\"") && page.contains("Bitte Platz schaffen"), "{page}");
    assert!(text("/screen/health").await.contains("disk_low"));
    let metrics = text("/metrics").await;
    assert!(metrics.contains("marktwerk_health_reasons{code=\"disk_low\"} 1"), "{metrics}");
    assert!(metrics.contains("marktwerk_health_reasons{code=\"worker_stuck\"} 0"), "{metrics}");
    assert!(metrics.lines().any(|line| line.starts_with("marktwerk_disk_free_bytes ")), "{metrics}");
    shop.program.shutdown().await;
}
