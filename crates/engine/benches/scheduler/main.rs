//! How fast the scheduler is, on a SQLite file with synchronous=FULL. Run by `cargo xtask bench scheduler`, which measures other
//! schedulers beside it; prints one JSON object per figure: `{"measure": name, "value": number, "note": how it was measured}`.
//! Names that begin with `limit_` are the database's own, measured by a bare loop over the same rows in this process.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails by panicking")]

mod clock;
mod house;
mod latency;
mod limit;
mod lines;
mod process;
mod runs;
mod schedules;

/// Tells a figure.
fn report(measure: &str, value: f64, note: &str) {
    println!("{}", serde_json::json!({ "measure": measure, "value": value, "note": note }));
}

/// The value below which `part` of the sorted values lie.
fn percentile(sorted: &[f64], part: f64) -> f64 {
    let index = (part * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

/// Everything is on the disk that the program is built on.
fn main() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    match arguments.next().as_deref() {
        // A process of its own, whose memory and start nothing else has touched.
        Some("schedules") => runtime().block_on(schedules::measure_here(arguments.next().unwrap())),
        _ => {
            limit::measure();
            runtime().block_on(async {
                runs::measure().await;
                latency::measure().await;
                lines::measure().await;
            });
            schedules::measure();
        }
    }
}
