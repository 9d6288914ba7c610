//! `cargo xtask play`: random plays of the whole business, as many and as long as one likes. What it takes and prints is in
//! `crates/workflows/tests/play/command.rs`; a seed that fails is printed with the command that plays it again.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cargo::cargo;

/// Plays what the arguments ask for, built for speed.
pub(crate) fn run(arguments: &[&str]) -> Result<ExitCode> {
    let benchmark = ["bench", "--quiet", "--package", "marktwerk-workflows", "--bench", "play", "--"];
    let mut command = cargo(&[&benchmark[..], arguments].concat());
    let status = command.status().context("cargo cannot be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
