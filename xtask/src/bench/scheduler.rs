//! `cargo xtask bench scheduler`: how fast the scheduler is, beside what the database can do at all (the same rows, written by a
//! bare loop in the same process) and beside other schedulers, everything measured in this very run.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::bench::peers::{ALL, Load, NAMES, PeerFigure, figures, measure_peers};
use crate::cargo::cargo;
use crate::environment;

/// What is asked of everybody.
const LOAD: Load = Load { per_second: 100, seconds: 10, schedules: 100_000 };
/// Above this share of each core, what others do on this machine is measured as well.
const BUSY: f64 = 0.25;
/// Ours.
const MARKTWERK: &str = "marktwerk";

/// What is told, in this order: the measure, the figure of the database beside it, and what we aim at.
const ROWS: [(&str, &str, &str); 16] = [
    ("runs_per_second", "limit_runs_per_second", "≥ 10000"),
    ("scheduled_runs_per_second", "limit_runs_per_second", "≥ 10000"),
    ("enqueue_to_start_p50_ms", "limit_commit_p50_ms", ""),
    ("enqueue_to_start_p99_ms", "limit_commit_p99_ms", "< 20"),
    ("behind_a_line_p50_ms", "limit_commit_p50_ms", ""),
    ("behind_a_line_p99_ms", "limit_commit_p99_ms", "< 20"),
    ("lateness_p50_ms", "limit_commit_p50_ms", ""),
    ("lateness_p99_ms", "limit_commit_p99_ms", "< 50"),
    ("idle_cpu_percent", "", "< 1"),
    ("bytes_per_schedule", "", ""),
    ("idle_memory_mb", "", "< 30"),
    ("empty_start_ms", "", "< 200"),
    ("start_ms", "", ""),
    ("log_lines_per_second", "limit_log_lines_per_second", ""),
    ("commits_per_second", "limit_commits_per_second", ""),
    ("runs_per_second_as_set_up", "", ""),
];

/// Measures and prints.
pub(crate) fn run() -> Result<ExitCode> {
    let load_before = environment::load_per_core();
    let mut all = measure_ours()?;
    all.extend(measure_peers(&LOAD));
    println!(
        "\nembedded SQLite with synchronous=FULL; {} schedules where schedules are told of\n",
        LOAD.schedules
    );
    let mut heads: Vec<String> = ["measure", MARKTWERK, "database", "of it"].map(str::to_owned).to_vec();
    heads.extend(NAMES.map(str::to_owned));
    heads.push("aim".to_owned());
    print_row(&heads);
    for (measure, limit, aim) in ROWS {
        let value = |peer, measure: &str| {
            all.iter()
                .find(|figure| figure.peer == peer && figure.measure == measure)
                .and_then(|found| found.value)
        };
        let (ours, limit) = (value(MARKTWERK, measure), value(MARKTWERK, limit));
        let share = ours.zip(limit).map(|(ours, limit)| format!("{:.2}", ours / limit));
        let told = |value: Option<f64>| value.map_or("-".to_owned(), rounded);
        let mut cells = vec![measure.to_owned(), told(ours), told(limit), share.unwrap_or_default()];
        cells.extend(NAMES.map(|peer| told(value(peer, measure))));
        cells.push(aim.to_owned());
        print_row(&cells);
    }
    println!("\nhow:");
    for PeerFigure { peer, measure, note, .. } in all.iter().filter(|figure| figure.measure != ALL) {
        println!("{peer:<12} {measure:<28} {note}");
    }
    if let Some(load) = load_before.filter(|load| *load > BUSY) {
        println!(
            "\n!!! THIS MACHINE WAS BUSY BEFORE: {load:.1} programs per core. Only figures of one run compare."
        );
    }
    let without: Vec<&PeerFigure> = all.iter().filter(|figure| figure.measure == ALL).collect();
    for PeerFigure { peer, note, .. } in &without {
        println!("\n!!! {peer} WAS NOT MEASURED IN FULL: {note}");
    }
    Ok(ExitCode::from(u8::from(!without.is_empty())))
}

fn measure_ours() -> Result<Vec<PeerFigure>> {
    let benchmark = ["bench", "--package", "marktwerk-engine", "--bench", "scheduler"];
    let built =
        cargo(&[&benchmark[..], &["--no-run"]].concat()).status().context("cargo cannot be started")?;
    ensure!(built.success(), "the benchmark cannot be built");
    println!("\n── {MARKTWERK}");
    let (figures, end) = figures(MARKTWERK, cargo(&benchmark));
    end?;
    Ok(figures)
}

fn print_row(cells: &[String]) {
    let line: Vec<String> = cells
        .iter()
        .enumerate()
        .map(|(column, cell)| if column == 0 { format!("{cell:<28}") } else { format!("{cell:>12}") })
        .collect();
    println!("{}", line.join(" ").trim_end());
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
