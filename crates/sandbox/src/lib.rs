//! The simulated outside world: a TEMU marketplace over HTTP on loopback and a simulated JTL-Wawi
//! database with its JTL-Worker. Written from the marketplaces' descriptions, not from our client: it
//! shares no type with any other room, so that a mistake in one is not mirrored in the other.
//!
//! [`Sandbox::start`] opens the world in a data directory (it survives a restart), [`Control`] changes it,
//! in this process or, as JSON, under `/control/*`.

mod calendar;
mod catalogue;
mod chance;
mod control;
mod error;
mod faults;
mod jtl;
mod options;
mod people;
mod sandbox;
mod temu;

pub use control::{AnyOrder, Control, LEVERS, LineSeed, OrderSeed, ShipmentReport};
pub use error::SandboxError;
pub use faults::{Fault, FaultKind, Faults};
pub use jtl::{DroppedRow, JtlStock, ParcelSeed};
pub use options::{
    SandboxCredentials, SandboxOptions, SandboxTime, SimulatedAccount, UnknownArticles, WorldOptions,
};
pub use sandbox::Sandbox;
pub use temu::{Address, Listing, MarketLine, MarketOrder, Oddities, RawOrder, Rejection};
