//! The merchant's side: what Marktwerk asks of an ERP, and JTL-Wawi as the one that answers.
//!
//! [`Erp`] is the whole border: orders are rendered ([`Erp::render`]) and handed over exactly once
//! ([`Erp::hand_over`], [`Erp::look_up`], [`Erp::identity`]); what JTL made of them, its parcels and its
//! stock are read back ([`Erp::orders`], [`Erp::stock`]). [`Jtl`] speaks to a JTL-Wawi database: SQL Server, or the
//! sandbox's SQLite file, behind the small internal trait in `jtl/database.rs`. German names occur below `jtl/` only, where JTL's schema speaks them.
//!
//! Not here: which order may be handed over and when (the workflows), what was handed over (the store).

mod erp;
mod error;
mod hand_over;
mod jtl;
mod search;
#[cfg(feature = "testing")]
pub mod testing;

pub use erp::Erp;
pub use error::ErpError;
pub use hand_over::{HandOver, HandedOver, Presence, Rendered};
pub use jtl::{
    AccountJtlSettings, CountryStyle, CustomerPolicy, DateStyle, Jtl, JtlSettings, ReceiptTable,
    ShippingMethod,
};
pub use search::{Found, Search, Wanted};
