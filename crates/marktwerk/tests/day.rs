//! A whole day in a few seconds: the jobs run by their schedule in a world that lives by itself, with an hour in which the
//! marketplace is ill and one in which it refuses the token, until somebody has renewed it. Afterwards the three queries that the page about the system in use today documents (in SQLite's
//! dialect, with the test clock's day for `GETDATE()`) are asked of the database file, and what they answer is compared
//! with figures that come from the runs.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

#[path = "common/shop.rs"]
mod shop;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_sandbox::{Fault, FaultKind, Faults, WorldOptions};
use reqwest::Method;
use rusqlite::Connection;
use shop::Shop;

const HOUR: Duration = Duration::from_secs(3_600);

/// A world with everything in it, at a pace that a debug build keeps up with.
fn world() -> WorldOptions {
    WorldOptions {
        order_every: Some(Duration::from_secs(300)),
        worker_every: Duration::from_secs(60),
        ship_after: Duration::from_secs(1_200),
        stock_moves_every: Some(Duration::from_secs(900)),
        calls_per_second: None,
        ..WorldOptions::default()
    }
}

/// Lives through a day that begins at nine in Berlin and ends at nine on the next.
async fn live_a_day(shop: &Shop) {
    let ill = |what, share| Faults::one(Fault::new(what).with_probability(share));
    shop.wait(6 * HOUR).await;
    shop.world.set_faults(ill(FaultKind::ServerError { status: 502 }, 0.5)).unwrap();
    shop.wait(HOUR).await;
    shop.world.set_faults(Faults::none()).unwrap();
    shop.wait(12 * HOUR).await;
    shop.world.set_faults(ill(FaultKind::TokenExpired, 1.0)).unwrap();
    shop.wait(HOUR).await;
    shop.world.set_faults(Faults::none()).unwrap();
    // Five refusals in a row have paused them.
    for job in ["order_workflow", "inventory_workflow"] {
        let paused = shop.ask(Method::GET, &format!("/api/jobs/{job}")).await;
        assert_eq!(paused["config"]["schedule"]["enabled"], false, "{paused}");
        shop.ask(Method::POST, &format!("/api/jobs/{job}/toggle?enabled=true")).await;
    }
    shop.wait(4 * HOUR).await;
}

