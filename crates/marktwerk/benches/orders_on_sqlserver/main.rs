//! What orders cost with our store and JTL on SQL Server, beside a bare bulk insert of the same rows. Run by
//! `cargo xtask bench orders --store mssql`; `MARKTWERK_TEST_MSSQL` names the server.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails by panicking")]

#[path = "../../tests/sqlserver/shop.rs"]
mod shop;

use std::time::Instant;

use marktwerk_domain::run::{Run, RunState};
use marktwerk_sqlserver::{Address, Column, Kind, Pool, SqlError, Value, reading, transaction};
use shop::Shop;

/// Orders of one measurement.
const ORDERS: [usize; 2] = [100, 1_000];
/// Runs before it, and the orders of each.
const WARM_UPS: usize = 3;
const WARM_UP: usize = 20;
const STEPS: [&str; 5] = ["fetch", "import", "export", "tracking", "confirm"];

#[tokio::main]
async fn main() {
    println!(
        "{:>8} {:>10} {:>10} {:>10} {:>12} {:>10}",
        "orders", "step", "seconds", "orders/s", "bare bulk/s", "factor"
    );
    for orders in ORDERS {
        let Some(shop) = Shop::open(40).await else {
            println!("there is no SQL Server: set MARKTWERK_TEST_MSSQL");
            return;
        };
        // The program runs for weeks: what the first statements of new sessions cost is not what orders cost.
        for _ in 0..WARM_UPS {
            shop.place(WARM_UP);
            assert_eq!(shop.run("order_workflow", serde_json::Value::Null).await.state, RunState::Succeeded);
        }
        shop.place(orders);
        let before = statements(&shop).await;
        let run = shop.run("order_workflow", serde_json::Value::Null).await;
        assert_eq!(run.state, RunState::Succeeded, "{:?}", run.error);
        let sent = statements(&shop).await - before;
        let documents = documents(&shop.jtl.pool).await;
        assert_eq!(documents.len(), WARM_UPS * WARM_UP + orders);
        let bare =
            bare(shop.settings.sqlserver.store.clone().unwrap(), &documents[WARM_UPS * WARM_UP..]).await;
        for step in STEPS {
            let seconds = seconds(&run, step);
            let (per_second, limit) = (orders as f64 / seconds, orders as f64 / bare);
            println!(
                "{orders:>8} {step:>10} {seconds:>10.3} {per_second:>10.0} {limit:>12.0} {:>10.1}",
                limit / per_second
            );
        }
        println!("{orders:>8} orders, {sent:.0} statements in the whole run, lines of its log included");
        shop.program.shutdown().await;
    }
}

fn seconds(run: &Run, step: &str) -> f64 {
    let found = run.steps.iter().find(|report| report.name == step);
    let length = found.and_then(|report| Some(report.ended_at?.duration_since(report.started_at)));
    length.map_or(f64::NAN, |length| length.as_secs_f64())
}

/// Sent by this process so far, by its own metric.
async fn statements(shop: &Shop) -> f64 {
    let url = format!("http://{}/metrics", shop.program.address());
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let lines = text.lines().filter(|line| line.starts_with("marktwerk_sqlserver_statements_total"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// What was handed over, as it stands in JTL's table.
async fn documents(pool: &Pool) -> Vec<String> {
    let sql = "SELECT cText FROM dbo.tXMLBestellImport ORDER BY kXMLBestellImport";
    let read: Result<Vec<String>, SqlError> = reading!(pool, "read documents", |connection| async {
        connection.query("read documents", sql, &[]).await?.iter().map(|row| row.text(0)).collect()
    });
    read.unwrap()
}

/// Seconds of the same rows, loaded in bulk in one transaction and put into a table like JTL's.
async fn bare(address: Address, documents: &[String]) -> f64 {
    const TABLE: &str = "IF OBJECT_ID('dbo.bare', 'U') IS NOT NULL DROP TABLE dbo.bare; CREATE TABLE dbo.bare \
        (id int IDENTITY(1,1) NOT NULL PRIMARY KEY, cText nvarchar(max) NULL, nPlattform tinyint NULL, nRechnung tinyint NULL)";
    let pool = Pool::new(address);
    let made: Result<(), SqlError> =
        reading!(pool, "make a table", |connection| connection.batch("make a table", TABLE));
    made.unwrap();
    // Warm, as ours is.
    for _ in 0..WARM_UPS {
        load(&pool, &documents[..WARM_UP]).await;
    }
    let began = Instant::now();
    load(&pool, documents).await;
    began.elapsed().as_secs_f64()
}

async fn load(pool: &Pool, documents: &[String]) {
    let stored: Result<u64, SqlError> = transaction!(pool, "store bare rows", |connection| async {
        let columns = [Column::new("document", Kind::LongText)];
        let rows = documents.iter().map(|document| vec![Value::from(document.as_str())]).collect();
        connection.load("load rows", "#bare", &columns, rows).await?;
        let insert = "INSERT INTO dbo.bare (cText, nPlattform, nRechnung) SELECT document, 5, 0 FROM #bare";
        connection.execute("insert rows", insert, &[]).await
    });
    assert_eq!(stored, Ok(documents.len() as u64));
}
