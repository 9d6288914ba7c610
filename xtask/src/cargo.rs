//! Calls of Cargo and its companions.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::environment;

/// With every call that builds, so that what one has built the next one finds: the kill tests need it.
pub(crate) const FEATURES: [&str; 2] = ["--features", "marktwerk/crash-points"];

/// `cargo <arguments>` at the repository's root, as if typed there.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(environment::root());
    // `cargo run` tells this program about its own package. Build scripts that look at that would run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO_BIN_NAME" {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// The same, with the features of the tests.
pub(crate) fn cargo_with_features(arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.args(FEATURES);
    command
}

/// Whether `cargo <name>` is there.
pub(crate) fn has(name: &str) -> bool {
    environment::succeeds(&mut cargo(&[name, "--version"]))
}

/// What Cargo reports about the workspace's own packages, as JSON of format version 1. It needs no network.
pub(crate) fn metadata() -> Result<Value> {
    let output = cargo(&["metadata", "--no-deps", "--offline", "--format-version", "1"]).output();
    let output = output.context("cargo cannot be started")?;
    let problem = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo metadata failed ({}): {problem}", output.status);
    serde_json::from_slice(&output.stdout).context("cargo metadata did not print JSON")
}

/// Where Cargo builds, wherever `CARGO_TARGET_DIR` or a configuration file puts it.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = metadata()?;
    let directory =
        metadata["target_directory"].as_str().context("cargo metadata names no target directory")?;
    Ok(directory.into())
}
