//! `cargo xtask simulate`: seeded histories of the scheduler's life, as many and as long as one likes. What it takes and tells is in
//! `crates/engine/tests/simulation/command.rs`; a seed that fails is printed with the command that plays it again.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::cargo::{cargo, cargo_with_features};

/// So many dense histories are played with the tests.
const WITH_THE_TESTS: &str = "10000";

/// Plays what the arguments wish, built for speed.
pub(crate) fn run(arguments: &[&str]) -> Result<ExitCode> {
    let benchmark = ["bench", "--quiet", "--package", "marktwerk-engine", "--bench", "simulate", "--"];
    let mut command = cargo(&[&benchmark[..], arguments].concat());
    let status = command.status().context("cargo cannot be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What belongs to the tests, from what was built for them.
pub(crate) fn with_the_tests() -> Command {
    let benchmark = ["bench", "--workspace", "--bench", "simulate", "--profile", "dev"];
    let mut command = cargo_with_features(&benchmark);
    command.args(["--", "--months", "0", "--seeds", WITH_THE_TESTS, "--brief"]);
    command
}
