//! The embedded database: one SQLite file, one writer that commits in groups, a few readers.
//!
//! One file per noun keeps the promises of that noun's trait; `store` opens the file, `writer` and
//! `readers` own the connections, `migrations` brings a file up to date.

mod attention;
mod connection;
mod errors;
mod history;
mod inventory;
mod jobs;
mod journal;
mod lines;
mod log_filter;
mod logs;
mod meta;
mod migrations;
mod orders;
mod readers;
mod rows;
mod runs;
mod store;
mod times;
mod writer;
mod writing;

pub use store::SqliteStore;
