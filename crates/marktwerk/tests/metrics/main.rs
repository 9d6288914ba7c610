//! `/metrics` of the whole program: after hours of a simulated shop the figures are those of the store and of the world, the
//! page keeps Prometheus' rules (`promtool` is asked too, where there is one), more orders make no more series, and the board
//! asks for nothing that is not measured.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod board;
mod page;
#[path = "../common/shop.rs"]
mod shop;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::concern::ConcernCode;
use marktwerk_domain::job::JobId;
use marktwerk_domain::order::OrderState;
use marktwerk_engine::journal::LiveTail;
use marktwerk_sandbox::{Fault, FaultKind, Faults, WorldOptions};
use page::Page;
use rusqlite::Connection;
use serde_json::{Map, json};
use shop::Shop;

const HOUR: Duration = Duration::from_secs(3_600);

/// A world with everything in it, at a pace that a debug build keeps up with.
fn world() -> WorldOptions {
    WorldOptions {
        order_every: Some(Duration::from_secs(300)),
        worker_every: Duration::from_secs(60),
        ship_after: Duration::from_secs(600),
        stock_moves_every: Some(Duration::from_secs(900)),
        calls_per_second: None,
        ..WorldOptions::default()
    }
}

async fn scrape(shop: &Shop) -> Page {
    let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
    let answer = http.get(format!("http://{}/metrics", shop.program.address())).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    Page::read(answer.text().await.unwrap())
}

/// Counts of a query, by its other columns.
fn counts<const COLUMNS: usize>(database: &Connection, sql: &str) -> BTreeMap<[String; COLUMNS], u64> {
    let mut query = database.prepare(sql).unwrap();
    let rows = query.query_map([], |row| {
        let mut names = [const { String::new() }; COLUMNS];
        for (index, name) in names.iter_mut().enumerate() {
            *name = row.get(index)?;
        }
        Ok((names, row.get::<_, i64>(COLUMNS)?.unsigned_abs()))
    });
    rows.unwrap().map(Result::unwrap).filter(|(_, count)| *count > 0).collect()
}

fn number(database: &Connection, sql: &str) -> f64 {
    database.query_one(sql, [], |row| row.get::<_, i64>(0)).unwrap() as f64
}

fn runs_are_those_of_the_store(page: &Page, database: &Connection) {
    // A streak of equal skips is one row that counts.
    let told = counts::<3>(
        database,
        "SELECT job_id, state, cause, SUM(CASE state WHEN 'skipped' THEN 1 + merged ELSE 1 END) FROM runs \
         WHERE ended_at IS NOT NULL GROUP BY 1, 2, 3",
    );
    assert_eq!(page.by("marktwerk_runs_total", ["job_id", "state", "trigger"]), told);
    let states: Vec<&str> = told.keys().map(|[_, state, _]| state.as_str()).collect();
    for state in ["succeeded", "failed", "skipped", "cancelled"] {
        assert!(states.contains(&state), "no run is {state}: {told:?}");
    }
    let retried = counts::<2>(
        database,
        "SELECT job_type, outcome, COUNT(*) FROM attempts JOIN runs ON id = run_id \
         WHERE number < attempt AND outcome IN ('failed', 'timed_out', 'rate_limited', 'lost') GROUP BY 1, 2",
    );
    assert!(!retried.is_empty(), "nothing was tried again");
    assert_eq!(page.by("marktwerk_retries_total", ["job_type", "cause"]), retried);
    let attempts =
        counts::<1>(database, "SELECT job_type, COUNT(*) FROM attempts JOIN runs ON id = run_id GROUP BY 1");
    let started = counts::<1>(
        database,
        "SELECT job_type, COUNT(*) FROM runs WHERE cause = 'schedule' AND started_at IS NOT NULL GROUP BY 1",
    );
    for ([job_type], count) in attempts {
        assert_eq!(
            page.sum("marktwerk_run_duration_seconds_count", &[("job_type", &job_type)]),
            count as f64
        );
    }
    for ([job_type], count) in started {
        assert_eq!(
            page.sum("marktwerk_run_lateness_seconds_count", &[("job_type", &job_type)]),
            count as f64
        );
    }
}

