//! The switch-over from the system in use today, with the simulated marketplace and JTL, and the old tables on a real SQL Server:
//! skipped loudly without one.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod history;
mod oddities;
mod shop;
