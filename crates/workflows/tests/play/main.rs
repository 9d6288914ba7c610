//! Random plays of the whole business: marketplace, JTL and people act at random, the real workflows run on the manual clock, and an
//! oracle that knows the truth checks five promises after each run. This is the share of CI; `command.rs` plays longer. See
//! docs/decisions/0024-the-play.md.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod advice;
mod book;
mod buyers;
#[path = "../../../engine/tests/simulation/dice.rs"]
mod dice;
mod ground;
mod hands;
mod later;
mod oracle;
mod people;
mod play;
mod records;
mod report;
mod server;
mod story;
mod weather;
mod world;

use play::{Stage, play};
use world::Size;

const WEEK: Stage = Stage { size: Size::WEEK, is_on_sql_server: false };

fn keeps_every_promise(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let report = play(seed, &WEEK);
        println!("{}", report.line());
        assert!(report.violation.is_none(), "{}", report.complaint(None));
    }
}

#[test]
fn weeks_keep_every_promise() {
    keeps_every_promise(0..3);
}
