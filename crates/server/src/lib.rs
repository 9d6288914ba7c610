//! The door: the documented HTTP interface, the live channel, the plain screen, and the rules that keep strangers out.
//!
//! ```text
//! connection ─► places ─► request ─► safety (host, origin, size, time, access) ─► documented | v1 | live | metrics | screen ─► engine, store
//! ```
//!
//! Handlers read the request, ask the engine or the store, and shape the answer; no business rule lives here.

mod connections;
mod documented;
mod error;
mod fields;
mod live;
mod metrics;
mod openapi;
mod options;
mod routes;
mod routing;
mod safety;
mod schedule_words;
mod screen;
mod server;
mod state;
mod times;
mod v1;

pub use metrics::MetricsSource;
pub use openapi::openapi_document;
pub use options::{ServerError, ServerOptions, USUAL_CONNECTIONS, USUAL_CONNECTIONS_PER_ADDRESS};
pub use routes::permissions;
pub use safety::{Permission, Person, RESERVED_NAMES, Role, check_token, hash_token, token_hash};
pub use server::Server;
