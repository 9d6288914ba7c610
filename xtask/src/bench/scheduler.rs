//! `cargo xtask bench scheduler`: how fast the scheduler is. So far the peers only, each measured in this very run.

use std::process::ExitCode;

use crate::bench::peers::{ALL, Load, PeerFigure, measure_peers};
use crate::environment;

/// What is asked of everybody.
const LOAD: Load = Load { per_second: 100, seconds: 10, schedules: 100_000 };

/// Above this share of each core, what others do on this machine is measured as well.
const BUSY: f64 = 0.25;

/// Measures and prints.
pub(crate) fn run() -> ExitCode {
    let load_before = environment::load_per_core();
    let figures = measure_peers(&LOAD);
    println!("\npeers, on SQLite with WAL and synchronous=FULL\n");
    println!("{:<12} {:<28} {:>12}   how", "peer", "measure", "value");
    for figure in &figures {
        let PeerFigure { peer, measure, value, note } = figure;
        println!("{peer:<12} {measure:<28} {:>12}   {note}", value.map_or("-".to_owned(), rounded));
    }
    if let Some(load) = load_before.filter(|load| *load > BUSY) {
        println!(
            "\n!!! THIS MACHINE WAS BUSY BEFORE: {load:.1} programs per core. Only figures of one run compare."
        );
    }
    let without: Vec<&PeerFigure> = figures.iter().filter(|figure| figure.measure == ALL).collect();
    for PeerFigure { peer, note, .. } in &without {
        println!("\n!!! {peer} WAS NOT MEASURED IN FULL: {note}");
    }
    ExitCode::from(u8::from(!without.is_empty()))
}

/// As many digits as mean something.
fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