/// All rows of a query with one column.
fn column<T: rusqlite::types::FromSql>(database: &Connection, sql: &str) -> Vec<T> {
    let mut query = database.prepare(sql).unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn number(database: &Connection, sql: &str) -> i64 {
    column(database, sql)[0]
}

/// `GETDATE()`: the wall time of the configured zone.
fn wall_time(micros: i64) -> String {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    Timestamp::from_microsecond(micros).unwrap().to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

/// Average and longest duration of a job type's successful runs, from the attempts that ended them.
fn durations(database: &Connection) -> BTreeMap<String, (f64, f64)> {
    let sql = "SELECT job_type, (a.ended_at - a.started_at) / 1e6 FROM runs JOIN attempts a ON run_id = runs.id \
               WHERE state = 'succeeded' AND a.number = (SELECT MAX(number) FROM attempts WHERE run_id = runs.id)";
    let mut query = database.prepare(sql).unwrap();
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for row in query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap() {
        let (job_type, seconds): (String, f64) = row.unwrap();
        all.entry(job_type).or_default().push(seconds);
    }
    let figures =
        |all: Vec<f64>| (all.iter().sum::<f64>() / all.len() as f64, all.into_iter().fold(0.0, f64::max));
    all.into_iter().map(|(job_type, all)| (job_type, figures(all))).collect()
}

fn the_last_ten_lines_are_the_last_ten(database: &Connection) {
    let mut query =
        database.prepare("SELECT * FROM scheduler_logs ORDER BY timestamp DESC LIMIT 10").unwrap();
    let documented = [
        "log_id",
        "job_id",
        "job_type",
        "level",
        "message",
        "timestamp",
        "duration_seconds",
        "status",
        "error_text",
    ];
    let names: Vec<String> = query.column_names().map(str::to_owned).collect();
    assert_eq!(names[..documented.len()], documented);
    let rows = query.query_map([], |row| row.get("timestamp")).unwrap();
    let told: Vec<String> = rows.map(Result::unwrap).collect();
    let mut instants: Vec<i64> = column(database, "SELECT at_utc FROM scheduler_logs");
    instants.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(told, instants.into_iter().take(10).map(wall_time).collect::<Vec<_>>());
}

fn the_errors_of_a_day_are_those_of_that_day(database: &Connection) {
    let days = ["2026-11-02", "2026-11-03"].map(|day| {
        let sql = format!(
            "SELECT log_id FROM scheduler_logs WHERE level = 'ERROR' AND DATE(timestamp) = DATE('{day} 08:59:59')"
        );
        let told: Vec<i64> = column(database, &sql);
        let mut query = database.prepare("SELECT log_id, at_utc, level FROM scheduler_logs").unwrap();
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let rows: Vec<(i64, i64, String)> = rows.map(Result::unwrap).collect();
        let errors = rows.iter().filter(|(_, at, level)| level == "ERROR" && wall_time(*at).starts_with(day));
        let counted: Vec<i64> = errors.map(|(id, ..)| *id).collect();
        assert_eq!(told, counted, "{day}");
        told.len()
    });
    // Each run that failed says so, on the day on which it did.
    let failed: Vec<i64> = column(database, "SELECT ended_at FROM runs WHERE state = 'failed'");
    let second = failed.iter().filter(|at| wall_time(**at).starts_with("2026-11-03")).count();
    assert!(second > 0 && days[1] >= second && days[0] > 0, "{days:?}, {second} failed on the second day");
}

fn durations_are_those_of_the_runs(database: &Connection) {
    let sql = "SELECT job_type, AVG(duration_seconds) as avg_duration, MAX(duration_seconds) as max_duration \
               FROM scheduler_logs WHERE status = 'SUCCESS' GROUP BY job_type";
    let mut query = database.prepare(sql).unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).unwrap();
    let told: BTreeMap<String, (f64, f64)> = rows.map(Result::unwrap).collect();
    let counted = durations(database);
    assert_eq!(told.keys().collect::<Vec<_>>(), ["inventory_workflow", "order_workflow"]);
    assert_eq!(counted.len(), told.len());
    for (job_type, (average, longest)) in told {
        let (real_average, real_longest) = counted[&job_type];
        assert!(real_longest > real_average && real_average > 0.0, "{job_type}: nothing took any time");
        // The clock counts milliseconds.
        assert!((average - real_average).abs() < 0.002, "{job_type}: {average} and not {real_average}");
        assert!((longest - real_longest).abs() < 0.002, "{job_type}: {longest} and not {real_longest}");
    }
}

/// Each run that ended has one closing line, which says how.
fn each_run_is_closed_once(database: &Connection) {
    let sql = "SELECT runs.id || ' ' || state || ' ' || COALESCE(GROUP_CONCAT(l.status), 'no line') FROM runs \
               LEFT JOIN scheduler_logs l ON l.job_id = runs.job_id || '_' || runs.id AND l.status IS NOT NULL \
               GROUP BY runs.id HAVING COUNT(l.log_id) <> 1 OR l.status <> CASE state \
               WHEN 'succeeded' THEN 'SUCCESS' WHEN 'failed' THEN 'FAILED' ELSE 'CANCELLED' END";
    assert_eq!(column::<String>(database, sql), Vec::<String>::new());
    let closing = number(database, "SELECT COUNT(*) FROM scheduler_logs WHERE status IS NOT NULL");
    assert_eq!(closing, number(database, "SELECT COUNT(*) FROM runs"));
}

async fn statistics_are_those_of_the_runs(shop: &Shop, database: &Connection) {
    let told = shop.ask(Method::GET, "/api/logs/stats?days=7").await;
    let succeeded = number(database, "SELECT COUNT(*) FROM runs WHERE state = 'succeeded'");
    let failed = number(database, "SELECT COUNT(*) FROM runs WHERE state = 'failed'");
    assert_eq!(told["successful_runs"], succeeded, "{told}");
    assert_eq!(told["failed_runs"], failed, "{told}");
    assert_eq!(told["total_runs"], succeeded + failed, "{told}");
    // Two jobs every five minutes but for the half hour in which they were paused, one once a day.
    assert!(succeeded + failed > 2 * 280, "{told}");
}

/// Whatever is older than an hour has come to its end, or stands on the attention list.
async fn nothing_is_stuck(shop: &Shop, database: &Connection) {
    let open = "SELECT COUNT(*) FROM runs WHERE state IN ('waiting', 'running', 'retrying')";
    assert_eq!(number(database, open), 0);
    let orders = shop.ask(Method::GET, "/api/temu/stats").await["orders"].take();
    assert!(orders["tracked"].as_i64().unwrap() > 150, "{orders}");
    let sql = "SELECT number || ' ' || state || ' ' || COALESCE(reason, '') FROM orders \
               WHERE state NOT IN ('reported', 'cancelled') \
               AND fetched_at < (SELECT MAX(at_utc) FROM scheduler_logs) - 3600 * 1000000 \
               AND NOT EXISTS (SELECT 1 FROM attentions WHERE subject = orders.number AND closed_at IS NULL)";
    assert_eq!(column::<String>(database, sql), Vec::<String>::new());
    assert_eq!(shop.world.dropped().unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn the_documented_queries_answer_correctly_after_a_day() {
    let shop = Shop::open(world(), |endpoint| endpoint).await;
    live_a_day(&shop).await;
    shop.pause_jobs().await;
    // What the last minutes left.
    shop.run(&shop::orders(), "").await;
    let database = shop.database();
    the_last_ten_lines_are_the_last_ten(&database);
    the_errors_of_a_day_are_those_of_that_day(&database);
    durations_are_those_of_the_runs(&database);
    each_run_is_closed_once(&database);
    statistics_are_those_of_the_runs(&shop, &database).await;
    nothing_is_stuck(&shop, &database).await;
    shop.program.shutdown().await;
}
