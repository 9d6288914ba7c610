//! The simulated TEMU marketplace.

mod order;

pub use order::{Address, Listing, MarketLine, MarketOrder, RawOrder, Rejection};
