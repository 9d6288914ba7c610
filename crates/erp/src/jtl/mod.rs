//! JTL-Wawi: the XML that its order import reads, the statements on its database, and what lies between.
//! Facts are of the schema of JTL-Wawi 1.10.11.

mod check;
mod client;
mod customers;
mod database;
mod marker;
mod mssql;
mod orders;
mod presence;
mod row;
mod search;
mod settings;
mod sql;
mod sqlite;
mod stock;
mod xml;

pub use client::Jtl;
pub use customers::CustomerPolicy;
pub use mssql::ReceiptTable;
pub use settings::{AccountJtlSettings, CountryStyle, DateStyle, JtlSettings, ShippingMethod};
