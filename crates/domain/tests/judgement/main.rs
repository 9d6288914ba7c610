//! One judgement, proven from outside: every combination of facts, histories as they happen, and the page that people read.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod combinations;
mod decisions;
mod histories;
mod order;
mod page;
mod rows;
