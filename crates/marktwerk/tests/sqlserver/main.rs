//! The whole program on a real SQL Server: our store in one database, JTL-Wawi in another, and a simulated marketplace. Skipped, and said
//! so, where `MARKTWERK_TEST_MSSQL` names no server.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod doctor;
mod installation;
mod interrupted;
mod old_shop;
mod orders;
mod outage;
#[path = "../common/process.rs"]
mod process;
mod shop;
mod switch_over;
mod two;
mod worker;
