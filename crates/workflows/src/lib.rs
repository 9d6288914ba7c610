//! The business, readable by a merchant: what happens to orders and to stock, step by step.
//!
//! - [`orders`]: fetch, import, export, tracking, confirm
//! - [`inventory`]: listings, map, levels, push
//! - [`accounts`]: those that are not in the settings any more
//! - [`numbers`]: the numbers under which JTL has orders
//! - [`metrics`]: how many of them moved
//!
//! Marketplaces, the ERP and the store come as [`Connections`]; when a workflow runs is the engine's business.

pub mod accounts;
pub mod connections;
pub mod crash;
mod diagnose;
pub mod inventory;
pub mod metrics;
pub mod numbers;
pub mod orders;
mod outage;
mod repetition;
mod worker;

use std::sync::Arc;

use marktwerk_connectors::{KINDS, Marketplace};
use marktwerk_engine::{Registry, StockDesk, Workflow};
use marktwerk_erp::Erp;
use marktwerk_store::SharedStore;

pub use connections::{Connections, InventorySettings, OrderSettings, WorkflowSettings, table_key};

/// The job types of this version and the answers to a screen's questions.
pub fn registry(
    marketplaces: Vec<Arc<dyn Marketplace>>,
    erp: Arc<dyn Erp>,
    store: SharedStore,
    settings: WorkflowSettings,
) -> Registry {
    let connections = Arc::new(Connections::new(marketplaces, erp, store, settings));
    let mut registry = Registry::new();
    for kind in KINDS {
        let orders = orders::OrderWorkflow::new(kind, Arc::clone(&connections));
        let inventory = inventory::InventoryWorkflow::new(kind, Arc::clone(&connections));
        registry = registry
            .with_probe(orders.description().job_type, Arc::new(orders.clone()))
            .with_probe(inventory.description().job_type, Arc::new(inventory.clone()))
            .with(orders)
            .with(inventory);
    }
    registry.with_stock_desk(Arc::clone(&connections) as Arc<dyn StockDesk>).with_diagnose(connections)
}
