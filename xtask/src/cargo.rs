//! Calls of Cargo and its companions.

use std::process::Command;

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
