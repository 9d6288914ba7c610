//! Seeded histories of a scheduler's life: random jobs, crashes, lateness, outages and clock jumps against the real engine on the
//! real store in memory, and an oracle that watches. See docs/SIMULATION.md.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

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

use std::time::Duration;

use many::play_all;
use marktwerk_store::mutant::{self, Mutant};
use size::Size;

/// Short and dense ones.
const HISTORIES: u64 = 500;
/// In so many of them a broken promise must show.
const FOUND_WITHIN: u64 = 300;

/// One test, for a mutant is one for the whole process.
#[test]
fn every_promise_is_kept_and_a_broken_one_is_found() {
    let sum = play_all(0, HISTORIES, Size::DENSE, |report| assert!(report.lasted > Duration::ZERO));
    let sum = sum.unwrap_or_else(|report| panic!("{}", report.complaint(None)));
    assert!(sum.histories == HISTORIES && sum.fewest_events >= 200, "{sum:?}");
    assert!(sum.events as u64 >= HISTORIES * 200, "{sum:?}");
    for broken in [Mutant::Overlap, Mutant::Fence, Mutant::Ageing] {
        mutant::set(Some(broken));
        let found = play_all(0, FOUND_WITHIN, Size::DENSE, |_| {}).is_err();
        mutant::set(None);
        assert!(found, "{broken:?} was not found in {FOUND_WITHIN} histories");
    }
}

#[test]
fn a_month_of_a_shop_keeps_every_promise() {
    let report = play::play(1, Size::months(1));
    assert!(report.violation.is_none(), "{}", report.complaint(None));
}
