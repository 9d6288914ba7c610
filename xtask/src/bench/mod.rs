//! `cargo xtask bench <name>`: what things cost, measured on whole processes. Each benchmark is a file of the program's
//! `benches/`; this only knows their names.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::cargo::cargo;

/// The benchmarks there are.
pub(crate) const NAMES: [&str; 1] = ["orders"];

/// Builds for speed and runs one.
pub(crate) fn run(name: &str) -> Result<ExitCode> {
    if !NAMES.contains(&name) {
        bail!("there is no benchmark `{name}`; there is {}", NAMES.join(", "));
    }
    let mut benchmark = cargo(&["bench", "--package", "marktwerk", "--bench", name]);
    let status = benchmark.status().context("cargo cannot be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
