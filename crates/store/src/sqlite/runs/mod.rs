//! Runs on SQLite, one file per compare-and-swap.

pub(crate) mod cancel;
pub(crate) mod claim;
pub(crate) mod ending;
mod fire;
mod prune;
pub(crate) mod queue;
pub(crate) mod read;
mod rescue;
mod row;
mod store;
