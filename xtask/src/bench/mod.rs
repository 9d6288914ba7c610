//! `cargo xtask bench <name>`: what things cost, measured on whole processes. What concerns only our program is a file of its
//! `benches/`; this knows their names, and whatever is measured beside it.

mod build;
mod peers;
mod scheduler;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::cargo::cargo;

/// The benchmarks there are.
pub(crate) const NAMES: [&str; 4] = ["build", "jobs", "orders", "scheduler"];

/// Builds for speed and runs one.
pub(crate) fn run(name: &str, options: &[&str]) -> Result<ExitCode> {
    match (name, options) {
        ("orders", [] | ["--store", "sqlite"]) => of_the_program("orders", &[]),
        ("orders", ["--store", "mssql"]) => of_the_program("orders_on_sqlserver", &[]),
        ("jobs", [] | ["--before", _]) => of_the_program("jobs", options),
        ("scheduler", []) => scheduler::run(),
        ("build", []) => build::run(),
        ("build" | "jobs" | "orders" | "scheduler", other) => {
            bail!("{name} has no option `{}`", other.join(" "))
        }
        _ => bail!("there is no benchmark `{name}`; there is {}", NAMES.join(", ")),
    }
}

fn of_the_program(name: &str, options: &[&str]) -> Result<ExitCode> {
    let benchmark = ["bench", "--package", "marktwerk", "--bench", name, "--"];
    let mut benchmark = cargo(&[&benchmark[..], options].concat());
    let status = benchmark.status().context("cargo cannot be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
