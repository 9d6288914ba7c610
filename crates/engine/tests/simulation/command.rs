//! Histories of any length from the command line: what `cargo xtask simulate` starts.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command tells on the terminal what it does"
)]
#![expect(clippy::unwrap_used, reason = "a simulation is a test: what must be there is there")]

mod acts;
mod conditions;
mod dice;
mod ground;
mod kinds;
mod many;
mod oracle;
mod passing;
mod people;
mod play;
mod process;
mod report;
mod schedules;
mod script;
mod size;
mod stage;
mod tapped;
mod trace;
mod world;

use std::process::ExitCode;
use std::time::Instant;

use marktwerk_store::mutant::Mutant;
use size::Size;

const USAGE: &str = "\
--months <n>        how long each history lasts; 0 is a dense one of some minutes (6)
--seeds <n>         how many histories (20)
--first-seed <n>    the first one's seed (0)
--mutant <name>     break a promise: overlap, fence or ageing
--tell              print each history
--brief             print the sum alone";

struct Wish {
    months: u32,
    seeds: u64,
    first_seed: u64,
    mutant: Option<String>,
    tells: bool,
    is_brief: bool,
}

fn main() -> ExitCode {
    match wish(std::env::args().skip(1)) {
        Ok(wish) => run(&wish),
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn wish(mut arguments: impl Iterator<Item = String>) -> Result<Wish, String> {
    let mut wish = Wish { months: 6, seeds: 20, first_seed: 0, mutant: None, tells: false, is_brief: false };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let number = |text: String| text.parse().map_err(|_| format!("`{text}` is not a number"));
        match argument.as_str() {
            "--months" => {
                let months = value()?;
                wish.months = months.parse().map_err(|_| format!("`{months}` is not a number of months"))?;
            }
            "--seeds" => wish.seeds = number(value()?)?,
            "--first-seed" => wish.first_seed = number(value()?)?,
            "--mutant" => wish.mutant = Some(value()?),
            "--tell" => wish.tells = true,
            "--brief" => wish.is_brief = true,
            // What Cargo tells a benchmark.
            "--bench" => {}
            other => return Err(format!("`{other}` is not known")),
        }
    }
    Ok(wish)
}

fn run(wish: &Wish) -> ExitCode {
    let broken = match wish.mutant.as_deref() {
        None => None,
        Some("overlap") => Some(Mutant::Overlap),
        Some("fence") => Some(Mutant::Fence),
        Some("ageing") => Some(Mutant::Ageing),
        Some(other) => {
            eprintln!("there is no mutant `{other}`\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let tell = |report: &report::Report| {
        if wish.is_brief {
            return;
        }
        let days = report.lasted.as_secs_f64() / 86_400.0;
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "seed {:>6}: {:>8} events in {days:>7.1} days   ({seconds:.1} s so far)",
            report.seed, report.weight
        );
        if wish.tells {
            println!("{}", report.history());
        }
    };
    let size = Size::months(wish.months);
    let ended = many::play_all(wish.first_seed, wish.seeds, size, broken, tell);
    let seconds = began.elapsed().as_secs_f64();
    match ended {
        Ok(sum) => {
            println!(
                "{} histories with {} events ({} at the least) in {seconds:.1} s: every promise was kept",
                sum.histories, sum.events, sum.fewest_events
            );
            ExitCode::SUCCESS
        }
        Err(report) => {
            println!("{}", report.complaint(wish.mutant.as_deref()));
            ExitCode::FAILURE
        }
    }
}
