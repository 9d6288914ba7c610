//! `cargo xtask lint`: everything that is read and not run. Its parts are steps of the whole test too.

use std::process::ExitCode;

use anyhow::Result;

use crate::cargo::{cargo, cargo_with_features, has};
use crate::steps::Steps;

/// All of it.
pub(crate) fn run() -> Result<ExitCode> {
    let mut steps = Steps::default();
    code(&mut steps);
    documentation(&mut steps);
    dependencies(&mut steps);
    Ok(steps.end())
}

/// Format and clippy.
pub(crate) fn code(steps: &mut Steps) {
    steps.run("format", cargo(&["fmt", "--all", "--check"]));
    let mut clippy = cargo_with_features(&["clippy", "--workspace", "--all-targets"]);
    clippy.args(["--", "--deny", "warnings"]);
    steps.run("clippy", clippy);
}

/// Broken links and the like. Private items are documented too, so a link to one leads somewhere.
pub(crate) fn documentation(steps: &mut Steps) {
    let mut doc = cargo_with_features(&["doc", "--workspace", "--no-deps", "--document-private-items"]);
    doc.env("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private_intra_doc_links");
    steps.run("documentation", doc);
}

/// Licences, sources and bans (deny.toml), and dependencies that nobody uses; where the tools are installed. What is known of
/// faulty versions comes from the network and is no part of a test: `cargo deny check advisories`.
pub(crate) fn dependencies(steps: &mut Steps) {
    if has("deny") {
        steps.run("dependencies", cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"]));
    } else {
        steps.leave_out("dependencies", "cargo-deny is not installed");
    }
    if has("machete") {
        steps.run("unused dependencies", cargo(&["machete"]));
    } else {
        steps.leave_out("unused dependencies", "cargo-machete is not installed");
    }
}
