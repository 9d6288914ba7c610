//! Chaos: the real program in the middle of clients that break off, kills, dead pipes, a disk without room, a locked database, steps of
//! the clock, edits by hand and files that are taken away. At each calm moment database, memory and jobs file must agree, nothing
//! that was acknowledged may be missing, every enabled job must run, and health must have told the truth within its time. In the end every
//! order is in JTL once and every parcel reported once.
//!
//! Two minutes among the tests; as long as one likes with `cargo xtask chaos --minutes 60`. A seed decides what is done, not when the program
//! comes to it: repeating it makes the same fault likely and not certain.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test's own code fails with its test, and tells what it does"
)]

mod calm;
mod clients;
mod ledger;
mod shop;
mod storm;
#[path = "../common/world.rs"]
mod world;

use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use shop::Shop;
use storm::Storm;

/// What `cargo xtask chaos` sets.
const MINUTES: &str = "MARKTWERK_CHAOS_MINUTES";
const SEED: &str = "MARKTWERK_CHAOS_SEED";
/// The share of all tests.
const AMONG_THE_TESTS: Duration = Duration::from_secs(100);

#[expect(clippy::disallowed_methods, reason = "how long a test lasts is no setting of the program")]
fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}: `{text}` cannot be read")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_done_to_the_program_it_keeps_what_it_said() {
    let seed = variable(SEED).unwrap_or_else(rand::random::<u64>);
    let lasts = variable::<u64>(MINUTES).map_or(AMONG_THE_TESTS, |minutes| Duration::from_secs(minutes * 60));
    println!("seed {seed}");
    let dice: ChaCha8Rng = rand::SeedableRng::seed_from_u64(seed);
    let mut storm = Storm::over(Shop::open().await, dice).await;
    let began = Instant::now();
    for round in 1.. {
        storm.rage(round).await;
        storm.calm_down().await;
        println!("{} s: round {round} is over: {}", began.elapsed().as_secs(), storm.story());
        if began.elapsed() >= lasts {
            break;
        }
    }
    storm.end().await;
    println!("{}", storm.sum());
}
