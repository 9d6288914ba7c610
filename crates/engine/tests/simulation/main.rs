//! Seeded histories of a scheduler's life: random jobs, crashes, lateness, outages and clock jumps against the real engine on the
//! real store in memory, and an oracle that watches. See docs/SIMULATION.md.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod acts;
mod conditions;
mod dice;
mod ground;
mod kinds;
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

use std::ops::Range;
use std::time::Duration;

use marktwerk_store::mutant::{self, Mutant};
use size::Size;

/// Short and dense ones that are played whenever the engine is tested.
const HISTORIES: u64 = 500;
/// `cargo xtask test` plays this many, in parts that run side by side.
const ALL_HISTORIES: u64 = 10_000;
const PARTS: u64 = 10;
/// In this many histories a broken promise must show.
const FOUND_WITHIN: u64 = 300;

fn keeps_every_promise(seeds: Range<u64>) {
    for seed in seeds {
        let report = play::play(seed, Size::DENSE);
        assert!(report.violation.is_none(), "{}", report.complaint(None));
        assert!(report.lasted > Duration::ZERO && report.weight >= Size::DENSE.events, "seed {seed} is thin");
    }
}

fn is_found(broken: Mutant) {
    let found = (0..FOUND_WITHIN).any(|seed| {
        mutant::set(Some(broken));
        let report = play::play(seed, Size::DENSE);
        mutant::set(None);
        report.violation.is_some()
    });
    assert!(found, "{broken:?} was not found in {FOUND_WITHIN} histories");
}

#[test]
fn every_promise_is_kept() {
    keeps_every_promise(0..HISTORIES);
}

#[test]
fn a_broken_overlap_is_found() {
    is_found(Mutant::Overlap);
}

#[test]
fn a_broken_fence_is_found() {
    is_found(Mutant::Fence);
}

#[test]
fn broken_ageing_is_found() {
    is_found(Mutant::Ageing);
}

#[test]
fn a_month_of_a_shop_keeps_every_promise() {
    let report = play::play(1, Size::months(1));
    assert!(report.violation.is_none(), "{}", report.complaint(None));
}

/// The rest of all histories, one part a test.
mod part {
    use super::{ALL_HISTORIES, HISTORIES, PARTS, keeps_every_promise};

    fn play(part: u64) {
        let length = (ALL_HISTORIES - HISTORIES) / PARTS;
        let first = HISTORIES + part * length;
        keeps_every_promise(first..first + length);
    }

    macro_rules! parts {
        ($($name:ident $number:literal)*) => {
            $(
                #[test]
                fn $name() {
                    play($number);
                }
            )*

            #[test]
            fn together_are_all() {
                let numbers = [$($number),*];
                assert!(numbers.into_iter().eq(0..PARTS) && (ALL_HISTORIES - HISTORIES) % PARTS == 0);
            }
        };
    }

    parts! { p0 0 p1 1 p2 2 p3 3 p4 4 p5 5 p6 6 p7 7 p8 8 p9 9 }
}
