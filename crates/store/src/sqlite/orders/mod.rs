//! Orders on SQLite: keeping what was fetched, changing by compare-and-swap, reading, counting.

mod change;
mod counts;
mod fetched;
mod forget;
mod known_stock;
pub(super) mod read;
mod row;
mod store;
