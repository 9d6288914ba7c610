//! `cargo xtask test`: everything, set-up included. What the README names, and what CI calls. With `--room NAME` it tests one room and
//! those that depend on it, for the loop of somebody who changes it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::{Command, ExitCode};
use std::thread;

use anyhow::Result;

use crate::browser::Browser;
use crate::cargo::{cargo, cargo_with_features, has};
use crate::environment;
use crate::lint;
use crate::promtool::Promtool;
use crate::rooms::Rooms;
use crate::steps::Steps;

/// Names the SQL Server of the tests, which cannot be installed from here.
const SQL_SERVER: &str = "MARKTWERK_TEST_MSSQL";
/// The package of the program, which has the features of [`crate::cargo::FEATURES`].
const PROGRAM: &str = "marktwerk";
/// Tests that run at the same time, for each core: those that wait in real time leave it to the others.
const AT_ONCE_PER_CORE: usize = 2;

/// Sets up, reads, builds once, runs.
pub(crate) fn run() -> Result<ExitCode> {
    let (mut steps, outside) = set_up()?;
    lint::code(&mut steps);
    steps.run("tests", tests(outside, None));
    steps.run("tests in documents", cargo_with_features(&["test", "--doc", "--workspace"]));
    lint::documentation(&mut steps);
    lint::dependencies(&mut steps);
    Ok(steps.end())
}

/// The lints of the whole, and the tests of one room and of all rooms that depend on it.
pub(crate) fn run_room(room: &str) -> Result<ExitCode> {
    let rooms = Rooms::read()?;
    let packages = rooms.dependents(rooms.package(room)?);
    let (mut steps, outside) = set_up()?;
    lint::code(&mut steps);
    steps.run("tests", tests(outside, Some(&packages)));
    Ok(steps.end())
}

/// What the tests need beside the code; a group of tests that lacks it is skipped and counted.
fn set_up() -> Result<(Steps, [(&'static str, OsString); 2])> {
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
    Ok((steps, [browser.variable(), promtool.variable()]))
}

/// The tests of these packages, or of all. The whole workspace is built in both cases: features are then the same, and whatever one
/// call has built the next one finds.
fn tests(outside: [(&str, OsString); 2], packages: Option<&BTreeSet<&str>>) -> Command {
    let mut command = if has("nextest") {
        let mut command = cargo_with_features(&["nextest", "run", "--workspace"]);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        command.args(["--test-threads", &(cores * AT_ONCE_PER_CORE).to_string()]);
        match packages {
            Some(packages) => {
                let packages: Vec<String> = packages.iter().map(|name| format!("package(={name})")).collect();
                command.args(["--filterset", &packages.join(" + ")]);
            }
            // All histories of the simulation too (.config/nextest.toml).
            None => {
                command.arg("--ignore-default-filter");
            }
        }
        command
    } else {
        println!(
            "\n   (cargo-nextest is not installed: cargo test does the same, one program after the other)"
        );
        // Documents are a step of their own, and benchmarks are not tests. Features can be named only of packages that are chosen.
        let arguments = ["test", "--tests", "--no-fail-fast"];
        let has_program = packages.is_none_or(|packages| packages.contains(PROGRAM));
        let mut command = if has_program { cargo_with_features(&arguments) } else { cargo(&arguments) };
        match packages {
            Some(packages) => command.args(packages.iter().flat_map(|name| ["--package", name])),
            None => command.arg("--workspace"),
        };
        command
    };
    command.envs(outside);
    command
}