fn lines_are_those_of_the_store(page: &Page, database: &Connection) {
    // The line of a run that never began is the store's own.
    let sql = "SELECT level, COUNT(*) FROM scheduler_logs l JOIN runs ON runs.id = l.run WHERE started_at IS NOT NULL GROUP BY 1";
    assert_eq!(page.by("marktwerk_log_lines_total", ["level"]), counts::<1>(database, sql));
    assert_eq!(page.sum("marktwerk_log_lines_dropped_total", &[]), 0.0);
}

fn business_is_that_of_store_and_world(page: &Page, database: &Connection, shop: &Shop) {
    let calls = shop.world.calls().unwrap();
    assert_eq!(
        page.sum("marktwerk_marketplace_calls_total", &[("account", "shop")]),
        calls.values().sum::<u64>() as f64
    );
    assert!(page.sum("marktwerk_marketplace_calls_total", &[("outcome", "transient")]) > 0.0);
    let states = counts::<1>(database, "SELECT state, COUNT(*) FROM orders GROUP BY 1");
    assert_eq!(page.by("marktwerk_orders", ["state"]), states);
    let moved = |state| page.sum("marktwerk_orders_moved_total", &[("account", "shop"), ("state", state)]);
    let reported = number(database, "SELECT COUNT(*) FROM orders WHERE state = 'reported'");
    assert!(reported > 10.0, "{reported} orders went the whole way");
    assert_eq!(moved("reported"), reported);
    assert_eq!(
        moved("handed_over"),
        number(database, "SELECT COUNT(*) FROM orders WHERE handed_over_at IS NOT NULL")
    );
    // Each attempt sums its steps up in a line.
    let pushed =
        "SELECT SUM(json_extract(fields, '$.counts.pushed')) FROM scheduler_logs WHERE step = 'push'";
    assert_eq!(
        page.sum("marktwerk_stock_figures_total", &[("outcome", "accepted")]),
        number(database, pushed)
    );
    let open =
        counts::<1>(database, "SELECT kind, COUNT(*) FROM attentions WHERE closed_at IS NULL GROUP BY 1");
    assert_eq!(page.by("marktwerk_attention_open", ["kind"]), open);
}

