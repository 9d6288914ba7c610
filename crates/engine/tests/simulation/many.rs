//! Many histories, spread over the cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use marktwerk_store::mutant::{self, Mutant};

use crate::play::play;
use crate::report::Report;
use crate::size::Size;

/// How many histories went.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) histories: u64,
    pub(crate) events: usize,
    /// Of the history in which the least has happened.
    pub(crate) fewest_events: usize,
}

/// Plays the histories of these seeds, and ends with the first of them in which a promise was broken. `tell` gets each report.
pub(crate) fn play_all(
    first_seed: u64,
    seeds: u64,
    size: Size,
    broken: Option<Mutant>,
    tell: impl Fn(&Report) + Sync,
) -> Result<Sum, Box<Report>> {
    let next = AtomicU64::new(0);
    let (events, fewest) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    let has_failed = AtomicBool::new(false);
    let failed: Mutex<Option<Box<Report>>> = Mutex::new(None);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                mutant::set(broken);
                while !has_failed.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= seeds {
                        break;
                    }
                    let report = play(first_seed + number, size);
                    tell(&report);
                    events.fetch_add(report.weight, Ordering::Relaxed);
                    fewest.fetch_min(report.weight, Ordering::Relaxed);
                    if report.violation.is_some() {
                        has_failed.store(true, Ordering::Relaxed);
                        let mut failed = failed.lock().unwrap();
                        if failed.as_ref().is_none_or(|other| report.seed < other.seed) {
                            *failed = Some(Box::new(report));
                        }
                    }
                }
            });
        }
    });
    match failed.into_inner().unwrap() {
        Some(report) => Err(report),
        None => Ok(Sum { histories: seeds, events: events.into_inner(), fewest_events: fewest.into_inner() }),
    }
}
