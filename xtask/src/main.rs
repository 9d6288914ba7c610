//! Chores, as `cargo xtask <chore>`. Each is a file of its own; what it needs to be installed, it installs
//! or names.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore tells on the terminal what it does")]

mod bench;
mod browser;
mod cargo;
mod chaos;
mod environment;
mod lint;
mod packages;
mod play;
mod promtool;
mod rooms;
mod simulate;
mod steps;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask test    set up what is missing, then format, lints, every test
cargo xtask test --room store    lints, and the tests of one room and of those that depend on it
cargo xtask lint    format, lints, documentation, dependencies; no tests
cargo xtask bench orders    what an order costs, and what an unchanged run does; on SQL Server with --store mssql
cargo xtask bench jobs    what a change of a job costs, by the number of jobs; beside a program of before with --before PROGRAM
cargo xtask bench scheduler    how fast the scheduler is, and how fast its peers are
cargo xtask bench build    what building and testing costs, from nothing and after a change
cargo xtask simulate --months 6 --seeds 20    histories of the scheduler's life, each decided by its seed
cargo xtask play --months 1 --seeds 20    random plays of the whole business, each decided by its seed
cargo xtask chaos --minutes 60    the real program in the middle of everything that goes wrong on a machine";

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["test"] => test::run(),
        ["test", "--room", room] => test::run_room(room),
        ["lint"] => lint::run(),
        ["bench", name, options @ ..] => bench::run(name, options),
        ["simulate", wish @ ..] => simulate::run(wish),
        ["play", wish @ ..] => play::run(wish),
        ["chaos", wish @ ..] => chaos::run(wish),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("there is no chore `{}`\n{USAGE}", other.join(" ")),
    }
}
