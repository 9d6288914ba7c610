//! The rules about stock, over all kinds of facts.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod figures;
mod market;
mod verdicts;
