//! The simulated JTL-Wawi: a database with JTL's names and the worker that drains the order import.

mod records;

pub use records::{DroppedRow, JtlStock, ParcelSeed};
