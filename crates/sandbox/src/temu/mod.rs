//! The simulated TEMU marketplace: `server` is the wire, `request` and `sign` the gateway, `dispatch` the call
//! types, each in a file of its own; `store` remembers, `birth` and `life` make things happen.

mod address;
mod amounts;
mod answer;
pub(crate) mod birth;
mod cancellations;
mod dispatch;
mod goods;
pub(crate) mod life;
pub(crate) mod logistics;
mod market;
mod order;
mod order_list;
mod request;
pub(crate) mod server;
pub(crate) mod shipment;
mod sign;
pub(crate) mod store;

pub(crate) use answer::SUCCESS;
pub(crate) use market::Market;
pub(crate) use order::CANCELED;
pub use order::{Address, Listing, MarketLine, MarketOrder, Oddities, RawOrder, Rejection};
