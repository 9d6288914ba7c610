//! The screen in a real browser: what moves in the program moves on the page, without a reload, without an error in its
//! console and without a request to anybody else.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod devtools;
#[path = "../common/process.rs"]
mod process;

use std::time::{Duration, Instant};

use devtools::Browser;
use process::Process;
use reqwest::Method;
use serde_json::{Value, json};

/// A world in which something happens every few seconds.
const WORLD: [(&str, &str); 5] = [
    ("MARKTWERK_SANDBOX__INITIAL_ORDERS", "5"),
    ("MARKTWERK_SANDBOX__INITIAL_ARTICLES", "20"),
    ("MARKTWERK_SANDBOX__ORDER_EVERY_SECONDS", "2"),
    ("MARKTWERK_SANDBOX__SHIP_AFTER_SECONDS", "2"),
    ("MARKTWERK_SANDBOX__LATENCY_MILLISECONDS", "0"),
];
/// How long an order may take to go the whole way.
const PATIENCE: Duration = Duration::from_secs(90);
/// A phone's width.
const NARROW: u32 = 390;
const COUNTS: [&str; 3] = ["orders.imported", "orders.uploaded", "orders.tracked"];

/// The page of a program, and the program.
struct Screen {
    program: Process,
    browser: Browser,
    _folder: tempfile::TempDir,
}

