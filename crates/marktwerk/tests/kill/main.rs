//! `kill -9`, while the world goes on: at random moments, and once at each point between two writes that only together make
//! sense. Real processes and real time; the sandbox runs apart, so that killing the program does not kill the world.
//!
//! What must hold in the end, however often the program died: every order exactly once in JTL, every parcel accepted exactly
//! once by the marketplace, none lost, no run stuck.

#![expect(clippy::unwrap_used, reason = "a test's own code fails with its test")]

mod chain;
mod serving;
#[path = "../common/world.rs"]
mod world;

use std::time::Duration;

use rand::RngExt;
use serving::Serving;
use world::World;

#[tokio::test]
async fn fifty_kills_at_random_moments_lose_nothing_and_double_nothing() {
    let seed: u64 = rand::random();
    #[expect(clippy::print_stdout, reason = "who repeats a failed run needs the seed")]
    {
        println!("seed {seed}");
    }
    let mut chance: rand_chacha::ChaCha8Rng = rand::SeedableRng::seed_from_u64(seed);
    let world = World::start().await;
    world.place(100).await;
    for _ in 0..50 {
        world.place(2).await;
        let program = Serving::start(&world, None).await;
        program.start_orders().await;
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..1_200))).await;
        program.kill();
    }
    let program = Serving::start(&world, None).await;
    program.finish(200).await;
    world.must_be_right(200).await;
    program.must_have_no_open_run().await;
}

#[tokio::test]
async fn a_crash_at_each_named_point_loses_nothing_and_doubles_nothing() {
    let world = World::start().await;
    let mut placed = 0;
    for point in marktwerk_workflows::crash::POINTS {
        world.place(10).await;
        placed += 10;
        world.move_stock().await;
        let mut program = Serving::start(&world, Some(point)).await;
        program.dies_at(point).await;
        let program = Serving::start(&world, None).await;
        program.finish(placed).await;
        world.must_be_right(placed).await;
        program.must_have_no_open_run().await;
        program.kill();
    }
}
