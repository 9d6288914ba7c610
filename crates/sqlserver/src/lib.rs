//! One way to talk to SQL Server: where it is ([`Address`]), how it fails ([`SqlError`]), a pool of connections, statements with a
//! name and a time limit, and transactions that are tried again where the server asks for it ([`Pool`]).
//!
//! The store and the ERP build on it. No statement of theirs is here, and no rule of business. Names of statements are logged,
//! values never.

mod address;
mod bulk;
mod connect;
mod connection;
mod error;
mod pool;
mod row;
#[cfg(feature = "testing")]
pub mod testing;
mod time;

pub use address::{Address, AddressError, Encryption};
pub use bulk::{Column, Kind, Value};
pub use connection::{Class, Connection};
pub use error::SqlError;
pub use pool::{Guard, Manager, Pool, Tries};
pub use row::Row;
pub use tiberius::ToSql;
pub use tiberius::numeric::Numeric;
pub use time::{DateTime2, date_time};
