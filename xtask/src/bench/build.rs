//! `cargo xtask bench build`: what building and testing costs, in wall and CPU time. It works on a copy of the checkout with a target
//! folder of its own, so that it begins from nothing and changes nothing; crates are downloaded before the clock starts.

mod copy;
mod cpu;
mod served;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::cargo::{self, cargo};
use crate::environment;

/// Above this share of each core, others disturb the measurement.
const BUSY: f64 = 0.25;

/// What one stage took.
struct Cost {
    stage: &'static str,
    wall: Duration,
    /// User and system time of every process of the stage, if the kernel reports it.
    cpu: Option<Duration>,
    /// What we aim at, in seconds of wall time.
    aim: Option<u64>,
}

/// Measures and prints.
pub(crate) fn run() -> Result<ExitCode> {
    let load_before = environment::load_per_core();
    let folder = cargo::target_directory()?.join("bench").join("build");
    let checkout = folder.join("checkout");
    copy::fresh(&folder, &checkout)?;
    let succeed = |arguments: &[&str]| {
        let status = cargo_in(&checkout, arguments).status().context("cargo cannot be started")?;
        ensure!(status.success(), "cargo {} failed ({status})", arguments.join(" "));
        Ok(())
    };
    let build = || succeed(&["build"]);
    let test_room = |room: &str| succeed(&["xtask", "test", "--room", room]);
    succeed(&["fetch", "--locked"])?;

    let mut costs = vec![cost("first cargo run, until its page answers", Some(240), || {
        served::page(cargo_in(&checkout, &["run", "--", "--listen", "127.0.0.1:0"]))
    })?];
    copy::remove(&checkout.join("target"))?;
    costs.push(cost("cargo xtask test, from nothing", Some(720), || succeed(&["xtask", "test"]))?);
    build()?;
    for (room, built, tested) in [
        ("domain", "cargo build, after a change in domain", "cargo xtask test --room domain, after one"),
        ("server", "cargo build, after a change in server", "cargo xtask test --room server, after one"),
    ] {
        copy::change(&checkout, room, 1)?;
        costs.push(cost(built, None, build)?);
        copy::change(&checkout, room, 2)?;
        costs.push(cost(tested, Some(180), || test_room(room))?);
    }
    copy::remove(&folder)?;

    println!("\n{:<46} {:>9} {:>9} {:>9}", "stage", "wall s", "CPU s", "aim s");
    for Cost { stage, wall, cpu, aim } in costs {
        let cpu = cpu.map_or("-".to_owned(), |cpu| format!("{:.1}", cpu.as_secs_f64()));
        let aim = aim.map_or(String::new(), |aim| format!("≤ {aim}"));
        println!("{stage:<46} {:>9.1} {cpu:>9} {aim:>9}", wall.as_secs_f64());
    }
    if let Some(load) = load_before.filter(|load| *load > BUSY) {
        println!(
            "\n!!! THIS MACHINE WAS BUSY BEFORE: {load:.1} programs per core. Measure again when it is quiet."
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// `cargo <arguments>` in the copy, with its own target folder.
fn cargo_in(checkout: &Path, arguments: &[&str]) -> Command {
    let mut command = cargo(arguments);
    command.current_dir(checkout).env("CARGO_TARGET_DIR", checkout.join("target"));
    command
}

fn cost(stage: &'static str, aim: Option<u64>, work: impl FnOnce() -> Result<()>) -> Result<Cost> {
    println!("\n── {stage}");
    let (began, cpu_before) = (Instant::now(), cpu::of_children());
    work()?;
    let cpu = cpu::of_children().zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    Ok(Cost { stage, wall: began.elapsed(), cpu, aim })
}
