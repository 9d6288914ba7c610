//! `cargo xtask test`: everything, set-up included. What the README names, and what CI calls.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::browser::Browser;
use crate::cargo::{cargo_with_features, has};
use crate::lint;
use crate::steps::Steps;

/// Sets up, reads, builds once, runs.
pub(crate) fn run() -> Result<ExitCode> {
    println!("── set-up");
    let browser = Browser::set_up()?;
    let mut steps = Steps::default();
    if browser.is_missing() {
        steps.skip_tests("the screen in a browser", "there is no Chromium and no right to install one");
    }
    lint::code(&mut steps);
    steps.run("tests", tests(&browser));
    steps.run("tests in documents", cargo_with_features(&["test", "--doc", "--workspace"]));
    lint::documentation(&mut steps);
    lint::dependencies(&mut steps);
    Ok(steps.end())
}

fn tests(browser: &Browser) -> Command {
    let mut command = if has("nextest") {
        cargo_with_features(&["nextest", "run", "--workspace"])
    } else {
        println!(
            "\n   (cargo-nextest is not installed: cargo test does the same, one program after the other)"
        );
        // Documents are a step of their own, and benchmarks are no tests.
        cargo_with_features(&["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"])
    };
    let (name, value) = browser.variable();
    command.env(name, value);
    command
}
