//! The workflows against the simulated outside world: a real store, a real engine, HTTP on loopback, and a clock that moves
//! on when nothing is in flight.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod bad_orders;
mod conditions;
mod disguise;
mod each_parcel;
mod faults;
mod gone_accounts;
mod hand_over;
mod judged;
mod lost_articles;
mod numbers;
mod orders;
mod outage_costs;
mod outages;
mod probes;
mod repetition;
mod shipments;
mod shop;
mod stock;
mod stock_desk;
mod stock_reads;
mod trade;
mod two_accounts;
mod warehouse;
mod wishes;