async fn standing_is_how_things_stand(page: &Page, shop: &Shop) {
    assert_eq!(page.sum("marktwerk_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    assert_eq!(page.by("marktwerk_jobs", ["state"]), BTreeMap::from([(["paused".to_owned()], 3)]));
    assert_eq!(page.sum("marktwerk_queue_runs", &[]), 0.0);
    assert_eq!(page.by("marktwerk_queue_runs", ["priority"]), BTreeMap::new());
    assert_eq!(page.sum("marktwerk_workers", &[]), shop.settings.scheduler.workers as f64);
    for name in [
        "marktwerk_workers_busy",
        "marktwerk_database_away",
        "marktwerk_live_readers",
        "marktwerk_lost_leases_total",
    ] {
        assert!(page.names().any(|own| own == name), "{name} is missing");
        assert_eq!(page.sum(name, &[]), 0.0, "{name}");
    }
    let tail = LiveTail::after(shop.program.store().clone(), 0);
    assert_eq!(scrape(shop).await.sum("marktwerk_live_readers", &[]), 1.0);
    drop(tail);
    assert_eq!(scrape(shop).await.sum("marktwerk_live_readers", &[]), 0.0);
}

/// Whatever happens in the shop, nothing of it becomes a label.
fn labels_are_words_of_fixed_lists(page: &Page) {
    let jobs = ["order_workflow", "inventory_workflow", "inventory_workflow-full"];
    let ours = ["temu", "shop", env!("CARGO_PKG_VERSION")];
    let states = ["succeeded", "failed", "skipped", "cancelled", "lost", "retrying"];
    let triggers = ["schedule", "manual", "more_to_do"];
    let causes = ["timed_out", "rate_limited"];
    let queue = ["high", "medium", "low", "enabled", "degraded", "paused", "paused_by_fuse"];
    let lines = ["DEBUG", "INFO", "WARNING", "ERROR"];
    let conditions = ["account_healthy", "new_data", "held", "recovered"];
    let calls = [
        "ok",
        "transient",
        "not_ready",
        "no_connection",
        "refused",
        "unauthorised",
        "unreadable",
        "abandoned",
    ];
    let stock = ["accepted", "unanswered", "synced", "pending", "error"];
    let lists = [&jobs[..], &ours, &states, &triggers, &causes, &queue, &lines, &conditions, &calls, &stock];
    let known = lists.concat().into_iter();
    let known = known
        .chain(OrderState::ALL.map(OrderState::as_str))
        .chain(AttentionKind::ALL.map(AttentionKind::as_str))
        .chain(ConcernCode::ALL.map(ConcernCode::as_str));
    let known: BTreeSet<&str> = known.collect();
    let unknown: Vec<&str> = page.label_values().difference(&known).copied().collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// Asks `promtool` what it thinks of the page: the one that `cargo xtask test` names, or the first of the search path.
#[expect(clippy::disallowed_methods, reason = "which promtool there is, is no setting of the program")]
#[expect(clippy::print_stderr, reason = "what is left out is said")]
fn promtool_has_nothing_to_say(page: &Page) {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if variable("MARKTWERK_SKIP_PROMTOOL").is_some() {
        return;
    }
    let mut command = Command::new(variable("MARKTWERK_TEST_PROMTOOL").unwrap_or_else(|| "promtool".into()));
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        let cure = "there is no promtool: install Debian's `prometheus`, or set MARKTWERK_TEST_PROMTOOL";
        assert!(variable("CI").is_none(), "CI leaves nothing out, and {cure}");
        eprintln!("SKIPPED, for {cure}");
        return;
    };
    child.stdin.take().unwrap().write_all(page.text.as_bytes()).unwrap();
    let said = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    assert!(said.status.success() && text.trim().is_empty(), "promtool: {text}");
}

#[tokio::test(start_paused = true)]
async fn the_figures_are_those_of_the_store_and_bounded() {
    let shop = Shop::open(world(), |endpoint| endpoint).await;
    // Conditions are asked only where there are some.
    let conditions = json!({ "conditions": ["account_healthy", "new_data"] });
    let quick = JobId("inventory_workflow".to_owned());
    shop.program
        .engine()
        .on_behalf_of("test")
        .change_jobs(&[quick], conditions.as_object().unwrap(), None)
        .await
        .unwrap();
    shop.wait(2 * HOUR).await;
    let ill = |what, share| Faults::one(Fault::new(what).with_probability(share));
    shop.world.set_faults(ill(FaultKind::ServerError { status: 502 }, 0.7)).unwrap();
    shop.wait(HOUR).await;
    shop.world.set_faults(ill(FaultKind::TokenExpired, 1.0)).unwrap();
    shop.wait(HOUR / 4).await;
    shop.world.set_faults(Faults::none()).unwrap();
    shop.wait(2 * HOUR).await;
    shop.pause_jobs().await;
    let engine = shop.program.engine();
    engine.on_behalf_of("test").run_now(&shop::orders(), Map::new()).await.unwrap();
    let waiting = engine.on_behalf_of("test").run_now(&shop::orders(), Map::new()).await.unwrap();
    engine.on_behalf_of("test").cancel(waiting.id).await.unwrap();
    shop.run(&shop::orders(), "").await;
    // The end of a run is counted when it is stored, a moment after others can see it.
    shop.wait(Duration::from_secs(1)).await;

    let page = scrape(&shop).await;
    promtool_has_nothing_to_say(&page);
    let database = shop.database();
    runs_are_those_of_the_store(&page, &database);
    lines_are_those_of_the_store(&page, &database);
    business_is_that_of_store_and_world(&page, &database, &shop);
    standing_is_how_things_stand(&page, &shop).await;
    let asked = page.by("marktwerk_conditions_total", ["condition", "outcome"]);
    let of = |condition: &str, outcome: &str| asked.get(&[condition.to_owned(), outcome.to_owned()]).copied();
    assert!(of("account_healthy", "skipped").is_some(), "{asked:?}");
    let looked = of("new_data", "held").unwrap() + of("new_data", "skipped").unwrap_or(0);
    assert_eq!(of("account_healthy", "held"), Some(looked), "the second is asked where the first holds");

    let before = page.series();
    shop.world.add_orders(200).unwrap();
    for _ in 0..6 {
        shop.run(&shop::orders(), "").await;
        shop.wait(HOUR / 4).await;
    }
    let page = scrape(&shop).await;
    assert!(page.sum("marktwerk_orders", &[]) > 200.0);
    labels_are_words_of_fixed_lists(&page);
    let after = page.series();
    let grown: Vec<&String> = after.difference(&before).collect();
    // A word may be said for the first time, such as that an order was cancelled.
    assert!(grown.len() < 5, "{grown:?}");
    shop.program.shutdown().await;
}
