//! How a take-over fails. Policy: what concerns one order is a line of the report; only what keeps every order from being judged
//! is an error (its cause is its source), and then what was imported so far is right and the next run goes on.

use marktwerk_erp::ErpError;
use marktwerk_sqlserver::SqlError;
use marktwerk_store::StoreError;

/// The take-over ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum TakeOverError {
    /// The old database cannot be read.
    #[error("the old database cannot be read")]
    Old(#[from] SqlError),
    /// It is not the old database.
    #[error("{place} cannot be read as the database of the system in use today: {reason}")]
    NotTheOld {
        /// Database and server.
        place: String,
        /// What is missing, and what to do.
        reason: String,
    },
    /// JTL cannot be asked, and without its answer no mark is believed.
    #[error("no old mark is believed without JTL")]
    Erp(#[from] ErpError),
    /// Our own database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
