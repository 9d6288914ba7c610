//! Runs on SQLite, one file per compare-and-swap.

pub(crate) mod cancel;
pub(crate) mod chain;
pub(crate) mod claim;
pub(crate) mod ending;
pub(crate) mod fire;
pub(super) mod hold;
pub(crate) mod merge;
mod prune;
pub(crate) mod queue;
pub(crate) mod read;
mod rescue;
mod row;
pub(crate) mod skip;
mod store;
