//! JTL-Wawi: the XML that its order import reads, the statements on its database, and what lies between.
//! Facts are of the schema of JTL-Wawi 1.10.11.

mod client;
mod settings;

pub use client::Jtl;
pub use settings::{CountryStyle, DateStyle, JtlSettings};
