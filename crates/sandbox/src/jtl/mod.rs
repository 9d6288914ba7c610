//! The simulated JTL-Wawi: `schema` and `seed` make the database, `intake` is JTL-Worker (`xml` and `document`
//! its eyes), `ship` the warehouse, `stock` the bookkeeping of pieces, `articles` what people do to them, `erp` holds all together.

pub(crate) mod articles;
mod document;
mod erp;
mod intake;
pub(crate) mod look;
pub(crate) mod rearrange;
mod records;
mod schema;
mod seed;
pub(crate) mod ship;
pub(crate) mod stock;
mod xml;

pub(crate) use erp::{Erp, run};
pub use records::{DroppedRow, JtlStock, ParcelSeed};
