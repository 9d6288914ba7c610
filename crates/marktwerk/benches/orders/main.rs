//! What an order costs. Whole processes: the simulated world apart, the program measured from outside by the operating
//! system's own counters. Run by `cargo xtask bench orders`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails by panicking")]

mod processes;
mod table;

use std::time::Duration;

use processes::{Measured, Program, World};

/// Orders of one measurement.
const ORDERS: u32 = 1_000;
/// What TEMU permits a new app.
const CALLS_PER_SECOND: u32 = 20;
/// Runs over an unchanged world; the median counts.
const UNCHANGED_RUNS: usize = 15;

#[tokio::main]
async fn main() {
    println!("{ORDERS} new orders: list, address and amounts, import, hand-over to the simulated JTL\n");
    println!(
        "{:>10} {:>10} {:>10} {:>9} {:>8} {:>13} {:>12} {:>9}",
        "latency", "limit", "orders/s", "seconds", "calls", "of the limit", "CPU ms/order", "peak MB"
    );
    for latency in [0, 50] {
        for limit in [None, Some(CALLS_PER_SECOND)] {
            print(latency, limit, &new_orders(latency, limit).await);
        }
    }
    println!("\na run over an unchanged world, by orders in the database (median of {UNCHANGED_RUNS})\n");
    println!("{:>10} {:>10} {:>8}", "orders", "ms", "calls");
    let mut milliseconds = Vec::new();
    for orders in [1_000, 100_000] {
        let (median, calls) = unchanged(orders).await;
        println!("{orders:>10} {median:>10.1} {calls:>8}");
        milliseconds.push(median);
    }
    println!("\n100,000 orders cost {:.2} times what 1,000 cost", milliseconds[1] / milliseconds[0]);
}

fn print(latency: u64, limit: Option<u32>, measured: &Measured) {
    let per_second = |count: f64| count / measured.seconds;
    let used = limit.map_or("-".to_owned(), |limit| {
        format!("{:.1} %", 100.0 * per_second(measured.calls as f64) / f64::from(limit))
    });
    let limit = limit.map_or("none".to_owned(), |limit| format!("{limit}/s"));
    println!(
        "{:>10} {limit:>10} {:>10.1} {:>9.1} {:>8} {used:>13} {:>12.2} {:>9.0}",
        format!("{latency} ms"),
        per_second(f64::from(ORDERS)),
        measured.seconds,
        measured.calls,
        measured.cpu_milliseconds / f64::from(ORDERS),
        measured.peak_megabytes,
    );
}

async fn new_orders(latency: u64, limit: Option<u32>) -> Measured {
    let world = World::start(latency).await;
    world.place(ORDERS).await;
    let program = Program::start(&world, limit).await;
    let measured = program.run_orders(&world).await;
    let statistics = program.statistics().await;
    assert_eq!(statistics["uploaded"], ORDERS, "all of them arrived: {statistics}");
    measured
}

async fn unchanged(orders: usize) -> (f64, u64) {
    let world = World::start(0).await;
    world.place(100).await;
    table::fill(&world.database(), orders).await;
    let program = Program::start(&world, None).await;
    // The first runs bring everything to its end; then nothing changes any more.
    for _ in 0..3 {
        program.run_orders(&world).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
    }
    let mut milliseconds = Vec::new();
    let mut calls = 0;
    for _ in 0..UNCHANGED_RUNS {
        let measured = program.run_orders(&world).await;
        milliseconds.push(measured.seconds * 1_000.0);
        calls = measured.calls;
    }
    milliseconds.sort_by(f64::total_cmp);
    (milliseconds[UNCHANGED_RUNS / 2], calls)
}
