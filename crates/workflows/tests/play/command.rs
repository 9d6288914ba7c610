//! Plays of any length from the command line: what `cargo xtask play` starts.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command tells on the terminal what it does"
)]
#![expect(clippy::unwrap_used, reason = "a play is a test: what must be there is there")]

mod advice;
mod book;
mod buyers;
#[path = "../../../engine/tests/simulation/dice.rs"]
mod dice;
mod ground;
mod hands;
mod later;
mod many;
mod oracle;
mod people;
mod play;
mod records;
mod report;
mod server;
mod still;
mod story;
mod weather;
mod world;

use std::process::ExitCode;
use std::time::Instant;

use marktwerk_domain::mutant::{self, Mutant};
use play::Stage;
use world::Size;

const USAGE: &str = "\
--months <n>        how long each play lasts, in months of 30 days (1)
--weeks <n>         the same in weeks
--days <n>          the same in days
--seeds <n>         how many plays (20)
--first-seed <n>    the first one's seed (0)
--threads <n>       how many at the same time (as many as there are cores)
--mutant <name>     switch a fault on; `--mutant list` names all
--mssql             the product stores on the SQL Server that MARKTWERK_TEST_MSSQL names
--tell              print each story
--brief             print the sum alone";

struct Wish {
    days: u64,
    seeds: u64,
    first_seed: u64,
    threads: usize,
    mutant: Option<String>,
    is_on_sql_server: bool,
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
    let mut wish = Wish {
        days: 30,
        seeds: 20,
        first_seed: 0,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        mutant: None,
        is_on_sql_server: false,
        tells: false,
        is_brief: false,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("`{text}` is not a number"));
        match argument.as_str() {
            "--months" => wish.days = 30 * number(value()?)?,
            "--weeks" => wish.days = 7 * number(value()?)?,
            "--days" => wish.days = number(value()?)?,
            "--seeds" => wish.seeds = number(value()?)?,
            "--first-seed" => wish.first_seed = number(value()?)?,
            "--threads" => wish.threads = usize::try_from(number(value()?)?).unwrap_or(1).max(1),
            "--mutant" => wish.mutant = Some(value()?),
            "--mssql" => wish.is_on_sql_server = true,
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
    let names = || Mutant::ALL.iter().map(|one| one.name()).collect::<Vec<_>>().join("\n");
    let broken = match wish.mutant.as_deref() {
        None => None,
        Some("list") => {
            println!("{}", names());
            return ExitCode::SUCCESS;
        }
        Some(name) => match Mutant::ALL.iter().find(|one| one.name() == name) {
            Some(mutant) => Some(*mutant),
            None => {
                eprintln!("there is no mutant `{name}`; there are\n{}", names());
                return ExitCode::from(2);
            }
        },
    };
    mutant::set(broken);
    let began = Instant::now();
    let tell = |report: &report::Report| {
        if !wish.is_brief {
            println!("{}   ({:.1} s so far)", report.line(), began.elapsed().as_secs_f64());
        }
        if wish.tells {
            println!("{}\n{}", report.world.described(), report.story.text(&[]));
        }
    };
    let stage = Stage { size: Size { days: wish.days }, is_on_sql_server: wish.is_on_sql_server };
    let ended = many::play_all(wish.first_seed, wish.seeds, wish.threads, &stage, tell);
    let seconds = began.elapsed().as_secs_f64();
    match ended {
        Ok(sum) => {
            println!(
                "{} plays, {:.0} account-weeks ({:.0} account-months), {} orders, {} checks, {} entries followed in {seconds:.1} s: \
                 every promise was kept",
                sum.plays,
                sum.account_weeks,
                sum.account_weeks * 7.0 / 30.0,
                sum.orders,
                sum.checks,
                sum.followed
            );
            ExitCode::SUCCESS
        }
        Err(report) => {
            println!("{}", report.complaint(broken));
            println!("after {seconds:.1} s");
            ExitCode::FAILURE
        }
    }
}
