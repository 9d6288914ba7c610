//! Alerts of the whole program, as somebody gets them who has named an address: once when a job is paused, once when it works
//! again, and nothing for a second time after a restart.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod causes;
#[path = "../common/shop.rs"]
mod shop;

use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use marktwerk::compose::Program;
use marktwerk::config::Settings;
use marktwerk_alerts::{Webhook, WebhookSettings};
use marktwerk_sandbox::{Fault, FaultKind, Faults, WorldOptions};
use reqwest::Method;
use serde_json::Value;
use shop::Shop;
use tokio::net::TcpListener;

const HOUR: Duration = Duration::from_secs(3_600);

/// Somebody's address, and what was posted there.
struct Receiver {
    url: String,
    posts: Arc<Mutex<Vec<Value>>>,
}

impl Receiver {
    async fn open() -> Self {
        let posts = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&posts);
        let keep = move |Json(alert): Json<Value>| {
            kept.lock().unwrap().push(alert);
            ready(StatusCode::NO_CONTENT)
        };
        let router = Router::new().route("/hooks/secret-part", post(keep));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/secret-part", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, posts }
    }

    fn webhook(&self) -> Webhook {
        Webhook::new(WebhookSettings { url: self.url.clone().into(), secret: None }).unwrap()
    }

    /// What it was told of jobs, and of which.
    fn told(&self) -> Vec<String> {
        let posts = self.posts.lock().unwrap();
        let of_jobs = posts.iter().filter(|post| post["job"] != "");
        let words =
            |post: &Value| format!("{} {}", post["change"].as_str().unwrap(), post["job"].as_str().unwrap());
        of_jobs.map(words).collect()
    }

    /// What it was told beside that: titles, with `+` for what begins and `-` for what is over.
    fn causes(&self) -> Vec<String> {
        let posts = self.posts.lock().unwrap();
        let others = posts.iter().filter(|post| post["job"] == "");
        let sign = |post: &Value| if post["change"] == "recovered" { '-' } else { '+' };
        others.map(|post| format!("{} {}", sign(post), post["title"].as_str().unwrap())).collect()
    }

    /// The last one.
    fn last(&self) -> Value {
        self.posts.lock().unwrap().last().cloned().unwrap()
    }
}

/// The program ends and begins again, on the same data and under these settings.
async fn restart(mut shop: Shop, alter: impl FnOnce(&mut Settings)) -> Shop {
    shop.program.shutdown().await;
    alter(&mut shop.settings);
    shop.program = Program::start(shop.settings.clone(), shop.clock.clone()).await.unwrap();
    shop
}

fn failed_runs(shop: &Shop) -> i64 {
    let sql = "SELECT COUNT(*) FROM runs WHERE job_id = 'order_workflow' AND state = 'failed'";
    shop.database().query_row(sql, [], |row| row.get(0)).unwrap()
}

async fn is_enabled(shop: &Shop) -> bool {
    shop.program.engine().existing(&shop::orders()).await.unwrap().spec.enabled
}

#[tokio::test(start_paused = true)]
async fn a_paused_job_and_its_recovery_are_told_once_each_whatever_is_restarted() {
    let receiver = Receiver::open().await;
    let shop = Shop::open(WorldOptions::quiet(), |endpoint| endpoint).await;
    shop.pause_jobs().await;
    let resume = "/api/jobs/order_workflow/toggle?enabled=true";
    shop.ask(Method::POST, resume).await;
    let webhook = Arc::new(receiver.webhook());
    let shop = restart(shop, |settings| settings.alerts.webhook = Some(webhook)).await;

    let refused = Faults::one(Fault::new(FaultKind::TokenExpired));
    shop.world.set_faults(refused.clone()).unwrap();
    shop.wait(HOUR).await;
    // Twelve would have run.
    assert_eq!(failed_runs(&shop), 5);
    assert!(!is_enabled(&shop).await);
    assert_eq!(receiver.told(), ["paused order_workflow"]);
    let posts = receiver.posts.lock().unwrap().clone();
    let message = &posts.iter().find(|post| post["job"] == "order_workflow").unwrap()["message"];
    assert!(message.as_str().unwrap().contains("enable the job again"), "{message}");

    shop.world.set_faults(Faults::none()).unwrap();
    let shop = restart(shop, |_| {}).await;
    shop.ask(Method::POST, resume).await;
    shop.run(&shop::orders(), "").await;
    shop.wait(HOUR).await;
    let so_far = ["paused order_workflow", "recovered order_workflow"];
    assert_eq!(receiver.told(), so_far);

    let shop = restart(shop, |_| {}).await;
    shop.wait(HOUR).await;
    assert_eq!(receiver.told(), so_far);
    // It is not deaf, it has nothing to tell.
    shop.world.set_faults(refused).unwrap();
    shop.wait(HOUR).await;
    assert_eq!(receiver.told(), [so_far.as_slice(), &so_far[..1]].concat());
    shop.program.shutdown().await;
}
