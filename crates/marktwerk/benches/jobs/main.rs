//! What a change of a job costs, by the number of jobs; of this program, and of one of before where it is named. Whole processes, asked
//! by HTTP as anybody would. Run by `cargo xtask bench jobs [--before PROGRAM]`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails by panicking")]

mod page;
mod program;

use std::process::ExitCode;
use std::time::Instant;

use page::Page;
use program::{Program, World};
use serde_json::{Value, json};

/// Jobs.
const SIZES: [usize; 3] = [20, 1_000, 20_000];
/// A change among the most jobs costs this many times one among the fewest, at the most.
const MOST: f64 = 3.0;
const PATCHES: usize = 15;
const OTHERS: usize = 5;
const WATCHED: usize = 5;

/// What was measured, in this order, and its unit.
const MEASURES: [(&str, &str); 8] = [
    ("PATCH", "ms"),
    ("add", "ms"),
    ("list of 100", "ms"),
    ("list, as documented", "ms"),
    ("page", "ms"),
    ("start", "ms"),
    ("memory", "MB"),
    ("a change, one page open", "bytes"),
];

type Figures = [f64; MEASURES.len()];

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let before = arguments.iter().position(|argument| argument == "--before");
    let before = before.map(|at| arguments.get(at + 1).expect("--before names a program").clone());
    let programs: Vec<(&str, String)> =
        [("before", before), ("now", Some(env!("CARGO_BIN_EXE_marktwerk").to_owned()))]
            .into_iter()
            .filter_map(|(name, program)| Some((name, program?)))
            .collect();
    let world = World::start();
    let mut all: Vec<Vec<Figures>> = Vec::new();
    for (name, program) in &programs {
        println!("{name}: {program}");
        let mut figures = Vec::new();
        for jobs in SIZES {
            figures.push(measure(&world, program, jobs).await);
            println!("   {jobs} jobs are done");
        }
        all.push(figures);
    }
    print(&programs, &all);
    let now = all.last().expect("this program was measured");
    let ratio = now[SIZES.len() - 1][0] / now[0][0];
    println!(
        "\nPATCH among {} jobs costs {ratio:.2} times one among {}; at most {MOST}",
        SIZES[SIZES.len() - 1],
        SIZES[0]
    );
    if ratio <= MOST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(programs: &[(&str, String)], all: &[Vec<Figures>]) {
    let mut head = format!("\n{:<26}", "");
    for (name, _) in programs {
        SIZES.iter().for_each(|jobs| head += &format!("{:>14}", format!("{name} {jobs}")));
    }
    println!("{head}{:>16}", if programs.len() > 1 { "now / before" } else { "" });
    for (measure, (name, unit)) in MEASURES.iter().enumerate() {
        let mut line = format!("{:<26}", format!("{name}, {unit}"));
        for figures in all {
            figures.iter().for_each(|figures| line += &format!("{:>14.1}", figures[measure]));
        }
        if let [before, now] = all {
            let ratios: Vec<String> = before
                .iter()
                .zip(now)
                .map(|(before, now)| format!("{:.3}", now[measure] / before[measure]))
                .collect();
            line += &format!("    {}", ratios.join("  "));
        }
        println!("{line}");
    }
}

async fn measure(world: &World, program: &str, jobs: usize) -> Figures {
    let folder = tempfile::tempdir().unwrap();
    let entries: Vec<Value> = (0..jobs).map(entry).collect();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(
        folder.path().join("data").join("workers_config.json"),
        json!({ "jobs": entries }).to_string(),
    )
    .unwrap();
    // The first start takes the file over.
    let first = Program::start(world, program, folder.path()).await;
    first.stop().await;
    let started = Instant::now();
    let program = Program::start(world, program, folder.path()).await;
    let start = milliseconds(started);
    program.rest().await;
    let memory = program.megabytes();

    let job = |number: usize| format!("/api/v1/jobs/job-{}", (number * 7) % jobs);
    let patch =
        median(PATCHES, async |number| program.patch(&job(number), &format!("changed {number}")).await).await;
    let add = median(OTHERS, async |_| program.add().await).await;
    let list = median(OTHERS, async |_| program.get("/api/v1/jobs?limit=100").await).await;
    let documented = median(OTHERS, async |_| program.get("/api/jobs").await).await;
    let shown = median(OTHERS, async |_| program.get("/").await).await;

    let mut page = Page::open(program.address()).await;
    let mut bytes = Vec::new();
    for number in 0..WATCHED {
        let text = format!("watched {number}");
        program.patch(&job(number), &text).await;
        bytes.push(page.bytes_until(&text).await as f64);
    }
    bytes.sort_by(f64::total_cmp);
    program.stop().await;
    [patch, add, list, documented, shown, start, memory, bytes[WATCHED / 2]]
}

fn entry(number: usize) -> Value {
    json!({
        "id": format!("job-{number}"),
        "job_type": "inventory_workflow",
        "interval_minutes": 525_600,
        "enabled": true,
        "description": format!("Lagerbestände der Warengruppe {number}"),
        "parameters": { "mode": "quick" },
    })
}

async fn median(times: usize, measured: impl AsyncFn(usize)) -> f64 {
    let mut all = Vec::with_capacity(times);
    for number in 0..times {
        let began = Instant::now();
        measured(number).await;
        all.push(milliseconds(began));
    }
    all.sort_by(f64::total_cmp);
    all[times / 2]
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
