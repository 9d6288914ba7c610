//! Runs on SQL Server, one file per compare-and-swap.

pub(crate) mod cancel;
pub(crate) mod chain;
mod claim;
mod ending;
mod fire;
pub(super) mod hold;
mod merge;
mod prune;
pub(crate) mod queue;
pub(crate) mod read;
mod rescue;
mod row;
mod skip;
mod store;
