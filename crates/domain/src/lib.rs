//! What things are: the nouns of Marktwerk and the rules that need nothing but themselves.
//!
//! No I/O and no async here, so that every other room may know this one and it knows nobody. Where a
//! fact comes from a marketplace or from JTL-Wawi, the item says so.

pub mod account;
pub mod alert;
pub mod attention;
pub mod audit;
pub mod carrier;
pub mod clock;
pub mod concern;
pub mod failure;
pub mod finding;
pub mod health;
pub mod history;
pub mod inventory;
pub mod job;
pub mod judgement;
pub mod language;
pub mod log;
pub mod misfire;
pub mod money;
pub mod mutant;
pub mod order;
pub mod policy;
pub mod reason;
pub mod retry;
pub mod run;
pub mod schedule;
pub mod shipment;
pub mod step;
pub mod stock;
pub mod timetable;
pub mod tracking;
pub mod words;
