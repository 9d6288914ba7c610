//! The server as its callers see it: the real thing on a free port, over an engine with two tiny workflows and a database in
//! memory. Time stands still unless nothing else is to be done, so no test sleeps.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod access;
mod audit;
mod bad_input;
mod book;
mod description;
mod harness;
mod jobs;
mod live;
mod logs;
mod metrics;
mod neighbours;
mod roles;
mod routes;
mod safety;
mod screen;
mod screen_runs;
mod stock;
mod temu;
mod v1;
mod v1_jobs;
mod v1_orders;
mod v1_runs;
