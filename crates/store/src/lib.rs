//! What is remembered: one trait per noun, and the databases behind them.
//!
//! The traits say what is promised; [`sqlite`] keeps the promises on an embedded database, [`sqlserver`] on
//! the merchant's own, and
//! `conformance` is the one suite that every database must pass. No business rule lives here: what a
//! state means and when it changes is decided by the engine, the workflows, and the domain's judgement of an order, which
//! [`judging`] turns into changes of rows.

pub mod alerts;
pub mod attention;
pub mod audit;
mod chaining;
pub mod changes;
mod claiming;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod data_folder;
mod effects;
pub mod error;
pub mod files;
pub mod inventory;
pub mod jobs;
pub mod journal;
pub mod judging;
mod live_runs;
pub mod logs;
mod lost_runs;
pub mod meta;
mod migrating;
#[cfg(feature = "mutants")]
pub mod mutant;
#[cfg(not(feature = "mutants"))]
#[path = "mutant_off.rs"]
mod mutant;
mod order_rules;
pub mod orders;
mod own_lines;
pub mod runs;
pub mod sqlite;
pub mod sqlserver;
pub mod stock;
mod times;

use std::sync::Arc;

pub use error::StoreError;

/// What every call answers with.
pub type StoreResult<T> = Result<T, StoreError>;

/// All nouns in one database.
pub trait Store:
    jobs::JobStore
    + runs::RunStore
    + journal::JournalStore
    + logs::LogStore
    + orders::OrderStore
    + inventory::InventoryStore
    + stock::StockStore
    + attention::AttentionStore
    + alerts::AlertStore
    + audit::AuditStore
    + meta::MetaStore
    + changes::ChangeFeed
{
}

/// The store as it is handed around.
pub type SharedStore = Arc<dyn Store>;
