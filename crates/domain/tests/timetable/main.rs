//! Planned times, proven from outside: the table that people read, an oracle that goes minute by minute, odd zones, long downtimes,
//! and what is refused.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod downtime;
mod golden;
mod odd_zones;
mod oracle;
mod plan;
mod properties;
mod refusals;
