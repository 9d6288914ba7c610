//! What the scheduler promises, each line a test: a real engine on a real store, and a clock that the test moves.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod audit;
mod book;
mod chains;
mod clocks;
mod conditions;
mod database;
mod downtime;
mod failure;
mod flaky;
mod fuse;
mod house;
mod jobs_file;
mod journal;
mod limits;
mod lookout;
mod overload;
mod pausing;
mod policies;
mod restart;
mod schedule;
mod shared;
mod supervised;
