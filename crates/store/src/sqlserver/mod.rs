//! SQL Server: all nouns in one database that the merchant runs already, shared by several processes where he likes.
//!
//! One file per noun keeps the promises of that noun's trait, as on SQLite; what differs is the way there: each call is one
//! transaction of a few set-based statements. Calls that write take an application lock first ([`writing::SCHEDULER`] or
//! [`writing::BUSINESS`]), so that they follow each other as with one writer, whichever process makes them. Plain T-SQL of 2016:
//! no MERGE; lists come as JSON (`OPENJSON`) in one parameter.

mod alerts;
mod attention;
mod audit;
mod columns;
mod errors;
mod examination;
mod history;
mod inventory;
mod job_rows;
mod jobs;
mod journal;
mod journal_rows;
mod keys;
mod lease_clock;
mod lines;
mod listings;
mod log_filter;
mod logs;
mod meta;
mod migrations;
mod orders;
mod row_values;
mod runs;
mod stock;
mod store;
mod writing;

pub use examination::examine;
pub use lease_clock::LeaseClock;
pub use store::SqlServerStore;

/// The table in which JTL's own transaction notes its hand-overs, where JTL is on the same server: `number` and `intended_at`. The
/// store makes it and clears it up; it neither writes nor reads it.
pub const HAND_OVERS: &str = "marktwerk.hand_overs";
