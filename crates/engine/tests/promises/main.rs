//! What the scheduler promises, each line a test: a real engine on a real store, and a clock that the test moves.

mod database;
mod failure;
mod flaky;
mod house;
mod jobs_file;
mod journal;
mod restart;
mod schedule;
