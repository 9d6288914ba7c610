//! The program: the one place where all rooms meet.
//!
//! - [`config`]: settings, from file, environment and flags
//! - [`compose`]: the parts put together, on any clock
//! - [`clock`]: the system's clock
//! - [`doctor`]: what is examined before and beside the work
//! - [`metrics`]: what Prometheus is told
//! - [`telemetry`]: lines on the program's own output
//! - [`commands`]: what can be typed

pub mod clock;
pub mod commands;
pub mod compose;
pub mod config;
pub mod doctor;
pub mod metrics;
pub mod telemetry;
