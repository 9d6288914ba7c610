//! Marketplaces: each one's protocol behind the domain's words.
//!
//! A workflow talks to [`Marketplace`] and never learns which one it is. Nothing here remembers anything
//! beyond caches in memory, nothing decides *when* to try again after a call has failed for good: a
//! connector says whether another try is worth it ([`ConnectorError::failure`]), the engine says when.
//!
//! - [`marketplace`]: the trait that all marketplaces implement
//! - [`kind`]: which marketplaces there are: the list that a new one is added to
//! - [`rules`]: how marketplaces differ where workflows have to know
//! - [`orders`], [`stock`], [`shipments`], [`writes`]: what goes through it
//! - [`error`]: how calls fail
//! - [`paging`]: how lists that change while they are read are read completely
//! - [`limiter`]: how often a marketplace may be called
//! - [`http`]: the one HTTP client
//! - [`metrics`]: what is measured of all this
//! - [`temu`], the first marketplace; [`amazon`], of which orders are read so far

pub mod address;
pub mod amazon;
mod call;
pub mod cancellations;
mod error;
pub mod http;
mod json;
pub mod kind;
pub mod limiter;
pub mod marketplace;
pub mod metrics;
pub mod orders;
pub mod paging;
pub mod rules;
mod shared_look_up;
pub mod shipments;
pub mod stock;
pub mod temu;
mod token;
pub mod writes;

pub use cancellations::{CancelAnswer, Cancellations};
pub use error::{ConnectorError, Place};
pub use http::HttpClient;
pub use kind::{AccountSettings, KINDS, Kind, Surroundings};
pub use limiter::{Budget, Budgets, Rate};
pub use marketplace::Marketplace;
pub use orders::{
    MalformedEntry, OrderEntry, OrderUnits, OrderWindow, ReportLines, Standing, Untranslatable,
};
pub use paging::{ListingReader, OrderBatch, OrderReader};
pub use rules::Rules;
pub use shipments::ConfirmedParcel;
pub use stock::{ListingBatch, StockAnswer};
pub use temu::{Temu, TemuAccount};
pub use writes::WriteAnswer;
