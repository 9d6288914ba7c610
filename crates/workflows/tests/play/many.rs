//! Many plays, spread over the cores. Each has a thread and a runtime of its own; they share the mutant that is on.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::play::{Stage, play};
use crate::report::Report;

/// Sums over all plays.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) plays: u64,
    pub(crate) account_weeks: f64,
    pub(crate) orders: usize,
    pub(crate) checks: u64,
    pub(crate) followed: u64,
}

/// Plays the seeds on this many threads, and ends with the first in which a promise was broken. `tell` gets each report.
pub(crate) fn play_all(
    first_seed: u64,
    seeds: u64,
    threads: usize,
    stage: &Stage,
    tell: impl Fn(&Report) + Sync,
) -> Result<Sum, Box<Report>> {
    let next = AtomicU64::new(0);
    let has_failed = AtomicBool::new(false);
    let failed: Mutex<Option<Box<Report>>> = Mutex::new(None);
    let sum = Mutex::new(Sum::default());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !has_failed.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= seeds {
                        break;
                    }
                    let report = play(first_seed + number, stage);
                    tell(&report);
                    {
                        let mut sum = sum.lock().unwrap();
                        sum.plays += 1;
                        sum.account_weeks += report.account_weeks();
                        sum.orders += report.orders;
                        sum.checks += report.checks;
                        sum.followed += report.followed;
                    }
                    if report.violation.is_some() {
                        has_failed.store(true, Ordering::Relaxed);
                        let mut failed = failed.lock().unwrap();
                        if failed.as_ref().is_none_or(|other| report.world.seed < other.world.seed) {
                            *failed = Some(Box::new(report));
                        }
                    }
                }
            });
        }
    });
    match failed.into_inner().unwrap() {
        Some(report) => Err(report),
        None => Ok(sum.into_inner().unwrap()),
    }
}
