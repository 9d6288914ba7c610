//! What can go wrong at the border of the sandbox: starting it and changing its world. What the simulated
//! marketplace answers to a caller is no error here but an answer.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the sandbox could not start, or could not do what [`crate::Control`] was asked.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The data directory could not be made.
    #[error("the sandbox's data directory {path} cannot be used")]
    Directory {
        /// The directory of the options.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The address is taken or not ours.
    #[error(
        "the sandbox cannot listen on {address}; where something else listens there, name another port with --listen"
    )]
    Listen {
        /// The address of the options.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// One of the two database files refused.
    #[error("the sandbox's database failed")]
    Database(#[from] rusqlite::Error),
    /// A document in the sandbox's own tables, or a control message, has an unexpected shape.
    #[error("a document of the sandbox has an unexpected shape")]
    Document(#[from] serde_json::Error),
    /// An amount does not fit a decimal number.
    #[error("a decimal number cannot be read")]
    Decimal(#[from] rust_decimal::Error),
    /// The world has no such order, listing, article or action.
    #[error("the sandbox knows no {what} {name:?}")]
    Unknown {
        /// The kind of thing that was looked for.
        what: &'static str,
        /// Its name as the caller gave it.
        name: String,
    },
    /// The action makes no sense now, for example shipping what is shipped.
    #[error("{0}")]
    Refused(String),
    /// The sandbox was started with `marketplace: false`.
    #[error("this sandbox simulates no marketplace")]
    NoMarketplace,
}
