//! The commands as a person types them, against the real program on a free port.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod audit;
mod bad_input;
mod doctor;
mod errors;
mod jobs;
mod logs;
mod program;
mod runs;
mod settings;
mod status;
mod stock;
mod takeover;
mod terminal;
