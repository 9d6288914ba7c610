//! The embedded database: one SQLite file, one writer that commits in groups, a few readers.
//!
//! One file per noun keeps the promises of that noun's trait; `store` opens the file, `held` keeps it for this process, `writer` and
//! `readers` own the connections, `migrations` brings a file up to date, `looking` reads one without touching it.

mod alerts;
mod attention;
mod audit;
mod backup;
mod connection;
mod errors;
mod health;
mod held;
mod history;
mod inventory;
mod jobs;
mod journal;
mod lines;
mod log_filter;
mod logs;
mod looking;
mod meta;
mod migrations;
mod orders;
#[cfg(test)]
mod plan_tests;
mod readers;
mod rows;
mod runs;
mod stock;
mod store;
mod writer;
#[cfg(test)]
mod writer_tests;
mod writing;

pub use store::SqliteStore;
