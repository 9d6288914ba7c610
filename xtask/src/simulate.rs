//! `cargo xtask simulate`: seeded histories of the scheduler's life, as many and as long as one likes. What it takes and tells is in
//! `crates/engine/tests/simulation/command.rs`; a seed that fails is printed with the command that plays it again.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cargo::cargo;

/// Plays what the arguments wish, built for speed.
pub(crate) fn run(arguments: &[&str]) -> Result<ExitCode> {
    let benchmark = ["bench", "--quiet", "--package", "marktwerk-engine", "--bench", "simulate", "--"];
    let mut command = cargo(&[&benchmark[..], arguments].concat());
    let status = command.status().context("cargo cannot be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
