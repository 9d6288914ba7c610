//! The pool against a server of the tests' own, which does what a real one does only in its worst hours. No SQL Server is needed.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod entering;
mod limits;
mod server;
mod trying;
mod wire;
