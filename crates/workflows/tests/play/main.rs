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
mod still;
mod story;
mod weather;
mod world;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use marktwerk_domain::mutant::{self, Mutant};
use play::{Stage, play};
use world::Size;

const WEEK: Stage = Stage { size: Size { days: 7 }, is_on_sql_server: false };

/// A mutant is on for the whole process: tests in one process take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Returns the accounts' weeks.
fn keeps_every_promise(seeds: Range<u64>) -> f64 {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut weeks = 0.0;
    for seed in seeds {
        let report = play(seed, &WEEK);
        assert!(report.violation.is_none(), "{}", report.complaint(None));
        assert!(report.orders > 5 && report.checks > 50, "seed {seed} is thin: {}", report.line());
        weeks += report.account_weeks();
    }
    weeks
}

/// Each is found in one of its seeds.
fn are_found(mutants: &[(Mutant, &[u64])]) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for (mutant, seeds) in mutants {
        mutant::set(Some(*mutant));
        let is_found = seeds.iter().any(|seed| play(*seed, &WEEK).violation.is_some());
        mutant::set(None);
        assert!(is_found, "{} was not found with the seeds {seeds:?}", mutant.name());
    }
}

/// Twenty accounts' weeks, in parts that run side by side.
mod weeks {
    use super::keeps_every_promise;

    #[test]
    fn part_1() {
        assert!(keeps_every_promise(0..4) >= 5.0);
    }

    #[test]
    fn part_2() {
        assert!(keeps_every_promise(4..8) >= 5.0);
    }

    #[test]
    fn part_3() {
        assert!(keeps_every_promise(8..12) >= 5.0);
    }

    #[test]
    fn part_4() {
        assert!(keeps_every_promise(12..17) >= 5.0);
    }
}

/// Entries, marks and reasons that are events and not a judgement of how things stand.
#[test]
fn faults_of_judgement_are_found() {
    are_found(&[
        (Mutant::ShippedIsOver, &[3, 0, 1, 2, 5, 7]),
        (Mutant::NeverUrgent, &[3, 0, 1, 2, 5, 7]),
        (Mutant::RemindsNever, &[3, 0, 1, 2, 5, 7]),
        (Mutant::DecisionForEver, &[28, 48]),
        (Mutant::ChangeForgotten, &[3, 0, 1, 2, 5, 7]),
        (Mutant::WishIgnored, &[3, 0, 1, 2, 5, 7]),
        (Mutant::CancelledInErpUnseen, &[3, 0, 1, 2, 5, 7]),
        (Mutant::SeveralLookLikeOne, &[3, 0, 1, 2, 5, 7]),
    ]);
}

/// Orders at which nobody looks any more, at the marketplace or in JTL.
#[test]
fn faults_of_looking_are_found() {
    are_found(&[
        (Mutant::ShippedNotAsked, &[3, 0, 1, 2, 5, 7]),
        (Mutant::OnlyOursAsked, &[3, 0, 1, 2, 5, 7]),
        (Mutant::ReportedNotWatched, &[0, 5, 1, 2, 7]),
        (Mutant::NoDeepRead, &[3, 0, 1, 2, 5, 7]),
        (Mutant::NotReadAgain, &[5, 9, 22]),
        (Mutant::WaitingRowIgnored, &[0, 5, 1, 2, 7]),
        (Mutant::InsertsBlindly, &[0, 5, 1, 2, 7]),
    ]);
}

/// Stock that trusts its own bookkeeping, and what is written to JTL.
#[test]
fn faults_of_stock_and_money_are_found() {
    are_found(&[
        (Mutant::BundleNotExploded, &[0, 3, 1, 2, 5, 7]),
        (Mutant::RaisesOverUnread, &[0, 5, 1, 2, 7]),
        (Mutant::FallIgnored, &[0, 5, 1, 2, 7]),
        (Mutant::OpenOrdersIgnored, &[3, 0, 1, 2, 5, 7]),
        (Mutant::LostKeepsFigure, &[0, 5, 1, 2, 7]),
        (Mutant::ExactNumbers, &[3, 0, 1, 2, 5, 7]),
        (Mutant::ShippingDropped, &[3, 0, 1, 2, 5, 7]),
    ]);
}

#[test]
fn each_mutant_is_played() {
    let source = include_str!("main.rs");
    for mutant in Mutant::ALL {
        assert!(source.contains(&format!("(Mutant::{mutant:?}, ")), "{} is not looked for", mutant.name());
    }
}
