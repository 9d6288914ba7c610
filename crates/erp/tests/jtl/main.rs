//! `Jtl` from outside, against a SQLite file with JTL's names whose schema these tests write themselves: they
//! share nothing with the sandbox, so that a mistake there is not mirrored here.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod check;
mod customers;
mod hand_over;
mod orders;
mod render;
mod sample;
mod server;
mod sql_server;
mod stock;
mod world;
