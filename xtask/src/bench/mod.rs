//! `cargo xtask bench <name>`: what things cost, measured on whole processes. What concerns only our program is a file of its
//! `benches/`; this knows their names, and whatever is measured beside it.

mod peers;
mod scheduler;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::cargo::cargo;

/// The benchmarks there are.
pub(crate) const NAMES: [&str; 2] = ["orders", "scheduler"];

/// Builds for speed and runs one.
pub(crate) fn run(name: &str) -> Result<ExitCode> {
    match name {
        "orders" => orders(),
        "scheduler" => scheduler::run(),
        _ => bail!("there is no benchmark `{name}`; there is {}", NAMES.join(", ")),
    }
}

fn orders() -> Result<ExitCode> {
    let mut benchmark = cargo(&["bench", "--package", "marktwerk", "--bench", "orders"]);
    let status = benchmark.status().context("cargo cannot be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