impl Screen {
    /// None where there is no browser; then somebody is told so.
    async fn open() -> Option<Self> {
        let Some(path) = devtools::find() else {
            #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
            {
                eprintln!("SKIPPED: there is no browser on this machine, so nobody looked at the screen");
            }
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let program = Process::start(folder.path(), &WORLD);
        let mut browser = Browser::start(&path).await;
        let page = format!("{}/", program.url);
        browser.command("Page.navigate", json!({ "url": page })).await;
        browser.until("document.readyState === 'complete'").await;
        browser.until("document.querySelector('#connection')?.dataset.live === 'yes'").await;
        // A page that is loaded again has forgotten it.
        browser.value("window.__marker = 1").await;
        Some(Self { program, browser, _folder: folder })
    }

    async fn counts(&mut self) -> Vec<u64> {
        let mut counts = Vec::new();
        for name in COUNTS {
            let text = format!("document.querySelector('[data-count=\"{name}\"]').textContent");
            counts.push(self.browser.value(&text).await.as_str().unwrap().parse().unwrap());
        }
        counts
    }

    async fn start(&self, job: &str) {
        let path = format!("/api/jobs/{job}/run-now");
        assert_eq!(self.program.request(Method::POST, &path).send().await.unwrap().status(), 200);
    }

    /// The numbers of a job's runs that somebody started by hand.
    async fn manual_runs(&self, job: &str) -> usize {
        let runs = self.program.get(&format!("/api/v1/runs?job={job}&limit=500")).await;
        runs.as_array().unwrap().iter().filter(|run| run["trigger"] == "manual").count()
    }

    async fn must_not_have_been_reloaded(&mut self) {
        assert_eq!(self.browser.value("window.__marker").await, 1, "the page was loaded again");
    }

    /// No error, no violation of the page's own policy, and nobody asked but the program.
    fn must_have_been_quiet(&self) {
        assert_eq!(self.browser.events("Runtime.exceptionThrown"), Vec::<Value>::new());
        assert_eq!(self.browser.events("Log.entryAdded"), Vec::<Value>::new());
        assert_eq!(self.browser.events("Runtime.consoleAPICalled"), Vec::<Value>::new());
        let requests = self.browser.events("Network.requestWillBeSent");
        let mut addresses: Vec<String> =
            requests.iter().map(|event| event["request"]["url"].as_str().unwrap().to_owned()).collect();
        let sockets = self.browser.events("Network.webSocketCreated");
        assert!(!sockets.is_empty() && addresses.len() > 3, "nothing was watched: {addresses:?}");
        addresses.extend(sockets.iter().map(|event| event["url"].as_str().unwrap().to_owned()));
        let own = self.program.url.trim_start_matches("http://").to_owned();
        for address in addresses {
            let is_own =
                ["http", "ws"].iter().any(|scheme| address.starts_with(&format!("{scheme}://{own}/")));
            assert!(is_own || address.starts_with("data:"), "the page asked {address}");
        }
    }
}

#[tokio::test]
async fn counts_and_lines_move_without_a_reload() {
    let Some(mut screen) = Screen::open().await else { return };
    let before = screen.counts().await;
    let first = screen.browser.value("Number(document.querySelector('#log').dataset.last)").await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = screen.counts().await;
        if now.iter().zip(&before).all(|(now, before)| now > before) {
            break;
        }
        assert!(Instant::now() < deadline, "{COUNTS:?} stand still: {before:?}, then {now:?}");
        screen.start("order_workflow").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let shown = screen.counts().await;
    let told = screen.program.get("/api/temu/stats").await;
    for (name, shown) in COUNTS.iter().zip(shown) {
        let real = told["orders"][name.trim_start_matches("orders.")].as_u64().unwrap();
        assert!(shown <= real, "{name}: the page shows {shown} of {real}");
    }
    let newer = format!(
        "[...document.querySelectorAll('#log tr[data-log-id]')].some(row => row.dataset.logId > {first})"
    );
    screen.browser.until(&newer).await;
    let rows = "[...document.querySelectorAll('#log tr[data-log-id]')].map(row => Number(row.dataset.logId))";
    let rows: Vec<i64> = serde_json::from_value(screen.browser.value(rows).await).unwrap();
    assert!(rows.is_sorted_by(|newer, older| newer > older), "each line once, newest first: {rows:?}");
    screen.must_not_have_been_reloaded().await;
    screen.must_have_been_quiet();
    screen.browser.close().await;
}

#[tokio::test]
async fn the_log_shows_one_job_type_where_one_is_chosen() {
    let Some(mut screen) = Screen::open().await else { return };
    let types = "new Set([...document.querySelectorAll('#log tr[data-log-id]')].map(row => row.children[2].textContent))";
    screen.browser.until(&format!("{types}.size > 1")).await;
    let choose = "(() => { const choice = document.querySelector('#log-job-type'); choice.value = 'inventory_workflow'; \
                  choice.dispatchEvent(new Event('change', { bubbles: true })); })()";
    screen.browser.value(choose).await;
    let only = format!("[...{types}].join() === 'inventory_workflow'");
    screen.browser.until(&only).await;
    // What comes live is filtered as well: a run of each, the filtered one first.
    let newest = "Number(document.querySelector('#log tr[data-log-id]').dataset.logId)";
    let before = screen.browser.value(newest).await;
    screen.start("order_workflow").await;
    let ended = async |screen: &Screen| {
        let runs = screen.program.get("/api/v1/runs?job=order_workflow&state=waiting,running,retrying").await;
        runs.as_array().unwrap().is_empty()
    };
    let deadline = Instant::now() + PATIENCE;
    while !ended(&screen).await {
        assert!(Instant::now() < deadline, "the run does not end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    screen.start("inventory_workflow").await;
    screen.browser.until(&format!("{newest} > {before} + 5")).await;
    assert_eq!(screen.browser.value(&only).await, true);
    screen.must_not_have_been_reloaded().await;
    screen.must_have_been_quiet();
    screen.browser.close().await;
}

#[tokio::test]
async fn the_buttons_of_a_job_do_what_they_say() {
    let Some(mut screen) = Screen::open().await else { return };
    let job = "inventory_workflow-full";
    let row = format!("[data-job=\"{job}\"]");
    let action = |name: &str| format!("{row} form[action$=\"/{name}\"] button");
    assert_eq!(screen.manual_runs(job).await, 0);
    screen.browser.click(&action("run")).await;
    screen.browser.until("!document.querySelector('#said').hidden").await;
    let said = screen.browser.value("document.querySelector('#said').textContent").await;
    assert!(said.as_str().unwrap().starts_with("Gestartet: Lauf "), "{said}");
    assert_eq!(screen.manual_runs(job).await, 1);

    for (button, enabled) in [("pause", false), ("resume", true)] {
        screen.browser.click(&action(button)).await;
        let shown = format!("document.querySelector({row:?}).dataset.enabled === '{enabled}'");
        screen.browser.until(&shown).await;
        let told = screen.program.get(&format!("/api/jobs/{job}")).await;
        assert_eq!(told["config"]["schedule"]["enabled"], enabled, "{button}");
    }
    screen.must_not_have_been_reloaded().await;
    screen.must_have_been_quiet();
    screen.browser.close().await;
}

#[tokio::test]
async fn the_page_speaks_another_language_and_fits_a_phone() {
    let Some(mut screen) = Screen::open().await else { return };
    assert_eq!(screen.browser.value("document.documentElement.lang").await, "de");
    screen.browser.click("nav a[hreflang=\"en\"]").await;
    screen
        .browser
        .until("document.documentElement?.lang === 'en' && document.readyState === 'complete'")
        .await;
    let heading = "[...document.querySelectorAll('h2')].some(heading => heading.textContent === 'Live log')";
    assert_eq!(screen.browser.value(heading).await, true);
    // It is remembered.
    let page = format!("{}/temu", screen.program.url);
    screen.browser.command("Page.navigate", json!({ "url": page })).await;
    screen.browser.until("location.pathname === '/temu' && document.readyState === 'complete'").await;
    assert_eq!(screen.browser.value("document.documentElement.lang").await, "en");

    let narrow = json!({ "width": NARROW, "height": 844, "deviceScaleFactor": 2, "mobile": true });
    screen.browser.command("Emulation.setDeviceMetricsOverride", narrow).await;
    screen.browser.until(&format!("innerWidth === {NARROW}")).await;
    let wide = format!(
        "[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > {NARROW} + 1 \
         && !one.closest('.panel')).map(one => one.outerHTML.slice(0, 80))"
    );
    assert_eq!(screen.browser.value(&wide).await, json!([]), "these stick out of a phone's screen");
    assert_eq!(screen.browser.value("document.documentElement.scrollWidth").await, NARROW);
    screen.must_have_been_quiet();
    screen.browser.close().await;
}

/// The control of `must_have_been_quiet`: what it looks for is seen, and the page's policy stops a foreign script.
#[tokio::test]
async fn a_foreign_script_is_stopped_and_seen() {
    let Some(mut screen) = Screen::open().await else { return };
    let inject = "(() => { const script = document.createElement('script'); script.textContent = 'window.__foreign = 1'; \
                  document.body.append(script); fetch('http://127.0.0.2:9/').catch(() => {}); \
                  setTimeout(() => { throw new Error('on purpose'); }); })()";
    screen.browser.value(inject).await;
    let deadline = Instant::now() + PATIENCE;
    let told = |screen: &Screen| {
        let entries = screen.browser.events("Log.entryAdded");
        let violated = |directive: &str| {
            entries.iter().any(|entry| {
                let text = entry["entry"]["text"].as_str().unwrap();
                text.contains("Content Security Policy") && text.contains(directive)
            })
        };
        violated("script-src")
            && violated("connect-src")
            && !screen.browser.events("Runtime.exceptionThrown").is_empty()
    };
    while !told(&screen) {
        assert!(Instant::now() < deadline, "not seen: {:?}", screen.browser.events("Log.entryAdded"));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(screen.browser.value("window.__foreign === undefined").await, true);
    screen.browser.close().await;
}
