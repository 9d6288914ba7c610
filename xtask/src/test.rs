//! `cargo xtask test`: everything, set-up included. What the README names, and what CI calls.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::browser::Browser;
use crate::cargo::{cargo_with_features, has};
use crate::environment;
use crate::lint;
use crate::promtool::Promtool;
use crate::simulate;
use crate::steps::Steps;

/// Names the SQL Server of the tests. There is none to install.
const SQL_SERVER: &str = "MARKTWERK_TEST_MSSQL";

/// Sets up, reads, builds once, runs.
pub(crate) fn run() -> Result<ExitCode> {
    println!("── set-up");
    let browser = Browser::set_up()?;
    let promtool = Promtool::set_up()?;
    let mut steps = Steps::default();
    if browser.is_missing() {
        steps.skip_tests("the screen in a browser", "there is no Chromium and no right to install one");
    }
    if promtool.is_missing() {
        steps.skip_tests("promtool's opinion of /metrics", "there is no promtool and no right to fetch one");
    }
    if environment::variable(SQL_SERVER).is_none() {
        steps.skip_tests("whatever needs a SQL Server", &format!("{SQL_SERVER} names none"));
    }
    lint::code(&mut steps);
    steps.run("tests", tests([browser.variable(), promtool.variable()]));
    steps.run("simulation", simulate::with_the_tests());
    steps.run("tests in documents", cargo_with_features(&["test", "--doc", "--workspace"]));
    lint::documentation(&mut steps);
    lint::dependencies(&mut steps);
    Ok(steps.end())
}

fn tests(outside: [(&str, OsString); 2]) -> Command {
    let mut command = if has("nextest") {
        cargo_with_features(&["nextest", "run", "--workspace"])
    } else {
        println!(
            "\n   (cargo-nextest is not installed: cargo test does the same, one program after the other)"
        );
        // Documents are a step of their own, and benchmarks are no tests.
        cargo_with_features(&["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"])
    };
    command.envs(outside);
    command
}
