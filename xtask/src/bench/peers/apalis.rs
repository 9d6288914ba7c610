//! apalis with its SQLite store, from crates.io: a program of its own, built for speed.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::bench::peers::{Load, source, target};
use crate::cargo::cargo;

/// What it is called in the table.
pub(crate) const NAME: &str = "apalis";
/// Its program.
const PROGRAM: &str = "apalis-peer";
/// Tasks per round of its throughput.
const RUNS: u32 = 20_000;

/// Builds it.
pub(crate) fn set_up(load: &Load) -> Result<Command> {
    let target = target(NAME)?;
    let mut build = cargo(&["build", "--release", "--locked"]);
    build.arg("--manifest-path").arg(source(NAME).join("Cargo.toml")).arg("--target-dir").arg(&target);
    let status = build.status().context("cargo cannot be started")?;
    ensure!(
        status.success(),
        "it could not be built ({status}); without a network its crates must be here already"
    );
    let mut command = Command::new(target.join("release").join(PROGRAM));
    command.arg("--folder").arg(target.join("data"));
    for (name, value) in [("--runs", RUNS), ("--per-second", load.per_second), ("--seconds", load.seconds)] {
        command.args([name, &value.to_string()]);
    }
    Ok(command)
}
