//! Orders on SQL Server: keeping what was fetched, changing by compare-and-swap, reading, counting. A page or a batch is read with
//! one statement, decided upon here in its order, and written back with one statement per table.

mod change;
mod counts;
mod fetched;
mod forget;
mod keep;
mod known_stock;
mod patch;
mod read;
mod row;
mod store;
